// Sets of points by enumeration: sorted lists and string keys, no set algebra.
import type { Box, Domain, Point } from './program-description.js';

export const keyOf = (point: Point): string => point.join(',');

/** Lexicographic order: the last axis runs fastest. */
export function comparePoints(a: Point, b: Point): number {
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return a[axis]! - b[axis]!;
  return 0;
}

/** All points of a box in lexicographic order; none when a side is empty. */
export function pointsOfBox({ lo, hi }: Box): Point[] {
  let points: Point[] = [[]];
  lo.forEach((first, axis) => {
    const longer: Point[] = [];
    for (const head of points) for (let x = first; x <= hi[axis]!; x++) longer.push([...head, x]);
    points = longer;
  });
  return points;
}

/** All points 0 .. extent - 1 in lexicographic order. */
export const pointsOfExtent = (extent: Point): Point[] =>
  pointsOfBox({ lo: extent.map(() => 0), hi: extent.map((n) => n - 1) });

/** Each point once, in lexicographic order. */
export function sortedUnique(points: Iterable<Point>): Point[] {
  const byKey = new Map<string, Point>();
  for (const point of points) byKey.set(keyOf(point), point);
  return [...byKey.values()].sort(comparePoints);
}

/** All points of a domain in lexicographic order. */
export function pointsOf(domain: Domain): Point[] {
  switch (domain.kind) {
    case 'box':
      return pointsOfBox(domain.box);
    case 'boxes':
      return sortedUnique(domain.boxes.flatMap(pointsOfBox));
    case 'points':
      return sortedUnique(domain.points);
  }
}

export const inBox = (point: Point, { lo, hi }: Box): boolean =>
  point.every((x, axis) => x >= lo[axis]! && x <= hi[axis]!);

/** The number of a point among the points 0 .. extent - 1 in lexicographic order. */
export const linearNumber = (point: Point, extent: Point): number =>
  point.reduce((number, x, axis) => number * extent[axis]! + x, 0);
