// The elementwise work of merging, conjugate gradients and supports, and the sums of reductions: the native functions
// against their twins, bit for bit.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { addon, addonAbsence } from '../../native/index.js';
import { fillIdentity, foldArrays } from '../../runtime/privileges/index.js';
import { plainSteps } from '../../tasks/spi/conjugate-gradients.js';
import { mergingTwin } from '../../tasks/spi/merging-twin.js';
import { plainSupport } from '../../tasks/spi/phasing-step.js';
import { mergingDigests, stepDigests, sumDigests, supportDigests } from './exact-kernel-cases.js';

const skip = addon === null && `no add-on: ${addonAbsence}`;

/** Sums in plain TypeScript. */
function addPlainly<A extends Float32Array | Float64Array>(target: A, source: A): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

t.test('every vector level gives the bits of the twins', { skip }, (t) => {
  const [cases, loader] = ['./exact-kernel-cases.js', '../../native/index.js'].map(
    (file) => new URL(file, import.meta.url).href,
  );
  const code = `const { mergingDigests, stepDigests, sumDigests, supportDigests } = await import('${cases}');
    const { addon } = await import('${loader}');
    const all = [mergingDigests(addon), sumDigests(addon.addArrays), stepDigests(addon), supportDigests(addon)];
    process.stdout.write(JSON.stringify(all));`;
  const wanted = [
    mergingDigests(mergingTwin),
    sumDigests(addPlainly),
    stepDigests(plainSteps),
    supportDigests(plainSupport),
  ];
  for (const level of ['generic', 'avx2', 'avx512']) {
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, MANIPLE_SIMD: level },
    });
    t.same(JSON.parse(String(done.stdout)), wanted, level);
  }
  t.end();
});

t.test('folds give the bits of plain sums, in shared memory too', (t) => {
  const shared = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
  for (const length of [10, 511, 512, 513, 5000]) {
    for (const make of [shared, (n: number) => new Float32Array(n), (n: number) => new Float64Array(n)]) {
      const [target, source] = [make(length), make(length)];
      for (let i = 0; i < length; i++) {
        target[i] = Math.sin(i) * 10 ** (i % 9);
        source[i] = Math.cos(3 * i) * 10 ** (i % 7);
      }
      const plain = target.slice();
      addPlainly(plain, source);
      foldArrays(target instanceof Float32Array ? 'f32' : 'f64', 'sum', target, source);
      t.same(target, plain, `${target.constructor.name}, ${length}`);
    }
  }
  t.end();
});

t.test('identities fill arrays of any length', (t) => {
  for (const length of [0, 510, 512, 514, 5000]) {
    const single = new Float32Array(new SharedArrayBuffer(4 * length)).fill(1);
    fillIdentity('c64', 'sum', single);
    t.ok(single.every((value) => Object.is(value, -0)));
    fillIdentity('f32', 'min', single);
    t.ok(single.every((value) => value === Number.POSITIVE_INFINITY));
    const double = new Float64Array(length).fill(1);
    fillIdentity('f64', 'sum', double);
    t.ok(double.every((value) => Object.is(value, -0)));
    fillIdentity('c128', 'prod', double);
    t.ok(double.every((value, i) => Object.is(value, i % 2 === 0 ? 1 : 0)));
  }
  t.end();
});

t.test('arguments that do not fit together are refused', { skip }, (t) => {
  const { slicePoints, mergeValues, evenParts, addShares, addArrays } = addon!;
  const f32 = (length: number) => new Float32Array(length);
  t.throws(
    () => slicePoints(new Float64Array(18), f32(6), f32(4), f32(4), f32(3)),
    /z holds 3 elements, 4 are needed/,
  );
  t.throws(
    () => mergeValues(f32(6), Int32Array.of(2), new Float64Array(1), f32(3), f32(3), f32(6)),
    /photons have no row 2/,
  );
  t.throws(() => evenParts(f32(127), 2, f32(8), f32(64)), /modes holds 127 elements, 128 are needed/);
  t.throws(() => addShares(f32(6), 2, 3, new Float64Array(1), f32(3)), /image must be a whole number/);
  t.throws(() => addon!.dot(f32(3), f32(2)), /b holds 2 elements, 3 are needed/);
  t.throws(
    () => addon!.productStep(f32(9), f32(9), new Uint8Array(8), 1),
    /inside holds 8 elements, 9 are needed/,
  );
  t.throws(() => addon!.above(f32(3), 1, new Uint8Array(2)), /support holds 2 elements, 3 are needed/);
  t.throws(() => addArrays(f32(3), f32(2)), /source holds 2 elements, 3 are needed/);
  t.throws(() => addArrays(f32(3), new Float64Array(3) as never), /source must be a Float32Array/);
  t.end();
});
