// Programs that break exactly one rule, in their last operation.
import { keyOf, pointsOfExtent } from './brute-points.js';
import type { GeneratorOptions } from './generator.js';
import { generateProgram } from './generator.js';
import { IllegalProgramError } from './illegal-program.js';
import { Interpreter } from './interpreter.js';
import { type Draw, keyedDraw } from './keyed-random.js';
import { launchPoints } from './launch-points.js';
import type { LiveRegion } from './live-region.js';
import type {
  Launch,
  Operation,
  Point,
  Privilege,
  Program,
  Requirement,
  Target,
} from './program-description.js';

export const rules = [
  'two requirements of a launch meet',
  'two points of a launch meet',
  'a colour is out of bounds',
  'a region is used after it was freed',
  'a copy goes out of the bounds of its source',
  'source and destination of a copy meet',
  'two points of an index copy meet',
] as const;
export type Rule = (typeof rules)[number];

export interface IllegalProgram {
  readonly program: Program;
  readonly rule: Rule;
  /** What the interpreter says of the last operation. */
  readonly expected: IllegalProgramError;
}

const read: Privilege = { kind: 'read' };

function drawWrite(draw: Draw): Privilege {
  return draw.pick([{ kind: 'update' }, { kind: 'overwrite' }] as const);
}

/** Two fields of one type, which may be one field. */
function pairOfFields({ fields }: LiveRegion): [string, string] {
  const all = [...fields.values()];
  for (const a of all)
    for (const b of all) if (a !== b && a.kind === b.kind && a.lanes === b.lanes) return [a.name, b.name];
  return [all[0]!.name, all[0]!.name];
}

/** Operations after which the last one breaks the rule; undefined where the program has nothing to break it with. */
function breakRule(draw: Draw, rule: Rule, state: Interpreter): Operation[] | undefined {
  const regions = [...state.regions.values()];
  if (regions.length === 0) return undefined;
  const launch = (domain: readonly number[] | null, ...requirements: Requirement[]): Operation => ({
    kind: 'launch',
    name: 'broken',
    salt: 1,
    domain,
    requirements,
    argument: 0,
  });
  const copy = (domain: Point | null, to: Target, from: Target, a: string, b: string): Operation => ({
    kind: 'copy',
    name: 'broken',
    domain,
    to,
    from,
    fields: [[a, b]],
  });
  const partitions = [...state.partitions.values()].filter((p) => p.parts.length > 0);
  switch (rule) {
    case 'two requirements of a launch meet': {
      const region = draw.pick(regions);
      const field = draw.pick([...region.fields.keys()]);
      const parts = partitions.filter((p) => p.region === region);
      const part = parts.length ? draw.pick(parts) : undefined;
      const target = part
        ? { partition: part.name, colour: draw.pick(pointsOfExtent(part.colours)) }
        : { region: region.name };
      const pair = draw.shuffled<Requirement>([
        { target, fields: [{ field, privilege: draw.pick([read, drawWrite(draw)]) }] },
        { target: { region: region.name }, fields: [{ field, privilege: drawWrite(draw) }] },
      ]);
      return [launch(draw.chance(0.5) ? [1] : null, ...pair)];
    }
    case 'two points of a launch meet': {
      if (partitions.length === 0) return undefined;
      const part = draw.pick(partitions);
      const field = draw.pick([...part.region.fields.keys()]);
      const fields = [{ field, privilege: drawWrite(draw) }];
      const constant = draw.chance(0.5);
      const colour = draw.pick(pointsOfExtent(part.colours));
      const projection = constant ? ({ kind: 'constant', colour } as const) : ({ kind: 'identity' } as const);
      return [
        launch(constant ? [2] : part.colours, { target: { partition: part.name, projection }, fields }),
      ];
    }
    case 'a colour is out of bounds': {
      if (partitions.length === 0) return undefined;
      const part = draw.pick(partitions);
      const field = draw.pick([...part.region.fields.keys()]);
      const domain = part.colours.with(draw.between(0, part.colours.length - 1), 90);
      const target = { partition: part.name, projection: { kind: 'identity' } } as const;
      return [launch(domain, { target, fields: [{ field, privilege: read }] })];
    }
    case 'a copy goes out of the bounds of its source': {
      const smaller = partitions.filter((p) => p.parts.some((o) => o.length < p.region.points.length));
      if (smaller.length === 0) return undefined;
      const part = draw.pick(smaller);
      const colours = pointsOfExtent(part.colours).filter(
        (_, number) => part.parts[number]!.length < part.region.points.length,
      );
      const from = { partition: part.name, colour: draw.pick(colours) };
      const [a, b] = pairOfFields(part.region);
      return [copy(null, { region: part.region.name }, from, a, b)];
    }
    case 'source and destination of a copy meet': {
      const region = draw.pick(regions);
      const field = draw.pick([...region.fields.keys()]);
      const target = { region: region.name };
      return [copy(draw.chance(0.5) ? [1] : null, target, target, field, field)];
    }
    case 'two points of an index copy meet': {
      if (partitions.length === 0) return undefined;
      const part = draw.pick(partitions);
      const [a, b] = pairOfFields(part.region);
      const target = { partition: part.name, projection: { kind: 'identity' } } as const;
      return [copy(part.colours, target, { region: part.region.name }, a, b)];
    }
    case 'a region is used after it was freed': {
      const region = draw.pick(regions);
      const field = draw.pick([...region.fields.keys()]);
      const free: Operation = { kind: 'free', name: 'gone', region: region.name };
      const parts = partitions.filter((p) => p.region === region);
      const target = parts.length
        ? ({ partition: draw.pick(parts).name, projection: { kind: 'constant', colour: [0] } } as const)
        : { region: region.name };
      return [free, launch([2], { target, fields: [{ field, privilege: read }] })];
    }
  }
}

/** A random program whose last operation is illegal; undefined where the seed has no way to break the rule. */
export function generateIllegalProgram(
  seed: number,
  rule: Rule,
  options: GeneratorOptions = {},
): IllegalProgram | undefined {
  const { program } = generateProgram(seed, { operations: 10, ...options });
  const state = new Interpreter();
  for (const operation of program.operations) state.step(operation);
  // A lease that is open would be one more rule to break.
  const released = state.leases.map((lease): Operation => ({ kind: 'release', name: `end ${lease}`, lease }));
  for (const operation of released) state.step(operation);
  const broken = breakRule(keyedDraw(seed, 0xbad), rule, state);
  if (!broken) return undefined;
  try {
    for (const operation of broken) state.step(operation);
    return undefined; // disjoint after all
  } catch (expected) {
    if (!(expected instanceof IllegalProgramError)) throw expected;
    return { program: { seed, operations: [...program.operations, ...released, ...broken] }, rule, expected };
  }
}

/** Whether two requirements of a launch hold a point in common, in two ways that must be apart. */
export function isWitness(
  state: Interpreter,
  launch: Launch,
  [first, second]: readonly [number, number],
  point: Point,
): boolean {
  const points = launchPoints(launch);
  const holds = (requirement: number) =>
    points.map((p) => {
      const { region, ordinals } = state.subregion(launch.requirements[requirement]!, p, launch);
      const ordinal = region.ordinalOf.get(keyOf(point));
      return ordinal !== undefined && ordinals.includes(ordinal);
    });
  const [a, b] = [holds(first), holds(second)];
  if (first !== second) return a.includes(true) && b.includes(true);
  return a.filter(Boolean).length >= 2;
}
