/**
 * Orientation scores: how well each of many reference slices explains each of many images, and the best of them. One
 * matrix product for every metric; the references are transformed once and can be kept for many blocks of images.
 */
import { addon, type ScoresAddon } from '../../native/index.js';
import { scoresTwin } from './scores-twin.js';

/**
 * - `poisson`: sum_p w_p n_p log(m_p / sum w m), the logarithm of the Poisson likelihood of the counts n under the
 *   intensities m times a fluence of each image that is profiled out. Largest is best.
 * - `cosine`: n . m / (|n| |m|). Largest is best.
 * - `l2`: |n - s m|^2 with one s for all, the ratio of the standard deviations of all images and all references unless
 *   given: Spinifel's metric. Smallest is best.
 */
export type ScoreMetric = 'poisson' | 'cosine' | 'l2';

export interface PrepareOptions {
  readonly metric: ScoreMetric;
  /** Pixels of an image. */
  readonly pixels: number;
  /** (pixels): 0 and 1 take part, 2 does not: the masks of our files. */
  readonly mask?: ArrayLike<number>;
  /** (pixels): weight of each pixel, 0 leaves it out. Default 1. */
  readonly weights?: ArrayLike<number>;
  /**
   * `poisson`: intensities are raised to this part of the mean of their reference. Default 1e-3: a zero would veto
   * every image with a photon there.
   */
  readonly floor?: number;
  /** `l2`: the factor s of the references. */
  readonly scale?: number;
}

export interface ScoreOptions extends PrepareOptions {
  /** How many of the best references to name for each image. Default 1. */
  readonly top?: number;
}

/** References made ready: what {@link orientationScores} takes in their place. Plain data, fit for a region. */
export interface PreparedReferences {
  readonly metric: ScoreMetric;
  /** Number of references. */
  readonly count: number;
  /** Pixels of an image as it comes. */
  readonly pixels: number;
  /** The pixels that take part, ascending; null where all do. */
  readonly active: Int32Array | null;
  /** Weights of these pixels; null where all are 1. */
  readonly weights: Float32Array | null;
  /** (count, active pixels): the factor of the matrix product. */
  readonly values: Float32Array;
  /** (count): the key of a pair is gain (image . values) + shift; largest is best. */
  readonly gain: Float64Array;
  readonly shift: Float64Array;
}

export interface Scores {
  /** (images, top): the references, best first; equal scores in the order of their numbers. -1 beyond the last. */
  readonly index: Int32Array;
  /** (images, top): their scores in the metric's own sense; NaN beyond the last. */
  readonly score: Float64Array;
}

/** References transformed at a time where the caller keeps none: 16 MB of them. */
const BLOCK_NUMBERS = 4 << 20;

/**
 * The best references for every image.
 *
 * Sums of products are in single precision over at most 1024 pixels and in double beyond; a score is right to about
 * 3e-7 of the sum of the absolute terms. Its bits depend on the image and the reference alone, not on the others, the
 * blocks or the number of threads (but on the vector level of the add-on).
 *
 * @param images (images, pixels): photons
 * @param references (references, pixels): intensities, or what {@link prepareReferences} made of them
 * @throws RangeError where lengths do not fit, and where a value is not finite: with its image and pixel
 *
 * @example
 * const { index } = orientationScores(photons, slices, { metric: 'poisson', pixels: 4096 });
 */
export function orientationScores(
  images: Float32Array,
  references: Float32Array | PreparedReferences,
  options: ScoreOptions,
): Scores {
  return scoresWith(addon ?? scoresTwin, images, references, options);
}

/** {@link orientationScores} with chosen kernels: for comparing them. */
export function scoresWith(
  kernels: ScoresAddon,
  images: Float32Array,
  references: Float32Array | PreparedReferences,
  options: ScoreOptions,
): Scores {
  const { pixels, top = 1 } = options;
  const n = rowsOf('images', images, pixels);
  if (!Number.isInteger(top) || top < 1)
    throw new RangeError(`orientationScores: top must be 1 or more, not ${top}`);
  const keys = new Float64Array(n * top).fill(Number.NEGATIVE_INFINITY);
  const index = new Int32Array(n * top).fill(-1);
  const run = (rows: Float32Array, ready: PreparedReferences, base: number) => {
    const width = ready.values.length / Math.max(1, ready.count);
    if (ready.count === 0) return;
    kernels.scoreSelect(
      rows,
      ready.values,
      n,
      ready.count,
      width,
      ready.gain,
      ready.shift,
      base,
      top,
      keys,
      index,
    );
  };
  if (!(references instanceof Float32Array)) {
    checkPrepared(references, options);
    const rows = takePixels(images, pixels, references.active);
    run(rows, references, 0);
    const { values, weights, gain, count } = references;
    const width = values.length / Math.max(1, count);
    const intensity = (j: number, p: number) => values[j * width + p]! / (weights === null ? 1 : weights[p]!);
    return finish(rows, references, n, top, keys, index, (j, p) => (gain[j]! / 2) * intensity(j, p));
  }
  const m = rowsOf('references', references, pixels);
  const { active, weights, width } = pixelChoice(options);
  const rows = takePixels(images, pixels, active);
  const settled =
    options.metric === 'l2' && options.scale === undefined
      ? { ...options, scale: spreadRatio(rows, takePixels(references, pixels, active), width) }
      : options;
  const block = Math.max(1, Math.floor(BLOCK_NUMBERS / pixels));
  let ready: PreparedReferences | undefined;
  for (let from = 0; from < m || ready === undefined; from += block) {
    const some = references.subarray(from * pixels, Math.min(m, from + block) * pixels);
    ready = prepare(kernels, some, settled, { active, weights, width }, from);
    run(rows, ready, from);
  }
  const scale = settled.scale ?? 1;
  return finish(rows, ready, n, top, keys, index, (j, p) => {
    return scale * references[j * pixels + (active === null ? p : active[p]!)]!;
  });
}

/**
 * Transforms references once for many calls of {@link orientationScores}. `l2` then needs its `scale`.
 * @param references (references, pixels): intensities
 */
export function prepareReferences(references: Float32Array, options: PrepareOptions): PreparedReferences {
  if (options.metric === 'l2' && options.scale === undefined) {
    throw new RangeError("prepareReferences: metric 'l2' needs a scale, because no images are at hand");
  }
  return prepare(addon ?? scoresTwin, references, options, pixelChoice(options), 0);
}

/**
 * (images, references): all scores, in the metric's own sense; for soft assignments.
 * @throws RangeError as {@link orientationScores}
 */
export function orientationScoreMatrix(
  images: Float32Array,
  references: PreparedReferences,
  options: PrepareOptions,
): Float64Array {
  const kernels = addon ?? scoresTwin;
  checkPrepared(references, options);
  const n = rowsOf('images', images, options.pixels);
  const { count, gain, shift } = references;
  const rows = takePixels(images, options.pixels, references.active);
  const out = new Float64Array(n * count);
  if (n === 0 || count === 0) return out;
  kernels.scoreProducts(rows, references.values, n, count, references.values.length / count, out);
  const { factor, offset } = readings(rows, references, n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < count; j++, at++) {
      out[at] = factor[i]! * (gain[j]! * out[at]! + shift[j]!) + offset[i]!;
    }
  }
  return out;
}

interface PixelChoice {
  active: Int32Array | null;
  weights: Float32Array | null;
  /** Pixels that take part. */
  width: number;
}

function rowsOf(what: string, data: Float32Array, pixels: number): number {
  if (!Number.isSafeInteger(pixels) || pixels < 1) {
    throw new RangeError(`orientationScores: pixels must be a whole number from 1, not ${pixels}`);
  }
  if (!(data instanceof Float32Array))
    throw new TypeError(`orientationScores: ${what} must be a Float32Array`);
  if (data.length % pixels !== 0) {
    throw new RangeError(
      `orientationScores: ${what} hold ${data.length} numbers, not a multiple of ${pixels} pixels`,
    );
  }
  return data.length / pixels;
}

function pixelChoice({ pixels, mask, weights }: PrepareOptions): PixelChoice {
  for (const [what, given] of [['mask', mask] as const, ['weights', weights] as const]) {
    if (given !== undefined && given.length !== pixels) {
      throw new RangeError(`orientationScores: ${what} has ${given.length} entries, images ${pixels} pixels`);
    }
  }
  if (weights !== undefined) {
    for (let p = 0; p < pixels; p++) {
      if (weights[p]! >= 0 && weights[p]! < Infinity) continue;
      throw new RangeError(
        `orientationScores: the weight of pixel ${p} is ${weights[p]}, it must be 0 or more`,
      );
    }
  }
  const kept: number[] = [];
  for (let p = 0; p < pixels; p++) if (mask?.[p] !== 2 && weights?.[p] !== 0) kept.push(p);
  if (kept.length === 0) throw new RangeError('orientationScores: no pixel takes part');
  return {
    active: kept.length === pixels ? null : Int32Array.from(kept),
    weights: weights === undefined ? null : Float32Array.from(kept, (p) => weights[p]!),
    width: kept.length,
  };
}

/** The active pixels of every row; the rows themselves where all are. */
function takePixels(data: Float32Array, pixels: number, active: Int32Array | null): Float32Array {
  if (active === null) return data;
  const rows = data.length / pixels;
  const width = active.length;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const from = row * pixels;
    const to = row * width;
    for (let p = 0; p < width; p++) out[to + p] = data[from + active[p]!]!;
  }
  return out;
}

function prepare(
  kernels: ScoresAddon,
  references: Float32Array,
  options: PrepareOptions,
  { active, weights, width }: PixelChoice,
  first: number,
): PreparedReferences {
  const { metric, pixels, floor = 1e-3, scale = 1 } = options;
  const count = rowsOf('references', references, pixels);
  const rows = takePixels(references, pixels, active);
  const gain = new Float64Array(count).fill(1);
  const shift = new Float64Array(count);
  let values = rows;
  const refuse = (reference: number): never => {
    throw new RangeError(
      `orientationScores: reference ${first + reference} holds values that are not finite; ` +
        'mask these pixels or leave it out',
    );
  };
  if (metric === 'poisson') {
    if (!(floor > 0 && floor <= 1))
      throw new RangeError(`orientationScores: floor must lie in (0, 1], not ${floor}`);
    values = active === null ? new Float32Array(rows.length) : rows;
    const sum = weights === null ? width : weights.reduce((total, w) => total + w, 0);
    const bad = kernels.scoreLogReferences(rows, weights, count, width, sum, floor, values);
    if (bad >= 0) refuse(bad);
  } else if (metric === 'cosine' || metric === 'l2') {
    if (weights !== null) values = active === null ? rows.slice() : rows;
    for (let j = 0; j < count; j++) {
      let square = 0;
      for (let p = 0, at = j * width; p < width; p++, at++) {
        const value = rows[at]!;
        const weighted = weights === null ? value : value * weights[p]!;
        square += value * weighted;
        if (weights !== null) values[at] = weighted;
      }
      if (!Number.isFinite(square)) refuse(j);
      gain[j] = metric === 'l2' ? 2 * scale : square > 0 ? 1 / Math.sqrt(square) : 0;
      shift[j] = metric === 'l2' ? -scale * scale * square : 0;
    }
  } else {
    throw new RangeError(`orientationScores: metric must be 'poisson', 'cosine' or 'l2', not '${metric}'`);
  }
  return { metric, count, pixels, active, weights, values, gain, shift };
}

function checkPrepared(references: PreparedReferences, options: PrepareOptions): void {
  if (references.metric !== options.metric || references.pixels !== options.pixels) {
    throw new RangeError(
      `orientationScores: the references were prepared for '${references.metric}' and ${references.pixels} pixels, ` +
        `not '${options.metric}' and ${options.pixels}`,
    );
  }
}

/** How a key becomes a score for each image: factor key + offset. Names the first value that is not finite. */
function readings(
  rows: Float32Array,
  { metric, weights, active, values, count }: PreparedReferences,
  n: number,
): { factor: Float64Array; offset: Float64Array } {
  const width = n > 0 ? rows.length / n : values.length / Math.max(1, count);
  const factor = new Float64Array(n).fill(1);
  const offset = new Float64Array(n);
  const logSum = Math.log(weights === null ? width : weights.reduce((total, w) => total + w, 0));
  for (let i = 0; i < n; i++) {
    let photons = 0;
    let square = 0;
    for (let p = 0, at = i * width; p < width; p++, at++) {
      const value = rows[at]!;
      const weighted = weights === null ? value : value * weights[p]!;
      photons += weighted;
      square += value * weighted;
    }
    if (!Number.isFinite(photons) || !Number.isFinite(square)) {
      const bad = rows.subarray(i * width, (i + 1) * width).findIndex((value) => !Number.isFinite(value));
      const pixel = active === null ? bad : active[bad];
      throw new RangeError(
        `orientationScores: image ${i}, pixel ${pixel} is ${rows[i * width + bad]}; mask it (2) or repair it`,
      );
    }
    if (metric === 'poisson') offset[i] = -photons * logSum;
    if (metric === 'cosine') factor[i] = square > 0 ? 1 / Math.sqrt(square) : 0;
    if (metric === 'l2') {
      factor[i] = -1;
      offset[i] = square;
    }
  }
  return { factor, offset };
}

/** Turns keys into scores, in place. `model(j, p)` is the scaled intensity of a reference, for distances. */
function finish(
  rows: Float32Array,
  references: PreparedReferences,
  n: number,
  top: number,
  keys: Float64Array,
  index: Int32Array,
  model: (j: number, p: number) => number,
): Scores {
  const { factor, offset } = readings(rows, references, n);
  const width = rows.length / Math.max(1, n);
  for (let at = 0; at < keys.length; at++) {
    const i = Math.floor(at / top);
    const j = index[at]!;
    if (j < 0) keys[at] = Number.NaN;
    else if (references.metric !== 'l2') keys[at] = factor[i]! * keys[at]! + offset[i]!;
    else {
      // The expanded square loses digits where image and reference are alike; those few that are named can be exact.
      let square = 0;
      for (let p = 0; p < width; p++) {
        const weight = references.weights === null ? 1 : references.weights[p]!;
        square += weight * (rows[i * width + p]! - model(j, p)) ** 2;
      }
      keys[at] = square;
    }
  }
  return { index, score: keys };
}

/** Standard deviation of all images over that of all references. */
function spreadRatio(images: Float32Array, references: Float32Array, width: number): number {
  const spread = (data: Float32Array) => {
    let mean = 0;
    for (const value of data) mean += value;
    mean /= data.length;
    let square = 0;
    for (const value of data) square += (value - mean) ** 2;
    return Math.sqrt(square / data.length);
  };
  if (images.length === 0 || references.length === 0 || width === 0) return 1;
  const below = spread(references);
  return below > 0 ? spread(images) / below : 1;
}
