// Partitions by a field that holds the colour of each point.
import type { IndexSpace } from '../spaces/index.js';
import { type Colours, colourSpace, IndexPartition } from './partition.js';
import { type Pointers, pointerLanes, positionReader } from './pointers.js';
import { SubspaceBuilders } from './subspace-builders.js';

/**
 * The subspace of a colour holds the points whose value is that colour. Values are `colours.rank` numbers per point
 * of the space in lexicographic order, or a function of the point. Points with a value outside of the colours are
 * in no subspace. Disjoint; complete exactly when no value lies outside.
 */
export function byField(space: IndexSpace, colours: Colours, values: Pointers): IndexPartition {
  const colourIndices = colourSpace(colours);
  const lanes = pointerLanes(space, colourIndices.rank, values, 'The colour field');
  const positionOf = positionReader(colourIndices);
  const builders = new SubspaceBuilders(space.rank, colourIndices.volume);
  let at = 0;
  let placed = 0;
  space.forEachRun((lead, lo, hi) => {
    for (let coordinate = lo; coordinate <= hi; coordinate++) {
      const colour = positionOf(lanes, at);
      at += colourIndices.rank;
      if (colour < 0) continue;
      builders.push(colour, lead, coordinate);
      placed++;
    }
  });
  return new IndexPartition(space, colourIndices, builders.finish(), {
    disjoint: true,
    complete: placed === space.volume,
  });
}
