/**
 * Orientation matching: which of many reference slices an image shows.
 *
 * The Poisson score is the logarithm of the likelihood with the fluence of the image profiled out:
 * sum_p n_p log(m_p / sum m). It needs one matrix product of images with logarithms of references, as cosine and
 * distance do with the references themselves.
 */
import { checkMask, checkPixels } from './inputs.js';
import { MASK } from './pixels.js';
import { imageReferenceProducts } from './products.js';

export type OrientationMetric = 'poisson' | 'cosine' | 'l2';

/** References are kept above this part of their mean: a zero there would veto every image with a photon. */
export const REFERENCE_FLOOR = 1e-3;

export interface OrientOptions {
  readonly metric: OrientationMetric;
  /** Pixels of an image. */
  readonly pixels: number;
  /** (pixels): 0 and 1 take part, 2 (bad) does not. */
  readonly mask?: ArrayLike<number>;
}

export interface Matches {
  /** (images): the best reference. */
  readonly index: Int32Array;
  /**
   * (images): its score. 'poisson': the log-likelihood above, largest best. 'cosine': the cosine, largest best. 'l2':
   * the squared distance after all references were scaled by one factor, to the standard deviation of all images;
   * smallest best (the metric of Spinifel).
   */
  readonly score: Float64Array;
}

const METRICS: readonly OrientationMetric[] = ['poisson', 'cosine', 'l2'];

/**
 * The best reference for every image; of equals the first.
 * @param images (images, pixels), photons
 * @param references (references, pixels), intensities; above zero only matters to 'poisson'
 * @throws TypeError, RangeError for arrays of another kind or length, pixels that take part and are no numbers, a mask
 * that leaves no pixel, references without contrast where the metric scales by it
 */
export function orient(images: Float32Array, references: Float32Array, options: OrientOptions): Matches {
  const { metric, pixels, mask } = options;
  if (!METRICS.includes(metric)) {
    throw new RangeError(`orient: the metric must be one of ${METRICS.join(', ')}, not ${metric}`);
  }
  if (!(Number.isSafeInteger(pixels) && pixels > 0)) {
    throw new RangeError(`orient: pixels must be a positive integer, not ${pixels}`);
  }
  for (const [name, data] of [
    ['images', images],
    ['references', references],
  ] as const) {
    if (!(data instanceof Float32Array)) throw new TypeError(`orient: ${name} must be a Float32Array`);
    if (data.length % pixels !== 0) {
      throw new RangeError(`orient: ${name} hold ${data.length} numbers, not a multiple of ${pixels} pixels`);
    }
  }
  if (references.length === 0) throw new RangeError('orient: there are no references');
  if (mask !== undefined) checkMask('orient', mask, pixels);
  const ignored = (pixel: number): boolean => mask?.[pixel] === MASK.bad;
  checkPixels('orient', 'image', images, pixels, ignored);
  checkPixels('orient', 'reference', references, pixels, ignored);
  const used = mask && Int32Array.from({ length: pixels }, (_, i) => i).filter((i) => !ignored(i));
  if (used?.length === 0) throw new RangeError('orient: the mask leaves no pixel');
  const data = used ? take(images, pixels, used) : images;
  const model = used ? take(references, pixels, used) : references;
  const width = used ? used.length : pixels;
  if (metric === 'poisson')
    return best(poissonScores(data, logReferences(model, width), width), model.length / width);
  if (metric === 'cosine') return best(cosineScores(data, model, width), model.length / width);
  const contrast = deviation(model);
  if (!(contrast > 0)) {
    throw new RangeError(
      'orient: all references are one constant, so that l2 cannot scale them to the images',
    );
  }
  const scale = data.length > 0 ? deviation(data) / contrast : 0;
  const { index } = best(negativeDistances(data, model, width, scale), model.length / width);
  return {
    index,
    score: Float64Array.from(index, (r, i) => squaredDistance(data, i, model, r, width, scale)),
  };
}

function take(data: Float32Array, pixels: number, used: Int32Array): Float32Array {
  const count = data.length / pixels;
  const out = new Float32Array(count * used.length);
  for (let i = 0, at = 0; i < count; i++) for (const p of used) out[at++] = data[i * pixels + p]!;
  return out;
}

/**
 * Logarithms of references of sum 1, floored: what `poissonScores` wants.
 * @param references (references, pixels), intensities
 * @param gain (pixels): relative photons per intensity
 */
export function logReferences(
  references: Float32Array | Float64Array,
  pixels: number,
  gain?: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(references.length);
  for (let at = 0; at < references.length; at += pixels) {
    let mean = 0;
    for (let p = 0; p < pixels; p++) mean += Math.max(0, references[at + p]!);
    const floor = Math.max((mean / pixels) * REFERENCE_FLOOR, Number.MIN_VALUE);
    let sum = 0;
    for (let p = 0; p < pixels; p++) {
      const value = Math.max(references[at + p]!, floor) * (gain ? gain[p]! : 1);
      out[at + p] = Math.log(value);
      sum += value;
    }
    const shift = Math.log(sum);
    for (let p = 0; p < pixels; p++) out[at + p]! -= shift;
  }
  return out;
}

/** (images, references): sum_p n_p log m_p. */
export function poissonScores(images: Float32Array, logs: Float32Array, pixels: number): Float32Array {
  return imageReferenceProducts(images, logs, pixels);
}

function cosineScores(images: Float32Array, references: Float32Array, pixels: number): Float32Array {
  const scores = imageReferenceProducts(images, references, pixels);
  const a = norms(images, pixels);
  const b = norms(references, pixels);
  for (let i = 0, at = 0; i < a.length; i++) {
    for (let r = 0; r < b.length; r++, at++) {
      const length = Math.sqrt(a[i]! * b[r]!);
      scores[at] = length > 0 ? scores[at]! / length : 0;
    }
  }
  return scores;
}

/** -|scale r - n|^2 but for |n|^2, which is the same for all references, with one scale for all. */
function negativeDistances(
  images: Float32Array,
  references: Float32Array,
  pixels: number,
  scale: number,
): Float32Array {
  const out = imageReferenceProducts(images, references, pixels);
  const b = norms(references, pixels);
  for (let at = 0; at < out.length; at++) out[at] = 2 * scale * out[at]! - scale * scale * b[at % b.length]!;
  return out;
}

function squaredDistance(
  images: Float32Array,
  i: number,
  references: Float32Array,
  r: number,
  pixels: number,
  scale: number,
): number {
  let sum = 0;
  for (let p = 0; p < pixels; p++)
    sum += (scale * references[r * pixels + p]! - images[i * pixels + p]!) ** 2;
  return sum;
}

function norms(data: Float32Array, pixels: number): Float64Array {
  return Float64Array.from({ length: data.length / pixels }, (_, i) => {
    let sum = 0;
    for (let p = i * pixels; p < (i + 1) * pixels; p++) sum += data[p]! * data[p]!;
    return sum;
  });
}

function deviation(data: Float32Array): number {
  let mean = 0;
  for (const value of data) mean += value;
  mean /= data.length;
  let sum = 0;
  for (const value of data) sum += (value - mean) ** 2;
  return Math.sqrt(sum / data.length);
}

function best(scores: Float32Array | Float64Array, references: number): Matches {
  const count = scores.length / references;
  const index = new Int32Array(count);
  const score = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * references;
    let top = 0;
    for (let r = 1; r < references; r++) if (scores[at + r]! > scores[at + top]!) top = r;
    index[i] = top;
    score[i] = scores[at + top]!;
  }
  return { index, score };
}
