// Values of a field that point into a space: as arrays in lexicographic order, or as functions of the point.
import { UsageError } from '../errors.js';
import type { IndexSpace, Point } from '../spaces/index.js';

/**
 * Where each point of a space points to: `lanes` numbers per point in the lexicographic order of the points, or a
 * function that gives a point, a number (for one lane) or null (nowhere). What is not an integer or points outside
 * of the target is dropped, as Legion does; it is not an error.
 */
export type Pointers =
  | ArrayLike<number>
  | BigInt64Array
  | BigUint64Array
  | ((point: Point, position: number) => Point | number | null);

/** The pointers as numbers in lexicographic order, `lanes` per point; NaN for nowhere. */
export function pointerLanes(
  space: IndexSpace,
  lanes: number,
  pointers: Pointers,
  what: string,
): ArrayLike<number> {
  if (typeof pointers === 'function') {
    const values = new Float64Array(space.volume * lanes).fill(Number.NaN);
    let position = 0;
    for (const point of space) {
      const to = pointers(point, position);
      const width = typeof to === 'number' ? 1 : (to?.length ?? lanes);
      if (width !== lanes) {
        throw new UsageError(
          `${what} at (${point.join(', ')}) has ${width} coordinates where ${lanes} are needed.`,
        );
      }
      if (typeof to === 'number') values[position] = to;
      else if (to !== null) values.set(to, position * lanes);
      position++;
    }
    return values;
  }
  if (pointers.length !== space.volume * lanes) {
    throw new UsageError(
      `${what} has ${pointers.length} numbers, but ${space.volume} points with ${lanes} each need ${space.volume * lanes}.`,
    );
  }
  if (pointers instanceof BigInt64Array || pointers instanceof BigUint64Array) {
    return Float64Array.from(pointers as Iterable<bigint>, Number);
  }
  return pointers;
}

/** A function that finds the position of the point at `values[at]...` in the space, or -1. Allocates little. */
export function positionReader(space: IndexSpace): (values: ArrayLike<number>, at: number) => number {
  const { rank, lo, hi } = space;
  const point = new Array<number>(rank).fill(0);
  if (space.dense) {
    return (values, at) => {
      let position = 0;
      for (let axis = 0; axis < rank; axis++) {
        const value = values[at + axis]!;
        // Not (inside and integer), so that NaN is outside.
        if (!(value >= lo[axis]! && value <= hi[axis]!) || Math.floor(value) !== value) return -1;
        position = position * (hi[axis]! - lo[axis]! + 1) + value - lo[axis]!;
      }
      return position;
    };
  }
  return (values, at) => {
    for (let axis = 0; axis < rank; axis++) point[axis] = values[at + axis]!;
    return space.indexOf(point);
  };
}
