// The one task body that all generated tasks run: an integer mixing function of everything the task may read.
// The interpreter and the real runtime call the same function through small accessors, so that any lost,
// repeated, reordered or stale access ends in other results.
import { mix } from './keyed-random.js';
import type { Point } from './program-description.js';
import {
  foldedValue,
  hashDouble,
  hashValue,
  isFloat,
  type Kind,
  type ReductionName,
  store,
  type Value,
  type ValueRange,
  writtenValue,
} from './values.js';

/** One field of one requirement, addressed by the number of the point in lexicographic order. */
export interface FieldAccess {
  readonly kind: Kind;
  readonly lanes: number;
  readonly range?: ValueRange | undefined;
  readonly privilege: 'read' | 'update' | 'overwrite' | 'reduce';
  /** Others may use the field at the same time, or in any order: only what does not depend on that is done. */
  readonly coherence?: 'atomic' | 'simultaneous' | undefined;
  /** Only for `reduce`. */
  readonly operator?: ReductionName | undefined;
  /** For `read` and `update`. */
  get(point: number, lane: number): Value;
  /** For `update` and `overwrite`. */
  set(point: number, lane: number, value: Value): void;
  /** For `update` that is not exclusive: adds, wrapping around. */
  add?(point: number, lane: number, value: Value): void;
  /** For `reduce`. */
  fold(point: number, lane: number, value: Value): void;
}

export interface RequirementAccess {
  /** How many points the subspace has. */
  readonly size: number;
  coordinate(point: number, axis: number): number;
  readonly rank: number;
  readonly fields: readonly FieldAccess[];
}

/** What distinguishes one task from all others. */
export interface TaskIdentity {
  readonly salt: number;
  readonly point: Point;
  readonly argument: number;
}

/**
 * Reads all that may be read, writes or folds into all that may be written, and returns a number that depends on
 * every bit it read. `overwrite` writes every point; `update` leaves about one point in eight alone; `reduce` leaves
 * some points untouched and folds into some twice.
 */
export function genericBody(
  task: TaskIdentity,
  requirements: readonly RequirementAccess[],
  sumOfGang?: (value: number) => number,
): number {
  let hash = readInputs(task, requirements);
  if (sumOfGang) hash = withSum(hash, sumOfGang(contributionOf(hash)));
  return writeOutputs(hash, requirements);
}

/** What a member of a gang gives to the sum: positive, and spread so widely that the sum depends on the order. */
export const contributionOf = (hash: number): number => resultOf(hash);

/** The hash of a member once it knows the sum of all. */
export const withSum = (hash: number, sum: number): number => hashDouble(hash, sum);

/** The first half of the body: a hash of all that may be read. */
export function readInputs(task: TaskIdentity, requirements: readonly RequirementAccess[]): number {
  let hash = hashDouble(mix(0x6a09e667, task.salt), task.argument);
  for (const x of task.point) hash = mix(hash, x);
  for (const requirement of requirements) {
    const readable = requirement.fields.filter((f) => f.privilege === 'read' || f.privilege === 'update');
    hash = mix(hash, requirement.size);
    if (readable.length === 0) continue;
    for (let i = 0; i < requirement.size; i++) {
      for (const field of readable) {
        for (let lane = 0; lane < field.lanes; lane++) {
          const value = field.get(i, lane);
          hash = field.coherence ? mix(hash, lowBits(field.kind, value)) : hashValue(hash, field.kind, value);
        }
      }
    }
  }
  return hash;
}

/** The second half: writes or folds into all that may be written. */
export function writeOutputs(hash: number, requirements: readonly RequirementAccess[]): number {
  requirements.forEach((requirement, r) => {
    for (let i = 0; i < requirement.size; i++) {
      let here = mix(hash, r);
      for (let axis = 0; axis < requirement.rank; axis++) here = mix(here, requirement.coordinate(i, axis));
      requirement.fields.forEach((field, f) => {
        if (field.privilege === 'read') return;
        for (let lane = 0; lane < field.lanes; lane++) touch(field, i, lane, mix(here, f * 64 + lane));
      });
    }
  });
  return resultOf(hash);
}

function touch(field: FieldAccess, point: number, lane: number, hash: number): void {
  const { kind, range } = field;
  const choice = (hash >>> 3) & 7;
  if (field.coherence && field.privilege !== 'overwrite' && (field.operator ?? 'sum') === 'sum') {
    if (choice === 0 || isFloat(kind)) return; // sums of floating-point numbers depend on their order
    const value = sharedAddend(kind, hash);
    if (field.privilege === 'reduce') field.fold(point, lane, value);
    else field.add!(point, lane, value);
  } else if (field.privilege === 'overwrite') {
    field.set(point, lane, writtenValue(kind, hash, range));
  } else if (field.privilege === 'update') {
    if (choice === 0) return;
    field.set(point, lane, writtenValue(kind, hashValue(hash, kind, field.get(point, lane)), range));
  } else if (choice !== 0) {
    field.fold(point, lane, foldedValue(kind, field.operator!, hash));
    if (choice === 1) field.fold(point, lane, foldedValue(kind, field.operator!, mix(hash, 1)));
  }
}

/**
 * Shared elements only ever grow by multiples of 256: sums of integers that wrap around do not depend on their order,
 * and the low bits, which readers look at, stay as the last exclusive write left them.
 */
const sharedAddend = (kind: Kind, hash: number): Value =>
  kind === 'i64' ? store(kind, BigInt(hash) << 8n) : store(kind, hash << 8);

const lowBits = (kind: Kind, value: Value): number => (isFloat(kind) ? 0 : Number(BigInt(value) & 255n));

/** A positive double that holds the whole hash and spans many orders of magnitude, so that sums depend on order. */
const resultOf = (hash: number): number => ((hash >>> 0) + 0.5) * 2 ** (((hash >>> 5) & 31) - 40);

/** What the program itself writes into an element: see the operation `write`. */
export function programValue(
  salt: number,
  point: Point,
  lane: number,
  kind: Kind,
  range?: ValueRange,
): Value {
  let hash = mix(mix(0x3c6ef372, salt), lane);
  for (const x of point) hash = mix(hash, x);
  return writtenValue(kind, hash, range);
}

/** The function of a future that the operation `mapFuture` computes: it keeps all bits apart. */
export const mapped = (value: number): number => 1.5 * value + 0.25;

/** Whether a number is one that a predicate takes for true: about every second one is. */
export const holds = (value: number): boolean => (hashDouble(0x1f83d9ab, value) & 1) === 1;

/** What tells the numbers that an instance of an inner task makes from those of all others. */
export function instanceSalt({ salt, point, argument }: TaskIdentity): number {
  let hash = hashDouble(mix(0xa54ff53a, salt), argument);
  for (const x of point) hash = mix(hash, x);
  return hash;
}

/** The number that an inner task returns: of everything that its body has seen, in program order. */
export function bodyValue(salt: number, seen: Iterable<readonly (Value | string)[]>): number {
  let hash = mix(0x510e527f, salt);
  for (const values of seen) {
    hash = mix(hash, values.length);
    for (const value of values) {
      if (typeof value === 'string') for (const letter of value) hash = mix(hash, letter.charCodeAt(0));
      else if (typeof value === 'bigint') hash = hashValue(hash, 'i64', value);
      else hash = hashDouble(hash, value);
    }
  }
  return resultOf(hash);
}
