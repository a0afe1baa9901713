/**
 * The steps of a generation, each a pure function of a block: of images, of rotations, or of nothing (one per run). A
 * task graph launches them over partitions; `reconstruct` calls them in order. Data flow of one generation:
 *
 *   match:   model -> [rotations] referenceBlock -> [images] matchBlock -> sum over images -> [rotations] mergeReferences
 *   refine:  model -> ([rotations] referenceBlock ->) [images] refineBlock -> [images] mergeImages
 *   both:    sum over blocks -> solveModel -> model of the next generation
 */
import type { Level } from './level.js';
import { ballSupport, solveMerge } from './merge-solve.js';
import { mergeContribution, type NormalSums } from './normal-sums.js';
import { logReferences, poissonScores } from './orient.js';
import type { PixelSelection } from './pixels.js';
import type { Quaternions } from './quaternion.js';
import { better, type Refined, refineOrientations } from './refine.js';
import { type ReferenceSums, shareOut } from './responsibilities.js';
import type { RefineGeneration } from './schedule.js';
import { slice, type Volume } from './slice.js';

/** Error of the transforms: photon noise is larger. */
const EPS = 1e-3;
/** How the normal equations are solved. */
export const MERGE = { ridge: 1e-3, tolerance: 3e-4, iterations: 30 } as const;

/** Logarithms of model slices for a block of rotations, (rotations, pixels): see `logReferences`. */
export function referenceBlock(
  model: Volume,
  rotations: Quaternions,
  selection: PixelSelection,
): Float32Array {
  const slices = slice(model, rotations, selection.s, { eps: EPS });
  return logReferences(slices, selection.index.length, selection.correction);
}

/**
 * Shares a block of images out over all rotations.
 * @param images (count, pixels of the model's selection): what is matched
 * @param finer (count, pixels of the next level's selection): what is summed
 * @param references (rotations, pixels of the model's selection), of all rotations
 * @param out (rotations, pixels of the next level's selection), where the photons go; a new array when absent
 */
export function matchBlock(
  images: Float32Array,
  finer: Float32Array,
  fluence: Float64Array,
  references: Float32Array,
  pixels: { readonly matched: number; readonly summed: number },
  perplexity: number,
  out?: Float32Array,
): ReferenceSums & { readonly best: Int32Array } {
  const scores = poissonScores(images, references, pixels.matched);
  return shareOut(finer, scores, fluence, pixels.summed, perplexity, out);
}

/** What a block of rotations, with what was shared out to it, adds to the normal equations of a level. */
export function mergeReferences(
  sums: ReferenceSums,
  rotations: Quaternions,
  level: Level,
  out?: NormalSums,
): NormalSums {
  return mergeImages(sums.photons, sums.exposure, rotations, level, out);
}

/** What a block of images in known orientations adds to the normal equations of a level; `out` as of `normalSums`. */
export function mergeImages(
  photons: Float32Array,
  exposure: Float64Array,
  rotations: Quaternions,
  level: Level,
  out?: NormalSums,
): NormalSums {
  const { n, voxel, selection, weights } = level;
  return mergeContribution({ photons, exposure, rotations }, selection, weights, {
    n,
    voxel,
    eps: EPS,
    ...(out && { out }),
  });
}

/** The autocorrelation that the summed normal equations of a level determine. */
export function solveModel(sums: NormalSums, level: Level): Volume {
  const { n, voxel, radius } = level;
  const support = ballSupport(n, radius);
  return { data: solveMerge(sums, n, { ...MERGE, support }).autocorrelation, n, voxel };
}

/**
 * Better orientations for a block of images.
 * @param images (count, pixels of the model's selection)
 * @param search the rotations of a new search and `referenceBlock` of them, where the generation asks for one
 */
export function refineBlock(
  images: Float32Array,
  rotations: Quaternions,
  model: Volume,
  selection: PixelSelection,
  generation: RefineGeneration,
  search?: { readonly rotations: Quaternions; readonly references: Float32Array },
): Refined {
  const { step, halfTurns } = generation;
  const kept = refineOrientations(images, rotations, model, selection, { step, halfTurns, eps: EPS });
  if (!search) return kept;
  const pixels = selection.index.length;
  const scores = poissonScores(images, search.references, pixels);
  const count = images.length / pixels;
  const m = search.rotations.length / 4;
  const found = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    let top = 0;
    for (let r = 1; r < m; r++) if (scores[i * m + r]! > scores[i * m + top]!) top = r;
    found.set(search.rotations.subarray(4 * top, 4 * top + 4), 4 * i);
  }
  // A grid leaves about its pitch to be removed; each pass removes most of what is left.
  const pitch = ((2 * Math.PI ** 2) / m) ** (1 / 3) / 2;
  const near = refineOrientations(images, found, model, selection, { step: pitch, eps: EPS });
  const nearer = refineOrientations(images, near.rotations, model, selection, { step: pitch / 2, eps: EPS });
  return better(kept, nearer);
}
