// Random partitions by every rule, of whole regions and of subregions.
import { keyOf, pointsOfExtent } from './brute-points.js';
import { drawExtents, drawSparse, drawSubBox } from './draw-region.js';
import type { Interpreter } from './interpreter.js';
import type { Draw } from './keyed-random.js';
import type { LivePartition, LiveRegion, Subregion } from './live-region.js';
import type { Box, CreatePartition, Domain, PartitionRule, Place, Point } from './program-description.js';

/** Where each living partition hangs in its tree; kept by the generator. */
export interface PartitionOrigin {
  readonly of: Place;
  /** 1 for a partition of a whole region. */
  readonly depth: number;
}

export const depthMax = 3;

const ruleWeights = {
  equal: 6,
  weights: 3,
  blocks: 3,
  restriction: 5,
  byDomain: 4,
  byField: 3,
  image: 3,
  preimage: 3,
  sets: 4,
  imageRange: 3,
  preimageRange: 2,
  mirrored: 2,
  cross: 2,
  pending: 2,
};

/** Extents of at most about `count` colours; those of a living partition of the region half of the time. */
function drawColours(draw: Draw, region: LiveRegion, living: readonly LivePartition[], count: number): Point {
  const known = living.filter((p) => p.region === region && p.parts.length <= count && p.parts.length > 0);
  if (known.length > 0 && draw.chance(0.5)) return draw.pick(known).colours;
  const volume = draw.logUniform(1, count);
  return draw.chance(0.7) ? [volume] : drawExtents(draw, draw.between(1, 3), volume);
}

function boundingBox({ region, ordinals }: Subregion): Box {
  const points = ordinals.map((o) => region.points[o]!);
  const axes = Array.from({ length: region.rank }, (_, a) => points.map((p) => p[a]!));
  return { lo: axes.map((xs) => Math.min(...xs)), hi: axes.map((xs) => Math.max(...xs)) };
}

/** Tiles with a stride, often with a halo; now and then any small matrix. */
function drawRestriction(draw: Draw, colours: Point, box: Box): PartitionRule {
  const rank = box.lo.length;
  const stride = box.lo.map((x, a) => Math.max(1, Math.round((box.hi[a]! - x + 1) / (colours[a] ?? 1))));
  const halo = draw.chance(0.5) ? draw.between(1, 2) : 0;
  const plain = draw.chance(0.8);
  const transform = box.lo.map((_, row) =>
    colours.map((_, column) => (plain ? (row === column ? stride[row]! : 0) : draw.between(-2, 3))),
  );
  const lo = box.lo.map((x) => x - halo + (draw.chance(0.2) ? draw.between(-1, 1) : 0));
  const hi = lo.map((x, a) => x + stride[a]! - 1 + 2 * halo - (draw.chance(0.1) ? 1 : 0));
  // More colours than the space has axes: the last ones repeat the same subspaces.
  return { rule: 'restriction', colours, transform: transform.slice(0, rank), extent: { lo, hi } };
}

function drawRule(
  draw: Draw,
  program: Interpreter,
  origins: ReadonlyMap<string, PartitionOrigin>,
  of: Place,
  subregion: Subregion,
): PartitionRule | undefined {
  const { region, ordinals } = subregion;
  const living = [...program.partitions.values()];
  const box = boundingBox(subregion);
  const colours = () => drawColours(draw, region, living, Math.min(100, 2 * ordinals.length + 2));
  switch (draw.weighted(ruleWeights)) {
    case 'equal':
      return { rule: 'equal', colours: colours() };
    case 'weights': {
      const extent = colours();
      const weights: number[] = pointsOfExtent(extent).map(() =>
        draw.chance(0.15) ? 0 : draw.logUniform(1, 20),
      );
      // Weights that are all zero are refused.
      if (!weights.some((w) => w > 0)) weights[draw.between(0, weights.length - 1)] = 1;
      return { rule: 'weights', colours: extent, weights };
    }
    case 'blocks':
      return { rule: 'blocks', block: box.lo.map((x, a) => draw.logUniform(1, box.hi[a]! - x + 2)) };
    case 'restriction':
      return drawRestriction(draw, colours(), box);
    case 'byDomain': {
      const extent = colours();
      const domains = pointsOfExtent(extent).map(
        (): Domain =>
          draw.chance(0.6) ? { kind: 'box', box: drawSubBox(draw, box) } : drawSparse(draw, box),
      );
      return { rule: 'byDomain', colours: extent, domains };
    }
    case 'byField': {
      const field = region.fields.get('colour');
      return field && { rule: 'byField', colours: [field.range!.hi], field: field.name };
    }
    case 'image': {
      const sources = living.filter((p) => p.region.fields.get('pointer')?.lanes === region.rank);
      return sources.length
        ? { rule: 'image', source: draw.pick(sources).name, field: 'pointer' }
        : undefined;
    }
    case 'preimage': {
      const lanes = region.fields.get('pointer')?.lanes;
      const targets = living.filter((p) => p.region.rank === lanes);
      return targets.length
        ? { rule: 'preimage', target: draw.pick(targets).name, field: 'pointer' }
        : undefined;
    }
    case 'imageRange': {
      const sources = living.filter(
        (p) => p.region.fields.get('pointer')?.lanes === region.rank && p.region.fields.has('corner'),
      );
      return sources.length
        ? { rule: 'imageRange', source: draw.pick(sources).name, field: 'pointer', upper: 'corner' }
        : undefined;
    }
    case 'preimageRange': {
      const lanes = region.fields.get('pointer')?.lanes;
      const targets = region.fields.has('corner') ? living.filter((p) => p.region.rank === lanes) : [];
      return targets.length
        ? { rule: 'preimageRange', target: draw.pick(targets).name, field: 'pointer', upper: 'corner' }
        : undefined;
    }
    case 'mirrored': {
      const targets = living.filter((p) => p.region.rank === region.rank);
      return targets.length ? { rule: 'mirrored', target: draw.pick(targets).name } : undefined;
    }
    case 'cross': {
      if ('region' in of) return undefined;
      const parent = placeKey(origins.get(of.partition)!.of);
      const siblings = living.filter((p) => placeKey(origins.get(p.name)!.of) === parent);
      return { rule: 'cross', right: draw.pick(siblings).name };
    }
    case 'pending': {
      const extent = colours();
      const sets = pointsOfExtent(extent).map(() => ({
        how: draw.pick(['union', 'intersection', 'difference'] as const),
        domains: Array.from(
          { length: draw.between(1, 3) },
          (): Domain =>
            draw.chance(0.6) ? { kind: 'box', box: drawSubBox(draw, box) } : drawSparse(draw, box),
        ),
      }));
      return { rule: 'pending', colours: extent, sets };
    }
    case 'sets': {
      const siblings = living.filter((p) => placeKey(origins.get(p.name)!.of) === placeKey(of));
      if (siblings.length === 0) return undefined;
      const left = draw.pick(siblings);
      const right = draw.pick(siblings.filter((p) => keyOf(p.colours) === keyOf(left.colours)));
      return { rule: draw.pick(['union', 'intersection', 'difference']), left: left.name, right: right.name };
    }
  }
}

const placeKey = (place: Place): string =>
  'region' in place ? place.region : `${place.partition}[${place.colour}]`;

/** A new partition of a living region or of one of its subregions; undefined where the drawn rule has no material. */
export function drawPartition(
  draw: Draw,
  id: string | number,
  program: Interpreter,
  origins: ReadonlyMap<string, PartitionOrigin>,
): { operation: CreatePartition; origin: PartitionOrigin } | undefined {
  const shallow = [...program.partitions.values()].filter(
    (p) => p.parts.length > 0 && origins.get(p.name)!.depth < depthMax,
  );
  let of: Place = { region: draw.pick([...program.regions.keys()]) };
  let depth = 1;
  if (shallow.length > 0 && draw.chance(0.35)) {
    const parent = draw.pick(shallow);
    of = { partition: parent.name, colour: draw.pick(pointsOfExtent(parent.colours)) };
    depth = origins.get(parent.name)!.depth + 1;
  }
  const name = `p${id}`;
  const subregion = program.place(of, name);
  if (subregion.ordinals.length === 0) return undefined;
  const by = drawRule(draw, program, origins, of, subregion);
  return by && { operation: { kind: 'partition', name, of, by }, origin: { of, depth } };
}
