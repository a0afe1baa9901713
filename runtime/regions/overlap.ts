// Overlap tables: which colours of one partition meet which colours of another.
import { UsageError } from '../errors.js';
import { BoxIndex } from './box-index.js';
import type { IndexPartition } from './partition.js';
import { labelledBoxes } from './sweep.js';

/**
 * A sparse matrix by rows. The colours of b (as positions) that meet colour i of a are `colours[k]`, ascending, for
 * `start[i] <= k < start[i + 1]`.
 */
export interface OverlapTable {
  readonly start: Int32Array;
  readonly colours: Int32Array;
  /** Entry k is 1 when colour i of a covers the whole of colour `colours[k]` of b. */
  readonly covers: Uint8Array;
}

const tables = new WeakMap<IndexPartition, WeakMap<IndexPartition, OverlapTable>>();

/**
 * The overlap table of two partitions of spaces of one rank; kept for as long as both live. The cost is
 * O(R log R + overlaps) for R boxes and runs.
 */
export function overlapTable(a: IndexPartition, b: IndexPartition): OverlapTable {
  let row = tables.get(a);
  if (row === undefined) tables.set(a, (row = new WeakMap()));
  let table = row.get(b);
  if (table === undefined) row.set(b, (table = build(a, b)));
  return table;
}

function build(a: IndexPartition, b: IndexPartition): OverlapTable {
  const { rank } = a.parent;
  if (rank !== b.parent.rank) {
    throw new UsageError(`Partitions of spaces of rank ${rank} and ${b.parent.rank} cannot overlap.`);
  }
  const rows = a.subspaces.length;
  const start = new Int32Array(rows + 1);
  const colours: number[] = [];
  const mine = labelledBoxes(rank, a.subspaces);
  const index = new BoxIndex(labelledBoxes(rank, b.subspaces));
  // The last row in which each colour of b was seen: sparse subspaces meet in many runs, but count once.
  const seen = new Int32Array(b.subspaces.length).fill(-1);
  let row = 0;
  let hits: number[] = [];
  const visit = (colour: number): void => {
    if (seen[colour] === row) return;
    seen[colour] = row;
    hits.push(colour);
  };
  let box = 0;
  for (row = 0; row < rows; row++) {
    hits = [];
    for (; box < mine.labels.length && mine.labels[box] === row; box++) {
      const at = box * 2 * rank;
      index.visitMeeting(mine.bounds, at, mine.bounds, at + rank, visit);
    }
    hits.sort((x, y) => x - y);
    for (const colour of hits) colours.push(colour);
    start[row + 1] = colours.length;
  }
  const covers = new Uint8Array(colours.length);
  for (row = 0; row < rows; row++) {
    for (let k = start[row]!; k < start[row + 1]!; k++) {
      covers[k] = a.subspaces[row]!.covers(b.subspaces[colours[k]!]!) ? 1 : 0;
    }
  }
  return { start, colours: Int32Array.from(colours), covers };
}
