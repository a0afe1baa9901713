/**
 * The pixels that a step of the reconstruction looks at: a chosen subset of the detector, as plain arrays. Coarse
 * steps use the pixels at low resolution only, matching may use pixels that merging must not.
 */

import { workspace } from './workspace.js';

/** Pixel masks: what a pixel may be used for. */
export const MASK = { good: 0, orientationOnly: 1, bad: 2 } as const;

/** A detector as the reconstruction sees it. */
export interface DetectorPixels {
  /** s-vectors (3, n), 1/Angstrom. */
  readonly s: Float64Array;
  /** (n): `MASK`; all good when absent. */
  readonly mask?: Uint8Array;
  /** (n): expected photons per intensity, relative: polarisation x solid angle. 1 when absent. */
  readonly correction?: Float64Array;
}

/** A subset of the pixels of a detector. */
export interface PixelSelection {
  /** Which pixels of the detector, ascending. */
  readonly index: Int32Array;
  /** s-vectors (3, pixels), 1/Angstrom. */
  readonly s: Float32Array;
  /** (pixels): relative photons per intensity. */
  readonly correction: Float32Array;
  /** (pixels): 1 where the pixel may be merged, 0 where it serves orientation only. */
  readonly mergeable: Uint8Array;
  /** Largest |s| of the selection, 1/Angstrom. */
  readonly extent: number;
}

/** All pixels with |s| <= `extent` that are not bad. */
export function selectPixels(detector: DetectorPixels, extent = Number.POSITIVE_INFINITY): PixelSelection {
  const n = detector.s.length / 3;
  const chosen: number[] = [];
  let largest = 0;
  for (let i = 0; i < n; i++) {
    if (detector.mask?.[i] === MASK.bad) continue;
    const length = Math.hypot(detector.s[i]!, detector.s[n + i]!, detector.s[2 * n + i]!);
    if (length > extent) continue;
    chosen.push(i);
    largest = Math.max(largest, length);
  }
  if (chosen.length === 0) {
    throw new RangeError(`pixels: no usable pixel of ${n} lies within |s| <= ${extent} 1/Angstrom`);
  }
  const index = Int32Array.from(chosen);
  const s = new Float32Array(3 * index.length);
  for (let axis = 0; axis < 3; axis++) {
    for (let i = 0; i < index.length; i++) s[axis * index.length + i] = detector.s[axis * n + index[i]!]!;
  }
  return {
    index,
    s,
    correction: Float32Array.from(index, (i) => detector.correction?.[i] ?? 1),
    mergeable: Uint8Array.from(index, (i) => (detector.mask?.[i] === MASK.orientationOnly ? 0 : 1)),
    extent: largest,
  };
}

/**
 * The selected pixels of a block of images: (count, pixels of the detector) to (count, pixels of the selection).
 * @param keep the array is the thread's workspace of this name, which the next call with it overwrites
 */
export function gatherPixels(
  images: ArrayLike<number>,
  count: number,
  pixelsOfDetector: number,
  selection: PixelSelection,
  keep?: string,
): Float32Array {
  const { index } = selection;
  const length = count * index.length;
  const out = keep === undefined ? new Float32Array(length) : workspace(keep, length);
  for (let image = 0; image < count; image++) {
    const from = image * pixelsOfDetector;
    const to = image * index.length;
    for (let i = 0; i < index.length; i++) out[to + i] = images[from + index[i]!]!;
  }
  return out;
}

/**
 * The radial profile of an image on a selection: means of value / correction in `bins` rings of equal width up to the
 * extent. Empty rings take their inner neighbour's value; those around the beam, behind a beam stop, are extrapolated.
 */
export function radialProfile(
  mean: ArrayLike<number>,
  selection: PixelSelection,
  bins: number,
): Float64Array {
  const sum = new Float64Array(bins);
  const weight = new Float64Array(bins);
  const n = selection.index.length;
  for (let i = 0; i < n; i++) {
    const bin = ringOf(selection, i, bins);
    sum[bin] = sum[bin]! + mean[i]!;
    weight[bin] = weight[bin]! + selection.correction[i]!;
  }
  const first = weight.findIndex((w) => w > 0);
  let previous = first < 0 ? 0 : sum[first]! / weight[first]!;
  for (let bin = Math.max(0, first); bin < bins; bin++) {
    if (weight[bin]! > 0) previous = sum[bin]! / weight[bin]!;
    sum[bin] = previous;
  }
  if (first > 0) extendInwards(sum, first);
  return sum;
}

/** Guinier's law, log I linear in s^2, from the first ring and one half as far out again. */
function extendInwards(profile: Float64Array, first: number): void {
  const other = Math.min(profile.length - 1, Math.max(first + 2, Math.ceil(1.5 * first)));
  const square = (bin: number): number => (bin + 0.5) ** 2;
  const inner = profile[first]!;
  const outer = profile[other]!;
  const falls = inner > outer && outer > 0;
  const slope = falls ? Math.log(inner / outer) / (square(other) - square(first)) : 0;
  for (let bin = 0; bin < first; bin++)
    profile[bin] = inner * Math.exp(slope * (square(first) - square(bin)));
}

/** The ring of a radial profile in which pixel i of a selection lies. */
export function ringOf(selection: PixelSelection, i: number, bins: number): number {
  const n = selection.index.length;
  const { s } = selection;
  const length = Math.hypot(s[i]!, s[n + i]!, s[2 * n + i]!);
  return Math.min(bins - 1, Math.floor((length / selection.extent) * bins));
}
