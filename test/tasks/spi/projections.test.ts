// The native projections of phasing against their twin, which is written as the formulas are.
import t from 'tap';
import { addon, addonAbsence } from '../../../native/index.js';
import { randomStream } from '../../../tasks/spi/philox.js';
import { projectionsTwin } from '../../../tasks/spi/projections.js';

/** Numbers about 0, over many orders of magnitude, with zeros among them. */
function numbers(length: number, seed: number): Float32Array {
  const random = randomStream(seed, 0, 1);
  return Float32Array.from({ length }, (_, i) =>
    i % 11 === 0 ? 0 : (random.uniform() - 0.5) * 10 ** ((i % 37) - 18),
  );
}

const close = (a: Float32Array, b: Float32Array): boolean =>
  a.every((value, i) => Math.abs(value - b[i]!) <= 3e-7 * Math.abs(b[i]!));

t.test('the twin keeps phases and imposes moduli', (t) => {
  const spectrum = Float32Array.of(3, 4, 0, 0, -1, 1, 0, -2);
  projectionsTwin.imposeModuli(spectrum, Float32Array.of(10, 2, -1, 0));
  t.same([...spectrum], [6, 8, 2, 0, -1, 1, 0, -0]);
  const density = Float32Array.of(1, 1, 1, 1);
  const image = Float32Array.of(2, -2, 2, -2);
  const support = Uint8Array.of(1, 1, 0, 0);
  projectionsTwin.hybridStep(density, image, support, 0.5);
  t.same([...density], [2, 2, 0, 2], 'feedback outside the support and where the image is negative');
  projectionsTwin.reductionStep(density, image, support);
  t.same([...density], [2, 0, 0, 0]);
  t.end();
});

t.test('native projections are the twin', { skip: addon === null && `no add-on: ${addonAbsence}` }, (t) => {
  if (addon === null) throw new Error('the add-on is needed here');
  const kernels = addon;
  for (const length of [0, 1, 7, 16, 33, 1000, 4099]) {
    const image = numbers(length, 1);
    const support = Uint8Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
    for (const [name, run] of [
      ['hybrid', (k: typeof projectionsTwin, d: Float32Array) => k.hybridStep(d, image, support, 0.9)],
      ['reduction', (k: typeof projectionsTwin, d: Float32Array) => k.reductionStep(d, image, support)],
    ] as const) {
      const own = numbers(length, 2).map(Math.abs);
      const other = own.slice();
      run(addon, own);
      run(projectionsTwin, other);
      // density - beta image may cancel: the error is that of the larger of the two.
      const before = numbers(length, 2);
      const wrong = own.findIndex(
        (value, i) =>
          !(Math.abs(value - other[i]!) <= 3e-7 * Math.max(Math.abs(before[i]!), Math.abs(image[i]!))),
      );
      t.equal(wrong, -1, `${name}, ${length} voxels`);
    }
    const modulus = numbers(length, 3).map((m, i) => (i % 5 === 0 ? -1 : Math.abs(m)));
    const own = numbers(2 * length, 4);
    const other = own.slice();
    addon.imposeModuli(own, modulus);
    projectionsTwin.imposeModuli(other, modulus);
    t.ok(close(own, other), `moduli, ${length} numbers`);
  }
  t.throws(
    () => kernels.imposeModuli(new Float32Array(3), new Float32Array(2)),
    /spectrum holds 3 elements, 4 are needed/,
  );
  t.end();
});
