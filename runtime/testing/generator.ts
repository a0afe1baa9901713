// Random legal programs. The generator runs the interpreter as it goes: a drawn operation is tried, mended where
// two accesses meet, and kept when it is legal. Operation i draws from its own key, whatever came before.
import { drawCopy } from './draw-copy.js';
import { depthMax, innerOf, withBody } from './draw-inner.js';
import { type CoherenceOptions, drawLaunch, drawUses, mend } from './draw-launch.js';
import { drawPartition, type PartitionOrigin } from './draw-partition.js';
import { drawRegion } from './draw-region.js';
import { IllegalProgramError } from './illegal-program.js';
import { Interpreter } from './interpreter.js';
import { type Draw, keyedDraw } from './keyed-random.js';
import { launchPoints } from './launch-points.js';
import type { Observed } from './observed.js';
import type { Inner, Launch, MakePredicate, Operation, Place, Program } from './program-description.js';

export interface GeneratorOptions {
  /** How many times an operation is drawn; a region comes with the fills of its fields. Default: 8 to 64. */
  readonly operations?: number;
  /** The most points that a region may have. Default 120. */
  readonly pointsMax?: number;
  /** How often a launch has a point that throws. Default 0. */
  readonly failures?: number;
  /** How often a launch uses fields atomically or simultaneously. Default 0.2; 0 where launches fail. */
  readonly coherence?: number;
  /** Which of its uses: those whose results do not depend on the order (the default), or any. */
  readonly coherentUses?: 'commuting' | 'any';
  /** Which coherences; default both. */
  readonly coherences?: readonly ('atomic' | 'simultaneous')[];
  /** The most points that a launch may have to be made a gang now and then. Default 0. */
  readonly gangMax?: number;
  /** How often an operation is an inner task, beside launches. Default 0.08. */
  readonly inner?: number;
  /** How often launches, fills and copies are guarded by a predicate, where there is one. Default 0.12. */
  readonly predicates?: number;
  /** How often a field is attached to data outside, beside launches. Default 0.03. */
  readonly attachments?: number;
  /** How many partitions may live at once before new ones become rare. Default 8. */
  readonly partitionsMax?: number;
}

const makesFuture: ReadonlySet<Operation['kind']> = new Set([
  'launch',
  'inner',
  'reduceFutures',
  'mapFuture',
]);

const regionsMax = 3;
const attemptsMax = 12;

interface State {
  readonly program: Interpreter;
  readonly origins: Map<string, PartitionOrigin>;
  readonly futures: string[];
  readonly pointsMax: number;
  readonly partitionsMax: number;
  readonly failures: number;
  readonly coherence: CoherenceOptions;
  readonly gangMax: number;
  readonly inner: number;
  readonly attachments: number;
  readonly predicates: number;
  /** How many inner tasks the program is within. */
  readonly depth: number;
}

/** The launch as a gang, where it may be one. */
function drawGang(draw: Draw, launch: Launch, { program, gangMax }: State): Launch {
  const gang: Launch = { ...launch, gang: true };
  if (gangMax === 0 || launchPoints(launch).length > gangMax || !draw.chance(0.3)) return launch;
  return program.problemOf(gang) ? launch : gang;
}

function drawPlace(draw: Draw, { program }: State): Place {
  const region = draw.pick([...program.regions.keys()]);
  const partitions = [...program.partitions.values()].filter((p) => p.held === region && p.parts.length > 0);
  if (partitions.length === 0 || draw.chance(0.4)) return { region };
  const { name, colours } = draw.pick(partitions);
  return { partition: name, colour: colours.map((n) => draw.between(0, n - 1)) };
}

/** A guard, now and then, where there are predicates. */
function drawGuard(draw: Draw, { program, predicates }: State, times = 1): { readonly when?: string } {
  const known = program.predicates.slice(-5);
  return known.length > 0 && draw.chance(times * predicates) ? { when: draw.pick(known) } : {};
}

function drawPredicate(draw: Draw, id: string | number, { program, futures }: State): MakePredicate {
  const known = program.predicates.slice(-6);
  const name = `q${id}`;
  const way = draw.weighted({ is: 5, not: known.length > 0 ? 2 : 0, join: known.length > 0 ? 3 : 0 });
  if (way === 'not') return { kind: 'predicate', name, by: { rule: 'not', of: draw.pick(known) } };
  if (way === 'join') {
    const rule = draw.pick(['and', 'or'] as const);
    return { kind: 'predicate', name, by: { rule, left: draw.pick(known), right: draw.pick(known) } };
  }
  const of = draw.pick(futures.slice(-6));
  const points = program.futureMaps.get(of);
  return { kind: 'predicate', name, by: { rule: 'is', of, ...(points && { point: draw.pick(points) }) } };
}

/** A launch made legal: what meets is mended. Undefined when nothing is left, or the rule is another. */
function drawLegal(draw: Draw, id: string | number, state: State): Launch | undefined {
  const { program } = state;
  let launch: Launch | undefined = drawLaunch(draw, id, program, state.futures, state.coherence);
  for (let attempt = 0; launch && attempt < attemptsMax; attempt++) {
    const problem = program.problemOf(launch);
    if (!problem) return launch;
    if (!problem.witness) return undefined;
    launch = mend(
      draw,
      launch,
      problem.witness,
      program.regionCalled(problem.witness.region),
      state.coherence,
    );
  }
  return undefined;
}

/** A launch of an inner task, with its body. */
function drawInner(draw: Draw, id: string | number, state: State): Inner | undefined {
  const launch = drawLegal(draw, id, state);
  const inner = launch && innerOf(draw, id, launch);
  if (!inner) return undefined;
  const guard = drawGuard(draw, state);
  const fails = draw.chance(state.failures) && { fails: draw.pick(launchPoints(launch)) };
  const otherwise = guard.when !== undefined && { otherwise: draw.between(-99, 99) };
  return withBody({ ...inner, ...fails, ...guard, ...otherwise }, state.program, (program) => {
    const inside: State = {
      ...state,
      program,
      origins: new Map(),
      futures: [],
      depth: state.depth + 1,
    };
    const body: Operation[] = [];
    for (let wanted = draw.logUniform(1, 10), number = 1; number <= wanted; number++) {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const drawn = drawOperations(draw, `${number}.${inner.name}`, inside);
        if (!drawn || !tryAll(drawn, inside)) continue;
        body.push(...drawn);
        break;
      }
    }
    return body;
  });
}

/** Draws one operation, or a region with its fills; undefined when the draw came to nothing. */
function drawOperations(draw: Draw, id: string | number, state: State): Operation[] | undefined {
  const { program, origins, futures } = state;
  const maps = futures.filter((name) => program.futureMaps.has(name));
  const living = program.regions.size;
  const own = [...program.regions.values()].filter(({ uses }) => uses === undefined);
  const kind = draw.weighted({
    region: living === 0 ? 1e9 : living < regionsMax + state.depth ? 3 : 0,
    partition: origins.size < state.partitionsMax ? 20 : 2,
    launch: 70,
    inner: state.depth < depthMax ? 70 * state.inner : 0,
    predicate: state.predicates > 0 && futures.length > 0 ? 4 : 0,
    fill: 6,
    copy: 8,
    lease: program.leases.length < 2 ? (state.depth === 0 ? 2 : 5) : 0,
    release: program.leases.length > 0 ? 8 : 0,
    read: state.depth === 0 ? 1 : 4,
    write: state.depth === 0 ? 1 : 4,
    attach: state.depth === 0 && program.attachments.length < 3 ? 70 * state.attachments : 0,
    flush: program.attachments.length > 0 ? 2 : 0,
    detach: program.attachments.length > 0 ? 4 : 0,
    mapFuture: futures.length > 0 ? 2 : 0,
    fence: 1,
    free: own.length > 0 ? (state.depth === 0 ? 1 : 6) : 0,
    reduceFutures: maps.length > 0 ? 5 : 0,
  });
  switch (kind) {
    case 'region':
      return drawRegion(draw, id, [...program.regions.values()], state.pointsMax);
    case 'partition': {
      const drawn = drawPartition(draw, id, program, origins);
      if (drawn) origins.set(drawn.operation.name, drawn.origin);
      return drawn && [drawn.operation];
    }
    case 'launch': {
      const launch = drawLegal(draw, id, state);
      if (!launch) return undefined;
      const fails = draw.chance(state.failures) && { fails: draw.pick(launchPoints(launch)) };
      const guard = drawGuard(draw, state);
      const otherwise = guard.when !== undefined && { otherwise: draw.between(-99, 99) };
      return [{ ...drawGang(draw, launch, state), ...fails, ...guard, ...otherwise }];
    }
    case 'inner': {
      const inner = drawInner(draw, id, state);
      return inner && [inner];
    }
    case 'predicate':
      return [drawPredicate(draw, id, state)];
    case 'fill': {
      const place = drawPlace(draw, state);
      const { region } = program.place(place, '');
      const { name: field, lanes, range } = draw.pick([...region.fields.values()]);
      const drawn = () => (range ? draw.between(range.lo, range.hi) : draw.between(-1000, 1000));
      const value = draw.chance(0.7) ? drawn() : Array.from({ length: lanes }, drawn);
      const guard = drawGuard(draw, state);
      if ('region' in place || draw.chance(0.6))
        return [{ kind, name: `f${id}`, target: place, field, value, ...guard }];
      const { partition } = place;
      const domain = program.partitions.get(partition)!.colours;
      const target = { partition, projection: { kind: 'identity' } } as const;
      return [{ kind, name: `f${id}`, target, domain, field, value, ...guard }];
    }
    case 'copy': {
      const drawn = drawCopy(draw, id, program);
      if (!drawn) return undefined;
      // There are few copies.
      const copy = { ...drawn, ...drawGuard(draw, state, 3) };
      if (copy.drop || (!copy.gather && !copy.scatter) || draw.chance(state.failures)) return [copy];
      try {
        return [program.copyFails(copy) ? { ...copy, drop: true } : copy];
      } catch (error) {
        if (error instanceof IllegalProgramError) return undefined;
        throw error;
      }
    }
    case 'lease': {
      const target = drawPlace(draw, state);
      const { region } = program.place(target, '');
      const fields = drawUses(draw, region).map(({ field, privilege }) =>
        privilege.kind === 'reduce'
          ? { field, privilege: { kind: 'update' } as const }
          : { field, privilege },
      );
      return [{ kind, name: `l${id}`, salt: draw.word(), target, fields }];
    }
    case 'release':
      return [{ kind, name: `e${id}`, lease: draw.pick(program.leases) }];
    case 'read':
    case 'write': {
      const target = drawPlace(draw, state);
      const field = draw.pick([...program.place(target, '').region.fields.keys()]);
      return kind === 'read'
        ? [{ kind, name: `v${id}`, target, field }]
        : [{ kind, name: `w${id}`, target, field, salt: draw.word() }];
    }
    case 'attach': {
      const target = drawPlace(draw, state);
      const field = draw.pick([...program.place(target, '').region.fields.keys()]);
      const source = draw.pick(['array', 'shared', 'file', 'file'] as const);
      const mode = draw.pick(['read', 'update', 'update', 'create'] as const);
      return [{ kind, name: `a${id}`, target, field, source, mode, salt: draw.word() }];
    }
    case 'flush':
      return [{ kind, name: `h${id}`, attachment: draw.pick(program.attachments) }];
    case 'detach': {
      const discard = draw.chance(0.25) && ({ discard: true } as const);
      return [{ kind, name: `k${id}`, attachment: draw.pick(program.attachments), ...discard }];
    }
    case 'mapFuture': {
      const of = draw.pick(futures.slice(-8));
      const points = program.futureMaps.get(of);
      return [{ kind, name: `m${id}`, of, ...(points && { point: draw.pick(points) }) }];
    }
    case 'fence':
      return [{ kind, name: `b${id}` }];
    case 'free':
      return [{ kind, name: `d${id}`, region: draw.pick(own).name }];
    case 'reduceFutures': {
      const operator = draw.pick(['sum', 'sum', 'prod', 'min', 'max'] as const);
      return [{ kind, name: `s${id}`, of: draw.pick(maps), operator }];
    }
  }
}

/** A random legal program, the same for the same seed and options, and what it must show. */
export function generateProgram(
  seed: number,
  options: GeneratorOptions = {},
): { readonly program: Program; readonly observed: Observed } {
  const sizes = keyedDraw(seed, 0);
  const operations: Operation[] = [];
  const state: State = {
    program: new Interpreter(),
    origins: new Map(),
    futures: [],
    pointsMax: options.pointsMax ?? 120,
    partitionsMax: options.partitionsMax ?? 8,
    failures: options.failures ?? 0,
    gangMax: options.gangMax ?? 0,
    inner: options.inner ?? 0.08,
    attachments: options.attachments ?? 0.03,
    predicates: options.predicates ?? 0.12,
    depth: 0,
    coherence: {
      often: options.failures ? 0 : (options.coherence ?? 0.2),
      uses: options.coherentUses ?? 'commuting',
      kinds: options.coherences ?? ['atomic', 'simultaneous'],
    },
  };
  const wanted = options.operations ?? sizes.logUniform(8, 64);
  for (let number = 1; number <= wanted; number++) {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const drawn = drawOperations(keyedDraw(seed, number, attempt), number, state);
      if (!drawn || !tryAll(drawn, state)) continue;
      operations.push(...drawn);
      break;
    }
  }
  return { program: { seed, operations }, observed: state.program.observed() };
}

function tryAll(operations: readonly Operation[], { program, origins, futures }: State): boolean {
  try {
    for (const operation of operations) program.step(operation);
  } catch (error) {
    if (error instanceof IllegalProgramError) return false;
    throw error;
  }
  for (const { kind, name } of operations) if (makesFuture.has(kind)) futures.push(name);
  for (const name of origins.keys()) if (!program.partitions.has(name)) origins.delete(name);
  return true;
}
