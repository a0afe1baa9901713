// Sets of points of a description, as index spaces of the runtime.
import { IndexSpace } from '../spaces/index.js';
import type { Domain, Point } from './program-description.js';

/** The index space of a domain. */
export function indexSpaceOf(domain: Domain): IndexSpace {
  switch (domain.kind) {
    case 'box':
      return boxSpace(domain.box.lo, domain.box.hi);
    case 'boxes':
      return IndexSpace.boxes(
        domain.rank,
        domain.boxes
          .filter(({ lo, hi }) => lo.every((x, a) => x <= hi[a]!))
          .map(({ lo, hi }) => [lo, hi] as const),
      );
    case 'points':
      return IndexSpace.points(domain.rank, domain.points);
  }
}

/** A box, both corners included; empty where it has no points. */
export const boxSpace = (lo: Point, hi: Point): IndexSpace =>
  lo.some((x, a) => x > hi[a]!) ? IndexSpace.empty(lo.length) : IndexSpace.box(lo, hi);
