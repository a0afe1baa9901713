// Images: the points that the subspaces of a partition point to.
import { UsageError } from '../errors.js';
import { IndexSpace, unionAll } from '../spaces/index.js';
import { IndexPartition } from './partition.js';
import { type Pointers, pointerLanes, positionReader } from './pointers.js';

/**
 * The subspace of a colour holds the points of `target` to which the points of the source partition's subspace
 * point. Pointers are `target.rank` numbers per point of the source's *parent* in lexicographic order, or a
 * function of the point; those that lead outside of the target are dropped. Overlaps and gaps are computed when
 * they are asked for.
 */
export function image(target: IndexSpace, source: IndexPartition, pointers: Pointers): IndexPartition {
  const { rank } = target;
  const lanes = pointerLanes(source.parent, rank, pointers, 'The pointer field of an image');
  const positionOf = positionReader(target);
  const subspaces = source.subspaces.map((subspace) => {
    let flat = new Int32Array(Math.max(1, subspace.volume) * rank);
    let length = 0;
    forEachPositionRange(source.parent, subspace, (from, until) => {
      for (let at = from * rank; at < until * rank; at += rank) {
        if (positionOf(lanes, at) < 0) continue;
        for (let axis = 0; axis < rank; axis++) flat[length++] = lanes[at + axis]!;
      }
    });
    flat = flat.subarray(0, length);
    return IndexSpace.fromCoordinates(rank, flat);
  });
  return new IndexPartition(target, source.colours, subspaces);
}

/**
 * As `image`, with a box per source point: `2 * target.rank` numbers, lo then hi (inclusive; hi < lo is no box). The
 * parts of boxes outside of the target are dropped.
 */
export function imageRange(target: IndexSpace, source: IndexPartition, ranges: Pointers): IndexPartition {
  const { rank } = target;
  const lanes = pointerLanes(source.parent, 2 * rank, ranges, 'The range field of an image');
  const subspaces = source.subspaces.map((subspace) => {
    const boxes: IndexSpace[] = [];
    forEachPositionRange(source.parent, subspace, (from, until) => {
      for (let position = from; position < until; position++) {
        const box = boxWithin(target, lanes, position * 2 * rank);
        if (box !== null) boxes.push(box);
      }
    });
    return target.intersect(unionAll(boxes, rank));
  });
  return new IndexPartition(target, source.colours, subspaces);
}

/** The box at `values[at]...`, cut to the bounding box of the space; null when nothing is left. */
export function boxWithin(space: IndexSpace, values: ArrayLike<number>, at: number): IndexSpace | null {
  const { rank } = space;
  const lo: number[] = [];
  const hi: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const from = Math.max(space.lo[axis]!, Math.ceil(values[at + axis]!));
    const to = Math.min(space.hi[axis]!, Math.floor(values[at + rank + axis]!));
    // Also null for NaN.
    if (!(from <= to)) return null;
    lo.push(from);
    hi.push(to);
  }
  return IndexSpace.box(lo, hi);
}

/** Calls `visit` with the ranges of positions in `parent` that the points of `part` take. */
function forEachPositionRange(
  parent: IndexSpace,
  part: IndexSpace,
  visit: (from: number, until: number) => void,
): void {
  part.forEachRun((lead, lo, hi) => {
    // Runs of the parent are maximal, so a run of the part lies within one of them.
    const from = parent.indexOf([...lead, lo]);
    if (from < 0) {
      throw new UsageError(`The subspace ${part} of a partition has points outside of its parent ${parent}.`);
    }
    visit(from, from + hi - lo + 1);
  });
}
