// Preimages: the points that point into the subspaces of a partition.
import type { IndexSpace } from '../spaces/index.js';
import { BoxIndex } from './box-index.js';
import { boxWithin } from './image.js';
import { IndexPartition } from './partition.js';
import { type Pointers, pointerLanes } from './pointers.js';
import { SubspaceBuilders } from './subspace-builders.js';
import { labelledBoxes } from './sweep.js';

/**
 * The subspace of a colour holds the points of `source` that point into the target partition's subspace. Pointers
 * are as many numbers per point of the source as the target has axes, in lexicographic order, or a function of the
 * point; those that lead into no subspace are dropped. Disjoint if the target partition is.
 */
export function preimage(source: IndexSpace, target: IndexPartition, pointers: Pointers): IndexPartition {
  const { rank } = target.parent;
  const lanes = pointerLanes(source, rank, pointers, 'The pointer field of a preimage');
  const index = new BoxIndex(labelledBoxes(rank, target.subspaces));
  const builders = new SubspaceBuilders(source.rank, target.colours.volume);
  let at = 0;
  let placed = 0;
  let hits = 0;
  source.forEachRun((lead, lo, hi) => {
    let coordinate = lo;
    const visit = (colour: number): void => {
      builders.push(colour, lead, coordinate);
      hits++;
    };
    for (; coordinate <= hi; coordinate++, at += rank) {
      if (!integers(lanes, at, rank)) continue;
      const before = hits;
      index.visitMeeting(lanes, at, lanes, at, visit);
      if (hits > before) placed++;
    }
  });
  return new IndexPartition(source, target.colours, builders.finish(), {
    // Every point with a colour has exactly one.
    disjoint: hits === placed,
    complete: placed === source.volume,
  });
}

/**
 * As `preimage`, with a box per source point (`2 * rank` numbers, lo then hi, inclusive): the point is in every
 * subspace whose target its box meets.
 */
export function preimageRange(source: IndexSpace, target: IndexPartition, ranges: Pointers): IndexPartition {
  const { rank } = target.parent;
  const lanes = pointerLanes(source, 2 * rank, ranges, 'The range field of a preimage');
  const index = new BoxIndex(labelledBoxes(rank, target.subspaces));
  const builders = new SubspaceBuilders(source.rank, target.colours.volume);
  const seen = new Float64Array(target.colours.volume).fill(-1);
  let position = 0;
  let placed = 0;
  let hits = 0;
  source.forEachRun((lead, lo, hi) => {
    for (let coordinate = lo; coordinate <= hi; coordinate++, position++) {
      const box = boxWithin(target.parent, lanes, position * 2 * rank);
      if (box === null) continue;
      const before = hits;
      index.visitMeeting(box.lo, 0, box.hi, 0, (colour) => {
        // A box can meet several runs of one sparse subspace.
        if (seen[colour] === position) return;
        seen[colour] = position;
        builders.push(colour, lead, coordinate);
        hits++;
      });
      if (hits > before) placed++;
    }
  });
  return new IndexPartition(source, target.colours, builders.finish(), {
    disjoint: hits === placed,
    complete: placed === source.volume,
  });
}

function integers(values: ArrayLike<number>, at: number, count: number): boolean {
  for (let k = 0; k < count; k++) if (!Number.isInteger(values[at + k]!)) return false;
  return true;
}
