// Random numbers for tests, and arrays of them.
import type { FieldType } from '../../../runtime/index.js';

/** A small generator of random numbers (mulberry32). */
export function generator(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x ^= x + Math.imul(x ^ (x >>> 7), 61 | x);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (p: number) => next() < p,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
  };
}
export type Random = ReturnType<typeof generator>;

export type Numbers = { [i: number]: number | bigint; readonly length: number };
// biome-ignore lint/suspicious/noExplicitAny: an array of any kind
export type AnyArray = any;

export const bigs = (type: FieldType) => type.kind === 'i64' || type.kind === 'u64';

export function randomNumbers(random: Random, type: FieldType, count: number): Numbers {
  const array = new (type.array as unknown as Float64ArrayConstructor)(count) as unknown as Numbers;
  for (let i = 0; i < count; i++) {
    const value = type.kind === 'bool' ? random.below(2) : random.below(200);
    (array as AnyArray)[i] = bigs(type) ? BigInt(value) : value;
  }
  return array;
}
