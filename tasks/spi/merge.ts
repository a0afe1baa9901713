/** Merging in one call: from images in known orientations to their autocorrelation. */
import { checkPixels, checkRotations, checkVectors } from './inputs.js';
import { levelOf } from './level.js';
import { ballSupport, type MergeSolution, type SolveOptions, solveMerge } from './merge-solve.js';
import { mergeContribution } from './normal-sums.js';
import { type DetectorPixels, gatherPixels, MASK } from './pixels.js';
import type { Quaternions } from './quaternion.js';
import type { Volume } from './slice.js';

export interface MergeOptions extends Omit<SolveOptions, 'support' | 'start'> {
  /** Largest distance within the particle, Angstrom: the autocorrelation is zero beyond it. */
  readonly diameter: number;
  /** Finest detail, Angstrom; all that the detector sees when absent. */
  readonly resolution?: number;
  /** (count): relative fluence; 1 when absent. */
  readonly fluence?: ArrayLike<number>;
  /** Relative error of the transforms. Default 1e-3: photon noise is larger. */
  readonly eps?: number;
}

/**
 * The autocorrelation that best explains images in known orientations, over all images and with the weights of counting
 * noise.
 * @param images (count, pixels of the detector), photons
 * @param orientations (count, 4)
 * @throws RangeError where sizes do not fit together or there are no photons to merge
 *
 * @example
 * const { volume } = merge(images, orientations, { s }, { diameter: 130 });
 * const { density } = phase(volume, { seed: 1, extent: 1 });
 */
export function merge(
  images: Float32Array,
  orientations: Quaternions,
  detector: DetectorPixels,
  options: MergeOptions,
): Omit<MergeSolution, 'autocorrelation'> & { readonly volume: Volume } {
  const count = orientations.length / 4;
  const pixels = detector.s.length / 3;
  if (images.length !== count * pixels) {
    throw new RangeError(`merge: ${images.length} numbers are not ${count} images of ${pixels} pixels`);
  }
  checkRotations('merge', orientations);
  checkVectors('merge', detector.s);
  checkPixels('merge', 'image', images, pixels, (pixel) => detector.mask?.[pixel] === MASK.bad);
  const { diameter } = options;
  if (!(diameter > 0 && Number.isFinite(diameter))) {
    throw new RangeError(`merge: the diameter must be a positive number of Angstrom, not ${diameter}`);
  }
  const mean = new Float64Array(pixels);
  for (let i = 0; i < count; i++)
    for (let p = 0; p < pixels; p++) mean[p]! += images[i * pixels + p]! / count;
  const extent = options.resolution === undefined ? Number.POSITIVE_INFINITY : 1 / options.resolution;
  const { n, voxel, selection, weights, radius } = levelOf(detector, mean, extent, diameter);
  const sums = mergeContribution(
    {
      photons: gatherPixels(images, count, pixels, selection),
      exposure: options.fluence ?? new Float64Array(count).fill(1),
      rotations: orientations,
    },
    selection,
    weights,
    { n, voxel, eps: options.eps ?? 1e-3 },
  );
  const { autocorrelation, ...rest } = solveMerge(sums, n, {
    ...options,
    support: ballSupport(n, radius),
  });
  return { ...rest, volume: { data: autocorrelation, n, voxel } };
}
