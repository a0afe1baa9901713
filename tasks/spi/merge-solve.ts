/** The solution of the normal equations of merging by conjugate gradients. */
import { goodSize, irfft3, rfft3 } from '../fourier/index.js';
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

/** 1 in the ball of `radius` voxels about the centre of an n^3 volume. */
export function ballSupport(n: number, radius: number): Uint8Array {
  const out = new Uint8Array(n ** 3);
  const c = Math.floor(n / 2);
  let at = 0;
  for (let i = -c; i < n - c; i++)
    for (let j = -c; j < n - c; j++)
      for (let k = -c; k < n - c; k++) out[at++] = i * i + j * j + k * k <= radius * radius ? 1 : 0;
  return out;
}

/** Solves (A^H W A / w + ridge + corner penalty) x = A^H W y / w + ridge start, w the total weight, on the support. */
export function solveMerge(sums: NormalSums, n: number, options: SolveOptions = {}): MergeSolution {
  const { support, start, ridge = 1e-3, cornerPenalty = 0, tolerance = 1e-4, iterations = 30 } = options;
  const total = sums.kernel[(2 * n * n + n) * 2 * n + n]!;
  if (!(total > 0)) throw new RangeError('merge: there are no data: the weights of all points sum to zero');
  const size = n ** 3;
  const make = (): Reals =>
    sums.rightSide instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  const normal = normalMatrix(sums.kernel, n, total, support, ridge, cornerPenalty);
  const x = make();
  const right = make();
  for (let i = 0; i < size; i++) {
    const inside = support === undefined || support[i] ? 1 : 0;
    const initial = start ? start[i]! * inside : 0;
    x[i] = initial;
    right[i] = (sums.rightSide[i]! / total) * inside + ridge * initial;
  }
  const r = make();
  const q = make();
  normal(x, q);
  for (let i = 0; i < size; i++) r[i] = right[i]! - q[i]!;
  const p = r.slice();
  const reference = dot(right, right);
  let rr = dot(r, r);
  let step = 0;
  for (; step < iterations && rr > tolerance * tolerance * reference; step++) {
    normal(p, q);
    const alpha = rr / dot(p, q);
    for (let i = 0; i < size; i++) {
      x[i]! += alpha * p[i]!;
      r[i]! -= alpha * q[i]!;
    }
    const next = dot(r, r);
    const beta = next / rr;
    for (let i = 0; i < size; i++) p[i] = r[i]! + beta * p[i]!;
    rr = next;
  }
  if (options.symmetric ?? true) symmetrise(x, n);
  return {
    autocorrelation: x,
    iterations: step,
    residual: reference > 0 ? Math.sqrt(rr / reference) : 0,
  };
}

/** The product with the normal matrix: (v, out) => out. Works in scratch of its own. */
function normalMatrix(
  kernel: Reals,
  n: number,
  total: number,
  support: ArrayLike<number> | undefined,
  ridge: number,
  cornerPenalty: number,
): (v: Reals, out: Reals) => void {
  const P = goodSize(2 * n - 1, { even: true });
  const make = (length: number): Reals =>
    kernel instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  const padded = make(P ** 3);
  const N = 2 * n;
  for (let i = 1 - n; i < n; i++) {
    for (let j = 1 - n; j < n; j++) {
      const from = ((i + n) * N + j + n) * N + n;
      const to = (((i + P) % P) * P + ((j + P) % P)) * P;
      for (let k = 1 - n; k < n; k++) padded[to + ((k + P) % P)] = kernel[from + k]!;
    }
  }
  const half = P / 2 + 1;
  const spectrum = rfft3(padded, [P, P, P]);
  // The kernel is real and even, so is its spectrum.
  const gain = make(P * P * half);
  for (let i = 0; i < gain.length; i++) gain[i] = spectrum[2 * i]! / (total * P ** 3);
  const corners = cornerPenalty > 0 ? cornerOperator(n, make) : undefined;
  const extra = corners ? make(n ** 3) : undefined;
  return (v, out) => {
    padded.fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const from = (i * n + j) * n;
        const to = (i * P + j) * P;
        for (let k = 0; k < n; k++) {
          padded[to + k] = support === undefined || support[from + k] ? v[from + k]! : 0;
        }
      }
    }
    rfft3(padded, [P, P, P], { out: spectrum });
    for (let i = 0; i < gain.length; i++) {
      spectrum[2 * i]! *= gain[i]!;
      spectrum[2 * i + 1]! *= gain[i]!;
    }
    irfft3(spectrum, [P, P, P], { out: padded });
    if (corners && extra) corners(v, support, extra);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const to = (i * n + j) * n;
        const from = (i * P + j) * P;
        for (let k = 0; k < n; k++) {
          const inside = support === undefined || support[to + k] ? 1 : 0;
          out[to + k] =
            inside * (padded[from + k]! + (extra ? cornerPenalty * extra[to + k]! : 0)) + ridge * v[to + k]!;
        }
      }
    }
  };
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

function symmetrise(x: Reals, n: number): void {
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

function dot(a: Reals, b: Reals): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
