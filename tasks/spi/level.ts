/** A level of detail: which pixels it looks at, and the grid of autocorrelations that they determine. */
import { goodSize } from '../fourier/index.js';
import { ballSupport } from './merge-solve.js';
import { photonWeights } from './normal-sums.js';
import { type DetectorPixels, type PixelSelection, selectPixels } from './pixels.js';

export interface Level {
  readonly selection: PixelSelection;
  /** Voxels an edge of the autocorrelation, even and fast to transform. */
  readonly n: number;
  /** Angstrom: half the finest period. */
  readonly voxel: number;
  /** (pixels): see `photonWeights`. */
  readonly weights: Float32Array;
  /** n^3: 1 within a particle's diameter of the centre, where an autocorrelation can differ from zero. */
  readonly support: Uint8Array;
}

/** The box is this much wider than twice the particle. */
const MARGIN = 1.04;

/**
 * @param meanImage (pixels of the detector), photons
 * @param extent largest |s|, 1/Angstrom
 * @param diameter of the particle, Angstrom
 */
export function levelOf(
  detector: DetectorPixels,
  meanImage: Float64Array,
  extent: number,
  diameter: number,
): Level {
  const selection = selectPixels(detector, extent);
  const voxel = 0.5 / selection.extent;
  const n = goodSize(Math.max(12, Math.ceil((2 * MARGIN * diameter) / voxel)), { even: true });
  const mean = Float64Array.from(selection.index, (i) => meanImage[i]!);
  return {
    selection,
    n,
    voxel,
    weights: photonWeights(mean, selection),
    support: ballSupport(n, diameter / voxel),
  };
}
