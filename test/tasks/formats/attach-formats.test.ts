// Regions attached to files of other programs (numpy, h5dump), to datasets beyond the memory, and to files that do not fit.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type AttachMode, DataError, type FileSource, LaunchError, run } from '../../../runtime/index.js';
import { hdf5, npy } from '../../../tasks/formats/index.js';
import { accumulate, Frames, Pixel } from '../../runtime/program/attach.tasks.js';
import { needs } from '../../support/needs.js';

t.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'maniple-attach-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

t.test('HDF5: one dataset by blocks, beyond the memory', async (t) => {
  const path = join(folder, 'blocks.h5');
  const [frames, pixels] = [64, 1024];
  const file = await hdf5.createHdf5(path);
  file.write(
    'data',
    Uint16Array.from({ length: frames * pixels }, (_, i) => i % 777),
    [frames, pixels],
  );
  file.close();
  const sums = await run(
    async (ctx) => {
      const region = ctx.region([frames, pixels], Frames);
      const pixel = ctx.region([pixels], Pixel);
      ctx.attach(region, { counts: await hdf5.source(path, 'data') });
      const blocks = region.partition.equal([8]);
      for (let b = 0; b < 8; b++) ctx.launch(accumulate, { block: blocks[b]!, pixel });
      return pixel.read('sum');
    },
    { memory: 120 * 1024, workers: 2 },
  );
  const expected = Array.from({ length: pixels }, (_, p) => {
    let sum = 0;
    for (let f = 0; f < frames; f++) sum += (f * pixels + p) % 777;
    return sum;
  });
  t.same([...sums], expected);
});

t.test('what is written is there for other programs', { skip: needs('h5dump', 'numpy') }, async (t) => {
  const path = join(folder, 'others.h5');
  const file = await hdf5.createHdf5(path);
  file.write(
    'counts',
    Uint16Array.from({ length: 12 }, (_, i) => i),
    [3, 4],
  );
  file.close();
  const array = join(folder, 'others.npy');
  execFileSync('python3', [
    '-c',
    `import numpy; numpy.save(${JSON.stringify(array)}, numpy.asfortranarray(numpy.arange(12, dtype='>u2').reshape(3, 4)))`,
  ]);
  const made = join(folder, 'made.npy');
  await run(async (ctx) => {
    for (const source of [await hdf5.source(path, 'counts'), npy.source(array)]) {
      const region = ctx.region([3, 4], Frames);
      const attachment = ctx.attach(region, { counts: source }, { mode: 'update' });
      t.same(
        [...(await region.read('counts'))],
        Array.from({ length: 12 }, (_, i) => i),
      );
      ctx.fill(region.partition.blocks([3, 2])[1]!, 'counts', 50);
      await attachment.detach();
    }
    const region = ctx.region([3, 4], Frames);
    using output = ctx.attach(region, { dose: npy.source(made) }, { mode: 'create' });
    void output;
    ctx.fill(region, 'dose', 1.5);
  });
  const dump = execFileSync('h5dump', ['-d', 'counts', '-y', '-w', '0', path], { encoding: 'utf8' });
  t.match(dump, /0, 1, 50, 50,\s*4, 5, 50, 50,\s*8, 9, 50, 50/);
  const python = `import numpy; print(numpy.load(${JSON.stringify(array)}).tolist(), numpy.load(${JSON.stringify(made)}).dtype, numpy.load(${JSON.stringify(made)}).sum())`;
  t.equal(
    execFileSync('python3', ['-c', python], { encoding: 'utf8' }),
    '[[0, 1, 50, 50], [4, 5, 50, 50], [8, 9, 50, 50]] float32 18.0\n',
  );
});

t.test('HDF5 files that an attachment makes appear when they are complete', async (t) => {
  const path = join(folder, 'output.h5');
  writeFileSync(path, 'something else');
  for (const executor of ['inOrder', 'threads'] as const) {
    await run(
      async (ctx) => {
        const region = ctx.region([64, 3], Frames);
        const target = { dose: await hdf5.output(path, 'entry/dose') };
        const output = ctx.attach(region, target, { mode: 'create' });
        const other = ctx.region([64, 3], Frames);
        const again = { dose: await hdf5.output(path, 'other') };
        t.throws(
          () => ctx.attach(other, again, { mode: 'create' }),
          /another attachment is making that file/,
        );
        ctx.fill(region.partition.blocks([1, 3])[7]!, 'dose', 2.5);
        t.equal((await region.read('dose'))[22], 2.5);
        await output.detach();
      },
      { executor, memory: 2 ** 22 },
    );
    const reader = await hdf5.openHdf5(path);
    const { shape, dtype } = reader.require('entry/dose');
    t.same([shape, dtype], [[64, 3], 'f4']);
    const numbers = reader.require('entry/dose').read();
    t.same([...numbers.slice(20, 26)], [0, 2.5, 2.5, 2.5, 0, 0]);
    reader.close();
  }
  t.same(
    readdirSync(folder).filter((name) => name.includes('output.h5')),
    ['output.h5'],
    'nothing temporary is left',
  );
});

t.test('.npy files and datasets that do not fit are refused, and damage is named', async (t) => {
  const path = join(folder, 'fit.h5');
  const file = await hdf5.createHdf5(path);
  file.write('counts', new Uint16Array(12), [3, 4]);
  file.write('real', new Float32Array(12), [3, 4]);
  file.close();
  const array = join(folder, 'fit.npy');
  npy.writeNpy(array, new Uint16Array(12), [3, 4]);
  const refused = async (
    size: number[],
    source: () => FileSource | Promise<FileSource>,
    mode: AttachMode,
    kind: unknown,
    message: RegExp,
  ) => {
    try {
      await run(
        async (ctx) => {
          ctx.attach(ctx.region(size, Frames, { name: 'frames' }), { counts: await source() }, { mode });
        },
        { executor: 'inOrder' },
      );
      t.fail(`nothing was refused: ${message}`);
    } catch (error) {
      t.type(error, kind as never);
      t.match((error as Error).message, message);
      t.notMatch((error as Error).message, /\n/);
    }
  };
  const dataset = (name: string) => () => hdf5.source(path, name);
  await refused(
    [3, 5],
    dataset('counts'),
    'read',
    LaunchError,
    /fit\.h5, dataset counts has shape \(3, 4\), but field counts of region frames takes \(3, 5\)/,
  );
  await refused(
    [3, 4],
    dataset('real'),
    'read',
    LaunchError,
    /dataset real holds f32, but field counts of region frames is u16/,
  );
  await refused(
    [3, 4],
    dataset('none'),
    'read',
    DataError,
    /fit\.h5, dataset none: it is not in the file, which has counts, real/,
  );
  await refused([3, 4], dataset('counts'), 'create', LaunchError, /is there already: take hdf5\.output/);
  const made = () => hdf5.output(join(folder, 'new.h5'), 'a/b');
  await refused([3, 4], made, 'update', LaunchError, /is to be made new .*: say mode: 'create'/);
  await refused(
    [3, 4],
    () => hdf5.output(join(folder, 'no/such/new.h5'), 'x'),
    'create',
    DataError,
    /the file cannot be made: its folder does not exist/,
  );
  await refused(
    [3, 4],
    () => hdf5.source(join(folder, 'no.h5'), 'x'),
    'read',
    DataError,
    /no\.h5: the file does not exist/,
  );
  await refused(
    [4, 3],
    () => npy.source(array),
    'read',
    LaunchError,
    /fit\.npy has shape \(3, 4\), but .* takes \(4, 3\)/,
  );
  await refused(
    [3, 4],
    () => npy.source(join(folder, 'no.npy')),
    'read',
    DataError,
    /no\.npy: the file does not exist/,
  );
  await refused([3, 4], () => npy.source(path), 'read', DataError, /byte 0: this is not an \.npy file/);
  writeFileSync(array, readFileSync(array).subarray(0, 140));
  await refused([3, 4], () => npy.source(array), 'read', DataError, /fit\.npy, byte 140: the file ends here/);
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0o444);
    await refused([3, 4], dataset('counts'), 'update', DataError, /the file is read-only/);
  }
  for (const executor of ['inOrder', 'threads'] as const) {
    await t.rejects(
      run(
        async (ctx) => {
          const region = ctx.region([3, 4], Frames);
          ctx.attach(region, { counts: await hdf5.source(path, 'counts') });
          rmSync(path);
          await region.read('counts');
        },
        { executor },
      ),
      { message: /fit\.h5: the file is not there any more/, exitCode: 3 },
    );
    const again = await hdf5.createHdf5(path);
    again.write('counts', new Uint16Array(12), [3, 4]);
    again.close();
  }
});
