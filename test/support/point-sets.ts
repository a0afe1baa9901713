// Random index spaces beside the same sets as plain lists of points, and set algebra by enumeration.
import fc from 'fast-check';
import { IndexSpace, type Point } from '../../runtime/spaces/index.js';

/** A set of points by enumeration: keys `x,y,z`. */
export type PointSet = ReadonlySet<string>;

export const keyOf = (point: Point): string => point.join(',');
export const pointOf = (key: string): number[] => key.split(',').map(Number);

/** The points in lexicographic order. */
export function sorted(points: Iterable<string>): number[][] {
  return [...points].map(pointOf).sort((a, b) => {
    for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return a[axis]! - b[axis]!;
    return 0;
  });
}

/** All points of a box. */
export function enumerateBox(lo: Point, hi: Point): string[] {
  let points: number[][] = [[]];
  for (let axis = 0; axis < lo.length; axis++) {
    const next: number[][] = [];
    for (const point of points) for (let x = lo[axis]!; x <= hi[axis]!; x++) next.push([...point, x]);
    points = next;
  }
  return points.map(keyOf);
}

/** The points of a space as the space itself lists them. */
export const pointsIn = (space: IndexSpace): number[][] => [...space].map((point) => [...point]);

export interface Case {
  readonly space: IndexSpace;
  readonly set: PointSet;
}

const coordinate = fc.integer({ min: -4, max: 5 });

/** Boxes, unions of boxes, point lists and empty sets of one rank, small and around the origin. */
export function spaces(rank: number): fc.Arbitrary<Case> {
  const point = fc.array(coordinate, { minLength: rank, maxLength: rank });
  const box = fc
    .tuple(point, fc.array(fc.integer({ min: -1, max: 5 }), { minLength: rank, maxLength: rank }))
    .map(([lo, size]): [number[], number[]] => [lo, lo.map((x, axis) => x + size[axis]!)]);
  const dense = box.map(
    ([lo, hi]): Case => ({ space: IndexSpace.box(lo, hi), set: new Set(enumerateBox(lo, hi)) }),
  );
  const boxes = fc.array(box, { maxLength: 5 }).map(
    (list): Case => ({
      space: IndexSpace.boxes(rank, list),
      set: new Set(list.flatMap(([lo, hi]) => enumerateBox(lo, hi))),
    }),
  );
  const points = fc
    .array(point, { maxLength: 60 })
    .map((list): Case => ({ space: IndexSpace.points(rank, list), set: new Set(list.map(keyOf)) }));
  return fc.oneof(dense, boxes, points);
}

/** A rank and as many spaces of it as asked for. */
export function spaceLists(count: number): fc.Arbitrary<Case[]> {
  return fc
    .integer({ min: 1, max: 3 })
    .chain((rank) => fc.array(spaces(rank), { minLength: count, maxLength: count }));
}
