// Weighted partitions: pieces with sizes in proportion to given weights.
import { PartitionError, UsageError } from '../errors.js';
import { formatPoint, type IndexSpace, type Point } from '../spaces/index.js';
import { cutPositions, lineLength } from './cut.js';
import { type Colours, colourSpace, IndexPartition } from './partition.js';

/**
 * Cuts a space into consecutive pieces whose sizes are in proportion to the weights, disjoint and complete: piece i
 * ends at floor(n * (w0 + ... + wi) / sum of all). A dense space is cut along its first axis, the other axes stay
 * whole; a sparse space is cut in the lexicographic order of its points. Colours are taken in order.
 *
 * Weights are finite numbers of at least 0, one per colour in order, or a function of the colour. They may be
 * zero, which gives an empty piece, but not all of them.
 */
export function weights(
  space: IndexSpace,
  colours: Colours,
  weights: ArrayLike<number> | ((colour: Point, position: number) => number),
): IndexPartition {
  const colourIndices = colourSpace(colours);
  const count = colourIndices.volume;
  if (typeof weights !== 'function' && weights.length !== count) {
    throw new UsageError(`A partition by weights has ${count} colours but ${weights.length} weights.`);
  }
  const sums = [0];
  for (let position = 0; position < count; position++) {
    const weight =
      typeof weights === 'function' ? weights(colourIndices.at(position), position) : weights[position]!;
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new PartitionError(
        `The weight of colour ${formatPoint(colourIndices.at(position))} is ${String(weight)}, but weights are finite numbers of at least 0.`,
      );
    }
    sums.push(sums[position]! + weight);
  }
  const total = sums[count]!;
  if (!(total > 0)) {
    throw new PartitionError(
      'All weights of a partition are zero: at least one colour needs a weight above 0.',
    );
  }
  const length = lineLength(space);
  const cuts = sums.map((sum) => (sum === total ? length : Math.floor((length * sum) / total)));
  return new IndexPartition(space, colourIndices, cutPositions(space, cuts), {
    disjoint: true,
    complete: true,
  });
}
