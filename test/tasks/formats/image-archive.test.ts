// Images in files that other programs made: NumPy archives, and HDF5 with what this library cannot read.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import t from 'tap';
import { DataError } from '../../../runtime/errors.js';
import {
  createHdf5,
  openHdf5,
  openImages,
  readImages,
  writeImages,
} from '../../../tasks/formats/hdf5/index.js';
import { writeNpz } from '../../../tasks/formats/npy.js';
import { squareReaching } from '../../../tasks/spi/geometry.js';
import { ring } from '../../../tasks/spi/particles/ring.js';
import { simulate } from '../../../tasks/spi/simulate.js';
import { needs } from '../../support/needs.js';
import { scratch } from './scratch.js';

const simulation = simulate({
  particles: [ring({ state: 'open' })],
  images: 3,
  detector: squareReaching(8, 4600, 20),
  beam: { photonEnergy: 4600 },
  photonsPerImage: 500,
  seed: 3,
});
const data = { ...simulation, symmetry: ring({ state: 'open' }).symmetry! };

async function refusal(action: () => Promise<unknown>): Promise<string> {
  const error: unknown = await action().catch((thrown: unknown) => thrown);
  return error instanceof DataError ? error.message : `not refused: ${error}`;
}

t.test('images go through a NumPy archive as through HDF5', async (t) => {
  for (const file of ['images.npz', 'images.h5', 'images.cxi']) {
    await writeImages(scratch(file), data, file.endsWith('.cxi') ? 'cxi' : 'spinifel');
    const back = await readImages(scratch(file));
    for (const key of [
      'intensities',
      'pixelPositionReciprocal',
      'mask',
      'orientations',
      'conformation',
      'fluences',
      'correction',
      'symmetry',
    ] as const) {
      t.same(back[key], data[key], `${file}: ${key}`);
    }
  }
  const block = await openImages(scratch('images.npz'));
  t.same(block.read(1, 2), data.intensities.subarray(64), 'a block of an archive');
  t.throws(() => block.read(2, 2), /array intensities: rows 2 to 3 were asked for, it has 3/);
  t.same((await readImages([scratch('images.npz'), scratch('images.h5')])).images, 6, 'both kinds join');
});

t.test('archives that hold no images are refused by name', async (t) => {
  const s = { data: data.pixelPositionReciprocal, shape: [3, 1, 8, 8] };
  writeNpz(scratch('other.npz'), { pictures: { data: data.intensities }, pixel_position_reciprocal: s });
  t.match(
    await refusal(() => readImages(scratch('other.npz'))),
    /other\.npz, array intensities: it is not in the archive, which has pictures, pixel_position/,
  );
  const complex = { data: new Float32Array(2 * 3 * 64), shape: [3, 1, 8, 8], complex: true };
  writeNpz(scratch('complex.npz'), { intensities: complex, pixel_position_reciprocal: s });
  t.match(await refusal(() => readImages(scratch('complex.npz'))), /but it holds complex numbers/);
  const short = { data: new Float64Array(8), shape: [2, 4] };
  const intensities = { data: data.intensities, shape: [3, 8, 8] };
  writeNpz(scratch('short.npz'), { intensities, pixel_position_reciprocal: s, orientations: short });
  t.match(
    await refusal(() => readImages(scratch('short.npz'))),
    /orientations.*\(2, 4\) does not fit 3 images/,
  );
});

t.test('NumPy writes archives that are read', { skip: needs('numpy') }, async (t) => {
  await writeImages(scratch('ours.npz'), data);
  const script = [
    'import numpy as np, sys',
    'z = np.load(sys.argv[1])',
    'np.savez_compressed(sys.argv[2], intensities=np.asfortranarray(z["intensities"][:, 0].astype(">i2")),',
    '  pixel_position_reciprocal=np.moveaxis(z["pixel_position_reciprocal"], 0, -1))',
  ].join('\n');
  execFileSync('python3', ['-c', script, scratch('ours.npz'), scratch('theirs.npz')]);
  const back = await readImages(scratch('theirs.npz'));
  t.same(back.intensities, data.intensities, 'big endian, column-major, 16 bits, compressed');
  t.same(back.pixelPositionReciprocal, data.pixelPositionReciprocal, 'components last');
  t.same(back.shape, [1, 8, 8]);
});

/** `intensities` (2, 2, 2) compressed with LZF, which h5py has and HDF5 itself has not; written by h5py 3.7. */
const LZF =
  'eNrr9HBx4+WS4mLm4GCAgf9QwAkVMoCK3+964+nv4RLEpHDViy0bGVcwCSFrhAEuJgZGBgY2MQYgxZ2ZV5KaV5xZkplafBhmkx0DhWDjTavjYCcxMjAymjAwMDEzMjJB5YilmUUYGAUV5BlYwDwFBnEOBvF6IIsV6HpmZm4pBkag6bUsQD8wM+RUpYHVsTKCVDIwcMgxMLAwMbEwMoEITmSnwcIzjYFOQHODsg3DKBgFo2AUjIJRQAwA1mMPhEEkAIDzNMo=';
/** `intensities` (2, 2, 2) of 16-bit floats and `mask` (2, 2) of booleans; written by h5py 3.7. */
const HALF =
  'eNrr9HBx4+WS4mLm4GCAgf9QIAIVMoCKV8bzJPt7uAQxKVz1YstGxhVMQsgaYYCLiYGRgYFNjAFIcWfmlaTmFWeWZKYWH4YayMYPkmHJTSzOPs8IFdNmIAXsf9HyAewkRgZGRhMGBiZmRkYmqByxNLMIA6OgAj+UL8DAxcrABXQYAyvQ9cxcHECfsTAyQINCAGbxBIZBBxpW1XLAw0IF6D8mwmHBrMjAaMEEigWg3zggNAPQs26OPsGuDCFBoa5AMeSAEIAGBAvM1skMgxGkiG/QYxgFo2AUjIJRQBoAAKPIOiY=';

t.test('what the HDF5 library cannot read is named, with a way out', async (t) => {
  writeFileSync(scratch('lzf.h5'), inflateSync(Buffer.from(LZF, 'base64')));
  const lzf = await openHdf5(scratch('lzf.h5'));
  t.throws(
    () => lzf.require('intensities').read(),
    /lzf\.h5, dataset intensities, .*the filter "lzf", which is not built in; .*h5repack -f GZIP=4/,
  );
  lzf.close();
  writeFileSync(scratch('half.h5'), inflateSync(Buffer.from(HALF, 'base64')));
  const half = await openHdf5(scratch('half.h5'));
  t.throws(
    () => half.require('intensities').read(),
    /it holds 16-bit floating-point numbers, which cannot be/,
  );
  t.throws(() => half.require('mask').read(), /numbers were expected, but it holds booleans/);
  half.close();
  const file = await createHdf5(scratch('symmetry.h5'));
  file.write('intensities', data.intensities, [3, 1, 8, 8]);
  file.write('pixel_position_reciprocal', data.pixelPositionReciprocal, [3, 1, 8, 8]);
  file.write('symmetry', new Float64Array(6), [2, 3]);
  file.close();
  t.match(
    await refusal(() => readImages(scratch('symmetry.h5'))),
    /symmetry: the shape \(2, 3\) is not \(rot/,
  );
});
