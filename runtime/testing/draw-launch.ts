// Random launches: one to four requirements, of regions, subregions and projected partitions.
import { mayHandOn } from './brute-containment.js';
import { pointsOfExtent } from './brute-points.js';
import { drawExtents } from './draw-region.js';
import type { Witness } from './illegal-program.js';
import type { Interpreter } from './interpreter.js';
import type { Draw } from './keyed-random.js';
import type { LivePartition, LiveRegion } from './live-region.js';
import type {
  Argument,
  FieldDescription,
  FieldUse,
  Launch,
  Point,
  Privilege,
  Projection,
  Requirement,
} from './program-description.js';
import { operatorsOf } from './values.js';

const volume = (extent: Point): number => extent.reduce((product, n) => product * n, 1);

/** What the generator remembers about the futures so far, the newest last. */
export type FutureNames = readonly string[];

function drawPrivilege(draw: Draw, region: LiveRegion, field: string): Privilege {
  const { kind, range } = region.fields.get(field)!;
  const privilege = draw.weighted({ read: 34, update: 30, overwrite: 14, reduce: range ? 0 : 22 });
  if (privilege !== 'reduce') return { kind: privilege };
  return { kind: 'reduce', operator: draw.chance(0.5) ? 'sum' : draw.pick(operatorsOf(kind)) };
}

/** How often launches use fields other than exclusively, and which uses: `commuting` ones have results to compare. */
export interface CoherenceOptions {
  readonly often: number;
  readonly uses: 'commuting' | 'any';
  readonly kinds: readonly ('atomic' | 'simultaneous')[];
}

type Coherence = FieldUse['coherence'];

/** Whether what tasks do through a use does not depend on their order: integers that are added to. */
function commutes({ privilege }: FieldUse, { kind, range }: FieldDescription): boolean {
  if (range || !(kind === 'i32' || kind === 'u32' || kind === 'i64')) return false;
  return privilege.kind === 'reduce' ? privilege.operator === 'sum' : privilege.kind !== 'overwrite';
}

/** The uses with a coherence where that is possible. */
function shared(draw: Draw, uses: FieldUse[], region: LiveRegion, options: CoherenceOptions): FieldUse[] {
  if (!draw.chance(options.often)) return uses;
  const common = draw.pick(options.kinds);
  return uses.map((use) => {
    if (options.uses === 'commuting' && !commutes(use, region.fields.get(use.field)!)) return use;
    const coherence: Coherence = draw.chance(0.8) ? common : draw.pick([undefined, ...options.kinds]);
    return coherence ? { ...use, coherence } : use;
  });
}

/** The use as a task may hand it on that was lent the region; usually one that it may. */
function handedOn(draw: Draw, use: FieldUse, { uses, fields }: LiveRegion): FieldUse {
  const held = uses?.find(({ field }) => field === use.field);
  if (!held || mayHandOn(held, use) || draw.chance(0.05)) return use;
  const { privilege, coherence } = held;
  if (privilege.kind === 'read' || privilege.kind === 'reduce') return held;
  // What others use meanwhile is used in ways that commute, as far as the holder does so.
  const description = fields.get(use.field)!;
  return commutes(held, description) && !commutes(use, description)
    ? held
    : { ...use, ...(coherence && { coherence }) };
}

/** Some fields of a region, each with a privilege. */
export function drawUses(draw: Draw, region: LiveRegion): FieldUse[] {
  const fields = draw.shuffled([...region.fields.keys()]);
  const kept = draw.chance(0.3) ? fields : fields.slice(0, draw.logUniform(1, fields.length));
  const common = drawPrivilege(draw, region, kept[0]!);
  return kept.map((field) => {
    const { kind, range } = region.fields.get(field)!;
    const fits = common.kind !== 'reduce' || (!range && operatorsOf(kind).includes(common.operator));
    return { field, privilege: fits && draw.chance(0.7) ? common : drawPrivilege(draw, region, field) };
  });
}

function drawProjection(draw: Draw, domain: Point, colours: Point): Projection {
  const sameRank = domain.length === colours.length;
  if (sameRank && domain.every((n, a) => n <= colours[a]!) && draw.chance(0.75)) {
    return draw.chance(0.7)
      ? { kind: 'identity' }
      : { kind: 'offset', offset: colours.map(() => draw.between(-2, 2)) };
  }
  const choice = draw.weighted({ linear: 4, table: 3, offset: sameRank ? 2 : 0, constant: 1 });
  switch (choice) {
    case 'linear':
      return { kind: 'linear' };
    case 'offset':
      return { kind: 'offset', offset: colours.map(() => draw.between(-2, 2)) };
    case 'constant':
      return { kind: 'constant', colour: colours.map((n) => draw.between(0, n - 1)) };
    case 'table': {
      const count = volume(colours);
      const tasks = volume(domain);
      // Half of the tables that can be injective are.
      if (tasks <= count && draw.chance(0.5)) {
        const order = draw.shuffled(Array.from({ length: count }, (_, c) => c));
        return { kind: 'table', colours: order.slice(0, tasks) };
      }
      return { kind: 'table', colours: Array.from({ length: tasks }, () => draw.between(0, count - 1)) };
    }
  }
}

/** A partition with a projection, now and then one that has an inverse. */
function drawProjected(draw: Draw, { name, colours }: LivePartition, domain: Point): Requirement['target'] {
  const projection = drawProjection(draw, domain, colours);
  const inverse = projection.kind !== 'identity' && draw.chance(0.4);
  return { partition: name, projection, ...(inverse && { inverse }) };
}

/** The colours of a partition, some of them, or any small domain. */
function drawDomain(draw: Draw, partitions: readonly LivePartition[]): Point {
  if (partitions.length === 0 || draw.chance(0.1)) {
    return drawExtents(draw, draw.between(1, 2), draw.logUniform(1, 90));
  }
  const { colours } = draw.pick(partitions);
  return draw.chance(0.75) ? colours : colours.map((n) => draw.between(1, n));
}

/** A region or a subregion, rather than a projected partition. */
function drawPlace(
  draw: Draw,
  region: LiveRegion,
  partitions: readonly LivePartition[],
): Requirement['target'] {
  if (partitions.length === 0 || draw.chance(0.4)) return { region: region.name };
  const { name, colours } = draw.pick(partitions);
  return { partition: name, colour: draw.pick(pointsOfExtent(colours)) };
}

function drawArgument(draw: Draw, program: Interpreter, futures: FutureNames): Argument {
  if (futures.length === 0 || !draw.chance(0.3)) return draw.between(-1000, 1000);
  // Recent futures are the ones still running.
  const future = draw.chance(0.7) ? draw.pick(futures.slice(-4)) : draw.pick(futures);
  const points = program.futureMaps.get(future);
  return points ? { future, point: draw.pick(points) } : { future };
}

/** A launch that names only what lives. It may still break the rules: see `mend`. */
export function drawLaunch(
  draw: Draw,
  id: string | number,
  program: Interpreter,
  futures: FutureNames,
  coherence: CoherenceOptions,
): Launch {
  const regions = [...program.regions.values()];
  const favourite = draw.pick(regions);
  const partitionsOf = (region: LiveRegion) =>
    [...program.partitions.values()].filter((p) => p.held === region.name && p.parts.length > 0);
  const index = draw.chance(0.65);
  const domain = index ? drawDomain(draw, partitionsOf(favourite)) : null;
  const origin = domain && draw.chance(0.15) ? { origin: domain.map(() => draw.between(-1, 2)) } : {};
  const count = draw.pick([1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
  const requirements = Array.from({ length: count }, (): Requirement => {
    const region = draw.chance(0.75) ? favourite : draw.pick(regions);
    const partitions = partitionsOf(region);
    const projected = domain && partitions.length > 0 && draw.chance(0.9) ? draw.pick(partitions) : undefined;
    const target = projected ? drawProjected(draw, projected, domain!) : drawPlace(draw, region, partitions);
    const uses = drawUses(draw, region);
    const fields = coherence.often > 0 ? shared(draw, uses, region, coherence) : uses;
    return { target, fields: fields.map((use) => handedOn(draw, use, region)) };
  });
  const argument = drawArgument(draw, program, futures);
  return { kind: 'launch', name: `t${id}`, salt: draw.word(), domain, ...origin, requirements, argument };
}

/**
 * The launch without the interference that `witness` shows: both accesses become reads, or reductions with one
 * operator, or atomic, or simultaneous, or one of them goes. Undefined when nothing is left.
 */
export function mend(
  draw: Draw,
  launch: Launch,
  witness: Witness,
  region: LiveRegion,
  coherence: CoherenceOptions,
): Launch | undefined {
  const { field, requirements: pair } = witness;
  const description = region.fields.get(field)!;
  const { kind, range } = description;
  const uses = pair.map((r) => launch.requirements[r]!.fields.find((use) => use.field === field)!);
  const shareable =
    coherence.often > 0 && (coherence.uses === 'any' || uses.every((use) => commutes(use, description)));
  const way = draw.weighted({
    read: 4,
    reduce: range ? 0 : 3,
    drop: pair[0] === pair[1] ? 0 : 5,
    share: shareable ? 40 * coherence.often : 0,
  });
  const together: Coherence = way === 'share' ? draw.pick(coherence.kinds) : undefined;
  const victim = draw.pick(pair);
  const privilege: Privilege =
    way === 'read' ? { kind: 'read' } : { kind: 'reduce', operator: draw.pick(operatorsOf(kind)) };
  const requirements = launch.requirements
    .map((requirement, r): Requirement => {
      if (!pair.includes(r)) return requirement;
      const fields = requirement.fields.flatMap((use) => {
        if (use.field !== field) return [use];
        if (way === 'drop') return r === victim ? [] : [use];
        if (together) return [{ ...use, coherence: together }];
        return [{ field, privilege }];
      });
      return { ...requirement, fields };
    })
    .filter(({ fields }) => fields.length > 0);
  return requirements.length > 0 ? { ...launch, requirements } : undefined;
}
