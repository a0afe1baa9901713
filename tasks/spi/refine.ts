/**
 * Local refinement: orientations below the pitch of any grid, image by image, against a given intensity. The score is
 * the Poisson score of `orient`; along each axis of rotation it is a parabola to good approximation.
 */
import { addon } from '../../native/index.js';
import { REFERENCE_FLOOR } from './orient.js';
import type { PixelSelection } from './pixels.js';
import { fromRotationVector, halfTurn, multiply, type Quaternions } from './quaternion.js';
import { scoresTwin } from './scores-twin.js';
import { slice, type Volume } from './slice.js';
import { workspace } from './workspace.js';

export interface Refined {
  /** (count, 4). */
  readonly rotations: Quaternions;
  /** (count): the Poisson score of each. */
  readonly score: Float64Array;
  /** (count): photons over the photons the intensity predicts: the fluence, up to a factor. */
  readonly fluence: Float64Array;
}

export interface RefineOptions {
  /** Half width of the parabolas, radians: about the error to be removed. */
  readonly step: number;
  /** How often; default 1. */
  readonly passes?: number;
  /** Also refine the half turn of each image, and keep the better. */
  readonly halfTurns?: boolean;
  readonly eps?: number;
}

/** Rotations evaluated in one transform: bounds memory, and keeps the transform of the intensity a small part. */
const ROTATIONS_AT_ONCE = 448;
/** A step may leave the interval of the parabola by this factor. */
const REACH = 1.5;

const kernels = addon ?? scoresTwin;

/**
 * Refines a block of images.
 * @param images (count, pixels of the selection), photons
 */
export function refineOrientations(
  images: Float32Array,
  rotations: Quaternions,
  intensity: Volume,
  selection: PixelSelection,
  options: RefineOptions,
): Refined {
  const kept = descend(images, rotations, intensity, selection, options);
  if (!options.halfTurns) return kept;
  const turned = new Float64Array(rotations.length);
  for (let i = 0; i < turned.length; i += 4) turned.set(halfTurn(kept.rotations, i), i);
  return better(kept, descend(images, turned, intensity, selection, options));
}

/** For every image the better of two sets of orientations. */
export function better(a: Refined, b: Refined): Refined {
  const count = a.score.length;
  const rotations = a.rotations.slice();
  const score = a.score.slice();
  const fluence = a.fluence.slice();
  for (let i = 0; i < count; i++) {
    if (!(b.score[i]! > a.score[i]!)) continue;
    rotations.set(b.rotations.subarray(4 * i, 4 * i + 4), 4 * i);
    score[i] = b.score[i]!;
    fluence[i] = b.fluence[i]!;
  }
  return { rotations, score, fluence };
}

function descend(
  images: Float32Array,
  rotations: Quaternions,
  intensity: Volume,
  selection: PixelSelection,
  options: RefineOptions,
): Refined {
  const { step, passes = 1 } = options;
  let current = scoreOrientations(images, rotations, intensity, selection, options);
  const count = rotations.length / 4;
  const steps = [0, 1, 2].flatMap((axis) =>
    [step, -step].map((angle) =>
      fromRotationVector(axis === 0 ? angle : 0, axis === 1 ? angle : 0, axis === 2 ? angle : 0),
    ),
  );
  for (let pass = 0; pass < passes; pass++) {
    const around = new Float64Array(4 * 6 * count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 6; c++) multiply(steps[c]!, 0, current.rotations, 4 * i, around, 4 * (6 * i + c));
    }
    const scores = scoreOrientations(images, around, intensity, selection, options).score;
    const moved = new Float64Array(4 * count);
    for (let i = 0; i < count; i++) {
      const along = [0, 1, 2].map((axis) => {
        const plus = scores[6 * i + 2 * axis]!;
        const minus = scores[6 * i + 2 * axis + 1]!;
        return vertex(plus, current.score[i]!, minus, step);
      });
      multiply(
        fromRotationVector(along[0]!, along[1]!, along[2]!),
        0,
        current.rotations,
        4 * i,
        moved,
        4 * i,
      );
    }
    current = better(current, scoreOrientations(images, moved, intensity, selection, options));
  }
  return current;
}

/** Where the parabola through (-step, minus), (0, centre), (step, plus) is largest. */
function vertex(plus: number, centre: number, minus: number, step: number): number {
  const curvature = plus + minus - 2 * centre;
  if (curvature >= 0) return plus > minus ? step : -step;
  const at = (-0.5 * (plus - minus) * step) / curvature;
  return Math.max(-REACH * step, Math.min(REACH * step, at));
}

/**
 * Poisson scores of given orientations; several may belong to one image: orientation j to image
 * floor(j images / orientations).
 */
export function scoreOrientations(
  images: Float32Array,
  rotations: Quaternions,
  intensity: Volume,
  selection: PixelSelection,
  options: { readonly eps?: number } = {},
): Refined {
  const pixels = selection.index.length;
  const count = rotations.length / 4;
  const perImage = (count * pixels) / images.length;
  const score = new Float64Array(count);
  const fluence = new Float64Array(count);
  for (let first = 0; first < count; first += ROTATIONS_AT_ONCE) {
    const part = rotations.subarray(4 * first, 4 * Math.min(count, first + ROTATIONS_AT_ONCE));
    const out = intensity.data instanceof Float32Array && workspace('slices', (part.length / 4) * pixels);
    const model = slice(intensity, part, selection.s, { ...options, ...(out && { out }) });
    // The gain of a pixel adds the same to every orientation; only its effect on the sum matters.
    kernels.scorePairs(
      images,
      model instanceof Float32Array ? model : new Float32Array(model),
      selection.correction,
      pixels,
      first,
      perImage,
      REFERENCE_FLOOR,
      score,
      fluence,
    );
  }
  return { rotations: rotations.slice(), score, fluence };
}
