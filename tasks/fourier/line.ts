/**
 * The discrete Fourier transform of one line, in plain TypeScript and double precision: the twin of
 * native/kernels/fft.cc. Any length works: O(n log n) where the factors are small, O(n p) for a prime factor p.
 */
import { primeFactors } from './sizes.js';

/** One pass of the Stockham algorithm: `radix` sub-transforms of length `count`, `stride` of them interleaved. */
interface Pass {
  radix: number;
  count: number;
  stride: number;
  /** exp(-2 pi i p k / (radix count)) at [p radix + k]: real and imaginary parts. */
  twiddleRe: Float64Array;
  twiddleIm: Float64Array;
  /** exp(-2 pi i k / radix) for the general butterfly. */
  rootRe: Float64Array;
  rootIm: Float64Array;
}

/** Everything that depends on the length alone. */
export interface LinePlan {
  length: number;
  passes: Pass[];
}

/** cos and -sin of 2 pi k / n, reduced to the first octant so that the error stays at rounding for any k. */
function rootOfUnity(k: number, n: number): [number, number] {
  const at = ((k % n) + n) % n;
  // 8 k / n counts octants; the angle left over is measured from the nearest axis.
  const quarter = Math.floor((4 * at + n / 2) / n);
  const angle = (2 * Math.PI * (at - (quarter * n) / 4)) / n;
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  switch (quarter % 4) {
    case 0:
      return [c, -s];
    case 1:
      return [-s, -c];
    case 2:
      return [-c, s];
    default:
      return [s, c];
  }
}

/** Cuts a length into passes and tabulates their twiddle factors. */
export function planLine(length: number): LinePlan {
  const primes = primeFactors(length);
  // Two factors of 2 make one cheaper pass of radix 4.
  const twos = primes.filter((p) => p === 2).length;
  const radices = [
    ...new Array<number>(Math.floor(twos / 2)).fill(4),
    ...new Array<number>(twos % 2).fill(2),
    ...primes.filter((p) => p !== 2),
  ];
  const passes: Pass[] = [];
  let rest = length;
  let stride = 1;
  for (const radix of radices) {
    const count = rest / radix;
    const twiddleRe = new Float64Array(rest);
    const twiddleIm = new Float64Array(rest);
    const rootRe = new Float64Array(radix);
    const rootIm = new Float64Array(radix);
    for (let p = 0; p < count; p++) {
      for (let k = 0; k < radix; k++) {
        const [re, im] = rootOfUnity(p * k, rest);
        twiddleRe[p * radix + k] = re;
        twiddleIm[p * radix + k] = im;
      }
    }
    for (let k = 0; k < radix; k++) {
      const [re, im] = rootOfUnity(k, radix);
      rootRe[k] = re;
      rootIm[k] = im;
    }
    passes.push({ radix, count, stride, twiddleRe, twiddleIm, rootRe, rootIm });
    rest = count;
    stride *= radix;
  }
  return { length, passes };
}

/** Working memory of one line. */
export interface LineWork {
  re: Float64Array;
  im: Float64Array;
  otherRe: Float64Array;
  otherIm: Float64Array;
}

export function lineWork(length: number): LineWork {
  const line = () => new Float64Array(length);
  return { re: line(), im: line(), otherRe: line(), otherIm: line() };
}

/**
 * Transforms the line in `work.re`, `work.im` in place: X[k] = sum_j x[j] exp(sign 2 pi i j k / n), not scaled.
 * Stockham's self-sorting algorithm (Van Loan, Computational Frameworks for the FFT, 1.7).
 */
export function transformLine(plan: LinePlan, work: LineWork, sign: -1 | 1): void {
  // conj-symmetry: exchanging the real and imaginary parts of input and output turns one sign into the other.
  let re = sign < 0 ? work.re : work.im;
  let im = sign < 0 ? work.im : work.re;
  let outRe = sign < 0 ? work.otherRe : work.otherIm;
  let outIm = sign < 0 ? work.otherIm : work.otherRe;
  for (const pass of plan.passes) {
    runPass(pass, re, im, outRe, outIm);
    [re, im, outRe, outIm] = [outRe, outIm, re, im];
  }
  if (plan.passes.length % 2 === 1) {
    outRe.set(re);
    outIm.set(im);
  }
}

/** y[q + stride (radix p + k)] = twiddle^(p k) sum_j x[q + stride (p + count j)] root^(j k). */
function runPass(
  pass: Pass,
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  const { radix, count, stride, twiddleRe, twiddleIm, rootRe, rootIm } = pass;
  const step = stride * count;
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * radix * p;
      if (radix === 2) {
        const ar = re[from]!;
        const ai = im[from]!;
        const br = re[from + step]!;
        const bi = im[from + step]!;
        outRe[to] = ar + br;
        outIm[to] = ai + bi;
        const wr = twiddleRe[2 * p + 1]!;
        const wi = twiddleIm[2 * p + 1]!;
        const dr = ar - br;
        const di = ai - bi;
        outRe[to + stride] = dr * wr - di * wi;
        outIm[to + stride] = dr * wi + di * wr;
        continue;
      }
      if (radix === 4) {
        const ar = re[from]! + re[from + 2 * step]!;
        const ai = im[from]! + im[from + 2 * step]!;
        const br = re[from]! - re[from + 2 * step]!;
        const bi = im[from]! - im[from + 2 * step]!;
        const cr = re[from + step]! + re[from + 3 * step]!;
        const ci = im[from + step]! + im[from + 3 * step]!;
        // -i (x1 - x3)
        const dr = im[from + step]! - im[from + 3 * step]!;
        const di = re[from + 3 * step]! - re[from + step]!;
        outRe[to] = ar + cr;
        outIm[to] = ai + ci;
        for (let k = 1; k < 4; k++) {
          const xr = k === 1 ? br + dr : k === 2 ? ar - cr : br - dr;
          const xi = k === 1 ? bi + di : k === 2 ? ai - ci : bi - di;
          const wr = twiddleRe[4 * p + k]!;
          const wi = twiddleIm[4 * p + k]!;
          outRe[to + k * stride] = xr * wr - xi * wi;
          outIm[to + k * stride] = xr * wi + xi * wr;
        }
        continue;
      }
      for (let k = 0; k < radix; k++) {
        let sumRe = 0;
        let sumIm = 0;
        for (let j = 0, turn = 0; j < radix; j++, turn = (turn + k) % radix) {
          const xr = re[from + j * step]!;
          const xi = im[from + j * step]!;
          sumRe += xr * rootRe[turn]! - xi * rootIm[turn]!;
          sumIm += xr * rootIm[turn]! + xi * rootRe[turn]!;
        }
        const wr = twiddleRe[p * radix + k]!;
        const wi = twiddleIm[p * radix + k]!;
        outRe[to + k * stride] = sumRe * wr - sumIm * wi;
        outIm[to + k * stride] = sumRe * wi + sumIm * wr;
      }
    }
  }
}
