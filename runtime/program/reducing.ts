// What a launch folds into regions: through one record, which waits for whoever uses them.
import type { Cover, EquivalenceSets } from '../analysis/equivalence-sets.js';
import { whole } from '../analysis/equivalence-sets.js';
import { treeBytes, writeTree } from '../execution/reduction-tree.js';
import { Kind } from '../graph/layout.js';
import { NOTHING } from '../mapping/sharding.js';
import type { IndexPartition } from '../regions/index.js';
import { unionAll } from '../spaces/index.js';
import type { Engine } from './engine.js';
import { createHandle, type LaunchHandle, type ProgramScope, type RegionUse } from './handle.js';
import type { Resolved } from './legality.js';
import { prepareReservations, reserve } from './reserving.js';
import { ONE, usesTogether } from './uses.js';

/** One use of equivalence sets that every record of a launch makes. */
export interface Step {
  readonly sets: EquivalenceSets;
  readonly cover: Cover;
  readonly partition: IndexPartition;
  readonly colours: Int32Array | null;
  readonly usage: number;
}

/** What a launch reduces through one requirement: where the fold goes, and whom it conflicts with there. */
export interface Reduction {
  readonly requirement: number;
  readonly target: number;
  readonly steps: Step[];
  readonly use: RegionUse;
  /** The fields, and through what they are reduced. */
  readonly used: Pick<Resolved, 'tree' | 'partition' | 'uses' | 'colours'>;
}

/** All points that launches touch, by partition and colours. */
export class Unions {
  readonly #unions = new WeakMap<IndexPartition, Map<Int32Array | number, IndexPartition>>();

  /** All points that a reducing launch touches, as a partition of one colour. */
  of(partition: IndexPartition, colours: Int32Array | null, points: number): IndexPartition {
    let byColours = this.#unions.get(partition);
    if (byColours === undefined) this.#unions.set(partition, (byColours = new Map()));
    const key = colours ?? points;
    let union = byColours.get(key);
    if (union === undefined) {
      const all = colours === null && points === partition.subspaces.length;
      const space =
        all && partition.complete
          ? partition.parent
          : unionAll(
              all
                ? partition.subspaces
                : [...new Set(colours ?? range(points))].map((c) => partition.subspaces[c]!),
              partition.parent.rank,
            );
      union = whole(space);
      byColours.set(key, union);
    }
    return union;
  }
}

/** Memory of the heap, to be given back. */
export interface HeapBlock {
  readonly unit: number;
  readonly bytes: number;
}

/** The tree on which a launch folds; `exits` are nodes that leave for other ranks. */
export function makeTree(
  engine: Engine,
  handle: LaunchHandle,
  name: string,
  reductions: readonly Reduction[],
  exits: readonly { readonly number: number }[] = [],
): HeapBlock {
  const bytes = treeBytes(handle.points, reductions.length, exits.length > 0);
  const unit = engine.allocate(bytes, `reductions of ${name}`, false);
  const shared = reductions.some(({ used }) => usesTogether(used.uses));
  writeTree(engine.heap, unit, handle.points, reductions, shared, exits);
  engine.graph.tree[handle.slot] = unit;
  return { unit, bytes };
}

/** The record that folds the root of the reduction tree into the regions; it waits for whoever uses them. */
export function openApply(
  engine: Engine,
  scope: ProgramScope,
  handle: LaunchHandle,
  name: string,
  resolved: readonly Resolved[],
  reductions: readonly Reduction[],
  site: { stack?: string },
  { unit }: HeapBlock,
): LaunchHandle {
  const { graph, builder, analysis } = engine;
  const apply = engine.openSingle(scope, Kind.apply, `${name} (fold)`, site);
  apply.reduces = handle;
  graph.tree[apply.slot] = unit;
  engine.runLog?.folds(apply, handle);
  const record = builder.open(apply.slot, 0, 1, 0);
  scope.live++;
  builder.expect(1); // the root of the tree
  const used = reductions.map((reduction) => reduction.used);
  prepareReservations(engine, apply, used);
  reserve(engine, apply, record, used, 0, 1, true);
  for (const { requirement, steps, use } of reductions) {
    apply.uses.push(use);
    const { tree, uses } = resolved[requirement]!;
    tree.use(apply, uses);
    for (const { sets, cover, partition, usage: code } of steps)
      analysis.use(sets, cover, partition, 0, code);
  }
  for (const held of handle.held) engine.hold(apply, held);
  graph.applyRecord[handle.slot] = record;
  apply.records = Int32Array.of(record);
  apply.generations = Int32Array.of(graph.generation[record]!);
  engine.seal();
  engine.sealLaunch(apply);
  return apply;
}

/** The place in program order of a fold that another rank does. */
export function openElsewhere(
  engine: Engine,
  scope: ProgramScope,
  name: string,
  site: { stack?: string },
): void {
  const handle = createHandle(scope, name, ONE, site, () => []);
  handle.shards = NOTHING;
  engine.openLaunch(handle, Kind.apply, 0);
  engine.sealLaunch(handle);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
