/** Which transform lengths are fast, and how a length is cut into radices. */

/** The prime factors of `n`, ascending. */
export function primeFactors(n: number): number[] {
  const found: number[] = [];
  let rest = n;
  for (let p = 2; p * p <= rest; p++) {
    while (rest % p === 0) {
      found.push(p);
      rest /= p;
    }
  }
  if (rest > 1) found.push(rest);
  return found;
}

/** True where the only prime factors are 2, 3, 5 and 7: the lengths that every transform here does fast. */
export function isSmooth(n: number): boolean {
  let rest = n;
  for (const p of [2, 3, 5, 7]) while (rest % p === 0) rest /= p;
  return rest === 1;
}

/**
 * The least fast length that is not below `n`: only factors 2, 3 and 5, and even if asked (real transforms and
 * oversampled grids like that). `goodSize(81) = 81`, `goodSize(81, { even: true }) = 90`.
 */
export function goodSize(n: number, { even = false }: { even?: boolean } = {}): number {
  if (!Number.isInteger(n) || n < 1 || n > 2 ** 30) {
    throw new RangeError(`goodSize: a length must be a whole number from 1 to 2^30, not ${n}`);
  }
  for (let size = n; ; size++) {
    if (even && size % 2 !== 0) continue;
    let rest = size;
    for (const p of [2, 3, 5]) while (rest % p === 0) rest /= p;
    if (rest === 1) return size;
  }
}
