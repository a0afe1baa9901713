/**
 * Soft assignment: how much each reference answers for an image. Likelihoods of images with many photons are so sharp
 * that from a wrong start every image would lock onto one reference. They are raised to a power beta < 1 instead, for
 * each image the one that spreads it over a given number of references (the perplexity): annealing whose schedule means
 * the same at every photon count. After N. D. Loh and V. Elser, Phys. Rev. E 80 (2009) 026705, and the perplexity of
 * G. Hinton and S. Roweis, NIPS 15 (2002).
 */
import { addon, type ScoresAddon } from '../../native/index.js';
import { merging } from './merging-twin.js';

/** Beta to a part in a thousand. */
const BISECTIONS = 15;
/** Responsibilities below this are dropped, the rest scaled to sum 1. */
const NEGLIGIBLE = 1e-4;

/** What a block of images says about all references; sums over blocks of images. */
export interface ReferenceSums {
  /** (references, pixels): responsibilities times photons. */
  readonly photons: Float32Array;
  /** (references): responsibilities times fluence. */
  readonly exposure: Float64Array;
}

/** Responsibilities in plain TypeScript: oracle and fallback of {@link responsibilities}. */
export function plainResponsibilities(
  scores: Float32Array,
  first: number,
  references: number,
  perplexity: number,
  out: Float64Array,
): number {
  let top = Number.NEGATIVE_INFINITY;
  let best = 0;
  for (let r = 0; r < references; r++) {
    if (scores[first + r]! > top) {
      top = scores[first + r]!;
      best = r;
    }
  }
  if (perplexity <= 1 || references === 1) {
    out.fill(0, 0, references);
    out[best] = 1;
    return Number.POSITIVE_INFINITY;
  }
  const wanted = Math.log(Math.min(perplexity, references));
  let low = Math.log(1e-9);
  let high = Math.log(10);
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (entropy(scores, first, references, top, Math.exp(middle)) > wanted) low = middle;
    else high = middle;
  }
  const beta = Math.exp((low + high) / 2);
  let sum = 0;
  for (let r = 0; r < references; r++) {
    const p = Math.exp(beta * (scores[first + r]! - top));
    out[r] = p;
    sum += p;
  }
  let kept = 0;
  for (let r = 0; r < references; r++) {
    const p = out[r]! / sum;
    out[r] = p < NEGLIGIBLE ? 0 : p;
    kept += out[r]!;
  }
  for (let r = 0; r < references; r++) out[r]! /= kept;
  return beta;
}

/**
 * Responsibilities of all references for one image, `scores[first ...]`, into `out`; returns beta. Perplexity 1 takes the
 * best reference alone.
 */
export const responsibilities: ScoresAddon['responsibilities'] =
  addon?.responsibilities ?? plainResponsibilities;

/** Entropy of the distribution exp(beta score) / sum, nats. */
function entropy(scores: Float32Array, first: number, n: number, top: number, beta: number): number {
  // Below this a reference's part is under 1e-9.
  const least = top - 21 / beta;
  let sum = 0;
  let weighted = 0;
  for (let r = first; r < first + n; r++) {
    const score = scores[r]!;
    if (score < least) continue;
    const exponent = beta * (score - top);
    const p = Math.exp(exponent);
    sum += p;
    weighted += p * exponent;
  }
  return Math.log(sum) - weighted / sum;
}

/**
 * Shares a block of images out over all references.
 * @param images (images, pixels), photons
 * @param scores (images, references), log-likelihoods
 * @param fluence (images), relative; see `ReferenceSums`
 * @param out (references, pixels), where the photons go; a new array when absent
 */
export function shareOut(
  images: Float32Array,
  scores: Float32Array,
  fluence: ArrayLike<number>,
  pixels: number,
  perplexity: number,
  out?: Float32Array,
): ReferenceSums & { readonly best: Int32Array } {
  const count = images.length / pixels;
  const references = scores.length / count;
  const photons = out ?? new Float32Array(references * pixels);
  if (out !== undefined) photons.fill(0);
  const exposure = new Float64Array(references);
  const best = new Int32Array(count);
  const p = new Float64Array(references);
  for (let i = 0; i < count; i++) {
    responsibilities(scores, i * references, references, perplexity, p);
    let top = 0;
    for (let r = 0; r < references; r++) {
      const share = p[r]!;
      if (share === 0) continue;
      if (share > p[top]!) top = r;
      exposure[r]! += share * fluence[i]!;
    }
    best[i] = top;
    merging.addShares(images, i, pixels, p, photons);
  }
  return { photons, exposure, best };
}
