// Restrictions: a box that moves with the colour by a matrix.
import { UsageError } from '../errors.js';
import { COORDINATE_MAX, COORDINATE_MIN, IndexSpace, type Rank } from '../spaces/index.js';
import { type Colours, colourSpace, IndexPartition } from './partition.js';

/**
 * The subspace of colour c is the part of the space inside the box `extent` moved by `transform` times c. The
 * matrix has one row per axis of the space and one column per axis of the colours. The extent is a number of points
 * per axis (a box from the origin), or a dense index space, whose corner is the offset; it may reach beyond the
 * space, as halos do. Overlaps and gaps are computed when they are asked for.
 *
 * ```ts
 * const line = IndexSpace.extent([12]);
 * restriction(line, [3], [[4]], [4]);                            // 0..3, 4..7, 8..11
 * restriction(line, [3], [[4]], IndexSpace.box([-1], [4]));      // 0..4, 3..8, 7..11: with halos
 * ```
 */
export function restriction(
  space: IndexSpace,
  colours: Colours,
  transform: readonly (readonly number[])[],
  extent: IndexSpace | readonly number[],
): IndexPartition {
  const colourIndices = colourSpace(colours);
  const { rank } = space;
  const box = extent instanceof IndexSpace ? extent : IndexSpace.extent(extent);
  if (box.rank !== rank) {
    throw new UsageError(
      `The extent of a restriction has ${box.rank} axes, but the index space has ${rank}.`,
    );
  }
  if (!box.dense) throw new UsageError('The extent of a restriction is sparse, but it must be one box.');
  if (transform.length !== rank || transform.some((row) => row.length !== colourIndices.rank)) {
    const shape = `${transform.length} x ${transform[0]?.length ?? 0}`;
    throw new UsageError(
      `The transform of a restriction is ${shape}, but it needs ${rank} rows (axes of the space) and ${colourIndices.rank} columns (axes of the colours).`,
    );
  }
  if (!transform.every((row) => row.every(Number.isSafeInteger))) {
    throw new UsageError('The transform of a restriction has an entry that is not an integer.');
  }
  const subspaces: IndexSpace[] = [];
  for (const colour of colourIndices) {
    const shift = transform.map((row) => row.reduce((sum, factor, axis) => sum + factor * colour[axis]!, 0));
    subspaces.push(space.intersect(movedBox(rank, box, shift)));
  }
  return new IndexPartition(space, colourIndices, subspaces);
}

/** The box moved and cut to the range of coordinates. */
function movedBox(rank: Rank, box: IndexSpace, shift: readonly number[]): IndexSpace {
  if (box.empty) return box;
  const lo = box.lo.map((value, axis) => Math.max(COORDINATE_MIN, value + shift[axis]!));
  const hi = box.hi.map((value, axis) => Math.min(COORDINATE_MAX, value + shift[axis]!));
  return lo.some((value, axis) => value > hi[axis]!) ? IndexSpace.empty(rank) : IndexSpace.box(lo, hi);
}
