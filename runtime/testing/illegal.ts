// Programs that break exactly one rule, in one operation: a legal program that has run, and what breaks it.
import { brokenBodies } from './broken-bodies.js';
import { brokenLaunches } from './broken-launches.js';
import { BROKEN, type Breaker, Material } from './broken-material.js';
import { brokenOperations } from './broken-operations.js';
import { keyOf } from './brute-points.js';
import { launchOfCopy } from './copy-values.js';
import type { GeneratorOptions } from './generator.js';
import { generateProgram } from './generator.js';
import { IllegalProgramError } from './illegal-program.js';
import { Interpreter } from './interpreter.js';
import { keyedDraw } from './keyed-random.js';
import { launchPoints } from './launch-points.js';
import {
  type Launch,
  launchOf,
  type Operation,
  outerLaunch,
  type Point,
  type Program,
} from './program-description.js';

const breakers = { ...brokenLaunches, ...brokenOperations, ...brokenBodies };

export type Rule = keyof typeof breakers;
/** Every rule that there is a way to break. */
export const rules = Object.keys(breakers) as Rule[];

export interface IllegalProgram {
  readonly program: Program;
  readonly rule: Rule;
  /** The operation that is illegal, in the program or in the body of an inner task. */
  readonly broken: Operation;
  /** What the interpreter says of it. */
  readonly expected: IllegalProgramError;
  /** The program without it. */
  readonly legal: Program;
}

/** How many workers a machine must not exceed for its gangs to be too large. */
const gangWorkersMax = 8;

/** Programs do not say how many workers there are, so that only who runs them can tell. */
function refusedByMachine(operation: Operation): IllegalProgramError | undefined {
  if (operation.kind !== 'launch' || !operation.gang || launchPoints(operation).length <= gangWorkersMax)
    return undefined;
  return new IllegalProgramError('LaunchError', operation.name, 'there are more members than workers');
}

function withoutBroken(operations: readonly Operation[]): Operation[] {
  return operations
    .filter(({ name }) => name !== BROKEN)
    .map((operation) =>
      operation.kind === 'inner' ? { ...operation, body: withoutBroken(operation.body) } : operation,
    );
}

function findBroken(operations: readonly Operation[]): Operation | undefined {
  for (const operation of operations) {
    if (operation.name === BROKEN) return operation;
    const inside = operation.kind === 'inner' ? findBroken(operation.body) : undefined;
    if (inside) return inside;
  }
  return undefined;
}

/** What is illegal of some operations, run one after the other. */
function problemOf(state: Interpreter, operations: readonly Operation[]): IllegalProgramError | undefined {
  try {
    for (const operation of operations) state.step(operation);
    return undefined;
  } catch (error) {
    if (error instanceof IllegalProgramError) return error;
    throw error;
  }
}

/** A random program with one illegal operation; undefined where the seed has no way to break the rule. */
export function generateIllegalProgram(
  seed: number,
  rule: Rule,
  options: GeneratorOptions = {},
): IllegalProgram | undefined {
  const { program } = generateProgram(seed, { operations: 10, ...options });
  const state = new Interpreter();
  for (const operation of program.operations) state.step(operation);
  // What is leased or attached would be one more rule to break.
  const released: Operation[] = [
    ...state.leases.map((lease) => ({ kind: 'release', name: `end ${lease}`, lease }) as const),
    ...state.attachments.map(
      (attachment) => ({ kind: 'detach', name: `end ${attachment}`, attachment, discard: true }) as const,
    ),
  ];
  for (const operation of released) state.step(operation);
  if (state.regions.size === 0) return undefined;
  const breaker: Breaker = breakers[rule];
  const more = breaker(new Material(keyedDraw(seed, 0xbad), state));
  if (!more) return undefined;
  const before = [...program.operations, ...released];
  const broken = findBroken(more)!;
  const expected = problemOf(state, more) ?? refusedByMachine(broken);
  // Disjoint after all, or illegal for another reason.
  if (expected?.operation !== BROKEN) return undefined;
  const legal = { seed, operations: [...before, ...withoutBroken(more)] };
  if (problemOf(new Interpreter(), legal.operations)) return undefined;
  return { program: { seed, operations: [...before, ...more] }, rule, broken, expected, legal };
}

/** Whether two requirements of an operation hold a point in common, for one task or for two of them. */
export function isWitness(
  state: Interpreter,
  operation: Operation,
  [first, second]: readonly [number, number],
  point: Point,
): boolean {
  const launch = usesOf(operation);
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

/** What an operation uses, as a launch. */
function usesOf(operation: Operation): Launch {
  switch (operation.kind) {
    case 'launch':
      return operation;
    case 'inner':
      return outerLaunch(operation);
    case 'copy':
      return launchOfCopy(operation);
    case 'fill': {
      const { target, field } = operation;
      return launchOf(operation, [{ target, fields: [{ field, privilege: { kind: 'overwrite' } }] }]);
    }
    default:
      return launchOf({ name: operation.name }, []);
  }
}
