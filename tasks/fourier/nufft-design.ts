/**
 * The numbers behind a nonuniform transform: upsampling, kernel, fine grid, deconvolution factors. Decided from the
 * tolerance, the modes and the number of points before any point is looked at, and shared by the plain and the
 * native transform, so that both compute the same sums.
 */
import { goodSize } from './sizes.js';
import {
  aliasingError,
  ERROR_FACTOR,
  roundingGrowth,
  type SpreadingKernel,
  spreadingKernel,
  WIDTHS,
} from './spreading-kernel.js';

export type Modes = readonly [number, number, number];
export type Precision = 'single' | 'double';

export interface NufftDesign {
  readonly modes: Modes;
  readonly precision: Precision;
  /** The tolerance after clamping. */
  readonly eps: number;
  readonly kernel: SpreadingKernel;
  /** Fine-grid points per axis: even, 2,3,5-smooth, at least sigma times the modes and twice the width. */
  readonly fine: Modes;
  /** Per axis, for the modes -floor(n/2) ... ceil(n/2)-1 in order: 1 / (kernel transform). */
  readonly deconvolution: readonly [Float64Array, Float64Array, Float64Array];
}

/**
 * Tolerances are clamped to [floor, 0.1]. Below the floor the rounding of the precision is larger than what a wider
 * kernel would remove.
 */
export const TOLERANCE_FLOOR: Readonly<Record<Precision, number>> = { single: 5e-7, double: 1e-14 };
const TOLERANCE_CEILING = 0.1;

/** Upsamplings that are worth trying. Below 1.2 the kernel transform at the band edge gets too small to divide by. */
const UPSAMPLING = { least: 1.15, most: 2.6 } as const;

/** Rounding of the sums relative to the grid, measured: five units of the precision. */
const ROUNDING: Readonly<Record<Precision, number>> = { single: 3e-7, double: 5.5e-16 };

export interface DesignRequest {
  readonly modes: Modes;
  readonly eps: number;
  readonly precision: Precision;
  /** How many points one execution will see: weighs spreading against the fast transform. */
  readonly count: number;
  /** Real data spread half as much, and transform half as much. */
  readonly real: boolean;
  /** Least fine-grid size over modes; chosen by cost when absent. */
  readonly upsampling?: number;
}

export function designNufft(request: DesignRequest): NufftDesign {
  const { modes, precision } = request;
  const eps = Math.min(TOLERANCE_CEILING, Math.max(TOLERANCE_FLOOR[precision], request.eps));
  const { width, fine } = chooseGrid(request, eps);
  const sigma = Math.min(4, ...modes.map((n, axis) => fine[axis]! / n));
  const rounding = precision === 'single' ? 3e-8 : 1e-15;
  const kernel = spreadingKernel(width, sigma, Math.max(rounding, 0.02 * eps));
  const factors = (axis: 0 | 1 | 2): Float64Array => {
    const n = modes[axis];
    const low = Math.floor(n / 2);
    return Float64Array.from({ length: n }, (_, i) => 1 / kernel.transform(i - low, fine[axis]));
  };
  return { modes, precision, eps, kernel, fine, deconvolution: [factors(0), factors(1), factors(2)] };
}

/**
 * Of all widths, each on the smallest grid that reaches the tolerance with it, the cheapest. Widths that do not
 * reach it, because of rounding or because there is no such grid, count only where none does: then the least error.
 */
function chooseGrid(request: DesignRequest, eps: number): { width: number; fine: Modes } {
  const gridAt = (sigma: number, width: number): Modes =>
    request.modes.map((n) =>
      goodSize(Math.max(Math.ceil(sigma * n - 1e-9), 2 * width, 4), { even: true }),
    ) as unknown as Modes;
  const candidates: { width: number; sigma: number; fine: Modes; cost: number }[] = [];
  for (let width = WIDTHS.least; width <= WIDTHS.most; width++) {
    const least = leastUpsampling(eps, width);
    const sigma = request.upsampling ?? Math.max(UPSAMPLING.least, Math.min(least, UPSAMPLING.most));
    const fine = gridAt(sigma, width);
    candidates.push({ width, sigma, fine, cost: executionCost(request, width, fine) });
  }
  candidates.sort((a, b) => a.cost - b.cost);
  let best = candidates[0]!;
  let bestError = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const { width, sigma, fine } = candidate;
    const aliasing = aliasingError(width, sigma);
    if (aliasing >= bestError) continue;
    const real = Math.min(4, ...request.modes.map((n, axis) => fine[axis]! / n));
    const error = aliasing + ROUNDING[request.precision] * roundingGrowth(width, real);
    if (error < bestError) [best, bestError] = [candidate, error];
    // Up to half as much again may come from rounding; what is better than the tolerance does not count.
    if (error <= 1.5 * eps) break;
  }
  return best;
}

/** The upsampling at which `width` just reaches `eps`: the error estimate of the kernel solved for sigma. */
function leastUpsampling(eps: number, width: number): number {
  const decay = Math.log(ERROR_FACTOR / eps) / (Math.PI * (width - 1));
  if (decay <= 0) return UPSAMPLING.least;
  return decay >= 1 ? Number.POSITIVE_INFINITY : 1 / (1 - decay * decay);
}

/**
 * Nanoseconds of one execution on one core, roughly (README, "Measured"): w^2 rows of 32-byte vectors per point; per
 * cell the transform and the adding of tiles of 16^3 cells with their padding. Only the ratio of the two matters.
 * Widths above 12 no longer fit the registers.
 */
function executionCost(request: DesignRequest, width: number, fine: Modes): number {
  const bytes = (request.precision === 'single' ? 4 : 8) * (request.real ? 1 : 2);
  const vectors = Math.ceil((width * bytes) / 32);
  const point = 8 + 0.45 * width * width * vectors * (width > 12 ? 1.5 : 1);
  const cell = bytes * (0.7 + 0.3 * ((16 + width) / 16) ** 3);
  return request.count * point + fine[0] * fine[1] * fine[2] * cell;
}
