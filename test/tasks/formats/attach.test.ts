// Regions attached to raw files, .npy, HDF5 datasets and arrays: random programs against plain arrays, and files of and for
// other programs (numpy, h5dump).
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  type AttachMode,
  type Attachment,
  type Ctx,
  DataError,
  type FieldType,
  type FileSource,
  IndexSpace,
  LaunchError,
  type RunOptions,
  rawFile,
  run,
} from '../../../runtime/index.js';
import { checkLog } from '../../../runtime/observe/check.js';
import { hdf5, npy } from '../../../tasks/formats/index.js';
import {
  type AnyRegion,
  accumulate,
  bumped,
  bumps,
  Frames,
  Pixel,
  typed,
} from '../../runtime/program/attach.tasks.js';
import { needs } from '../../support/needs.js';

t.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'maniple-attach-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/** A small generator of random numbers (mulberry32). */
function generator(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x ^= x + Math.imul(x ^ (x >>> 7), 61 | x);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (p: number) => next() < p,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
  };
}
type Random = ReturnType<typeof generator>;

type Numbers = { [i: number]: number | bigint; readonly length: number };
// biome-ignore lint/suspicious/noExplicitAny: an array of any kind
type AnyArray = any;

const bigs = (type: FieldType) => type.kind === 'i64' || type.kind === 'u64';

function randomNumbers(random: Random, type: FieldType, count: number): Numbers {
  const array = new (type.array as unknown as Float64ArrayConstructor)(count) as unknown as Numbers;
  for (let i = 0; i < count; i++) {
    const value = type.kind === 'bool' ? random.below(2) : random.below(200);
    (array as AnyArray)[i] = bigs(type) ? BigInt(value) : value;
  }
  return array;
}

/** Where one case keeps its data outside. */
interface Outside {
  readonly words: string;
  readonly source: FileSource | Numbers;
  /** The numbers that are there, in row-major order. */
  read(): Promise<Numbers>;
  /** A source for the points from a position on, where there can be one. */
  readonly shard?: (from: number, points: number) => FileSource | Numbers;
  /** Bytes that do not belong to the points, which nobody may change. */
  rest(): string;
}

function bytesOf(numbers: Numbers): Uint8Array {
  const { buffer, byteOffset, byteLength } = numbers as unknown as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

let files = 0;

async function outside(
  random: Random,
  type: FieldType,
  extent: readonly number[],
  numbers: Numbers,
  mode: AttachMode,
): Promise<Outside> {
  const points = extent.reduce((a, b) => a * b, 1);
  const size = type.bytesPerElement;
  const numberBytes = size / type.lanes;
  const path = join(folder, `case-${files++}`);
  const likeIt = (bytes: Uint8Array): Numbers =>
    new (type.array as unknown as Float64ArrayConstructor)(
      bytes.slice().buffer as ArrayBuffer,
    ) as unknown as Numbers;
  const flip = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i += numberBytes) bytes.subarray(i, i + numberBytes).reverse();
    return bytes;
  };
  const shape = type.complex
    ? type.lanes === 2
      ? extent
      : [...extent, type.lanes / 2]
    : type.lanes === 1
      ? extent
      : [...extent, type.lanes];
  const what = random.pick(['raw', 'raw', 'npy', 'hdf5', 'array'] as const);
  if (what === 'array') {
    const { lanes } = type;
    const shared = random.chance(0.5);
    if (shared) {
      const own = numbers as unknown as Float64Array;
      const Kind = type.array as unknown as Float64ArrayConstructor;
      const copy = new Kind(new SharedArrayBuffer(own.byteLength) as never);
      copy.set(own);
      numbers = copy as unknown as Numbers;
    }
    return {
      words: shared ? 'shared array' : 'array',
      source: numbers,
      read: async () => numbers,
      shard: (from, count) =>
        (numbers as unknown as Float64Array).subarray(
          from * lanes,
          (from + count) * lanes,
        ) as unknown as Numbers,
      rest: () => '',
    };
  }
  if (what === 'hdf5' && mode !== 'create') {
    const file = await hdf5.createHdf5(`${path}.h5`);
    const full = type.lanes === 1 ? extent : [...extent, type.lanes];
    file.write('group/data', numbers as never, full);
    file.close();
    return {
      words: 'hdf5',
      source: await hdf5.source(`${path}.h5`, 'group/data'),
      async read() {
        const reader = await hdf5.openHdf5(`${path}.h5`);
        try {
          return reader.require('group/data').read() as unknown as Numbers;
        } finally {
          reader.close();
        }
      },
      rest: () => '',
    };
  }
  if (what === 'npy') {
    const file = `${path}.npy`;
    const array = numbers as unknown as Float64Array;
    const fortran = mode !== 'create' && shape.length === extent.length && random.chance(0.4);
    const swapped = mode !== 'create' && numberBytes > 1 && random.chance(0.4);
    if (mode !== 'create') {
      npy.writeNpy(file, array, shape, { complex: type.complex });
      let text = readFileSync(file);
      const start = 10 + text.readUInt16LE(8);
      let header = text.subarray(0, start).toString('latin1');
      const body = new Uint8Array(text.subarray(start));
      if (type.kind === 'bool') header = header.replace('|u1', '|b1');
      if (swapped) header = header.replace("'<", "'>");
      if (fortran) header = header.replace("'fortran_order': False", "'fortran_order': True ");
      const out = new Uint8Array(body.length);
      for (let k = 0; k < points; k++) {
        // Point number k in row-major order, as a number in column-major order.
        let rest = k;
        let to = 0;
        const at = new Array<number>(extent.length);
        for (let axis = extent.length - 1; axis >= 0; axis--) {
          at[axis] = rest % extent[axis]!;
          rest = Math.floor(rest / extent[axis]!);
        }
        for (let axis = extent.length - 1; axis >= 0; axis--) to = to * extent[axis]! + at[axis]!;
        out.set(body.subarray(k * size, (k + 1) * size), (fortran ? to : k) * size);
      }
      if (swapped) flip(out);
      text = Buffer.concat([Buffer.from(header, 'latin1'), out]);
      writeFileSync(file, text);
    }
    return {
      words: `npy${fortran ? ' fortran' : ''}${swapped ? ' swapped' : ''}`,
      source: npy.source(file),
      read: async () => npy.readNpy(file).data as unknown as Numbers,
      rest: () => (existsSync(file) ? readFileSync(file).subarray(0, 100).toString('hex') : ''),
    };
  }
  const file = `${path}.raw`;
  const offset = random.pick([0, 1, 40]);
  const stride = size + random.pick([0, 0, 1, 7]);
  const byteOrder = random.pick(['little', 'big'] as const);
  if (mode !== 'create') {
    const bytes = new Uint8Array(offset + points * stride + 5).map((_, i) => (i * 37) & 255);
    const own = bytesOf(numbers);
    if (byteOrder === 'big') flip(own);
    for (let k = 0; k < points; k++) bytes.set(own.subarray(k * size, (k + 1) * size), offset + k * stride);
    writeFileSync(file, bytes);
  }
  return {
    words: `raw offset ${offset} stride ${stride} ${byteOrder}`,
    source: rawFile(file, { kind: type.kind, offset, stride, byteOrder }),
    shard: (from) => rawFile(file, { kind: type.kind, offset: offset + from * stride, stride, byteOrder }),
    async read() {
      const bytes = new Uint8Array(readFileSync(file));
      const own = new Uint8Array(points * size);
      for (let k = 0; k < points; k++)
        own.set(bytes.subarray(offset + k * stride, offset + k * stride + size), k * size);
      return likeIt(byteOrder === 'big' ? flip(own) : own);
    },
    rest() {
      if (!existsSync(file)) return '';
      const bytes = new Uint8Array(readFileSync(file));
      for (let k = 0; k < points; k++) bytes.fill(0, offset + k * stride, offset + k * stride + size);
      return mode === 'create' ? '' : Buffer.from(bytes).toString('hex');
    },
  };
}

/** One random program; the outside and every read are compared with plain arrays. */
async function checkCase(seed: number): Promise<string> {
  const random = generator(seed);
  const which = random.below(typed.length);
  const { name, space } = typed[which]!;
  const type = space.fields['value'] as FieldType;
  const rank = 1 + random.below(3);
  const most = rank === 1 ? 900 : rank === 2 ? 30 : 9;
  const extent = Array.from({ length: rank }, () => 1 + random.below(most));
  const lo = extent.map(() => random.below(7) - 3);
  const box = IndexSpace.box(
    lo,
    lo.map((low, axis) => low + extent[axis]! - 1),
  );
  const mode = random.pick<AttachMode>(['read', 'update', 'update', 'create']);
  const { lanes } = type;
  const numbers = randomNumbers(random, type, box.volume * lanes);
  const place = await outside(random, type, extent, numbers, mode);
  const sparse = random.chance(0.3);
  const points = sparse
    ? box.minus(
        IndexSpace.points(
          rank,
          Array.from({ length: 1 + random.below(9) }, () => box.at(random.below(box.volume))),
        ),
      )
    : box;
  const bytes = box.volume * type.bytesPerElement;
  const memory = random.chance(0.5) ? Math.floor((2 + 2 * random.below(3)) * bytes + 2 ** 18) : 2 ** 24;
  const options: RunOptions = {
    ...random.pick<RunOptions>([
      { executor: 'inOrder' },
      { executor: 'virtual', seed },
      { executor: 'threads', workers: 2 },
    ]),
    memory,
    check: random.chance(0.2),
    spillsAlways: random.chance(0.3),
    profile: join(folder, 'log.mprof'),
  };
  const story = `seed ${seed}: ${name} ${points} ${place.words} ${mode} ${options.executor} ${memory} of ${bytes} bytes`;
  if (
    points.empty ||
    points.lo.some((x, axis) => x !== lo[axis]) ||
    points.hi.some((x, axis) => x !== lo[axis]! + extent[axis]! - 1)
  )
    return story; // another box: the sizes above would be wrong
  // The model: numbers of the bounding box.
  const model = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const before = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const kept = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const zero = bigs(type) ? 0n : 0;
  if (mode === 'create') (model as AnyArray).fill(zero);
  const positions = (part: IndexSpace) => Array.from(part, (point) => box.indexOf(point));
  const same = (seen: Numbers, part: IndexSpace, when: string) => {
    positions(part).forEach((position, k) => {
      for (let lane = 0; lane < lanes; lane++) {
        if (seen[k * lanes + lane] !== model[position * lanes + lane])
          throw new Error(
            `${story}: ${when}, point ${box.at(position)} is ${seen[k * lanes + lane]} and not ${model[position * lanes + lane]}`,
          );
      }
    });
  };
  const rest = place.rest();
  let attached = points;
  await run(async (ctx: Ctx) => {
    const region = ctx.region(points, space, { name: 'data' }) as AnyRegion;
    if (random.chance(0.3)) ctx.fill(region as never, 'value' as never, zero as never);
    const pieces = 1 + random.below(3);
    const shards = region.partition.equal(extent.map((n, axis) => (axis === 0 ? Math.min(n, pieces) : 1)));
    const { shard } = place;
    const how =
      sparse || mode === 'create' || shard === undefined ? 'whole' : random.pick(['whole', 'index', 'part']);
    const from = (space: IndexSpace) => (space.lo[0]! - lo[0]!) * (box.volume / extent[0]!);
    let attachment: Attachment;
    if (how === 'whole') attachment = ctx.attach(region, { value: place.source as never }, { mode });
    else if (how === 'index') {
      attachment = ctx.indexAttach(
        shards as never,
        (colour) => {
          const space = shards.index.sub(colour);
          return { value: shard!(from(space), space.volume) } as never;
        },
        { mode },
      );
    } else {
      attached = shards.index.subspaces.at(-1)!;
      const last = shards.sub(shards.index.colours.at(shards.index.colours.volume - 1)) as AnyRegion;
      attachment = ctx.attach(last, { value: shard!(from(attached), attached.volume) as never }, { mode });
      for (const position of positions(box.minus(attached)))
        for (let lane = 0; lane < lanes; lane++) (model as AnyArray)[position * lanes + lane] = zero;
    }
    const tiles = region.partition.blocks(extent.map((n) => 1 + random.below(n)));
    const partitions = [shards, tiles];
    for (let step = 0; step < 6; step++) {
      const partition = random.pick(partitions);
      const colour = random.below(partition.index.subspaces.length);
      const chosen = partition.sub(partition.index.colours.at(colour)) as AnyRegion;
      const touched: IndexSpace = chosen.indexSpace;
      const what = random.pick(
        mode === 'read' ? ['read', 'all'] : ['read', 'bump', 'index', 'write', 'fill', 'flush', 'all'],
      );
      const apply = (inside: IndexSpace, change: (old: number | bigint) => number | bigint) => {
        for (const position of positions(inside))
          for (let lane = 0; lane < lanes; lane++)
            (model as AnyArray)[position * lanes + lane] = change(model[position * lanes + lane]!);
      };
      if (what === 'read') same((await chosen.read('value')) as never, touched, `step ${step}`);
      else if (what === 'all') same((await region.read('value')) as never, points, `step ${step}`);
      else if (what === 'bump') {
        ctx.launch(bumps[which]! as never, { v: chosen } as never);
        apply(touched, bumped);
      } else if (what === 'index') {
        ctx.index(partition.index.colours, bumps[which]! as never, { v: partition.at() } as never);
        apply(points, bumped);
      } else if (what === 'write') {
        const values = randomNumbers(random, type, touched.volume * lanes);
        chosen.write('value', values as never);
        positions(touched).forEach((position, k) => {
          for (let lane = 0; lane < lanes; lane++)
            (model as AnyArray)[position * lanes + lane] = values[k * lanes + lane];
        });
      } else if (what === 'fill') {
        ctx.fill(chosen as never, 'value' as never, (type.complex ? [7, 7] : bigs(type) ? 7n : 7) as never);
        apply(touched, () => (bigs(type) ? 7n : 7));
      } else await attachment.flush();
    }
    await attachment.detach();
    for (const position of positions(attached))
      for (let lane = 0; lane < lanes; lane++) (kept as AnyArray)[position * lanes + lane] = zero;
    for (const position of positions(box.minus(attached)))
      for (let lane = 0; lane < lanes; lane++)
        (kept as AnyArray)[position * lanes + lane] = model[position * lanes + lane];
    const seen = (await region.read('value')) as never as Numbers;
    positions(points).forEach((position, k) => {
      for (let lane = 0; lane < lanes; lane++) {
        if (seen[k * lanes + lane] !== kept[position * lanes + lane])
          throw new Error(
            `${story}: after the detach point ${box.at(position)} is ${seen[k * lanes + lane]}`,
          );
      }
    });
  }, options);
  const found = await place.read();
  for (const position of positions(box)) {
    for (let lane = 0; lane < lanes; lane++) {
      const i = position * lanes + lane;
      const expected = attached.contains(box.at(position)) ? model[i] : mode === 'create' ? zero : before[i];
      if (found[i] !== expected)
        throw new Error(`${story}: number ${i} outside is ${found[i]} and not ${expected}`);
    }
  }
  if (place.rest() !== rest && mode !== 'create')
    throw new Error(`${story}: bytes between the points changed`);
  const report = checkLog(join(folder, 'log.mprof'));
  if (!report.clean) throw new Error(`${story}: the log has orders missing: ${JSON.stringify(report)}`);
  return story;
}

t.test('random programs on attached regions, against plain arrays', async (t) => {
  const given = Number(process.env['MANIPLE_TEST_SEED'] ?? Number.NaN);
  const cases = Number(process.env['MANIPLE_ATTACH_CASES'] ?? 150);
  const seed = Number.isInteger(given) ? given : randomInt(2 ** 30);
  for (let i = 0; i < cases; i++) {
    try {
      await checkCase(seed + i);
    } catch (error) {
      t.fail(`MANIPLE_TEST_SEED=${seed + i}: ${(error as Error).message}\n${(error as Error).stack}`);
      return;
    }
  }
  t.pass(`${cases} programs, MANIPLE_TEST_SEED=${seed}`);
});

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
  const small = { memory: 2 ** 26 }; // the system must still be able to start other programs
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
  }, small);
  const dump = execFileSync('h5dump', ['-d', 'counts', '-y', '-w', '0', path], { encoding: 'utf8' });
  t.match(dump, /0, 1, 50, 50,\s*4, 5, 50, 50,\s*8, 9, 50, 50/);
  const python = `import numpy; print(numpy.load(${JSON.stringify(array)}).tolist(), numpy.load(${JSON.stringify(made)}).dtype, numpy.load(${JSON.stringify(made)}).sum())`;
  t.equal(
    execFileSync('python3', ['-c', python], { encoding: 'utf8' }),
    '[[0, 1, 50, 50], [4, 5, 50, 50], [8, 9, 50, 50]] float32 18.0\n',
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
  await refused([3, 4], dataset('counts'), 'create', LaunchError, /cannot be made new by an attachment/);
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
      { message: /fit\.h5: the file is not there any more/ },
    );
    const again = await hdf5.createHdf5(path);
    again.write('counts', new Uint16Array(12), [3, 4]);
    again.close();
  }
});
