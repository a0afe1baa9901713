// Reductions: partials of blocks, the fixed tree on which they are folded, and the fold of its root onto a field.
import { reductionBlocks } from './brute-partitions.js';
import type { LiveRegion } from './live-region.js';
import type { FieldDescription } from './program-description.js';
import { fold, identityOf, type ReductionName, type Value } from './values.js';

/** The fold of partial results on the fixed tree: neighbours first, an odd last one carried up unchanged. */
export function foldTree<T>(partials: readonly T[], join: (left: T, right: T) => T): T {
  let level = partials;
  while (level.length > 1) {
    const next: T[] = [];
    for (let i = 0; i < level.length; i += 2) {
      next.push(i + 1 < level.length ? join(level[i]!, level[i + 1]!) : level[i]!);
    }
    level = next;
  }
  return level[0]!;
}

/** A partial of a reduction: the touched elements alone, by `ordinal * lanes + lane`. */
export type ReductionPartial = Map<number, Value>;

function joinPartials(
  kind: FieldDescription['kind'],
  operator: ReductionName,
  left: ReductionPartial,
  right: ReductionPartial,
): ReductionPartial {
  const joined = new Map(left);
  for (const [element, value] of right) {
    const before = joined.get(element);
    // Both sides start from the identity, which a fold leaves no trace of.
    joined.set(element, before === undefined ? value : fold(kind, operator, before, value));
  }
  return joined;
}

/** The fold of the numbers that the points of a launch returned. */
export function foldResults(results: readonly number[], operator: 'sum' | 'prod' | 'min' | 'max'): number {
  const join = (a: number, b: number) => fold('f64', operator, a, b) as number;
  const identity = identityOf('f64', operator) as number;
  const blocks = reductionBlocks(results.length);
  if (blocks.length === 0) return identity;
  return foldTree(
    blocks.map(([first, end]) => results.slice(first, end).reduce(join, identity)),
    join,
  );
}

/** Folds the blocks of one reduced field on the fixed tree, and the root onto the field. */
export function applyReduction(
  region: LiveRegion,
  field: string,
  operator: ReductionName,
  partials: readonly ReductionPartial[],
) {
  const { kind } = region.fields.get(field)!;
  const values = region.values.get(field)!;
  const root = foldTree(partials, (left, right) => joinPartials(kind, operator, left, right));
  for (const [element, value] of root) values[element] = fold(kind, operator, values[element]!, value);
}
