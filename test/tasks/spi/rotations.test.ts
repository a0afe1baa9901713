import t from 'tap';
import {
  angularDistance,
  conjugate,
  fromRotationVector,
  halfTurn,
  multiply,
  randomQuaternions,
  rotationMatrix,
} from '../../../tasks/spi/quaternion.js';
import { superFibonacci, uniformRotations } from '../../../tasks/spi/rotation-grid.js';
import { needs } from '../../support/needs.js';
import { referenceCase } from './reference.js';

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

t.test('the reference grid and rotation matrices agree with skopi', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('quaternions');
  t.ok(largestDifference(uniformRotations(100), reference.array('grid100')) <= 1e-12, '100');
  t.ok(largestDifference(uniformRotations(1000), reference.array('grid1000')) <= 1e-12, '1000');
  const grid = uniformRotations(10000);
  const every = Float64Array.from({ length: 400 }, (_, i) => grid[400 * Math.floor(i / 4) + (i % 4)]!);
  t.ok(largestDifference(every, reference.array('grid10000_every100')) <= 1e-12, '10000, every 100th');
  const random = Float64Array.from(reference.array('rand'));
  const matrices = new Float64Array(64 * 9);
  for (let i = 0; i < 64; i++) rotationMatrix(random, 4 * i, matrices, 9 * i);
  t.ok(largestDifference(matrices, reference.array('rot')) <= 1e-12, 'matrices');
  t.end();
});

t.test('quaternions form the group they stand for', (t) => {
  const q = randomQuaternions(50, 11);
  let worst = 0;
  for (let i = 0; i < 49; i++) {
    const product = multiply(q, 4 * i, q, 4 * i + 4);
    const a = rotationMatrix(q, 4 * i);
    const b = rotationMatrix(q, 4 * i + 4);
    const ab = Float64Array.from({ length: 9 }, (_, e) => {
      const row = 3 * Math.floor(e / 3);
      const column = e % 3;
      return a[row]! * b[column]! + a[row + 1]! * b[3 + column]! + a[row + 2]! * b[6 + column]!;
    });
    worst = Math.max(worst, largestDifference(rotationMatrix(product), ab));
    worst = Math.max(
      worst,
      angularDistance(multiply(q, 4 * i, conjugate(q, 4 * i), 0), 0, Float64Array.of(1, 0, 0, 0), 0),
    );
  }
  t.ok(worst < 1e-5, `products, inverses: ${worst}`);
  t.same(randomQuaternions(3, 11, 7), q.slice(28, 40), 'a block of random rotations is a piece of the whole');
  const turn = fromRotationVector(0, 0, Math.PI);
  t.ok(
    largestDifference(multiply(turn, 0, q, 0), halfTurn(q, 0)) < 1e-15,
    'the half turn is a turn by pi about the beam',
  );
  t.ok(angularDistance(q, 0, halfTurn(q, 0), 0) > 179.99, 'half turns differ');
  t.ok(angularDistance(q, 0, halfTurn(q, 0), 0, true) < 1e-5, 'and are identified');
  const small = multiply(fromRotationVector(0.03, -0.04, 0), 0, q, 8);
  t.ok(Math.abs(angularDistance(small, 0, q, 8) - (0.05 * 180) / Math.PI) < 1e-6, 'distances are angles');
  t.end();
});

t.test('grids cover the rotations, the spiral more evenly', (t) => {
  const random = randomQuaternions(400, 3);
  const covering = (grid: Float64Array): { mean: number; most: number } => {
    let sum = 0;
    let most = 0;
    for (let i = 0; i < 400; i++) {
      let nearest = 180;
      for (let g = 0; g < grid.length; g += 4)
        nearest = Math.min(nearest, angularDistance(random, 4 * i, grid, g));
      sum += nearest / 400;
      most = Math.max(most, nearest);
    }
    return { mean: sum, most };
  };
  const nested = covering(uniformRotations(1000));
  const spiral = covering(superFibonacci(1000));
  t.ok(nested.mean < 12.5 && nested.most < 24, `nested: mean ${nested.mean}, most ${nested.most}`);
  t.ok(spiral.mean < nested.mean && spiral.most < 21, `spiral: mean ${spiral.mean}, most ${spiral.most}`);
  t.same(
    superFibonacci(1000, 200, 10),
    superFibonacci(1000).slice(800, 840),
    'a block is a piece of the whole',
  );
  t.throws(() => superFibonacci(0), /positive integer/);
  t.end();
});
