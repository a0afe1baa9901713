/**
 * The numbers behind a nonuniform transform: upsampling, kernel, fine grid, deconvolution factors. Decided from the
 * tolerance, the modes and the number of points before any point is looked at, and shared by the plain and the
 * native transform, so that both compute the same sums.
 */
import { goodSize } from './sizes.js';
import { ERROR_FACTOR, type SpreadingKernel, spreadingKernel, WIDTHS, widthFor } from './spreading-kernel.js';

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

/** For each width the smallest grid that reaches the tolerance with it; of these the cheapest. */
function chooseGrid(request: DesignRequest, eps: number): { width: number; fine: Modes } {
  const gridAt = (sigma: number, width: number): Modes =>
    request.modes.map((n) =>
      goodSize(Math.max(Math.ceil(sigma * n - 1e-9), 2 * width, 4), { even: true }),
    ) as unknown as Modes;
  if (request.upsampling !== undefined) {
    const width = Math.min(WIDTHS.most, widthFor(eps, request.upsampling));
    return { width, fine: gridAt(request.upsampling, width) };
  }
  let best: { width: number; fine: Modes; cost: number } | undefined;
  for (let width = WIDTHS.least; width <= WIDTHS.most; width++) {
    const sigma = leastUpsampling(eps, width);
    if (sigma > UPSAMPLING.most && !(width === WIDTHS.most && best === undefined)) continue;
    const fine = gridAt(Math.max(UPSAMPLING.least, Math.min(sigma, UPSAMPLING.most)), width);
    const cost = executionCost(request, width, fine);
    if (best === undefined || cost < best.cost) best = { width, fine, cost };
  }
  return best!;
}

/** The upsampling at which `width` just reaches `eps`: the error estimate of the kernel solved for sigma. */
function leastUpsampling(eps: number, width: number): number {
  const decay = Math.log(ERROR_FACTOR / eps) / (Math.PI * (width - 1));
  if (decay <= 0) return UPSAMPLING.least;
  return decay >= 1 ? Number.POSITIVE_INFINITY : 1 / (1 - decay * decay);
}

/**
 * Nanoseconds of one execution on one core, roughly: w^2 rows of vectors per point, and n log n for the grid. Only
 * the ratio of the two matters.
 */
function executionCost(request: DesignRequest, width: number, fine: Modes): number {
  const bytes = (request.precision === 'single' ? 4 : 8) * (request.real ? 1 : 2);
  const vectors = Math.ceil((width * bytes) / 32);
  const point = 25 + 1.5 * width * width * vectors;
  const volume = fine[0] * fine[1] * fine[2];
  const cell = bytes * (0.05 * Math.log2(volume) + 0.4);
  return request.count * point + volume * cell;
}
