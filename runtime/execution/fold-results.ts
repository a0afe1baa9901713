// Folds the results of the points of a launch into one number: blocks of consecutive points in order, blocks on the
// fixed binary tree, as for regions, so that the value does not depend on who ran what.
import type { Heap } from '../memory/heap.js';
import { blockStart, Results, reductionBlocks, Tag } from '../memory/launch-layout.js';
import { fold, identity } from '../privileges/reduction.js';
import { REDUCTIONS, type ReductionName } from '../privileges/usage.js';

/** Words of the argument block of a fold: results block, points, operator. */
export const FoldWord = { results: 0, points: 1, op: 2, words: 3 } as const;

/** The deterministic fold of `values` (design: Reductions). Bitwise operators work on 32-bit integers. */
export function foldNumbers(values: ArrayLike<number>, op: ReductionName): number {
  const kind = op === 'and' || op === 'or' || op === 'xor' ? 'i32' : 'f64';
  const combine = fold(kind, op) as (a: number, b: number) => number;
  const one = identity(kind, op) as number;
  const blocks = reductionBlocks(values.length);
  let level = Array.from({ length: blocks }, (_, block) => {
    let sum = one;
    const end = blockStart(block + 1, blocks, values.length);
    for (let i = blockStart(block, blocks, values.length); i < end; i++) sum = combine(sum, values[i]!);
    return sum;
  });
  while (level.length > 1) {
    level = Array.from({ length: (level.length + 1) >> 1 }, (_, i) =>
      2 * i + 1 < level.length ? combine(level[2 * i]!, level[2 * i + 1]!) : level[2 * i]!,
    );
  }
  return level[0] ?? one;
}

/** Runs a fold record: argument block in, result 0 out. */
export function foldResults(heap: Heap, args: number, into: Results): void {
  const count = heap.load(args, FoldWord.points);
  const results = new Results(heap, heap.load(args, FoldWord.results), count);
  const odd = results.tags.findIndex((tag) => tag !== Tag.number && tag !== Tag.boolean);
  if (odd >= 0)
    throw new TypeError(`point number ${odd} returned no number, so the results cannot be reduced`);
  into.set(0, foldNumbers(results.values, REDUCTIONS[heap.load(args, FoldWord.op)]!));
}
