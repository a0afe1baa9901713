/**
 * Conjugate gradients in steps on slabs of planes, for the normal equations of merging (M. Hestenes and E. Stiefel, J. Res.
 * NBS 49 (1952) 409). Each step works on a slab of all vectors and returns its part of an inner product; the parts are
 * added in pairs, so that the sum does not depend on who did which slab.
 */
import { addon } from '../../native/index.js';

type Reals = Float32Array | Float64Array;

/** Slabs that a volume of n planes is cut into: the same for any number of workers, as inner products depend on it. */
export function slabsOf(n: number): number {
  return Math.max(1, Math.min(8, Math.floor(n / 6)));
}

/** First planes of the slabs, and n. */
export function slabStarts(n: number): number[] {
  const slabs = slabsOf(n);
  return Array.from({ length: slabs + 1 }, (_, i) => Math.floor((i * n) / slabs));
}

/** Neighbours are added until one number is left. */
export function sumInPairs(parts: readonly number[]): number {
  let level = parts;
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) =>
      2 * i + 1 < level.length ? level[2 * i]! + level[2 * i + 1]! : level[2 * i]!,
    );
  }
  return level[0] ?? 0;
}

/**
 * Sums in eight lanes, as vector registers hold them: element i goes to lane i mod 8, and halves of the lanes are added until
 * one is left. The native steps add in the same order.
 */
class Lanes {
  readonly #sums = new Float64Array(8);
  add(i: number, value: number): void {
    this.#sums[i & 7]! += value;
  }
  total(): number {
    const s = this.#sums;
    for (let half = 4; half > 0; half >>= 1) for (let i = 0; i < half; i++) s[i]! += s[i + half]!;
    return s[0]!;
  }
}

/** The steps in plain TypeScript, for any kind of numbers: oracle and fallback of the native ones, which give the same bits. */
export const plainSteps = {
  dot(a: Reals, b: Reals): number {
    const sum = new Lanes();
    for (let i = 0; i < a.length; i++) sum.add(i, a[i]! * b[i]!);
    return sum.total();
  },
  beginStep(residual: Reals, rightSide: Reals, inside: ArrayLike<number>, total: number): number {
    for (let i = 0; i < residual.length; i++) residual[i] = inside[i] ? rightSide[i]! / total : 0;
    return plainSteps.dot(residual, residual);
  },
  directionStep(direction: Reals, residual: Reals, beta: number): void {
    for (let i = 0; i < direction.length; i++) direction[i] = residual[i]! + beta * direction[i]!;
  },
  productStep(product: Reals, direction: Reals, inside: ArrayLike<number>, ridge: number): number {
    const sum = new Lanes();
    for (let i = 0; i < product.length; i++) {
      const p = direction[i]!;
      product[i] = (inside[i] ? product[i]! : 0) + ridge * p;
      sum.add(i, p * product[i]!);
    }
    return sum.total();
  },
  updateStep(solution: Reals, residual: Reals, direction: Reals, product: Reals, alpha: number): number {
    const sum = new Lanes();
    for (let i = 0; i < solution.length; i++) {
      solution[i]! += alpha * direction[i]!;
      residual[i]! -= alpha * product[i]!;
      sum.add(i, residual[i]! * residual[i]!);
    }
    return sum.total();
  },
};

const single = (array: unknown): array is Float32Array => array instanceof Float32Array;

export function dot(a: Reals, b: Reals): number {
  return addon !== null && single(a) && single(b) ? addon.dot(a, b) : plainSteps.dot(a, b);
}

/**
 * The right-hand side on the support.
 * @returns r.r
 */
export function beginStep(
  residual: Reals,
  rightSide: Reals,
  inside: ArrayLike<number>,
  total: number,
): number {
  return addon !== null && single(residual) && single(rightSide) && inside instanceof Uint8Array
    ? addon.beginStep(residual, rightSide, inside, total)
    : plainSteps.beginStep(residual, rightSide, inside, total);
}

/** p = r + beta p. */
export function directionStep(direction: Reals, residual: Reals, beta: number): void {
  if (addon !== null && single(direction) && single(residual)) addon.directionStep(direction, residual, beta);
  else plainSteps.directionStep(direction, residual, beta);
}

/**
 * What the convolution of p leaves out of the product q: the support and the ridge.
 * @returns p.q
 */
export function productStep(
  product: Reals,
  direction: Reals,
  inside: ArrayLike<number>,
  ridge: number,
): number {
  return addon !== null && single(product) && single(direction) && inside instanceof Uint8Array
    ? addon.productStep(product, direction, inside, ridge)
    : plainSteps.productStep(product, direction, inside, ridge);
}

/**
 * x += alpha p, r -= alpha q.
 * @returns r.r
 */
export function updateStep(
  solution: Reals,
  residual: Reals,
  direction: Reals,
  product: Reals,
  alpha: number,
): number {
  return addon !== null && single(solution) && single(residual) && single(direction) && single(product)
    ? addon.updateStep(solution, residual, direction, product, alpha)
    : plainSteps.updateStep(solution, residual, direction, product, alpha);
}

/** Whether the residual is still above what is asked for. */
export function unsolved(rr: number, reference: number, tolerance: number): boolean {
  return rr > tolerance * tolerance * reference;
}
