import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { DataError } from '../../../runtime/errors.js';
import {
  createHdf5,
  createImages,
  type ImageSetWithIntensities,
  openHdf5,
  openImages,
  readImages,
  writeImages,
} from '../../../tasks/formats/hdf5/index.js';
import { squareReaching } from '../../../tasks/spi/geometry.js';
import { ring } from '../../../tasks/spi/particles/ring.js';
import { simulate } from '../../../tasks/spi/simulate.js';
import { needs } from '../../support/needs.js';
import { damaged, outcomeOf, scratch } from './scratch.js';

/** Five images of 1 x 3 x 4 pixels with everything known about them. */
function sample(images = 5, shape: [number, number, number] = [1, 3, 4]): ImageSetWithIntensities {
  const pixels = shape[0] * shape[1] * shape[2];
  return {
    images,
    shape,
    intensities: Float32Array.from({ length: images * pixels }, (_, i) => i),
    pixelPositionReciprocal: Float64Array.from({ length: 3 * pixels }, (_, i) => 1e8 * Math.sin(i)),
    mask: Uint8Array.from({ length: pixels }, (_, i) => i % 3),
    orientations: Float64Array.from({ length: 4 * images }, (_, i) => i / 10),
    conformation: Int32Array.from({ length: images }, (_, i) => i % 2),
    fluences: Float64Array.from({ length: images }, (_, i) => 1 + i),
    correction: new Float64Array(pixels).fill(0.9),
  };
}

async function refusal(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof DataError && error.exitCode === 3) return error.message;
    return `not a DataError: ${error}`;
  }
  return 'not refused';
}

t.test('images come back, in both layouts and with several panels', async (t) => {
  for (const layout of ['spinifel', 'cxi'] as const) {
    const data = sample(5, [2, 3, 4]);
    const path = scratch(`${layout}.h5`);
    await writeImages(path, data, layout);
    t.same(await readImages(path), data, layout);
    const file = await openImages(path);
    t.equal(file.layout, layout);
    t.same(file.read(3, 2), data.intensities.subarray(3 * 24, 5 * 24), 'a block');
    file.close();
  }
  t.notOk(
    readdirSync(dirname(scratch('x'))).some((name) => name.endsWith('.tmp')),
    'no temporary file is left',
  );
});

t.test('blocks may be written in any order; nothing has the name before the end', async (t) => {
  const data = sample();
  const path = scratch('blocks.h5');
  const writer = await createImages(path, data);
  writer.write(3, data.intensities.subarray(36));
  writer.write(0, data.intensities.subarray(0, 36));
  t.notOk(existsSync(path));
  t.throws(() => writer.write(4, data.intensities.subarray(0, 24)), /are no rows 4/);
  writer.close();
  t.same((await readImages(path)).intensities, data.intensities);
  const abandoned = await createImages(scratch('abandoned.h5'), data);
  abandoned.write(0, data.intensities);
  abandoned.abandon();
  t.notOk(existsSync(scratch('abandoned.h5')));
});

t.test('other shapes, orders and types of the same things are understood', async (t) => {
  const data = sample();
  const path = scratch('variants.h5');
  const file = await createHdf5(path);
  const components = new Float32Array(36);
  for (let i = 0; i < 12; i++) {
    for (let c = 0; c < 3; c++) components[3 * i + c] = data.pixelPositionReciprocal[12 * c + i]!;
  }
  file.write('entry_1/data_1/data', Uint16Array.from(data.intensities), [5, 3, 4]);
  file.write('entry_1/data_1/mask', Uint32Array.from(data.mask), [3, 4]);
  file.write('pixel_position_reciprocal', components, [3, 4, 3]);
  file.write('orientations', data.orientations!, [5, 1, 4]);
  file.write('conformation', BigInt64Array.from(data.conformation!, BigInt), [5]);
  file.close();
  const back = await readImages(path);
  t.same(back.intensities, data.intensities);
  t.same(back.shape, [1, 3, 4]);
  t.same(
    [...back.mask],
    [...data.mask].map((v) => (v === 0 ? 0 : 2)),
    'CXI flags: anything but 0 is bad',
  );
  t.same(back.pixelPositionReciprocal, data.pixelPositionReciprocal.map(Math.fround));
  t.same([...back.orientations!], [...data.orientations!]);
  t.same([...back.conformation!], [...data.conformation!]);
});

t.test('several files are joined when they fit together', async (t) => {
  const data = sample();
  await writeImages(scratch('part1.h5'), data);
  await writeImages(scratch('part2.h5'), data);
  const joined = await readImages([scratch('part1.h5'), scratch('part2.h5')]);
  t.equal(joined.images, 10);
  t.same(joined.intensities, Float32Array.from([...data.intensities, ...data.intensities]));
  t.equal(joined.orientations!.length, 40);

  await writeImages(scratch('larger.h5'), sample(2, [1, 4, 4]));
  t.match(
    await refusal(() => readImages([scratch('part1.h5'), scratch('larger.h5')])),
    /larger\.h5, images: the images are \(1, 4, 4\), those of .*part1\.h5 are \(1, 3, 4\)/,
  );
  const moved = { ...data, pixelPositionReciprocal: data.pixelPositionReciprocal.map((v) => 1.01 * v) };
  await writeImages(scratch('moved.h5'), moved);
  t.match(
    await refusal(() => readImages([scratch('part1.h5'), scratch('moved.h5')])),
    /moved\.h5, dataset pixel_position_reciprocal: the pixels lie elsewhere/,
  );
});

t.test('NaN pixels are refused by name, or masked when asked', async (t) => {
  const data = sample();
  data.intensities[2 * 12 + 4 + 2] = Number.NaN;
  data.intensities[4 * 12] = Number.POSITIVE_INFINITY;
  const path = scratch('nan.h5');
  await writeImages(path, { ...data, mask: new Uint8Array(12) });
  t.match(
    await refusal(() => readImages(path)),
    /nan\.h5, dataset intensities, image 2, pixel \(panel 0, y 1, x 2\): the value is NaN/,
  );
  const masked = await readImages(path, { nan: 'mask' });
  t.same([...masked.mask], [2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
  t.same([masked.intensities[30], masked.intensities[48]], [0, 0]);
  const bad = new Uint8Array(12);
  bad[0] = bad[6] = 2;
  await writeImages(path, { ...data, mask: bad });
  t.equal((await readImages(path)).intensities[30], 0, 'NaN under a bad pixel does not matter');
});

t.test('missing, damaged and misshapen files end in a sentence', async (t) => {
  const data = sample();
  const good = scratch('good.h5');
  await writeImages(good, data);
  const bytes = readFileSync(good);
  const write = async (
    name: string,
    fill: (file: Awaited<ReturnType<typeof createHdf5>>) => void,
  ): Promise<string> => {
    const file = await createHdf5(scratch(name));
    fill(file);
    file.close();
    return refusal(() => readImages(scratch(name)));
  };
  t.match(await refusal(() => readImages(scratch('none.h5'))), /none\.h5: the file does not exist/);
  t.match(await refusal(() => readImages(dirname(good))), /is a directory/);
  writeFileSync(scratch('text.h5'), 'no HDF5 here');
  t.match(await refusal(() => readImages(scratch('text.h5'))), /text\.h5, byte 0: this is not an HDF5 file/);
  writeFileSync(scratch('empty.h5'), '');
  t.match(await refusal(() => readImages(scratch('empty.h5'))), /the file is empty/);
  writeFileSync(scratch('short.h5'), bytes.subarray(0, 3000));
  t.match(
    await refusal(() => readImages(scratch('short.h5'))),
    new RegExp(`short\\.h5, byte 3000: the file ends here, but its header promises ${bytes.length} bytes`),
  );
  t.match(
    await write('nodata.h5', (f) => f.write('volume', new Float32Array(8), [2, 2, 2])),
    /nodata\.h5, dataset intensities: it is not in the file, which has volume/,
  );
  t.match(
    await write('nopositions.h5', (f) => f.write('intensities', data.intensities, [5, 1, 3, 4])),
    /dataset pixel_position_reciprocal: it is not in the file/,
  );
  t.match(
    await write('rank.h5', (f) => f.write('intensities', data.intensities, [5, 12])),
    /dataset intensities: images must have shape \(N, panels, ny, nx\).*not \(5, 12\)/,
  );
  t.match(
    await write('positions.h5', (f) => {
      f.write('intensities', data.intensities, [5, 1, 3, 4]);
      f.write('pixel_position_reciprocal', new Float64Array(27), [3, 1, 3, 3]);
    }),
    /dataset pixel_position_reciprocal: the shape \(3, 1, 3, 3\) does not fit images of \(1, 3, 4\)/,
  );
  t.match(
    await write('nanpositions.h5', (f) => {
      f.write('intensities', data.intensities, [5, 1, 3, 4]);
      f.write(
        'pixel_position_reciprocal',
        new Float64Array(36).fill(0).fill(Number.NaN, 13, 14),
        [3, 1, 3, 4],
      );
    }),
    /the y component of pixel \(panel 0, y 0, x 1\) is NaN/,
  );
  t.match(
    await write('mask.h5', (f) => {
      f.write('intensities', data.intensities, [5, 1, 3, 4]);
      f.write('pixel_position_reciprocal', data.pixelPositionReciprocal, [3, 1, 3, 4]);
      f.write('mask', new Uint8Array(12).fill(7), [1, 3, 4]);
    }),
    /dataset mask: pixel \(panel 0, y 0, x 0\) has the value 7/,
  );
  t.match(
    await write('orientations.h5', (f) => {
      f.write('intensities', data.intensities, [5, 1, 3, 4]);
      f.write('pixel_position_reciprocal', data.pixelPositionReciprocal, [3, 1, 3, 4]);
      f.write('orientations', new Float64Array(16), [4, 4]);
    }),
    /dataset orientations: the shape \(4, 4\) does not fit 5 images: expected \(5, 4\)/,
  );
  t.match(
    await write('group.h5', (f) => f.write('intensities/inside', new Float64Array(1), [])),
    /dataset intensities: this name is a group/,
  );
  const file = await openImages(good);
  t.throws(() => file.read(3, 3), /rows 3 to 5 were asked for, it has 5/);
  file.close();
  t.match(await refusal(() => createHdf5('/proc/none/x.h5')), /\/proc\/none\/x\.h5: cannot be written/);
});

t.test('damaged files are read or refused, never worse', async (t) => {
  await writeImages(scratch('fuzzed.h5'), sample(3));
  const bytes = new Uint8Array(readFileSync(scratch('fuzzed.h5')));
  const defects: string[] = [];
  let refused = 0;
  for (const broken of damaged(bytes, 300, 11)) {
    const path = scratch('broken.h5');
    writeFileSync(path, broken);
    const result = await readImages(path).then(
      () => 'read' as const,
      (error: unknown) =>
        outcomeOf(() => {
          throw error;
        }),
    );
    if (result === 'refused') refused++;
    if (typeof result === 'object') defects.push(result.defect);
  }
  t.same(defects, [], 'seed 11');
  t.ok(refused >= 100, `${refused} of 300 were noticed: every cut among them`);
});

t.test('h5dump sees what the contract says', { skip: needs('h5dump') }, async (t) => {
  await writeImages(scratch('dump.h5'), sample());
  const text = execFileSync('h5dump', ['-H', scratch('dump.h5')], { encoding: 'utf8' });
  const flat = text.replace(/\s+/g, ' ');
  t.match(flat, /DATASET "intensities" \{ DATATYPE H5T_IEEE_F32LE DATASPACE SIMPLE \{ \( 5, 1, 3, 4 \)/);
  t.match(
    flat,
    /DATASET "pixel_position_reciprocal" \{ DATATYPE H5T_IEEE_F64LE DATASPACE SIMPLE \{ \( 3, 1, 3, 4 \)/,
  );
  t.match(flat, /DATASET "mask" \{ DATATYPE H5T_STD_U8LE DATASPACE SIMPLE \{ \( 1, 3, 4 \)/);
  t.match(flat, /DATASET "orientations" \{ DATATYPE H5T_IEEE_F64LE DATASPACE SIMPLE \{ \( 5, 4 \)/);
  t.match(flat, /DATASET "conformation" \{ DATATYPE H5T_STD_I32LE DATASPACE SIMPLE \{ \( 5 \)/);
  const values = execFileSync('h5dump', ['-y', '-d', '/conformation', scratch('dump.h5')], {
    encoding: 'utf8',
  });
  t.match(values.replace(/\s+/g, ' '), /DATA \{ 0, 1, 0, 1, 0 \}/);
  t.ok((await openHdf5(scratch('dump.h5'))).datasets().includes('mask'));
});

t.test('a simulation can be written as it is, and comes back with its truth', async (t) => {
  const simulation = simulate({
    particles: [ring({ state: 'open' }), ring({ state: 'closed' })],
    images: 3,
    detector: squareReaching(8, 4600, 20),
    beam: { photonEnergy: 4600 },
    photonsPerImage: 500,
    seed: 3,
  });
  await writeImages(scratch('simulation.h5'), simulation);
  const back = await readImages(scratch('simulation.h5'));
  for (const key of ['intensities', 'orientations', 'conformation', 'fluences', 'correction'] as const) {
    t.same(back[key], simulation[key], key);
  }
  t.same(back.pixelPositionReciprocal, simulation.pixelPositionReciprocal);
});
