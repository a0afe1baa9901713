// Points: vectors of one to three integer coordinates in the range of int32.
import { BoundsError, formatPoint, UsageError } from '../errors.js';

export { formatPoint } from '../errors.js';

/** One to three integer coordinates, each within int32. */
export type Point = readonly number[];

/** The number of axes of a space. */
export type Rank = 1 | 2 | 3;

export const COORDINATE_MIN = -(2 ** 31);
export const COORDINATE_MAX = 2 ** 31 - 1;

/** Lexicographic order, first axis first: negative, zero or positive. Both points must have one rank. */
export function comparePoints(a: Point, b: Point): number {
  for (let axis = 0; axis < a.length; axis++) {
    const difference = a[axis]! - b[axis]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The rank itself, or a UsageError when it is not 1, 2 or 3. `what` names the thing in the message. */
export function checkRank(rank: number, what: string): Rank {
  if (rank === 1 || rank === 2 || rank === 3) return rank;
  throw new UsageError(
    `${what} has ${rank} axes, but spaces have 1, 2 or 3: fold further axes into these or into lanes.`,
  );
}

/** Throws a BoundsError unless the value is an integer within int32. */
export function checkCoordinate(value: number, axis: number, what: string): void {
  if (Number.isInteger(value) && value >= COORDINATE_MIN && value <= COORDINATE_MAX) return;
  throw new BoundsError(
    `${what} has ${String(value)} on axis ${axis}, but coordinates are integers from ${COORDINATE_MIN} to ${COORDINATE_MAX}.`,
  );
}

/** Throws unless the point has the rank and every coordinate is an integer within int32. */
export function checkPoint(point: Point, rank: Rank, what: string): void {
  if (point.length !== rank) {
    throw new UsageError(`${what} ${formatPoint(point)} has ${point.length} axes where ${rank} are needed.`);
  }
  for (let axis = 0; axis < rank; axis++)
    checkCoordinate(point[axis]!, axis, `${what} ${formatPoint(point)}`);
}
