/**
 * The product with the normal matrix of merging, in pieces. The matrix is Toeplitz, so the product is a convolution with the
 * kernel: volumes of n^3 are padded to P^3, transformed, multiplied by the transform of the kernel (the gain, real as the
 * kernel is even), and transformed back. Padding is never stored: along x the product works on
 *
 *   planes     n planes of the volume, each transformed over y and z      -> spectrum (n, P, P/2 + 1)
 *   columns    along x: padded, transformed, times gain, back, cut to n   -> spectrum (n, P, P/2 + 1)
 *   planes     each transformed back over z and y, cut to n x n
 *
 * Planes and columns can be done in any groups, by any number of threads, with the same bits.
 */
import { convolveColumns, fftColumns } from '../fourier/columns.js';
import { goodSize, irfft3, rfft3 } from '../fourier/index.js';
import { workspace } from './workspace.js';

type Reals = Float32Array | Float64Array;

/** Sizes of a product: n voxels an edge, P padded ones, and the P/2 + 1 frequencies that a real line has. */
export interface Padding {
  readonly n: number;
  readonly padded: number;
  readonly half: number;
}

/** Room for all lags between n voxels. */
export function paddingFor(n: number): Padding {
  const padded = goodSize(2 * n - 1, { even: true });
  return { n, padded, half: padded / 2 + 1 };
}

export function like(array: Reals, length: number): Reals {
  return array instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** A padded plane of zeros, the thread's until the next is asked for. */
function padded(array: Reals, length: number): Reals {
  if (!(array instanceof Float32Array)) return new Float64Array(length);
  return workspace('padded plane', length).fill(0);
}

/**
 * Planes `from` ... `to - 1` of the padded kernel, transformed over y and z.
 * @param kernel (2n)^3, lags -n ... n-1: see `NormalSums`
 * @param out (to - from, P, P/2 + 1) complex
 */
export function kernelPlanes(
  kernel: Reals,
  { n, padded: P, half }: Padding,
  from: number,
  to: number,
  out: Reals,
): void {
  const N = 2 * n;
  const plane = padded(kernel, P * P);
  for (let x = from; x < to; x++) {
    const spectrum = out.subarray(2 * (x - from) * P * half, 2 * (x - from + 1) * P * half);
    const i = x < n ? x : x - P;
    if (i <= -n) {
      spectrum.fill(0);
      continue;
    }
    for (let j = 1 - n; j < n; j++) {
      const source = ((i + n) * N + j + n) * N + n;
      const target = ((j + P) % P) * P;
      plane.set(kernel.subarray(source, source + n), target);
      plane.set(kernel.subarray(source + 1 - n, source), target + P + 1 - n);
    }
    rfft3(plane, [1, P, P], { out: spectrum });
  }
}

/**
 * The gain of a block of columns from the planes of the kernel.
 * @param planes the block in (P, P, P/2 + 1) complex, from its first number on; overwritten
 * @param gain the block in (P, P, P/2 + 1)
 * @param total what the kernel is divided by: the total weight of the data
 */
export function gainColumns(
  planes: Reals,
  gain: Reals,
  { padded: P, half }: Padding,
  count: number,
  total: number,
): void {
  const row = P * half;
  fftColumns(planes, P, { count, row });
  const scale = 1 / (total * P ** 3);
  for (let k = 0; k < P; k++)
    for (let c = k * row; c < k * row + count; c++) gain[c] = planes[2 * c]! * scale;
}

/**
 * Planes of a volume, transformed over y and z.
 * @param volume planes of n^2
 * @param out as many planes of (P, P/2 + 1) complex
 */
export function forwardPlanes(volume: Reals, { n, padded: P, half }: Padding, out: Reals): void {
  const plane = padded(volume, P * P);
  for (let x = 0; x < volume.length / (n * n); x++) {
    for (let y = 0; y < n; y++) {
      plane.set(volume.subarray((x * n + y) * n, (x * n + y + 1) * n), y * P);
    }
    rfft3(plane, [1, P, P], { out: out.subarray(2 * x * P * half, 2 * (x + 1) * P * half) });
  }
}

/** A block of columns of the spectrum, convolved with the gain along x. Both begin with the block's first number. */
export function convolveBlock(
  spectrum: Reals,
  gain: Reals,
  { n, padded: P, half }: Padding,
  count: number,
): void {
  convolveColumns(spectrum, n, gain, P, { count, row: P * half });
}

/** The way back: planes of the spectrum to planes of n^2. */
export function backwardPlanes(spectrum: Reals, { n, padded: P, half }: Padding, out: Reals): void {
  const plane = padded(spectrum, P * P);
  for (let x = 0; x < out.length / (n * n); x++) {
    irfft3(spectrum.subarray(2 * x * P * half, 2 * (x + 1) * P * half), [1, P, P], { out: plane });
    for (let y = 0; y < n; y++) {
      out.set(plane.subarray(y * P, y * P + n), (x * n + y) * n);
    }
  }
}

/** The convolution with a kernel, divided by `total`: (v, out) => out. Works in scratch of its own. */
export function convolution(kernel: Reals, n: number, total: number): (v: Reals, out: Reals) => void {
  const padding = paddingFor(n);
  const { padded: P, half } = padding;
  const planes = like(kernel, 2 * P * P * half);
  kernelPlanes(kernel, padding, 0, P, planes);
  const gain = like(kernel, P * P * half);
  gainColumns(planes, gain, padding, P * half, total);
  const spectrum = planes.subarray(0, 2 * n * P * half);
  return (v, out) => {
    forwardPlanes(v, padding, spectrum);
    convolveBlock(spectrum, gain, padding, P * half);
    backwardPlanes(spectrum, padding, out);
  };
}
