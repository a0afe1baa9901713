/**
 * The kernel that carries a point onto the fine grid: its width, its values, its Fourier transform. How width and
 * bandwidth follow from the tolerance is derived in the README beside this file.
 */
import { prolate } from './prolate.js';

export interface SpreadingKernel {
  /** w: how many fine-grid points the kernel touches on each axis. */
  readonly width: number;
  /** The polynomial degree of every piece. */
  readonly degree: number;
  /**
   * Coefficients, (degree + 1, width) in C order, lowest power first: piece j at the local coordinate t in [-1, 1) is
   * the sum over p of pieces[p * width + j] * t^p. See `kernelValues`.
   */
  readonly pieces: Float64Array;
  /** The Fourier transform of the kernel at mode k of a fine grid of n points: what deconvolution divides by. */
  transform(mode: number, fine: number): number;
}

/** The widths that exist. Below 2 nothing is accurate; above 16 double precision has nothing left to give. */
export const WIDTHS: { readonly least: number; readonly most: number } = { least: 2, most: 16 };

/**
 * The error of the whole transform is about `ERROR_FACTOR * exp(-pi (w - 1) sqrt(1 - 1/sigma))`; the factor is
 * measured in three dimensions, with a margin that keeps the error below the tolerance (README).
 */
export const ERROR_FACTOR = 0.55;

/** The error that aliasing leaves, relative l2; see ERROR_FACTOR. */
export function aliasingError(width: number, sigma: number): number {
  return ERROR_FACTOR * Math.exp(-Math.PI * (width - 1) * Math.sqrt(1 - 1 / sigma));
}

const growths = new Map<string, number>();

/**
 * How much larger than on the grid rounding is in the modes, relative l2, in three dimensions: rounding is white on
 * the grid, the signal is shaped by the kernel transform Phi, and deconvolution divides both by it. So per axis the
 * square is the mean of Phi^-2 over the modes times the mean of Phi^2 over the grid. Wide kernels on small grids
 * amplify by thousands.
 */
export function roundingGrowth(width: number, sigma: number): number {
  const key = `${width} ${sigma}`;
  let growth = growths.get(key);
  if (growth === undefined) {
    const shape = prolate(bandwidthFor(width, sigma));
    // y runs in units of half the modes; the band edge lies at 1 / (2 sigma - 1) of the bandwidth.
    const mean = (f: (psi: number) => number, most: number): number => {
      const samples = 24;
      let sum = 0;
      for (let i = 0; i < samples; i++) {
        sum += f(shape.value(Math.min(1, (((i + 0.5) / samples) * most) / (2 * sigma - 1))));
      }
      return sum / samples;
    };
    growth = (mean((psi) => psi ** -2, 1) * mean((psi) => psi ** 2, sigma)) ** 1.5;
    if (growths.size >= 4096) growths.clear();
    growths.set(key, growth);
  }
  return growth;
}

/**
 * The first aliased copy of the highest mode N/2 sits at frequency n - N/2; the bandwidth reaches just to it. The
 * small step back gives up a little of the decay for less energy at the end points of the support.
 */
function bandwidthFor(width: number, sigma: number): number {
  return Math.PI * width * (1 - 1 / (2 * sigma)) - 0.05;
}

const made = new Map<string, SpreadingKernel>();

/**
 * The kernel of a width for an upsampling. `accuracy` bounds the error of the polynomials relative to the peak.
 * Kernels are small, pure values and are kept for the next plan.
 */
export function spreadingKernel(width: number, sigma: number, accuracy: number): SpreadingKernel {
  const key = `${width} ${sigma} ${accuracy}`;
  let kernel = made.get(key);
  if (kernel === undefined) {
    if (made.size >= 64) made.clear();
    kernel = makeKernel(width, sigma, accuracy);
    made.set(key, kernel);
  }
  return kernel;
}

function makeKernel(width: number, sigma: number, accuracy: number): SpreadingKernel {
  const shape = prolate(bandwidthFor(width, sigma));
  let degree = Math.min(4, width + 1);
  let pieces = fit(shape.value, width, degree);
  while (degree < 20 && misfit(shape.value, width, degree, pieces) > accuracy) {
    degree++;
    pieces = fit(shape.value, width, degree);
  }
  const half = width / 2;
  return {
    width,
    degree,
    pieces,
    transform: (mode, fine) => half * shape.transform((2 * Math.PI * mode * half) / fine),
  };
}

/** Interpolates each piece at the Chebyshev points, then writes the interpolant in powers of t. */
function fit(value: (x: number) => number, width: number, degree: number): Float64Array {
  const count = degree + 1;
  const pieces = new Float64Array(count * width);
  const nodes = Array.from({ length: count }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / count));
  for (let j = 0; j < width; j++) {
    const values = nodes.map((t) => value(support(width, j, t)));
    // T_n as powers, by the recurrence T_{n+1} = 2 t T_n - T_{n-1}.
    let before: number[] = [];
    let now: number[] = [1];
    for (let n = 0; n < count; n++) {
      let c = 0;
      for (let i = 0; i < count; i++) c += values[i]! * Math.cos((Math.PI * n * (i + 0.5)) / count);
      c *= (n === 0 ? 1 : 2) / count;
      for (let p = 0; p < now.length; p++) pieces[p * width + j]! += c * now[p]!;
      const next = new Array<number>(now.length + 1).fill(0);
      for (let p = 0; p < now.length; p++) next[p + 1]! += (n === 0 ? 1 : 2) * now[p]!;
      for (let p = 0; p < before.length; p++) next[p]! -= before[p]!;
      before = now;
      now = next;
    }
  }
  return pieces;
}

/** The largest error of the pieces between the nodes of the fit. */
function misfit(value: (x: number) => number, width: number, degree: number, pieces: Float64Array): number {
  let worst = 0;
  for (let j = 0; j < width; j++) {
    for (let i = 0; i <= 2 * degree; i++) {
      const t = -1 + i / degree;
      let sum = 0;
      for (let p = degree; p >= 0; p--) sum = sum * t + pieces[p * width + j]!;
      worst = Math.max(worst, Math.abs(sum - value(support(width, j, t))));
    }
  }
  return worst;
}

/** Where in the support [-1, 1] the local coordinate t of piece j lies. */
function support(width: number, j: number, t: number): number {
  return Math.min(1, Math.max(-1, -1 + (2 * j + 1 + t) / width));
}

/**
 * Writes the w kernel values of a point to `out[at...]` and returns the first fine-grid index it touches (which may
 * be negative or reach beyond the grid; the caller wraps).
 *
 * @param position the point in units of the fine grid, in [0, n)
 */
export function kernelValues(
  kernel: SpreadingKernel,
  position: number,
  out: Float64Array,
  at: number,
): number {
  const { width, degree, pieces } = kernel;
  const first = Math.ceil(position - width / 2);
  const t = 2 * (first - (position - width / 2)) - 1;
  for (let j = 0; j < width; j++) {
    let sum = pieces[degree * width + j]!;
    for (let p = degree - 1; p >= 0; p--) sum = sum * t + pieces[p * width + j]!;
    out[at + j] = sum;
  }
  return first;
}
