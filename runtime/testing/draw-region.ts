// Random regions: small domains of one to three axes, dense or sparse, with one to six fields.
import { pointsOf } from './brute-points.js';
import type { Draw } from './keyed-random.js';
import type { LiveRegion } from './live-region.js';
import type { Box, CreateRegion, Domain, FieldDescription, Fill, Point } from './program-description.js';
import { kinds, type ValueRange } from './values.js';

/** Extents of about `volume` points in all, shared out among the axes at random. */
export function drawExtents(draw: Draw, rank: number, volume: number): number[] {
  const extents: number[] = [];
  let rest = volume;
  for (let axis = rank - 1; axis > 0; axis--) {
    const extent = draw.logUniform(1, rest);
    extents.push(extent);
    rest = Math.max(1, Math.round(rest / extent));
  }
  extents.push(rest);
  return draw.shuffled(extents);
}

/** A box of the given extents, with its low corner near the origin or away from it. */
function drawBox(draw: Draw, extents: Point): Box {
  const lo = extents.map(() => (draw.chance(0.6) ? 0 : draw.between(-7, 9)));
  return { lo, hi: lo.map((x, a) => x + extents[a]! - 1) };
}

/** A box inside `box`, now and then reaching one point beyond it or empty. */
export function drawSubBox(draw: Draw, box: Box): Box {
  const lo = box.lo.map((x, a) => draw.between(x, box.hi[a]!) - (draw.chance(0.1) ? 1 : 0));
  return {
    lo,
    hi: lo.map(
      (x, a) => x + draw.logUniform(1, Math.max(1, box.hi[a]! - x + 2)) - (draw.chance(0.05) ? 2 : 1),
    ),
  };
}

/** Some points or boxes within a box; at least one point. */
export function drawSparse(draw: Draw, box: Box): Domain {
  const rank = box.lo.length;
  if (draw.chance(0.5)) {
    const all = pointsOf({ kind: 'box', box });
    const kept = draw.shuffled(all).slice(0, draw.logUniform(1, all.length));
    return { kind: 'points', rank, points: kept };
  }
  const boxes = Array.from({ length: draw.logUniform(1, 6) }, () => drawSubBox(draw, box));
  boxes.push({ lo: box.lo, hi: box.lo });
  return { kind: 'boxes', rank, boxes };
}

/** The range of coordinates that points of a region have, over all axes, one further at either end. */
function pointerRange(points: readonly Point[]): ValueRange {
  const all = points.flat();
  return { lo: Math.min(...all) - 1, hi: Math.max(...all) + 1 };
}

/**
 * A region and the fills that give every field a first value. Beside plain fields it may have a field of colours
 * (for byField) and fields of pointers into itself or another living region (for image and preimage).
 */
export function drawRegion(
  draw: Draw,
  id: string | number,
  living: readonly LiveRegion[],
  pointsMax: number,
): [CreateRegion, ...Fill[]] {
  const rank = draw.pick([1, 1, 1, 2, 2, 3]);
  const box = drawBox(draw, drawExtents(draw, rank, draw.logUniform(1, pointsMax)));
  const domain: Domain = draw.chance(0.6) ? { kind: 'box', box } : drawSparse(draw, box);
  const fields: FieldDescription[] = Array.from({ length: draw.logUniform(1, 6) }, (_, f) => ({
    name: `x${f}`,
    kind: draw.pick(kinds),
    lanes: draw.chance(0.8) ? 1 : draw.between(2, 4),
  }));
  if (draw.chance(0.35)) {
    fields.push({ name: 'colour', kind: 'i32', lanes: 1, range: { lo: 0, hi: draw.logUniform(1, 8) } });
  }
  if (draw.chance(0.5)) {
    const target = draw.chance(0.5) || living.length === 0 ? undefined : draw.pick(living);
    fields.push({
      name: 'pointer',
      kind: 'i32',
      lanes: target ? target.rank : rank,
      range: pointerRange(target ? target.points : pointsOf(domain)),
    });
    // The other corner of a box, for imageRange and preimageRange.
    if (draw.chance(0.4)) fields.push({ ...fields.at(-1)!, name: 'corner' });
  }
  const name = `r${id}`;
  const fills = fields.map(({ name: field, range }): Fill => {
    const value = range ? draw.between(range.lo, range.hi) : draw.between(0, 100);
    return { kind: 'fill', name: `f${id}_${field}`, target: { region: name }, field, value };
  });
  return [{ kind: 'region', name, domain, fields }, ...fills];
}
