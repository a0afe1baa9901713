// The subspaces of every partition rule, by enumeration of the points.
import { inBox, keyOf, pointsOf, pointsOfExtent } from './brute-points.js';
import type { PartitionRule, Point } from './program-description.js';

/** Points of one region, as ordinals into the region's points in lexicographic order; ascending. */
export type Ordinals = readonly number[];

/** A region's points and where each one is. */
export interface PointIndex {
  readonly points: readonly Point[];
  readonly ordinalOf: ReadonlyMap<string, number>;
}

/** What a partition is made of: the extents of its colours and one subspace per colour, in lexicographic order. */
export interface Subspaces {
  readonly colours: Point;
  readonly parts: readonly Ordinals[];
}

/** What the rules need to know about the rest of the program. */
export interface Surroundings {
  /** The subspaces of an earlier partition, and the points of its region. */
  partition(name: string): Subspaces & { readonly index: PointIndex };
  /** The lanes of a field at a point of the partitioned region. */
  here(field: string, ordinal: number): Point;
  /** The same at a point of the region of partition `name`. */
  there(name: string, field: string, ordinal: number): Point;
}

const volume = (extent: Point): number => extent.reduce((product, n) => product * n, 1);

/** Where `total` places are cut between weights: floor(places * cumulative / total weight). */
function cutPlaces(places: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, w) => sum + w, 0);
  let before = 0;
  const cuts = [0];
  for (const weight of weights) cuts.push(Math.floor((places * (before += weight)) / total));
  return cuts;
}

/**
 * Pieces in the order of the colours: a parent that fills its bounding box is cut along the first axis, any other
 * one in the order of its points.
 */
function linePieces(points: readonly Point[], parent: Ordinals, weights: readonly number[]): Ordinals[] {
  const { lo, hi } = boundsOf(points, parent);
  const dense = volume(lo.map((x, a) => hi[a]! - x + 1)) === parent.length;
  const cuts = cutPlaces(dense ? hi[0]! - lo[0]! + 1 : parent.length, weights);
  return weights.map((_, piece) =>
    parent.filter((o, position) => {
      const place = dense ? points[o]![0]! - lo[0]! : position;
      return place >= cuts[piece]! && place < cuts[piece + 1]!;
    }),
  );
}

function boundsOf(points: readonly Point[], parent: Ordinals): { lo: number[]; hi: number[] } {
  const axes = (points[0] ?? []).map((_, a) => parent.map((o) => points[o]![a]!));
  return { lo: axes.map((xs) => Math.min(...xs)), hi: axes.map((xs) => Math.max(...xs)) };
}

/** The blocks of a reducing launch: points floor(b n / B) up to floor((b + 1) n / B), with B = min(n, 64). */
export function reductionBlocks(points: number): readonly (readonly [first: number, end: number])[] {
  const blocks = Math.min(points, 64);
  const at = (b: number) => Math.floor((b * points) / blocks);
  return Array.from({ length: blocks }, (_, b) => [at(b), at(b + 1)] as const);
}

/** The subspaces of a partition of `parent`, which are points of the region `index`. */
export function subspacesOf(
  rule: PartitionRule,
  index: PointIndex,
  parent: Ordinals,
  around: Surroundings,
): Subspaces {
  const { points } = index;
  const select = (colours: Point, inside: (ordinal: number, colour: Point, number: number) => boolean) => ({
    colours,
    parts: pointsOfExtent(colours).map((colour, number) => parent.filter((o) => inside(o, colour, number))),
  });
  switch (rule.rule) {
    case 'equal': {
      const { colours } = rule;
      const ones = (n: number) => new Array<number>(n).fill(1);
      const { lo, hi } = boundsOf(points, parent);
      if (colours.length === 1 || colours.length > lo.length)
        return { colours, parts: linePieces(points, parent, ones(volume(colours))) };
      // Tiles: the first axes of the bounding box are cut each by its own colour axis.
      const cuts = colours.map((n, a) => cutPlaces(hi[a]! - lo[a]! + 1, ones(n)));
      return select(colours, (o, colour) =>
        colour.every((c, a) => {
          const place = points[o]![a]! - lo[a]!;
          return place >= cuts[a]![c]! && place < cuts[a]![c + 1]!;
        }),
      );
    }
    case 'weights':
      return { colours: rule.colours, parts: linePieces(points, parent, rule.weights) };
    case 'blocks': {
      // Tiles start at the low corner of the bounding box.
      const { block } = rule;
      const lo = block.map((_, a) => Math.min(...parent.map((o) => points[o]![a]!)));
      const hi = block.map((_, a) => Math.max(...parent.map((o) => points[o]![a]!)));
      const colours = block.map((size, a) => (parent.length ? Math.ceil((hi[a]! - lo[a]! + 1) / size) : 0));
      return select(colours, (o, colour) =>
        points[o]!.every((x, a) => Math.floor((x - lo[a]!) / block[a]!) === colour[a]),
      );
    }
    case 'restriction': {
      const { transform, extent } = rule;
      return select(rule.colours, (o, colour) => {
        const shifted = points[o]!.map((x, a) =>
          colour.reduce((rest, c, column) => rest - transform[a]![column]! * c, x),
        );
        return inBox(shifted, extent);
      });
    }
    case 'byDomain': {
      const domains = rule.domains.map((domain) => new Set(pointsOf(domain).map(keyOf)));
      return select(rule.colours, (o, _, number) => domains[number]!.has(keyOf(points[o]!)));
    }
    case 'byField':
      return select(rule.colours, (o, colour) => keyOf(around.here(rule.field, o)) === keyOf(colour));
    case 'image': {
      const source = around.partition(rule.source);
      const inside = new Set(parent);
      const parts = source.parts.map((part) => {
        const hit = new Set<number>();
        for (const from of part) {
          const to = index.ordinalOf.get(keyOf(around.there(rule.source, rule.field, from)));
          if (to !== undefined && inside.has(to)) hit.add(to);
        }
        return parent.filter((o) => hit.has(o));
      });
      return { colours: source.colours, parts };
    }
    case 'preimage': {
      const target = around.partition(rule.target);
      const parts = target.parts.map((part) => {
        const inside = new Set(part.map((o) => keyOf(target.index.points[o]!)));
        return parent.filter((o) => inside.has(keyOf(around.here(rule.field, o))));
      });
      return { colours: target.colours, parts };
    }
    case 'imageRange': {
      const source = around.partition(rule.source);
      const parts = source.parts.map((part) => {
        const boxes = part.map((from) => ({
          lo: around.there(rule.source, rule.field, from),
          hi: around.there(rule.source, rule.upper, from),
        }));
        return parent.filter((o) => boxes.some((box) => inBox(points[o]!, box)));
      });
      return { colours: source.colours, parts };
    }
    case 'preimageRange': {
      const target = around.partition(rule.target);
      const parts = target.parts.map((part) =>
        parent.filter((o) => {
          const box = { lo: around.here(rule.field, o), hi: around.here(rule.upper, o) };
          return part.some((to) => inBox(target.index.points[to]!, box));
        }),
      );
      return { colours: target.colours, parts };
    }
    case 'mirrored':
    case 'cross': {
      const target = around.partition(rule.rule === 'cross' ? rule.right : rule.target);
      const parts = target.parts.map((part) => {
        const inside = new Set(part.map((o) => keyOf(target.index.points[o]!)));
        return parent.filter((o) => inside.has(keyOf(points[o]!)));
      });
      return { colours: target.colours, parts };
    }
    case 'pending': {
      const sets = rule.sets.map(({ how, domains }) => ({
        how,
        keys: domains.map((domain) => new Set(pointsOf(domain).map(keyOf))),
      }));
      return select(rule.colours, (o, _, number) => {
        const { how, keys } = sets[number]!;
        const held = keys.map((set) => set.has(keyOf(points[o]!)));
        if (how === 'union') return held.includes(true);
        return how === 'intersection' ? !held.includes(false) : held[0] === true && !held.includes(true, 1);
      });
    }
    case 'union':
    case 'intersection':
    case 'difference': {
      const left = around.partition(rule.left);
      const right = around.partition(rule.right);
      return select(left.colours, (o, _, number) => {
        const a = left.parts[number]!.includes(o);
        const b = right.parts[number]!.includes(o);
        return rule.rule === 'union' ? a || b : rule.rule === 'intersection' ? a && b : a && !b;
      });
    }
  }
}
