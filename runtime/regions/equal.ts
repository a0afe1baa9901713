// Equal partitions: pieces of near-equal size, known by formula.
import { UsageError } from '../errors.js';
import { IndexSpace } from '../spaces/index.js';
import { cutPositions, lineLength } from './cut.js';
import { type Colours, colourSpace, IndexPartition } from './partition.js';

/**
 * Cuts a space into pieces of near-equal size, disjoint and complete.
 *
 * - Colours with one axis (also sparse colours, and colours with more axes than the space, both taken in order): a
 *   dense space is cut along its first axis into runs of consecutive coordinates, the other axes stay whole; a
 *   sparse space is cut into runs of consecutive points in lexicographic order.
 * - Dense colours with k > 1 axes: the first k axes of the bounding box are cut each by its own colour axis, and
 *   a piece is the intersection of the tile with the space.
 *
 * Along a cut of n places, piece i of k runs from floor(i n / k) up to floor((i + 1) n / k) - 1: the lengths differ by
 * at most one. With fewer places than colours some pieces are empty. With a `granularity` g above 1 no piece is
 * shorter than g unless it is empty (or n itself is below g): the first floor(n / g) colours share the places, the
 * others are empty. Places are coordinates on the axis that is cut, or points for sparse spaces.
 */
export function equal(space: IndexSpace, colours: Colours, granularity = 1): IndexPartition {
  const colourIndices = colourSpace(colours);
  if (!Number.isInteger(granularity) || granularity < 1) {
    throw new UsageError(
      `The granularity of an equal partition is ${String(granularity)}, but it is an integer of at least 1.`,
    );
  }
  if (colourIndices.empty) {
    throw new UsageError('An equal partition needs at least one colour.');
  }
  const known = { disjoint: true, complete: true };
  if (colourIndices.rank === 1 || colourIndices.rank > space.rank || !colourIndices.dense) {
    const size = lineLength(space);
    const cuts = equalCuts(size, colourIndices.volume, granularity);
    return new IndexPartition(space, colourIndices, cutPositions(space, cuts), known);
  }
  if (space.empty) {
    const none = new Array<IndexSpace>(colourIndices.volume).fill(space);
    return new IndexPartition(space, colourIndices, none, known);
  }
  const axisCuts = colourIndices.lo.map((lo, axis) =>
    equalCuts(space.hi[axis]! - space.lo[axis]! + 1, colourIndices.hi[axis]! - lo + 1, granularity),
  );
  const subspaces: IndexSpace[] = [];
  for (const colour of colourIndices) {
    const lo = space.lo.slice();
    const hi = space.hi.slice();
    for (const [axis, cuts] of axisCuts.entries()) {
      const part = colour[axis]! - colourIndices.lo[axis]!;
      lo[axis] = space.lo[axis]! + cuts[part]!;
      hi[axis] = space.lo[axis]! + cuts[part + 1]! - 1;
    }
    const empty = hi.some((value, axis) => value < lo[axis]!);
    subspaces.push(empty ? IndexSpace.empty(space.rank) : space.intersect(IndexSpace.box(lo, hi)));
  }
  return new IndexPartition(space, colourIndices, subspaces, known);
}

/** parts + 1 cut positions from 0 to size. */
function equalCuts(size: number, parts: number, granularity: number): number[] {
  const used = granularity === 1 ? parts : Math.max(1, Math.min(parts, Math.floor(size / granularity)));
  const base = Math.floor(size / used);
  const rest = size - base * used;
  // floor(i * size / used), written so that no product leaves the exact integers.
  return Array.from({ length: parts + 1 }, (_, i) =>
    i >= used ? size : i * base + Math.floor((i * rest) / used),
  );
}
