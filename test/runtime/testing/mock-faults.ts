// What can be wrong with the mock runtime: the cells of its interference table, edges that it loses, folds that it does otherwise.
import type { ReductionPartial } from '../../../runtime/testing/brute-reductions.js';
import { isReducing, unitsOfLaunch } from '../../../runtime/testing/conflicts.js';
import { launchPoints } from '../../../runtime/testing/launch-points.js';
import type { LiveRegion, Subregion } from '../../../runtime/testing/live-region.js';
import type { Launch, Privilege } from '../../../runtime/testing/program-description.js';
import { fold, identityOf } from '../../../runtime/testing/values.js';

export type Cell = 'read' | 'update' | 'overwrite' | 'reduce' | 'reduceOther';
export type EarlierCell = Exclude<Cell, 'reduceOther'>;
/** Whether a later use (column) of an element waits for an earlier one (row). */
export type Table = Readonly<Record<EarlierCell, Readonly<Record<Cell, boolean>>>>;

export const correctTable: Table = {
  read: { read: false, update: true, overwrite: true, reduce: true, reduceOther: true },
  update: { read: true, update: true, overwrite: true, reduce: true, reduceOther: true },
  overwrite: { read: true, update: true, overwrite: true, reduce: true, reduceOther: true },
  // Reductions are ordered by their applications, whose order is the program's even for one operator.
  reduce: { read: true, update: true, overwrite: true, reduce: true, reduceOther: true },
};

/** Faults other than a wrong cell of the table. */
export const faults = [
  'drop the edge from a fill',
  'drop the edge to a fill',
  'drop the edge from a future to its user',
  'drop the edges from a future map to its reduction',
  'drop the edges from the blocks of a reduction to its application',
  'drop the edge from the last block alone',
  'drop the edge to a partition that reads a field',
  'drop the edge to a read of the program',
  'drop the edge to the second requirement',
  'drop the edge to the second field',
  'drop the edge to a subregion at depth three',
  'drop the edge between two partitions',
  'drop the edge between two colours of one partition',
  'remember the newest reader alone',
  'forget the last point of a subspace',
  'forget the first point of a subspace',
  'forget an access after sixteen more operations',
  'run the points of a block in reverse',
  'fold blocks from left to right',
  'one partial for two requirements',
  'blocks of at most 63',
] as const;
export type Fault = (typeof faults)[number];

/** Blocks as if there were 63 of them at most. */
export function rangesOf63(launch: Launch): readonly (readonly [number, number])[] {
  const points = launchPoints(launch).length;
  const blocks = Math.min(points, 63);
  const at = (b: number) => Math.floor((b * points) / blocks);
  return isReducing(launch)
    ? Array.from({ length: blocks }, (_, b) => [at(b), at(b + 1)] as const)
    : unitsOfLaunch(launch);
}

/** The partial of the first requirement that reduces the same field of the same region with the same operator. */
export function sharedPartial(
  { requirements }: Launch,
  subregions: readonly Subregion[],
  partials: readonly (readonly ReductionPartial[])[],
  r: number,
  f: number,
): ReductionPartial {
  const { field, privilege } = requirements[r]!.fields[f]!;
  for (let q = 0; q < r; q++) {
    const g = requirements[q]!.fields.findIndex(
      (use) => use.field === field && JSON.stringify(use.privilege) === JSON.stringify(privilege),
    );
    if (g >= 0 && subregions[q]!.region === subregions[r]!.region) return partials[q]![g]!;
  }
  return partials[r]![f]!;
}

/** The blocks of a reduction folded one after the other, without the tree. */
export function foldInOrder(
  region: LiveRegion,
  field: string,
  privilege: Privilege & { kind: 'reduce' },
  blocks: readonly ReductionPartial[],
): ReductionPartial {
  const { kind } = region.fields.get(field)!;
  const all: ReductionPartial = new Map();
  for (const block of blocks) {
    for (const [element, value] of block) {
      const before = all.get(element) ?? identityOf(kind, privilege.operator);
      all.set(element, fold(kind, privilege.operator, before, value));
    }
  }
  return all;
}
