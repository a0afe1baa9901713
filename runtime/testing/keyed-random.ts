// Draws that depend on their key alone: operation i draws the same numbers whatever was skipped before it.

/** Mixes a 32-bit word into a 32-bit state; both are taken modulo 2^32. The result is a signed 32-bit integer. */
export function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h + 0x7f4a7c15, 0x85ebca77);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae3d);
  return h ^ (h >>> 16);
}

/** A stream of draws: the n-th draw is a function of the key and n. */
export interface Draw {
  /** A 32-bit unsigned integer. */
  word(): number;
  /** An integer in lo..hi, both included. */
  between(lo: number, hi: number): number;
  /** An integer in lo..hi (lo >= 1), small ones as likely as large ones on a logarithmic scale. */
  logUniform(lo: number, hi: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Picks a key of `weights` with a probability in proportion to its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  /** The list in a random order. */
  shuffled<T>(list: readonly T[]): T[];
}

/** The stream of draws named by a seed and any number of keys. */
export function keyedDraw(...keys: readonly number[]): Draw {
  let state = 0x243f6a88;
  for (const key of keys) state = mix(mix(state, key | 0), Math.floor(key / 0x1_0000_0000) | 0);
  let count = 0;
  const word = () => mix(mix(state, ++count), 0x13198a2e) >>> 0;
  const unit = () => word() / 0x1_0000_0000;
  const between = (lo: number, hi: number) => lo + Math.floor(unit() * (hi - lo + 1));
  return {
    word,
    between,
    logUniform: (lo, hi) => Math.min(hi, Math.floor(lo * ((hi + 1) / lo) ** unit())),
    chance: (probability) => unit() < probability,
    pick: (list) => {
      if (list.length === 0) throw new RangeError('keyedDraw: cannot pick from an empty list');
      return list[between(0, list.length - 1)]!;
    },
    weighted: <K extends string>(weights: Readonly<Record<K, number>>) => {
      const entries = Object.entries(weights) as [K, number][];
      let rest = unit() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) if ((rest -= weight) < 0) return key;
      return entries.at(-1)![0];
    },
    shuffled: (list) => {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = between(0, i);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
  };
}
