// What a task declares of a region: fields, privileges and coherence.
import { LaunchError } from '../errors.js';
import {
  type Coherence,
  type ReductionName,
  reductionFault,
  usage,
  usageCode,
  usageOf,
} from '../privileges/index.js';
import { type FieldSpace, type Fields, fieldIndex } from '../regions/index.js';
import type { Cap, Caps } from './capabilities.js';

/** Fields under one privilege. */
export interface FieldUse {
  readonly field: number;
  readonly name: string;
  /** Usage code of privileges/usage.ts. */
  readonly usage: number;
}

/**
 * A region requirement: made by reads, updates, overwrites and reduces, combined by `and`. `X` names the fields that are
 * written by one task at a time, in program order: a launch over many points needs a disjoint partition for them.
 */
export class Requirement<F extends Fields, C extends Caps, X = never> {
  readonly space: FieldSpace<F>;
  declare readonly caps: C;
  declare readonly exclusive: X;
  readonly uses: readonly FieldUse[];

  constructor(space: FieldSpace<F>, uses: readonly FieldUse[]) {
    this.space = space;
    this.uses = uses;
  }

  /** Both, on one region. A field may be named once. */
  and<C2 extends Caps, X2 = never>(
    other: Requirement<F, C2, X2>,
  ): Requirement<F, Omit<C, keyof C2> & C2, X | X2> {
    if ((other.space as unknown) !== this.space) {
      throw new LaunchError(
        'The two parts of a requirement name different field spaces: give each region its own requirement.',
      );
    }
    const twice = other.uses.find(({ field }) => this.uses.some((mine) => mine.field === field));
    if (twice !== undefined) {
      throw new LaunchError(
        `Field ${twice.name} stands twice in one requirement: updates() is what reads and writes.`,
      );
    }
    return new Requirement(this.space, [...this.uses, ...other.uses]);
  }

  /**
   * The same fields, atomically: tasks that ask for them so run in any order, but one at a time where they share
   * elements. Points of one launch may then share elements. The result is that of some serial order.
   *
   * ```ts
   * regions: { bins: updates(Histogram, 'count').atomic() }
   * ```
   */
  atomic(): Requirement<F, C> {
    return this.#with('atomic');
  }

  /**
   * The same fields, shared: tasks that ask for them so may run at the same time on one copy, and take care of each other
   * themselves (`Atomics` on integer fields, or elements of their own).
   */
  simultaneous(): Requirement<F, C> {
    return this.#with('simultaneous');
  }

  /** The same fields with no promise at all; Maniple treats it as `simultaneous`. */
  relaxed(): Requirement<F, C> {
    return this.#with('simultaneous');
  }

  #with(coherence: Coherence): Requirement<F, C> {
    return new Requirement<F, C>(
      this.space,
      this.uses.map((use) => ({ ...use, usage: usageCode({ ...usageOf(use.usage), coherence }) })),
    );
  }
}

function requirement<F extends Fields, C extends Caps, X = never>(
  space: FieldSpace<F>,
  fields: readonly string[],
  code: number,
): Requirement<F, C, X> {
  if (fields.length === 0)
    throw new LaunchError(`A requirement names no field: the fields are ${space.names.join(', ')}.`);
  return new Requirement<F, C, X>(
    space,
    fields.map((name) => ({ field: fieldIndex(space as unknown as FieldSpace, name), name, usage: code })),
  );
}

/** The task reads these fields and cannot write them. */
export function reads<F extends Fields, K extends keyof F & string>(
  space: FieldSpace<F>,
  ...fields: K[]
): Requirement<F, { [P in K]: 'R' }> {
  return requirement(space, fields, usageCode(usage('read')));
}

/** The task reads and writes these fields. */
export function updates<F extends Fields, K extends keyof F & string>(
  space: FieldSpace<F>,
  ...fields: K[]
): Requirement<F, { [P in K]: Cap }, K> {
  return requirement(space, fields, usageCode(usage('update')));
}

/** The task writes every point of these fields; what was there before is lost, and what it leaves out is undefined. */
export function overwrites<F extends Fields, K extends keyof F & string>(
  space: FieldSpace<F>,
  ...fields: K[]
): Requirement<F, { [P in K]: Cap }, K> {
  return requirement(space, fields, usageCode(usage('overwrite')));
}

/** The task folds values into these fields with one operator, and cannot read them. */
export function reduces<F extends Fields, const O extends ReductionName, K extends keyof F & string>(
  space: FieldSpace<F>,
  operator: O,
  ...fields: K[]
): Requirement<F, { [P in K]: `A:${O}` }> {
  for (const name of fields) {
    const fault = reductionFault(space.fields[name]!.kind, operator);
    if (fault !== null) throw new LaunchError(`Field ${name}: ${fault}`);
  }
  return requirement(space, fields, usageCode(usage('reduce', operator)));
}
