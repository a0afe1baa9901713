/**
 * The three-dimensional transforms in plain TypeScript: the oracle of the native ones, and what runs without the
 * add-on. Arithmetic is in double precision also for Float32Array data, which are rounded between the axes.
 */
import { type LinePlan, type LineWork, lineWork, planLine, transformLine } from './line.js';

/** Array kinds that hold samples; complex ones are interleaved re, im. */
export type Samples = Float32Array | Float64Array;
export type Shape3 = readonly [nx: number, ny: number, nz: number];

/** Transforms `lines` complex lines of `data`, the elements of a line `stride` complex numbers apart, in place. */
function alongAxis(
  data: Samples,
  plan: LinePlan,
  work: LineWork,
  sign: -1 | 1,
  stride: number,
  lines: number,
  scale: number,
): void {
  const n = plan.length;
  for (let line = 0; line < lines; line++) {
    // Lines whose starts follow each other fill a block of `stride`; then the next block of stride * n begins.
    const start = Math.floor(line / stride) * stride * n + (line % stride);
    for (let j = 0; j < n; j++) {
      work.re[j] = data[2 * (start + j * stride)]!;
      work.im[j] = data[2 * (start + j * stride) + 1]!;
    }
    transformLine(plan, work, sign);
    for (let j = 0; j < n; j++) {
      data[2 * (start + j * stride)] = work.re[j]! * scale;
      data[2 * (start + j * stride) + 1] = work.im[j]! * scale;
    }
  }
}

/** The first two axes of an array whose last has `last` complex elements. */
function alongFirstTwo(data: Samples, [nx, ny]: Shape3, last: number, sign: -1 | 1, scale: number): void {
  alongAxis(data, planLine(ny), lineWork(ny), sign, last, nx * last, 1);
  alongAxis(data, planLine(nx), lineWork(nx), sign, ny * last, ny * last, scale);
}

/** Complex to complex, into `out`, which may be `data`. */
export function fft3Twin(data: Samples, shape: Shape3, sign: -1 | 1, scale: number, out: Samples): void {
  const [nx, ny, nz] = shape;
  if (out !== data) out.set(data);
  alongAxis(out, planLine(nz), lineWork(nz), sign, 1, nx * ny, 1);
  alongFirstTwo(out, shape, nz, sign, scale);
}

/** Real to the half spectrum (nx, ny, nz/2 + 1). Two real lines go through one complex transform: half the work. */
export function rfft3Twin(real: Samples, shape: Shape3, scale: number, out: Samples): void {
  const [nx, ny, nz] = shape;
  const half = Math.floor(nz / 2) + 1;
  const plan = planLine(nz);
  const work = lineWork(nz);
  const lines = nx * ny;
  for (let a = 0; a < lines; a += 2) {
    const b = a + 1 < lines ? a + 1 : -1;
    for (let j = 0; j < nz; j++) {
      work.re[j] = real[a * nz + j]!;
      work.im[j] = b < 0 ? 0 : real[b * nz + j]!;
    }
    transformLine(plan, work, -1);
    for (let k = 0; k < half; k++) {
      const mirror = k === 0 ? 0 : nz - k;
      const zr = work.re[k]!;
      const zi = work.im[k]!;
      const mr = work.re[mirror]!;
      const mi = work.im[mirror]!;
      // Z = A + iB with A, B Hermitian: A = (Z[k] + conj Z[-k]) / 2, B = (Z[k] - conj Z[-k]) / 2i.
      out[2 * (a * half + k)] = (zr + mr) / 2;
      out[2 * (a * half + k) + 1] = (zi - mi) / 2;
      if (b < 0) continue;
      out[2 * (b * half + k)] = (zi + mi) / 2;
      out[2 * (b * half + k) + 1] = (mr - zr) / 2;
    }
  }
  alongFirstTwo(out, shape, half, -1, scale);
}

/** The half spectrum back to real samples; imaginary parts that a real line cannot have are ignored, as NumPy does. */
export function irfft3Twin(spectrum: Samples, shape: Shape3, scale: number, out: Samples): void {
  const [nx, ny, nz] = shape;
  const half = Math.floor(nz / 2) + 1;
  const copy = spectrum.slice();
  alongFirstTwo(copy, shape, half, 1, scale);
  const plan = planLine(nz);
  const work = lineWork(nz);
  const lines = nx * ny;
  for (let a = 0; a < lines; a += 2) {
    const b = a + 1 < lines ? a + 1 : -1;
    for (let k = 0; k < half; k++) {
      const own = k === 0 || 2 * k === nz;
      const ar = copy[2 * (a * half + k)]!;
      const ai = own ? 0 : copy[2 * (a * half + k) + 1]!;
      const br = b < 0 ? 0 : copy[2 * (b * half + k)]!;
      const bi = b < 0 || own ? 0 : copy[2 * (b * half + k) + 1]!;
      // Z[k] = A + iB, Z[-k] = conj A + i conj B.
      work.re[k] = ar - bi;
      work.im[k] = ai + br;
      if (own) continue;
      work.re[nz - k] = ar + bi;
      work.im[nz - k] = br - ai;
    }
    transformLine(plan, work, 1);
    for (let j = 0; j < nz; j++) {
      out[a * nz + j] = work.re[j]!;
      if (b >= 0) out[b * nz + j] = work.im[j]!;
    }
  }
}
