// How a big operation of the runtime itself (a fill, a copy) is cut, so that workers share it. The cut follows the last
// write where it can: then every chunk waits for one writer alone, and the equivalence sets keep their shape.
import { equal, type IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { RegionPlace } from './ports.js';

const CHUNKS_MAX = 64;
/** A partition with more colours than this is no chunking: its records would cost more than the work. */
const COLOURS_MAX = 1024;

const cuts = new WeakMap<IndexSpace, Map<number, IndexPartition>>();

/** A partition of a region's points into chunks for an operation that moves `bytes`; null where one is enough. */
export function chunksOf(
  { tree, indexSpace }: RegionPlace,
  fields: readonly number[],
  bytes: number,
): IndexPartition | null {
  const { chunkBytes } = tree.engine.options;
  if (bytes <= chunkBytes) return null;
  const { shape } = tree.state.classes(fields)[0]!;
  const colours = shape.subspaces.length;
  if (
    shape.parent === indexSpace &&
    colours > 1 &&
    colours <= COLOURS_MAX &&
    shape.disjoint &&
    shape.complete
  )
    return shape;
  return cut(indexSpace, Math.min(CHUNKS_MAX, Math.ceil(bytes / chunkBytes)));
}

/** A space in about `count` pieces of equal size: the same partition every time. */
export function cut(space: IndexSpace, count: number): IndexPartition {
  let known = cuts.get(space);
  if (known === undefined) cuts.set(space, (known = new Map()));
  let partition = known.get(count);
  if (partition === undefined) {
    // A short first axis is not enough: the next one is cut as well.
    const colours: number[] = [];
    if (!space.dense) colours.push(count);
    else {
      for (let axis = 0, left = count; axis < space.rank && left > 1; axis++) {
        const pieces = Math.max(1, Math.min(left, space.hi[axis]! - space.lo[axis]! + 1));
        colours.push(pieces);
        left = Math.ceil(left / pieces);
      }
    }
    known.set(count, (partition = equal(space, colours)));
  }
  return partition;
}
