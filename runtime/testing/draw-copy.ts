// Random copies: within a region and between regions, by points and by order, through pointers, with reductions.
import { pointsOfExtent } from './brute-points.js';
import type { Interpreter } from './interpreter.js';
import type { Draw } from './keyed-random.js';
import type { LivePartition, LiveRegion } from './live-region.js';
import type { Copy, Place, Point, Target } from './program-description.js';
import { operatorsOf } from './values.js';

const partitionsOf = (program: Interpreter, region: LiveRegion): LivePartition[] =>
  [...program.partitions.values()].filter((p) => p.held === region.name && p.parts.length > 0);

function drawPlace(draw: Draw, program: Interpreter, region: LiveRegion): Place {
  const partitions = partitionsOf(program, region);
  if (partitions.length === 0 || draw.chance(0.5)) return { region: region.name };
  const { name, colours } = draw.pick(partitions);
  return { partition: name, colour: draw.pick(pointsOfExtent(colours)) };
}

/** Pairs of fields of one type, destination first; none where the two sides have none. */
function drawPairs(
  draw: Draw,
  to: LiveRegion,
  from: LiveRegion,
  exclude: readonly string[],
): [string, string][] {
  const pairs: [string, string][] = [];
  for (const target of draw.shuffled([...to.fields.values()])) {
    if (exclude.includes(target.name)) continue;
    const fitting = [...from.fields.values()].filter(
      ({ name, kind, lanes }) =>
        kind === target.kind &&
        lanes === target.lanes &&
        !(to === from && (name === target.name || pairs.some(([t]) => t === name))),
    );
    if (fitting.length === 0 || pairs.some(([, s]) => to === from && s === target.name)) continue;
    pairs.push([target.name, draw.pick(fitting).name]);
    if (!draw.chance(0.4)) break;
  }
  return pairs;
}

/** A copy that names only what lives; it may still be illegal. Undefined where the draw has no material. */
export function drawCopy(draw: Draw, id: string | number, program: Interpreter): Copy | undefined {
  const regions = [...program.regions.values()];
  const pointed = regions.filter((r) => r.fields.has('pointer'));
  const way = draw.weighted({
    points: 4,
    order: 3,
    gather: pointed.length > 0 ? 3 : 0,
    scatter: pointed.length > 0 ? 3 : 0,
    both: pointed.length > 0 ? 1 : 0,
  });
  const ofRank = (rank: number) => regions.filter((r) => r.rank === rank);
  const through = pointed.length > 0 ? draw.pick(pointed) : undefined;
  const reached = through ? ofRank(through.fields.get('pointer')!.lanes) : [];
  if (way !== 'points' && way !== 'order' && reached.length === 0) return undefined;
  const index = draw.chance(0.3);
  const name = `c${id}`;
  const shape = (to: LiveRegion, from: LiveRegion, pointers: readonly string[]) => {
    const fields = drawPairs(draw, to, from, pointers);
    if (fields.length === 0) return undefined;
    const operators = fields
      .map(([field]) => operatorsOf(to.fields.get(field)!.kind))
      .reduce((all, some) => all.filter((operator) => some.includes(operator)));
    const plain = fields.every(([field]) => !to.fields.get(field)!.range);
    return { fields, ...(plain && draw.chance(0.35) && { reduce: draw.pick(operators) }) };
  };
  /** Subregions by launch point, or one place. */
  const targets = (region: LiveRegion): { target: Target; domain: Point | null } => {
    const partitions = partitionsOf(program, region);
    if (!index || partitions.length === 0) return { target: drawPlace(draw, program, region), domain: null };
    const { name: partition, colours } = draw.pick(partitions);
    return { target: { partition, projection: { kind: 'identity' } }, domain: colours };
  };
  const base = { kind: 'copy', name } as const;
  switch (way) {
    case 'points': {
      const region = draw.pick(regions);
      const source = draw.chance(0.7) ? region : draw.pick(ofRank(region.rank));
      const what = shape(region, source, []);
      const { target, domain } = targets(region);
      const same = source === region && draw.chance(0.5);
      return what && { ...base, domain, to: target, from: same ? target : { region: source.name }, ...what };
    }
    case 'order': {
      const region = draw.pick(regions);
      const source = draw.chance(0.5) ? region : draw.pick(regions);
      const to = drawPlace(draw, program, region);
      const wanted = program.place(to, name).ordinals.length;
      const places: Place[] = [{ region: source.name }];
      for (const { name: partition, colours } of partitionsOf(program, source))
        for (const colour of pointsOfExtent(colours)) places.push({ partition, colour });
      const fitting = places.filter((place) => program.place(place, name).ordinals.length === wanted);
      const what = shape(region, source, []);
      if (!what || fitting.length === 0) return undefined;
      return { ...base, domain: null, to, from: draw.pick(fitting), byOrder: true, ...what };
    }
    case 'gather': {
      const source = draw.pick(reached);
      const what = shape(through!, source, ['pointer']);
      const { target, domain } = targets(through!);
      const pointers = { target: draw.chance(0.5) ? target : { region: through!.name }, field: 'pointer' };
      return (
        what && {
          ...base,
          domain,
          to: target,
          from: drawPlace(draw, program, source),
          gather: pointers,
          drop: draw.chance(0.5),
          ...what,
        }
      );
    }
    case 'scatter': {
      const region = draw.pick(reached);
      const what = shape(region, through!, region === through ? ['pointer'] : []);
      const { target, domain } = targets(through!);
      const pointers = { target: draw.chance(0.5) ? target : { region: through!.name }, field: 'pointer' };
      if (!what || domain !== null) return undefined; // all points of a launch would write one destination
      return {
        ...base,
        domain,
        to: drawPlace(draw, program, region),
        from: target,
        scatter: pointers,
        drop: draw.chance(0.5),
        ...what,
      };
    }
    case 'both': {
      const [region, source] = [draw.pick(reached), draw.pick(reached)];
      const what = shape(region, source, region === through ? ['pointer'] : []);
      const pointers = { target: drawPlace(draw, program, through!), field: 'pointer' };
      return (
        what && {
          ...base,
          domain: null,
          to: drawPlace(draw, program, region),
          from: drawPlace(draw, program, source),
          gather: pointers,
          scatter: {
            target: draw.chance(0.5) ? pointers.target : { region: through!.name },
            field: 'pointer',
          },
          drop: draw.chance(0.5),
          ...what,
        }
      );
    }
  }
}
