import t from 'tap';
import { ballSupport, solveMerge } from '../../../tasks/spi/merge-solve.js';
import { addSums, mergeContribution, normalSums, photonWeights } from '../../../tasks/spi/normal-sums.js';
import { selectPixels } from '../../../tasks/spi/pixels.js';
import { randomQuaternions } from '../../../tasks/spi/quaternion.js';
import { slice } from '../../../tasks/spi/slice.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase, relativeError } from './reference.js';

t.setTimeout(600_000);

t.test(
  'normal equations and their solution agree with the reference',
  { skip: needs('shared-data') },
  (t) => {
    const reference = referenceCase('merge');
    const n = 13;
    const Q = componentsFirst(reference.array('Q'));
    const points: [Float64Array, Float64Array, Float64Array] = [
      Q.slice(0, 4000),
      Q.slice(4000, 8000),
      Q.slice(8000),
    ];
    const b = reference.array('b');
    const values = Float64Array.from({ length: 8000 }, (_, i) => (i % 2 === 0 ? b[i / 2]! : 1));
    const sums = normalSums(points, values, n, 1e-12);
    t.ok(relativeError(sums.rightSide, reference.array('ADb')) <= 1e-10, 'right-hand side');
    const expected = Float64Array.from(reference.array('ugrid_conv'));
    for (let i = 0; i < 26; i++)
      for (let j = 0; j < 26; j++) {
        expected[i * 26 + j] = 0;
        expected[(i * 26 + j) * 26] = 0;
        expected[i * 676 + j] = 0;
      }
    t.ok(relativeError(sums.kernel, expected) <= 1e-10, 'kernel, but for the planes of lag -n');
    const ridge = reference.json['rlambda_used'] as number;
    const cornerPenalty = reference.json['flambda'] as number;
    const options = { ridge, cornerPenalty, tolerance: 1e-12, iterations: 5000, symmetric: false };
    const solution = solveMerge(sums, n, options);
    const error = relativeError(solution.autocorrelation, reference.array('x_sol'));
    t.ok(error <= 1e-6, `solution: ${error} after ${solution.iterations} steps`);
    t.end();
  },
);

t.test('slices of a merged particle are the images; blocks add up to the whole', (t) => {
  const n = 12;
  const voxel = 10;
  // Smooth positive intensities: the autocorrelation of some blobs.
  const ac = new Float32Array(n ** 3);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++, at++) {
        const [x, y, z] = [i - 6, j - 6, k - 6];
        const r2 = x * x + y * y + z * z;
        ac[at] =
          r2 > 25 ? 0 : Math.exp(-0.3 * r2) + 0.1 * Math.exp(-0.5 * ((Math.abs(x) - 2) ** 2 + y * y + z * z));
      }
  const pixels: number[][] = [];
  for (let i = -7.5; i < 8; i++)
    for (let j = -7.5; j < 8; j++) pixels.push([i * 0.005, j * 0.005, -0.02 * (i * i + j * j) * 0.005]);
  const s = Float64Array.from(
    { length: 3 * pixels.length },
    (_, i) => pixels[i % pixels.length]![Math.floor(i / pixels.length)]!,
  );
  const mask = new Uint8Array(pixels.length);
  mask[3] = 2;
  mask[4] = 1;
  const selection = selectPixels({ s, mask });
  t.equal(selection.index.length, pixels.length - 1, 'bad pixels are left out');
  const rotations = randomQuaternions(40, 5);
  const photons = Float32Array.from(slice({ data: ac, n, voxel }, rotations, selection.s, { eps: 1e-5 }));
  const width = selection.index.length;
  const mean = Float32Array.from({ length: width }, (_, p) => {
    let sum = 0;
    for (let i = 0; i < 40; i++) sum += photons[i * width + p]! / 40;
    return sum;
  });
  const weights = photonWeights(mean, selection);
  t.equal(weights[selection.index.indexOf(4)], 0, 'a pixel for orientation only is not merged');
  t.ok(Math.min(...weights) >= 0 && weights[0]! > weights[Math.floor(width / 2)]!, 'rare photons weigh more');
  const grid = { n, voxel, eps: 1e-6 };
  const exposure = new Float64Array(40).fill(1);
  const whole = mergeContribution({ photons, exposure, rotations }, selection, weights, grid);
  const first = mergeContribution(
    {
      photons: photons.subarray(0, 25 * width),
      exposure: exposure.subarray(0, 25),
      rotations: rotations.subarray(0, 100),
    },
    selection,
    weights,
    grid,
  );
  const second = mergeContribution(
    {
      photons: photons.subarray(25 * width),
      exposure: exposure.subarray(25),
      rotations: rotations.subarray(100),
    },
    selection,
    weights,
    grid,
  );
  addSums(first, second);
  t.ok(relativeError(first.kernel, whole.kernel) < 1e-4, 'kernels add');
  t.ok(relativeError(first.rightSide, whole.rightSide) < 1e-4, 'right-hand sides add');
  const solved = solveMerge(whole, n, {
    support: ballSupport(n, 5),
    ridge: 1e-6,
    tolerance: 1e-5,
    iterations: 200,
  });
  const again = slice({ data: solved.autocorrelation, n, voxel }, rotations, selection.s, { eps: 1e-5 });
  const error = relativeError(again, photons);
  t.ok(error < 0.01, `images from the merged volume: ${error}`);
  t.throws(
    () => solveMerge({ rightSide: new Float32Array(27), kernel: new Float32Array(216) }, 3),
    /no data/,
  );
  t.end();
});
