/** The kernels of orientation scores in plain TypeScript, all sums in double precision: oracle and fallback. */
import type { ScoresAddon } from '../../native/index.js';
import { plainResponsibilities } from './responsibilities.js';

function product(a: Float32Array, from: number, b: Float32Array, start: number, pixels: number): number {
  let sum = 0;
  for (let p = 0; p < pixels; p++) sum += a[from + p]! * b[start + p]!;
  return sum;
}

function scoreProducts(
  images: Float32Array,
  references: Float32Array,
  n: number,
  m: number,
  pixels: number,
  out: Float32Array | Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) out[i * m + j] = product(images, i * pixels, references, j * pixels, pixels);
  }
}

function scoreSelect(
  images: Float32Array,
  references: Float32Array,
  n: number,
  m: number,
  pixels: number,
  gain: Float64Array,
  shift: Float64Array,
  base: number,
  top: number,
  keys: Float64Array,
  index: Int32Array,
): void {
  for (let i = 0; i < n; i++) {
    const last = (i + 1) * top - 1;
    for (let j = 0; j < m; j++) {
      const key = gain[j]! * product(images, i * pixels, references, j * pixels, pixels) + shift[j]!;
      if (!(key > keys[last]!)) continue;
      let at = last;
      for (; at > i * top && key > keys[at - 1]!; at--) {
        keys[at] = keys[at - 1]!;
        index[at] = index[at - 1]!;
      }
      keys[at] = key;
      index[at] = base + j;
    }
  }
}

function scoreLogReferences(
  references: Float32Array,
  weight: Float32Array | null,
  m: number,
  pixels: number,
  weightSum: number,
  floor: number,
  out: Float32Array,
): number {
  const mean = (from: number, least: number): number => {
    let sum = 0;
    // Math.max keeps what is not a number.
    for (let p = 0; p < pixels; p++)
      sum += (weight ? weight[p]! : 1) * Math.max(references[from + p]!, least);
    return sum / weightSum;
  };
  for (let j = 0; j < m; j++) {
    const from = j * pixels;
    const plain = mean(from, 0);
    if (!Number.isFinite(plain)) return j;
    const least = Math.fround(plain * floor);
    const raised = mean(from, least);
    const silent = least < 1e-37 || raised >= 1e37;
    for (let p = 0; p < pixels; p++) {
      const ratio = Math.max(references[from + p]!, least) / raised;
      out[from + p] = silent ? 0 : (weight ? weight[p]! : 1) * Math.log(ratio);
    }
  }
  return -1;
}

/** The least normal number of single precision: a model of zeros has a logarithm all the same. */
const LEAST = 2 ** -126;

const scorePairs: ScoresAddon['scorePairs'] = (
  images,
  models,
  gain,
  pixels,
  first,
  perImage,
  floor,
  score,
  fluence,
) => {
  for (let j = 0; j < models.length / pixels; j++) {
    const at = j * pixels;
    const from = Math.floor((first + j) / perImage) * pixels;
    let mean = 0;
    for (let p = 0; p < pixels; p++) mean += Math.max(0, models[at + p]!) / pixels;
    const least = Math.max(mean * floor, LEAST);
    let photons = 0;
    let expected = 0;
    let sum = 0;
    for (let p = 0; p < pixels; p++) {
      const value = Math.max(models[at + p]!, least);
      expected += value * gain[p]!;
      const n = images[from + p]!;
      if (n === 0) continue;
      photons += n;
      sum += n * Math.log(value);
    }
    score[first + j] = sum - photons * Math.log(expected);
    fluence[first + j] = photons / expected;
  }
};

export const scoresTwin: ScoresAddon = {
  responsibilities: plainResponsibilities,
  scoreProducts,
  scoreSelect,
  scorePairs,
  scoreLogReferences,
};
