// The points of a launch domain, and the colour that each takes.
import { linearNumber, pointsOfExtent } from './brute-points.js';
import type { Launch, Point, Projection } from './program-description.js';

const noPoint: Point = [];

/** The launch points in lexicographic order; a single launch is a domain of one point. */
export function launchPoints({ domain, origin }: Pick<Launch, 'domain' | 'origin'>): readonly Point[] {
  if (domain === null) return [noPoint];
  const points = pointsOfExtent(domain);
  return origin ? points.map((point) => point.map((x, a) => x + origin[a]!)) : points;
}

/** The number of a launch point in lexicographic order. */
const launchNumber = (point: Point, { domain, origin }: Pick<Launch, 'domain' | 'origin'>): number =>
  linearNumber(origin ? point.map((x, a) => x - origin[a]!) : point, domain ?? noPoint);

/** The colour that a launch point takes; undefined where a table ends too early, or there is none. */
export function project(
  projection: Projection,
  point: Point,
  launch: Pick<Launch, 'domain' | 'origin'>,
  colours: Point,
): Point | undefined {
  const volume = colours.reduce((product, n) => product * n, 1);
  switch (projection.kind) {
    case 'identity':
      return point;
    case 'offset':
      if (volume === 0) return undefined;
      return point.map((x, a) => (((x + projection.offset[a]!) % colours[a]!) + colours[a]!) % colours[a]!);
    case 'constant':
      return projection.colour;
    case 'linear':
      return pointsOfExtent(colours)[launchNumber(point, launch) % volume];
    case 'table':
      return pointsOfExtent(colours)[projection.colours[launchNumber(point, launch)] ?? -1];
  }
}
