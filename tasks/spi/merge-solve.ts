/** The solution of the normal equations of merging by conjugate gradients. */
import { irfft3, rfft3 } from '../fourier/index.js';
import {
  beginStep,
  directionStep,
  dot,
  productStep,
  slabStarts,
  sumInPairs,
  unsolved,
  updateStep,
} from './conjugate-gradients.js';
import { convolution, like } from './normal-operator.js';
import type { NormalSums } from './normal-sums.js';

type Reals = Float32Array | Float64Array;

export interface SolveOptions {
  /** n^3: 1 where the autocorrelation may differ from zero; everywhere when absent. `ballSupport` makes one. */
  readonly support?: ArrayLike<number>;
  /** Where to start, and what the ridge term pulls towards; zero when absent. */
  readonly start?: Reals;
  /** Ridge term, relative to the total weight of the data. Default 1e-3. */
  readonly ridge?: number;
  /** Weight of the penalty on Fourier components in the corners outside the sphere of the data; default 0. */
  readonly cornerPenalty?: number;
  /** Stops when the residual is below this part of the right-hand side. Default 1e-4. */
  readonly tolerance?: number;
  /** Default 30. */
  readonly iterations?: number;
  /** x(-k) = x(k) by averaging at the end. Default true. */
  readonly symmetric?: boolean;
}

export interface MergeSolution {
  /** n^3, centre at floor(n/2). */
  readonly autocorrelation: Reals;
  readonly iterations: number;
  /** Norm of the residual over that of the right-hand side. */
  readonly residual: number;
}

/**
 * Where an autocorrelation may differ from zero: 1 within `radius` voxels of the centre, 0 elsewhere.
 * @param from first plane along x, of (to - from) n^2 numbers
 */
export function ballSupport(n: number, radius: number, from = 0, to = n): Uint8Array {
  const out = new Uint8Array((to - from) * n * n);
  const c = Math.floor(n / 2);
  const square = radius * radius;
  for (let i = from, at = 0; i < to; i++)
    for (let j = -c; j < n - c; j++) {
      const across = (i - c) * (i - c) + j * j;
      for (let k = -c; k < n - c; k++) out[at++] = across + k * k <= square ? 1 : 0;
    }
  return out;
}

/** Solves (A^H W A / w + ridge + corner penalty) x = A^H W y / w + ridge start, w the total weight, on the support. */
export function solveMerge(sums: NormalSums, n: number, options: SolveOptions = {}): MergeSolution {
  const { start, ridge = 1e-3, cornerPenalty = 0, tolerance = 1e-4, iterations = 30 } = options;
  const total = totalWeight(sums.kernel, n);
  const size = n ** 3;
  const support = options.support ?? new Uint8Array(size).fill(1);
  const make = (length = size): Reals => like(sums.rightSide, length);
  const convolve = convolution(sums.kernel, n, total);
  const corners = cornerPenalty > 0 ? cornerOperator(n, make) : undefined;
  const extra = corners ? make() : undefined;
  const starts = slabStarts(n).map((plane) => plane * n * n);
  const bySlab = (step: (from: number, to: number) => number): number =>
    sumInPairs(starts.slice(1).map((to, i) => step(starts[i]!, to)));
  const [x, r, p, q] = [make(), make(), make(), make()];
  const multiply = (v: Reals): number => {
    convolve(v, q);
    if (corners && extra) {
      corners(v, support, extra);
      for (let i = 0; i < size; i++) q[i]! += cornerPenalty * extra[i]!;
    }
    return bySlab((from, to) =>
      productStep(part(q, from, to), part(v, from, to), part(support, from, to), ridge),
    );
  };

  let rr = bySlab((from, to) =>
    beginStep(part(r, from, to), part(sums.rightSide, from, to), part(support, from, to), total),
  );
  let reference = rr;
  if (start) {
    for (let i = 0; i < size; i++) {
      x[i] = support[i] ? start[i]! : 0;
      r[i]! += ridge * x[i]!;
    }
    reference = bySlab((from, to) => dot(part(r, from, to), part(r, from, to)));
    multiply(x);
    for (let i = 0; i < size; i++) r[i]! -= q[i]!;
    rr = bySlab((from, to) => dot(part(r, from, to), part(r, from, to)));
  }
  let before = 0;
  let step = 0;
  for (; step < iterations && unsolved(rr, reference, tolerance); step++) {
    directionStep(p, r, step === 0 ? 0 : rr / before);
    const alpha = rr / multiply(p);
    before = rr;
    rr = bySlab((from, to) =>
      updateStep(part(x, from, to), part(r, from, to), part(p, from, to), part(q, from, to), alpha),
    );
  }
  if (options.symmetric ?? true) symmetrise(x, n);
  return {
    autocorrelation: x,
    iterations: step,
    residual: reference > 0 ? Math.sqrt(rr / reference) : 0,
  };
}

/** The weight of all data: the kernel at lag 0. @throws RangeError when there is none */
export function totalWeight(kernel: Reals, n: number): number {
  const total = kernel[(2 * n * n + n) * 2 * n + n]!;
  if (!(total > 0)) throw new RangeError('merge: there are no data: the weights of all points sum to zero');
  return total;
}

function part<A extends Reals | ArrayLike<number>>(array: A, from: number, to: number): A {
  // Every array here is a typed one; the support may be given as a plain list.
  return (ArrayBuffer.isView(array)
    ? (array as Reals).subarray(from, to)
    : Array.prototype.slice.call(array, from, to)) as unknown as A;
}

/** v on the support, its Fourier components in the corners of the cube |k| > n/2 alone (spec A6: F). */
function cornerOperator(
  n: number,
  make: (length: number) => Reals,
): (v: Reals, support: ArrayLike<number> | undefined, out: Reals) => void {
  const half = Math.floor(n / 2) + 1;
  const corner = new Uint8Array(n * n * half);
  const angle = (i: number): number => (2 * Math.PI * (i > (n - 1) / 2 ? n - i : i)) / (n - 1);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < half; k++, at++) {
        const radius = Math.hypot(angle(i), angle(j), angle(k));
        corner[at] = Math.round(radius * 1e4) / 1e4 > Math.PI ? 1 : 0;
      }
  const spectrum = make(2 * corner.length);
  const inside = make(n ** 3);
  return (v, support, out) => {
    // The centre is at floor(n/2): a shift changes phases only, and the filter is even, so it needs no undoing.
    for (let i = 0; i < v.length; i++) inside[i] = support === undefined || support[i] ? v[i]! : 0;
    rfft3(inside, [n, n, n], { out: spectrum, scale: 1 / n ** 3 });
    for (let i = 0; i < corner.length; i++) {
      if (corner[i]) continue;
      spectrum[2 * i] = 0;
      spectrum[2 * i + 1] = 0;
    }
    irfft3(spectrum, [n, n, n], { out });
  };
}

/** x(-k) = x(k), by averaging, about floor(n/2). */
export function symmetrise(x: Reals, n: number): void {
  const c = Math.floor(n / 2);
  const mirror = (i: number): number => 2 * c - i;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) {
        const I = mirror(i);
        const J = mirror(j);
        const K = mirror(k);
        // Even n: the plane of mode -n/2 has no partner.
        if (I < 0 || J < 0 || K < 0 || I >= n || J >= n || K >= n) continue;
        const a = (i * n + j) * n + k;
        const b = (I * n + J) * n + K;
        if (b <= a) continue;
        const mean = 0.5 * (x[a]! + x[b]!);
        x[a] = mean;
        x[b] = mean;
      }
    }
  }
}
