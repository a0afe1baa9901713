// Walks over the points of a view by stretches along the last axis, and finds the offset of any point.
import type { Shape } from './view.js';

/** Calls `visit` for every stretch of points that differ in the last coordinate alone, in lexicographic order. */
export function forEachRow(
  view: Shape,
  visit: (offset: number, point: readonly number[], length: number) => void,
): void {
  if (view.volume === 0) return;
  const last = view.hi.length - 1;
  const end = view.hi[last]!;
  for (const piece of view.pieces) {
    let { offset, length } = piece;
    while (length > 0) {
      const point = view.coord(offset);
      // A piece that goes on in the next row has reached the greatest coordinate there is.
      const here = Math.min(length, end - point[last]! + 1);
      visit(offset, point, here);
      offset += here;
      length -= here;
    }
  }
}

/** Offset of a point in the arrays of a view. */
export const offsetAt = (view: Shape, point: readonly number[]): number =>
  view.at(point[0]!, point[1], point[2]);

/** Finds the offset of the point whose coordinates are `numbers[at]...`, or -1 where the view does not hold it. */
export function pointFinder(view: Shape): (numbers: ArrayLike<number | bigint>, at: number) => number {
  const { lo, hi, volume } = view;
  const rank = lo.length;
  let box = 1;
  for (let axis = 0; axis < rank; axis++) box *= hi[axis]! - lo[axis]! + 1;
  const dense = box === volume;
  const pieces = dense ? [] : view.pieces;
  const point = [0, 0, 0];
  return (numbers, at) => {
    for (let axis = 0; axis < rank; axis++) {
      const x = Number(numbers[at + axis]!);
      // Also false for NaN.
      if (!(x >= lo[axis]! && x <= hi[axis]!) || Math.floor(x) !== x) return -1;
      point[axis] = x;
    }
    if (volume === 0) return -1;
    const offset = view.at(point[0]!, point[1], point[2]);
    if (dense) return offset;
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (pieces[middle]!.offset <= offset) low = middle;
      else high = middle - 1;
    }
    const piece = pieces[low]!;
    return offset >= piece.offset && offset < piece.offset + piece.length ? offset : -1;
  };
}
