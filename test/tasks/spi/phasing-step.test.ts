// A step of phasing: the plain one against the formulas, the native one against the plain one.
import t from 'tap';
import { addon, addonAbsence } from '../../../native/index.js';
import { irfft3, rfft3 } from '../../../tasks/fourier/index.js';
import { imposeModuli, plainPhasingSteps } from '../../../tasks/spi/phasing-step.js';
import { randomStream } from '../../../tasks/spi/philox.js';

/** Numbers from -0.5 to 0.5. */
function numbers(length: number, seed: number): Float32Array {
  const random = randomStream(seed, 0, 1);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}

t.test('moduli are imposed, phases kept', (t) => {
  const spectrum = Float32Array.of(3, 4, 0, 0, -1, 1, 0, -2);
  imposeModuli(spectrum, Float32Array.of(10, 2, -1, 0));
  t.same([...spectrum], [6, 8, 2, 0, -1, 1, 0, -0]);
  t.end();
});

t.test('a plain step is its definition', (t) => {
  const n = 6;
  const density = numbers(n ** 3, 1);
  const modulus = numbers(n * n * 4, 2);
  const support = Uint8Array.from({ length: n ** 3 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const spectrum = rfft3(density, [n, n, n]);
  imposeModuli(spectrum, modulus);
  const image = irfft3(spectrum, [n, n, n], { scale: 1 / n ** 3 });
  const [hybrid, reduced] = [density.slice(), density.slice()];
  plainPhasingSteps(hybrid, spectrum, modulus, support, n, 0.9, 1);
  plainPhasingSteps(reduced, spectrum, modulus, support, n, null, 1);
  const free = (i: number) => support[i] === 1 && image[i]! > 0;
  t.same(
    reduced,
    image.map((v, i) => (free(i) ? v : 0)),
  );
  t.same(
    hybrid,
    image.map((v, i) => (free(i) ? v : density[i]! - 0.9 * v)),
  );
  t.end();
});

/** A density after native steps, so many at a time. */
function several(...counts: number[]): Float32Array {
  const n = 12;
  const modulus = numbers(n * n * 7, 3);
  const density = numbers(n ** 3, 4);
  const support = Uint8Array.from({ length: n ** 3 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const spectrum = new Float32Array(2 * modulus.length);
  for (const count of counts) addon!.phasingSteps(density, spectrum, modulus, support, n, 0.9, count);
  return density;
}

t.test('native steps are plain steps', { skip: addon === null && `no add-on: ${addonAbsence}` }, (t) => {
  const native = addon!.phasingSteps;
  for (const [n, scale] of [
    [1, 1],
    [2, 1],
    [5, 1e-3],
    [12, 1e3],
    [33, 1],
    [40, 1e-6],
    [54, 1],
  ] as const) {
    const size = n ** 3;
    const half = n * n * (Math.floor(n / 2) + 1);
    const modulus = numbers(half, 3).map((m, i) => (i % 7 === 0 ? 0 : m) * scale);
    const support = Uint8Array.from({ length: size }, (_, i) => (i % 3 === 0 ? 1 : 0));
    for (const beta of [0.9, null]) {
      const own = numbers(size, 4).map((value) => value * scale);
      const other = own.slice();
      native(own, new Float32Array(2 * half), modulus, support, n, beta, 1);
      plainPhasingSteps(other, new Float32Array(2 * half), modulus, support, n, beta, 1);
      // Voxels whose image is 0 up to rounding may end on either side of it: both ways are within the error.
      const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = own.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
      t.ok(
        beta !== null && n > 1 ? error <= 2 * scale : error <= 2e-5 * largest,
        `${n}^3, beta ${beta}, error ${error}`,
      );
      const wrong = own.filter((value, i) => !(Math.abs(value - other[i]!) <= 2e-5 * largest)).length;
      t.ok(wrong <= size * 1e-4, `${n}^3, beta ${beta}: ${wrong} voxels differ`);
    }
  }
  t.same(several(3), several(1, 1, 1), 'three steps at once are three steps');
  t.same(several(0), several(), 'no step changes nothing');
  t.throws(
    () =>
      native(new Float32Array(8), new Float32Array(3), new Float32Array(8), new Uint8Array(8), 2, null, 1),
    /spectrum holds 3 elements, 16 are needed/,
  );
  t.end();
});
