/**
 * The normal equations of merging: the autocorrelation (the Fourier coefficients of the intensity) that best explains photons seen in known
 * orientations, as a weighted least-squares problem on scattered points,
 *
 *   minimise  sum_j w_j (y_j - sum_k x_k exp(-i k.Q_j))^2 + regularisation,   x real.
 *
 * The normal matrix is Toeplitz: its product is a convolution with a kernel of (2n)^3 numbers. Right-hand side and
 * kernel are sums over points, hence over images, hence over blocks of images: blocks are merged anywhere and added.
 *
 * With counting noise the variance of y = photons / (exposure gain) is intensity / (exposure gain), so that the best
 * weights are w = exposure gain / I(|s|): w y is photons / I(|s|), w itself exposure gain / I(|s|).
 */
import { nufft1 } from '../fourier/index.js';
import { evenParts, merging } from './merging-twin.js';
import { type PixelSelection, radialProfile, ringOf } from './pixels.js';
import type { Quaternions } from './quaternion.js';
import { slicePoints } from './slice.js';
import { workspace } from './workspace.js';

type Reals = Float32Array | Float64Array;

/** The sums that determine an autocorrelation. Those of two sets of points add, number by number. */
export interface NormalSums {
  /** n^3, centre at floor(n/2): Re sum_j w_j y_j exp(i k.Q_j). */
  readonly rightSide: Reals;
  /** (2n)^3, lags -n ... n-1: Re sum_j w_j exp(i k.Q_j). Planes of lag -n stay 0; nothing uses them. */
  readonly kernel: Reals;
}

/** The relative variance of a pixel that no profile value may fall below, as part of the profile's mean. */
const VARIANCE_FLOOR = 0.02;
const PROFILE_BINS = 48;

/** What one photon in a pixel weighs: 1 / I(|s|) from the radial profile of the mean image; 0 where not mergeable. */
export function photonWeights(meanImage: ArrayLike<number>, selection: PixelSelection): Float32Array {
  const profile = radialProfile(meanImage, selection, PROFILE_BINS);
  const n = selection.index.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += profile[ringOf(selection, i, PROFILE_BINS)]! / n;
  const floor = Math.max(mean * VARIANCE_FLOOR, Number.MIN_VALUE);
  return Float32Array.from({ length: n }, (_, i) =>
    selection.mergeable[i] ? mean / (profile[ringOf(selection, i, PROFILE_BINS)]! + floor) : 0,
  );
}

export interface MergeBlock {
  /** (count, pixels), photons: of images, or of references that images were shared out to. */
  readonly photons: Float32Array;
  /** (count): relative fluence, or the sum of shares times fluence. Rows of exposure 0 are left out. */
  readonly exposure: ArrayLike<number>;
  /** (count, 4). */
  readonly rotations: Quaternions;
}

/**
 * What a block adds to the sums.
 * @param weights (pixels), see `photonWeights`
 * @param grid n: voxels an edge of the autocorrelation; voxel: their size, Angstrom; eps: error of the transform; out:
 *   where the sums go, new arrays when absent
 */
export function mergeContribution(
  block: MergeBlock,
  selection: PixelSelection,
  weights: Float32Array,
  grid: { readonly n: number; readonly voxel: number; readonly eps?: number; readonly out?: NormalSums },
): NormalSums {
  const { pixels, rows } = { pixels: selection.index.length, rows: usedRows(block.exposure) };
  const rotations = new Float64Array(4 * rows.length);
  const values = workspace('merged values', 2 * rows.length * pixels);
  const exposure = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    rotations.set(block.rotations.subarray(4 * row, 4 * row + 4), 4 * i);
    exposure[i] = block.exposure[row]!;
  }
  merging.mergeValues(block.photons, rows, exposure, selection.correction, weights, values);
  const points = slicePoints(rotations, selection.s, grid.voxel, 'single', 'merged points');
  return normalSums(points, values, grid.n, grid.eps ?? 1e-3, grid.out);
}

function usedRows(exposure: ArrayLike<number>): Int32Array {
  const rows: number[] = [];
  for (let i = 0; i < exposure.length; i++) if (exposure[i]! > 0) rows.push(i);
  return Int32Array.from(rows);
}

/**
 * The sums of given points. Both come from one complex transform: of b + i w with real b and w, the even part is
 * Re type1(b) + i Re type1(w).
 * @param points radians, x, y and z
 * @param values (points, 2): weight times datum, weight
 */
export function normalSums(
  points: readonly [Reals, Reals, Reals],
  values: Reals,
  n: number,
  eps: number,
  out?: NormalSums,
): NormalSums {
  const N = 2 * n;
  const single = values instanceof Float32Array;
  const make = (length: number): Reals => (single ? new Float32Array(length) : new Float64Array(length));
  const { rightSide, kernel } = out ?? { rightSide: make(n ** 3), kernel: make(N ** 3) };
  if (values.length === 0) {
    rightSide.fill(0);
    kernel.fill(0);
    return { rightSide, kernel };
  }
  const both = nufft1(points, values, [N, N, N], {
    eps,
    sign: 1,
    ...(single && { out: workspace('modes of both sums', 2 * N ** 3) }),
  });
  if (both instanceof Float32Array && rightSide instanceof Float32Array && kernel instanceof Float32Array)
    merging.evenParts(both, n, rightSide, kernel);
  else evenParts(both, n, rightSide, kernel);
  return { rightSide, kernel };
}

/** Adds `more` to `sums` in place. */
export function addSums(sums: NormalSums, more: NormalSums): void {
  for (const part of ['rightSide', 'kernel'] as const) {
    const into = sums[part];
    const from = more[part];
    for (let i = 0; i < into.length; i++) into[i]! += from[i]!;
  }
}
