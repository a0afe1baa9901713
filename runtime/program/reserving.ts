// Writes down which reservations the records of a launch take for what they use atomically.
import { inOrder, TreeReservations } from '../analysis/reservations.js';
import { reservationBytes, writeReservations } from '../execution/reservation.js';
import { USAGE_CODES, usageOf } from '../privileges/index.js';
import type { IndexPartition } from '../regions/index.js';
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';
import type { FieldUse } from './requirement.js';
import type { Tree } from './tree.js';

const ATOMIC = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).coherence === 'atomic' ? 1 : 0,
);
/** Atomic readers share a reservation. */
const ALONE = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).privilege === 'read' ? 0 : 1,
);
const REDUCES = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).privilege === 'reduce' ? 1 : 0,
);

/** Whether something is used atomically. */
export function usesAtomically(uses: readonly FieldUse[]): boolean {
  return uses.some(({ usage }) => ATOMIC[usage] === 1);
}

const trees = new WeakMap<Tree, TreeReservations>();

function reservationsOf(tree: Tree): TreeReservations {
  let reservations = trees.get(tree);
  if (reservations === undefined) {
    reservations = new TreeReservations(tree.space, tree.fields.names.length);
    trees.set(tree, reservations);
  }
  return reservations;
}

/** Part of a requirement that a record uses: through which colours of which partition. */
interface Used {
  readonly tree: Tree;
  readonly partition: IndexPartition;
  readonly uses: readonly FieldUse[];
  readonly colours: Int32Array | null;
}

/** A launch is about to make its records: its trees are divided into what can be reserved. */
export function prepareReservations(engine: Engine, handle: LaunchHandle, resolved: readonly Used[]): void {
  for (const { tree, partition, uses } of resolved) {
    if (!usesAtomically(uses)) continue;
    const reservations = reservationsOf(tree);
    reservations.prepare(partition);
    engine.hold(handle, reservations);
  }
}

/** The reservations of the record being built, which runs the points `first` to `end - 1`; reductions are those of its fold. */
export function reserve(
  engine: Engine,
  handle: LaunchHandle,
  record: number,
  resolved: readonly Used[],
  first: number,
  end: number,
  folds = false,
): void {
  const { graph, heap } = engine;
  const codes: number[] = [];
  for (const { tree, partition, uses, colours } of resolved) {
    for (const { field, usage } of uses) {
      if (ATOMIC[usage] === 0 || (REDUCES[usage] === 1) !== folds) continue;
      for (let point = first; point < end; point++) {
        const colour = colours === null ? point : colours[point]!;
        reservationsOf(tree).collect(partition, colour, field, ALONE[usage] === 1, codes);
      }
    }
  }
  if (codes.length === 0) return;
  const list = inOrder(codes);
  const bytes = reservationBytes(list.length);
  const unit = engine.allocate(bytes, 'reservations', false);
  handle.blocks.push({ unit, bytes });
  writeReservations(heap, unit, list);
  graph.reserved[record] = unit;
}
