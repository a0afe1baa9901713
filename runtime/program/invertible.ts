// Invertible projections: with the projection comes its inverse, which lists the points of a launch that get a colour. So it is
// known without comparing points which of them share a subregion: none, or some that then run in their order.
import { formatPoint, LaunchError } from '../errors.js';
import type { IndexPartition } from '../regions/index.js';
import type { IndexSpace, Point } from '../spaces/index.js';

/** Picks the colour for a point of a launch. */
export type Projection = (point: Point) => Point | number;

/** The points that a projection takes to a colour; those outside of the launch domain do not count. */
export type InverseProjection = (colour: Point) => readonly (Point | number)[];

/** Made by `invertible`. */
export class InvertibleProjection {
  readonly project: Projection;
  readonly inverse: InverseProjection;

  /** @internal */
  constructor(project: Projection, inverse: InverseProjection) {
    this.project = project;
    this.inverse = inverse;
  }
}

/**
 * A projection with its inverse. Points of one launch that it gives the same subregion of a partition may then conflict: they
 * run one after the other, in the order of the points (row by row).
 *
 * ```ts
 * // Four points for every row, which the four work on in turn.
 * const rows = invertible((point) => [point[0]! >> 2], ([row]) => [0, 1, 2, 3].map((i) => 4 * row! + i));
 * ctx.index([64], relax, { row: grid.partition.equal([16]).at(rows) });
 * ```
 *
 * The two are compared for every domain and partition that they are used with, at the first launch.
 *
 * @param inverse lists all points with a colour, in any order; points outside of the launch domain do not count
 * @throws LaunchError at the launch where the inverse leaves out a point, or lists one that the projection takes elsewhere
 */
export function invertible(project: Projection, inverse: InverseProjection): InvertibleProjection {
  if (typeof project !== 'function' || typeof inverse !== 'function')
    throw new LaunchError(
      'invertible takes two functions: from points to colours, and from a colour to its points.',
    );
  return new InvertibleProjection(project, inverse);
}

/** Which points of a launch get which colour. */
export interface PointsByColour {
  /** Points of colour c are `points[start[c]]` up to `points[start[c + 1] - 1]`, rising; colours and points by position. */
  readonly start: Int32Array;
  readonly points: Int32Array;
  /** No two points share a colour. */
  readonly injective: boolean;
}

/** Asks an inverse for the points of all colours. Throws where it does not fit what the projection gave (`colours`, by point). */
export function invert(
  { colours: space }: IndexPartition,
  domain: IndexSpace,
  colours: Int32Array,
  inverse: InverseProjection,
  where: string,
): PointsByColour {
  const start = new Int32Array(space.volume + 1);
  const points = new Int32Array(domain.volume);
  const seen = new Uint8Array(domain.volume);
  let count = 0;
  let injective = true;
  let colour = 0;
  for (const at of space) {
    start[colour] = count;
    for (const listed of inverse(at)) {
      const point: Point = typeof listed === 'number' ? [listed] : listed;
      const position = point.length === domain.rank ? domain.indexOf(point) : -1;
      if (position < 0 || seen[position] === 1) continue;
      if (colours[position] !== colour) {
        throw new LaunchError(
          `${where}: the inverse of its projection lists point ${formatPoint(point)} for colour ${formatPoint(at)}, but the projection takes that point to colour ${formatPoint(space.at(colours[position]!))}.`,
        );
      }
      seen[position] = 1;
      points[count++] = position;
    }
    if (count - start[colour]! > 1) injective = false;
    points.subarray(start[colour]!, count).sort();
    colour++;
  }
  start[colour] = count;
  if (count < domain.volume) {
    const left = seen.indexOf(0);
    const at = space.at(colours[left]!);
    throw new LaunchError(
      `${where}: the projection takes point ${formatPoint(domain.at(left))} to colour ${formatPoint(at)}, but its inverse does not list that point there.`,
    );
  }
  return { start, points, injective };
}
