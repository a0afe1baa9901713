// The 3D transforms: against the definition, against each other, and the native ones against their twins.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import t from 'tap';
import { addon, addonAbsence } from '../../../native/index.js';
import { fft3, goodSize, irfft3, isSmooth, rfft3 } from '../../../tasks/fourier/index.js';
import { fft3Twin, irfft3Twin, rfft3Twin, type Samples, type Shape3 } from '../../../tasks/fourier/twin.js';

type Kind = typeof Float32Array | typeof Float64Array;

/** Numbers in (-1, 1) from a seed (xorshift32), the same on every machine. */
function noise(kind: Kind, length: number, seed: number): Float32Array | Float64Array {
  let state = seed * 2654435761 || 1;
  const out = new kind(length);
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state / 2 ** 31;
  }
  return out;
}

/** Root of the sum of squares of a - b over that of b. */
function distance(a: Samples, b: Samples): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size);
}

const energy = (a: Float64Array) => a.reduce((sum, x) => sum + x * x, 0);

/** The definition, as a sum over all samples for every frequency. */
function directSum(data: Samples, [nx, ny, nz]: Shape3, sign: number): Float64Array {
  const out = new Float64Array(data.length);
  let at = 0;
  for (let kx = 0; kx < nx; kx++) {
    for (let ky = 0; ky < ny; ky++) {
      for (let kz = 0; kz < nz; kz++) {
        let re = 0;
        let im = 0;
        let i = 0;
        for (let x = 0; x < nx; x++) {
          for (let y = 0; y < ny; y++) {
            for (let z = 0; z < nz; z++) {
              // Turns modulo 1, so that the angle stays small.
              const turns = ((x * kx) % nx) / nx + ((y * ky) % ny) / ny + ((z * kz) % nz) / nz;
              const c = Math.cos(2 * Math.PI * turns);
              const s = sign * Math.sin(2 * Math.PI * turns);
              re += data[i]! * c - data[i + 1]! * s;
              im += data[i]! * s + data[i + 1]! * c;
              i += 2;
            }
          }
        }
        out[at++] = re;
        out[at++] = im;
      }
    }
  }
  return out;
}

/** Error of a transform of this size: rounding, growing slowly with the number of passes. */
const tolerance = (kind: Kind) => (kind === Float32Array ? 4e-7 : 1e-15);

t.test('complex transforms are the definition', (t) => {
  const shapes: Shape3[] = [
    ...([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17].map((n) => [n, 2, 3]) as Shape3[]),
    ...([
      [3, 16, 5],
      [5, 7, 9],
      [2, 3, 30],
      [1, 1, 97],
      [18, 1, 4],
      [4, 32, 1],
    ] as Shape3[]),
  ];
  let worst = 0;
  for (const shape of shapes) {
    for (const kind of [Float32Array, Float64Array] as Kind[]) {
      for (const sign of [-1, 1] as const) {
        const data = noise(kind, 2 * shape[0] * shape[1] * shape[2], 7);
        const wanted = directSum(data, shape, sign);
        worst = Math.max(worst, distance(fft3(data, shape, { sign }), wanted) / tolerance(kind));
        const twin = data.slice();
        fft3Twin(twin, shape, sign, 1, twin);
        worst = Math.max(worst, distance(twin, wanted) / tolerance(kind));
      }
    }
  }
  t.ok(worst < 1, `worst error ${worst} of the tolerance`);
  t.end();
});

t.test('real transforms are the complex ones of real data, and undo each other', (t) => {
  const side = fc.integer({ min: 1, max: 24 });
  const seed = 20261123;
  fc.assert(
    fc.property(side, side, side, fc.boolean(), (nx, ny, nz, single) => {
      const kind: Kind = single ? Float32Array : Float64Array;
      const shape: Shape3 = [nx, ny, nz];
      const half = Math.floor(nz / 2) + 1;
      const real = noise(kind, nx * ny * nz, nx + 31 * ny + 977 * nz);
      const complex = new kind(2 * real.length);
      for (let i = 0; i < real.length; i++) complex[2 * i] = real[i]!;
      const whole = fft3(complex, shape);
      const cut = new kind(2 * nx * ny * half);
      for (let line = 0; line < nx * ny; line++) {
        cut.set(whole.subarray(2 * line * nz, 2 * (line * nz + half)), 2 * line * half);
      }
      const spectrum = rfft3(real, shape);
      const kept = spectrum.slice();
      const back = irfft3(spectrum, shape, { scale: 1 / real.length });
      return (
        distance(spectrum, cut) < tolerance(kind) &&
        distance(back, real) < tolerance(kind) &&
        distance(spectrum, kept) === 0
      );
    }),
    { numRuns: 150, seed },
  );
  t.pass(`150 shapes, seed ${seed}`);
  t.end();
});

t.test('energy is kept, and there and back again is nothing', (t) => {
  const shape: Shape3 = [20, 27, 16];
  const count = 20 * 27 * 16;
  const data = noise(Float64Array, 2 * count, 3) as Float64Array;
  const there = fft3(data, shape, { scale: 1 / Math.sqrt(count) });
  t.ok(Math.abs(energy(there) / energy(data) - 1) < 1e-14);
  const back = fft3(there, shape, { sign: 1, scale: 1 / Math.sqrt(count) });
  t.ok(distance(back, data) < 1e-15);
  t.end();
});

t.test('out is used, may be the input, and the input is else left alone', (t) => {
  const shape: Shape3 = [6, 5, 8];
  const data = noise(Float64Array, 480, 5) as Float64Array;
  const kept = data.slice();
  const out = new Float64Array(480);
  t.equal(fft3(data, shape, { out }), out);
  t.same(data, kept);
  t.equal(fft3(data, shape, { out: data }), data);
  t.same(data, out, 'in place gives the same bits');
  const shared = new Float64Array(new SharedArrayBuffer(480 * 8));
  shared.set(kept);
  t.same(fft3(shared, shape), out, 'shared memory gives the same bits');
  t.end();
});

t.test('the half spectrum ignores what no real line has, as NumPy does', (t) => {
  const spectrum = new Float64Array([1, 5, 2, 7]); // nz = 2: zero and Nyquist
  t.same(irfft3(spectrum, [1, 1, 2]), new Float64Array([3, -1]));
  const odd = new Float64Array([1, 5, 2, 7]); // nz = 3: zero and one frequency
  const wanted = [1 + 4, 1 - 2 - 7 * Math.sqrt(3), 1 - 2 + 7 * Math.sqrt(3)];
  t.ok(distance(irfft3(odd, [1, 1, 3]), Float64Array.from(wanted)) < 1e-15);
  t.end();
});

t.test('native and TypeScript agree', { skip: addonAbsence ?? false }, (t) => {
  const shapes: Shape3[] = [
    [64, 30, 81],
    [41, 36, 50],
    [9, 100, 96],
    [16, 17, 135],
    [33, 1, 128],
    [3, 46, 22],
  ];
  let worst = 0;
  for (const shape of shapes) {
    const [nx, ny, nz] = shape;
    const count = nx * ny * nz;
    const halves = 2 * nx * ny * (Math.floor(nz / 2) + 1);
    for (const kind of [Float32Array, Float64Array] as Kind[]) {
      const data = noise(kind, 2 * count, 11);
      const pairs: [Samples, Samples][] = [1, -1].map((sign) => {
        const native = new kind(2 * count);
        const twin = new kind(2 * count);
        addon!.fftComplex(data, native, nx, ny, nz, sign as 1 | -1, 0.25);
        fft3Twin(data, shape, sign as 1 | -1, 0.25, twin);
        return [native, twin];
      });
      const forward: [Samples, Samples] = [new kind(halves), new kind(halves)];
      addon!.fftForward(data.subarray(0, count), forward[0], nx, ny, nz, -1, 3);
      rfft3Twin(data.subarray(0, count), shape, 3, forward[1]);
      const backward: [Samples, Samples] = [new kind(count), new kind(count)];
      addon!.fftBackward(forward[1], backward[0], nx, ny, nz, 1, 2);
      irfft3Twin(forward[1], shape, 2, backward[1]);
      pairs.push(forward, backward);
      for (const [native, twin] of pairs) worst = Math.max(worst, distance(native, twin) / tolerance(kind));
    }
  }
  t.ok(worst < 1, `worst difference ${worst} of the tolerance`);
  t.end();
});

t.test('every vector level computes the same transform', { skip: addonAbsence ?? false }, (t) => {
  const fourier = new URL('../../../tasks/fourier/index.js', import.meta.url).href;
  const code = `const { fft3, rfft3, irfft3 } = await import('${fourier}');
    const shape = [10, 21, 36], n = 10 * 21 * 36;
    const data = Float64Array.from({ length: 2 * n }, (_, i) => Math.sin(i * i));
    const single = Float32Array.from(data);
    const spectrum = rfft3(data.subarray(0, n), shape);
    process.stdout.write(JSON.stringify([fft3(data, shape), fft3(single, shape, { sign: 1 }),
      rfft3(single.subarray(0, n), shape), irfft3(spectrum, shape)].map((a) => Array.from(a))));`;
  const answers = ['generic', 'avx2', 'avx512'].map((level) => {
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, MANIPLE_SIMD: level },
      maxBuffer: 1 << 28,
    });
    return JSON.parse(String(done.stdout)) as number[][];
  });
  let worst = 0;
  for (const other of answers.slice(1)) {
    answers[0]!.forEach((values, which) => {
      const kind: Kind = which === 1 || which === 2 ? Float32Array : Float64Array;
      const error = distance(Float64Array.from(other[which]!), Float64Array.from(values));
      worst = Math.max(worst, error / tolerance(kind));
    });
  }
  t.ok(worst < 1, `worst difference ${worst} of the tolerance`);
  t.end();
});

t.test('threads that plan and transform at once get the same bits', async (t) => {
  const fourier = new URL('../../../tasks/fourier/index.js', import.meta.url).href;
  // Lengths that no other test uses, so that the threads meet in the making of plans.
  const code = `import { parentPort } from 'node:worker_threads';
    const { rfft3 } = await import('${fourier}');
    const sums = [];
    for (let n = 200; n < 230; n++) {
      const real = Float64Array.from({ length: 6 * n }, (_, i) => Math.sin(i * i));
      sums.push(...rfft3(real, [2, n, 3]));
    }
    parentPort.postMessage(sums);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const answers = await Promise.all(
    [0, 1, 2].map(async () => (await once(new Worker(url), 'message'))[0] as number[]),
  );
  t.ok(answers[0]!.every(Number.isFinite));
  t.same(answers[1], answers[0]);
  t.same(answers[2], answers[0]);
});

t.test('wrong arguments are named', (t) => {
  const data = new Float64Array(16);
  t.throws(() => fft3(data, [2, 2, 3]), /fft3: data has 16 elements, the shape \[2, 2, 3\] needs 24/);
  t.throws(() => fft3(data, [2, 2, 2.5]), /whole numbers/);
  t.throws(() => fft3(data, [2, 2, 2], { sign: 2 as 1 }), /sign must be -1 or 1/);
  t.throws(() => fft3(data, [2, 2, 2], { out: new Float64Array(15) }), /out has 15 elements/);
  t.throws(
    () => fft3(data, [2, 2, 2], { out: new Float32Array(16) as unknown as Float64Array }),
    /same kind/,
  );
  t.throws(() => fft3(new Int32Array(16) as unknown as Float64Array, [2, 2, 2]), /Float32Array or/);
  const memory = new Float64Array(24);
  t.throws(() => rfft3(memory.subarray(0, 8), [2, 2, 2], { out: memory.subarray(4, 20) }), /overlaps/);
  t.throws(() => fft3(memory.subarray(0, 16), [2, 2, 2], { out: memory.subarray(2, 18) }), /overlaps/);
  t.end();
});

t.test('good sizes', (t) => {
  const brute = (n: number, even: boolean) => {
    for (let m = n; ; m++) {
      if (even && m % 2 === 1) continue;
      let rest = m;
      for (const p of [2, 3, 5]) while (rest % p === 0) rest /= p;
      if (rest === 1) return m;
    }
  };
  const wrong: number[] = [];
  for (let n = 1; n < 600; n++) {
    if (goodSize(n) !== brute(n, false) || goodSize(n, { even: true }) !== brute(n, true)) wrong.push(n);
  }
  t.same(wrong, []);
  t.same(
    [81, 11, 163].map((n) => goodSize(n)),
    [81, 12, 180],
  );
  t.same(
    [81, 11, 163].map((n) => goodSize(n, { even: true })),
    [90, 12, 180],
  );
  t.ok(isSmooth(210) && !isSmooth(11) && isSmooth(1));
  t.throws(() => goodSize(0), /whole number/);
  t.end();
});

t.test('a spectrum that may be spent gives the same bits', (t) => {
  for (const kind of [Float32Array, Float64Array]) {
    const shape: Shape3 = [12, 9, 10];
    const spectrum = rfft3(noise(kind, 1080, 5), shape);
    const expected = irfft3(spectrum, shape);
    const kept = spectrum.slice();
    t.strictSame(irfft3(spectrum, shape), expected);
    t.strictSame(spectrum, kept, 'by default it is left as it is');
    t.strictSame(irfft3(spectrum, shape, { spend: true }), expected);
  }
  t.end();
});
