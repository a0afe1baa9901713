/**
 * Conjugate gradients in steps on slabs of planes, for the normal equations of merging (M. Hestenes and E. Stiefel, J. Res.
 * NBS 49 (1952) 409). Each step works on a slab of all vectors and returns its part of an inner product; the parts are
 * added in pairs, so that the sum does not depend on who did which slab.
 */
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

export function dot(a: Reals, b: Reals): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
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
  for (let i = 0; i < residual.length; i++) residual[i] = inside[i] ? rightSide[i]! / total : 0;
  return dot(residual, residual);
}

/** p = r + beta p. */
export function directionStep(direction: Reals, residual: Reals, beta: number): void {
  for (let i = 0; i < direction.length; i++) direction[i] = residual[i]! + beta * direction[i]!;
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
  let sum = 0;
  for (let i = 0; i < product.length; i++) {
    const p = direction[i]!;
    product[i] = (inside[i] ? product[i]! : 0) + ridge * p;
    sum += p * product[i]!;
  }
  return sum;
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
  let sum = 0;
  for (let i = 0; i < solution.length; i++) {
    solution[i]! += alpha * direction[i]!;
    residual[i]! -= alpha * product[i]!;
    sum += residual[i]! * residual[i]!;
  }
  return sum;
}

/** Whether the residual is still above what is asked for. */
export function unsolved(rr: number, reference: number, tolerance: number): boolean {
  return rr > tolerance * tolerance * reference;
}
