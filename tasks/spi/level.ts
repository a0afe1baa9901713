/** A level of detail: which pixels it looks at, and the grid of autocorrelations that they determine. */
import { goodSize } from '../fourier/index.js';
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
  /** Voxels: a particle's diameter. Within it of the centre an autocorrelation can differ from zero (`ballSupport`). */
  readonly radius: number;
}

/** The box is this much wider than twice the particle. */
const MARGIN = 1.04;

/** Voxels an edge beyond which nobody's memory holds the normal equations, (2 n)^3 numbers. */
const EDGE_MOST = 2048;

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
  const edge = Math.ceil((2 * MARGIN * diameter) / voxel);
  if (edge > EDGE_MOST) {
    throw new RangeError(
      `a particle of ${diameter} Angstrom seen to ${(2 * voxel).toPrecision(3)} Angstrom needs ${edge} voxels an edge, ` +
        `more than ${EDGE_MOST}: are the s-vectors in 1/Angstrom? If so, ask for less detail`,
    );
  }
  const n = goodSize(Math.max(12, edge), { even: true });
  const mean = Float64Array.from(selection.index, (i) => meanImage[i]!);
  return {
    selection,
    n,
    voxel,
    weights: photonWeights(mean, selection),
    radius: diameter / voxel,
  };
}
