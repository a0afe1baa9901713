// What a stranger may hand to the public functions by mistake: each ends in a sentence, none in numbers that mean nothing.
import t from 'tap';
import {
  align,
  fourierShellCorrelation,
  merge,
  orient,
  phase,
  randomQuaternions,
  reconstruct,
  simpleSquare,
  simulate,
  slice,
  threeLobe,
} from '../../../tasks/spi/index.js';

const METRICS = ['poisson', 'cosine', 'l2'] as const;
const floats = (...values: number[]): Float32Array => Float32Array.from(values);

t.test('orient refuses what it cannot match', (t) => {
  for (const metric of METRICS) {
    const options = { metric, pixels: 3 };
    t.throws(() => orient(floats(1, Number.NaN, 2), floats(1, 2, 3), options), /image 0, pixel 1 is NaN/);
    t.throws(
      () => orient(floats(1, 1, 2), floats(1, 2, 3, 4, 5, Number.NaN), options),
      /reference 1, pixel 2/,
    );
    t.throws(
      () => orient(floats(1, 1, 2), floats(1, 2, 3), { ...options, mask: [2, 2, 2] }),
      /leaves no pixel/,
    );
    t.throws(() => orient(floats(1, 1, 2), floats(1, 2, 3), { ...options, mask: [0, 3, 0] }), /pixel 1 is 3/);
    t.throws(() => orient(floats(1, 1, 2), floats(1, 2, 3), { ...options, mask: [0, 0] }), /2 pixels/);
    const doubles = Float64Array.of(1, 1, 2) as unknown as Float32Array; // what a caller without types may pass
    t.throws(() => orient(doubles, floats(1, 2, 3), options), /orient: images must be a Float32Array/);
    const masked = orient(floats(1, Number.NaN, 2), floats(3, 9, 1, 1, 9, 3), {
      ...options,
      mask: [0, 2, 0],
    });
    t.equal(masked.index[0], 1, 'a bad pixel may hold anything');
    t.equal(orient(floats(), floats(1, 2, 3), options).index.length, 0, 'no images, no matches');
  }
  const metric = 'euclid' as 'l2'; // what a caller without types may pass
  t.throws(
    () => orient(floats(1), floats(1), { metric, pixels: 1 }),
    /one of poisson, cosine, l2, not euclid/,
  );
  t.throws(() => orient(floats(1, 2), floats(5, 5), { metric: 'l2', pixels: 2 }), /one constant/);
  t.end();
});

t.test('volumes must be finite cubes of positive voxels', (t) => {
  const good = { data: new Float32Array(27).fill(1), n: 3, voxel: 2 };
  const hole = { ...good, data: good.data.map((v, i) => (i === 14 ? Number.NaN : v)) };
  t.throws(() => fourierShellCorrelation(good.data, hole.data, 3, 2), /voxel \(1, 1, 2\) is NaN/);
  t.throws(() => fourierShellCorrelation(good.data, good.data, 3, -2), /voxel must be a positive number/);
  t.throws(() => fourierShellCorrelation(good.data, good.data, 0, 2), /whole number of voxels/);
  t.throws(() => phase({ ...good, data: new Float32Array(27) }, { seed: 1 }), /nothing to phase/);
  t.throws(() => phase({ ...good, data: new Float32Array(26) }, { seed: 1 }), /26 voxels, not 3\^3/);
  t.throws(() => phase(hole, { seed: 1 }), /is NaN/);
  t.throws(() => align(hole, good), /align: voxel \(1, 1, 2\)/);
  t.throws(() => align({ ...good, data: new Float32Array(8) }, good), /8 voxels, not 3\^3/);
  t.end();
});

t.test('rotations are unit quaternions, s-vectors have three finite components', (t) => {
  const volume = { data: new Float32Array(27).fill(1), n: 3, voxel: 2 };
  const s = Float64Array.of(0.1, 0, 0);
  t.throws(() => slice(volume, Float64Array.of(1, 0, 0), s), /3 numbers are no quaternions/);
  t.throws(() => slice(volume, Float64Array.of(1, 0, 0, 0, 1, 1, 0, 0), s), /quaternion 1 has length 1\.41/);
  t.throws(() => slice(volume, Float64Array.of(Number.NaN, 0, 0, 0), s), /quaternion 0 has length NaN/);
  t.throws(() => slice(volume, Float64Array.of(1, 0, 0, 0), s.slice(1)), /2 numbers are no s-vectors/);
  t.throws(
    () => slice(volume, Float64Array.of(1, 0, 0, 0), Float64Array.of(0, Number.POSITIVE_INFINITY, 0)),
    /pixel 0 has sy = Infinity/,
  );
  t.equal(slice(volume, new Float64Array(0), s).length, 0, 'no rotations, no slices');
  const rounded = Float64Array.from(new Float32Array(randomQuaternions(3, 1)));
  t.equal(slice(volume, rounded, s).length, 3, 'rotations of single precision pass');
  t.end();
});

t.test(
  'merging and reconstructing name the pixel that is no number, and the unit that is not theirs',
  (t) => {
    const images = 6;
    const data = simulate({
      particles: [threeLobe()],
      images,
      detector: simpleSquare(9, 0.1, 0.5),
      beam: { photonEnergy: 4600 },
      photonsPerImage: 1000,
      seed: 3,
    });
    const s = data.pixelPositionReciprocal.map((value) => value * 1e-10);
    const holed = data.intensities.slice();
    holed[2 * 81 + 7] = Number.NaN;
    const mask = new Uint8Array(81);
    mask[7] = 2;
    const options = { diameter: 140 };
    t.throws(() => merge(holed, data.orientations, { s }, options), /image 2, pixel 7 is NaN/);
    t.throws(() => merge(data.intensities, data.orientations, { s }, { diameter: -1 }), /positive number/);
    t.throws(
      () => merge(data.intensities, data.orientations, { s: data.pixelPositionReciprocal }, options),
      /are the s-vectors in 1\/Angstrom/,
    );
    const doubled = data.orientations.map((value) => 2 * value);
    t.throws(() => merge(data.intensities, doubled, { s }, options), /quaternion 0 has length 2/);
    const input = { images: holed, count: images, detector: { s } };
    t.throws(() => reconstruct(input, { seed: 1 }), /image 2, pixel 7 is NaN/);
    const merged = merge(holed, data.orientations, { s, mask }, options).volume.data;
    t.ok(merged.every(Number.isFinite), 'a bad pixel may hold anything');
    t.end();
  },
);
