// Block partitions: tiles of one size.
import { BoundsError, PartitionError, UsageError } from '../errors.js';
import { checkPoint, IndexSpace, type Point } from '../spaces/index.js';
import { IndexPartition } from './partition.js';

/**
 * Cuts a space into tiles of `block` points per axis, disjoint and complete. Tile c holds the points p with
 * floor((p - origin) / block) = c on every axis. The colours are the box of all tiles that the bounding box of the
 * space touches: with the default origin, the low corner of the bounding box, they start from 0. Tiles at the rim
 * are cut off; tiles of a sparse space may be empty.
 */
export function blocks(
  space: IndexSpace,
  block: readonly number[],
  origin: Point = space.lo,
): IndexPartition {
  if (block.length !== space.rank) {
    throw new UsageError(
      `The block (${block.join(', ')}) has ${block.length} axes, but the index space has ${space.rank}.`,
    );
  }
  for (const [axis, size] of block.entries()) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new PartitionError(
      `The block has ${String(size)} points on axis ${axis}, but it is an integer of at least 1.`,
    );
  }
  checkPoint(origin, space.rank, 'The origin of the blocks');
  if (space.empty)
    return new IndexPartition(space, IndexSpace.empty(space.rank), [], { disjoint: true, complete: true });
  const tileOf = (value: number, axis: number): number => Math.floor((value - origin[axis]!) / block[axis]!);
  const colours = tileBox(space.lo.map(tileOf), space.hi.map(tileOf));
  const subspaces: IndexSpace[] = [];
  for (const colour of colours) {
    const lo = colour.map((tile, axis) => Math.max(space.lo[axis]!, origin[axis]! + tile * block[axis]!));
    const hi = colour.map((tile, axis) =>
      Math.min(space.hi[axis]!, origin[axis]! + (tile + 1) * block[axis]! - 1),
    );
    subspaces.push(space.intersect(IndexSpace.box(lo, hi)));
  }
  return new IndexPartition(space, colours, subspaces, { disjoint: true, complete: true });
}

function tileBox(lo: Point, hi: Point): IndexSpace {
  try {
    return IndexSpace.box(lo, hi);
  } catch (cause) {
    if (!(cause instanceof BoundsError)) throw cause;
    throw new BoundsError(
      'The blocks are too many to number: take larger blocks, or an origin nearer to the space.',
    );
  }
}
