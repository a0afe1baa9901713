/**
 * Exact Poisson deviates for any mean: sequential search for small means, transformed rejection (PTRS of
 * W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance:
 * Mathematics and Economics 12 (1993) 39) for large ones.
 */
import type { RandomStream } from './philox.js';

/** Below this mean the search is faster than the rejection (which is valid from 10 on). */
const SEARCH_BELOW = 12;
/** Counts up to here are exact in a double with room for the arithmetic around them. */
const LARGEST_MEAN = 1e15;

/** log(k!) - [(k + 1/2) log k - k + log(2 pi)/2] for k = 0 ... 15 (k = 0 unused), from log(k!) itself. */
const STIRLING_ERROR = (() => {
  const table = new Float64Array(16);
  let logFactorial = 0;
  for (let k = 1; k < 16; k++) {
    logFactorial += Math.log(k);
    table[k] = logFactorial - ((k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI));
  }
  return table;
})();

function stirlingError(k: number): number {
  if (k < 16) return STIRLING_ERROR[k]!;
  const inverseSquare = 1 / (k * k);
  return (1 / 12 - (1 / 360 - (1 / 1260 - inverseSquare / 1680) * inverseSquare) * inverseSquare) / k;
}

/** k log(k / mean) + mean - k, without the cancellation for k near the mean (Loader 2000). */
function halfDeviance(k: number, mean: number): number {
  const difference = k - mean;
  if (Math.abs(difference) < 0.1 * (k + mean)) {
    const v = difference / (k + mean);
    let sum = difference * v;
    let term = 2 * k * v;
    for (let j = 3; ; j += 2) {
      term *= v * v;
      const next = sum + term / j;
      if (next === sum) return sum;
      sum = next;
    }
  }
  return k * Math.log(k / mean) - difference;
}

/** The logarithm of the Poisson probability of `k` counts at `mean`, with full relative accuracy in the exponent. */
export function logPoissonProbability(k: number, mean: number): number {
  if (mean === 0) return k === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (k === 0) return -mean;
  return -0.5 * Math.log(2 * Math.PI * k) - stirlingError(k) - halfDeviance(k, mean);
}

/**
 * One Poisson deviate.
 * @param mean expected count, 0 ... 1e15
 * @throws RangeError for a negative, infinite, NaN or larger mean
 */
export function poisson(random: RandomStream, mean: number): number {
  if (!(mean >= 0 && mean <= LARGEST_MEAN)) {
    throw new RangeError(`Poisson mean must be between 0 and ${LARGEST_MEAN}, not ${mean}`);
  }
  if (mean === 0) return 0;
  return mean < SEARCH_BELOW ? bySearch(random, mean) : byRejection(random, mean);
}

function bySearch(random: RandomStream, mean: number): number {
  let rest = random.uniform();
  let probability = Math.exp(-mean);
  let k = 0;
  // Past the last count with any probability the sum of doubles may stay below the uniform number: stop there.
  while (rest > probability && k < 200) {
    rest -= probability;
    k++;
    probability *= mean / k;
  }
  return k;
}

function byRejection(random: RandomStream, mean: number): number {
  const slope = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * slope;
  const inverseAlpha = 1.1239 + 1.1328 / (slope - 3.4);
  const acceptAtOnce = 0.9277 - 3.6224 / (slope - 2);
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + slope) * u + mean + 0.43);
    if (us >= 0.07 && v <= acceptAtOnce) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + slope)) <= logPoissonProbability(k, mean)) return k;
  }
}
