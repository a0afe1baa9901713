// A task: the one place where a function, its region requirements and its name come together (declare-task.ts makes them).
import { isMainThread } from 'node:worker_threads';
import { LaunchError } from '../errors.js';
import type { Leaf, Resource, TaskContext } from '../execution/leaf.js';
import { usageOf } from '../privileges/index.js';
import type { Disjointness, Projected, RegionRef, Views } from './capabilities.js';
import type { FieldUse, Requirement } from './requirement.js';
import { usesTogether } from './uses.js';

// biome-ignore lint/suspicious/noExplicitAny: stands for "whatever fields and capabilities"; inferred at every use
export type Requirements = Record<string, Requirement<any, any, any>>;

export type BodyViews<R extends Requirements> = {
  readonly [N in keyof R]: R[N] extends Requirement<infer F, infer C, unknown> ? Views<F, C> : never;
};
export type SingleArgs<R extends Requirements> = {
  readonly [N in keyof R]: R[N] extends Requirement<infer F, infer C, unknown> ? RegionRef<F, C> : never;
};
export type IndexArgs<R extends Requirements> = {
  readonly [N in keyof R]: R[N] extends Requirement<infer F, infer C, infer X>
    ? [X] extends [never]
      ? Projected<F, C, Disjointness> | RegionRef<F, C>
      : Projected<F, C, 'disjoint'>
    : never;
};

/** The body of an inner task, as the runtime calls it: regions by name, arguments, context. */
export type InnerBody = (
  regions: Readonly<Record<string, unknown>>,
  args: Readonly<Record<string, unknown>>,
  context: unknown,
) => unknown;

/** What `task()` is given for a leaf task. */
export interface TaskDeclaration<R extends Requirements, A extends object, T> {
  /** `import.meta.url` of the module that exports the task: workers import it to find the task. */
  readonly module: string;
  /** A name of its own within the module. */
  readonly name: string;
  /** Region requirements by name; absent where a task touches no region. */
  readonly regions?: R;
  /** Leaf tasks (the default) launch nothing and run on workers. */
  readonly leaf?: true;
  /** Running it again does no harm, however far it came: nothing is saved for another attempt. */
  readonly idempotent?: boolean;
  /**
   * How often it is run again after it threw, or after its worker was lost, before it fails. What it updates is then as
   * it was, random numbers are the same, and `context.attempt` counts. Default 0.
   */
  readonly retry?: number;
  /** The body returns a promise, and runs on the I/O lane. */
  readonly async?: boolean;
  /**
   * The body: a synchronous function of views, arguments and context. It may not keep any of them. What it returns is
   * the task's value: anything that can be structured-cloned.
   */
  readonly run: (views: BodyViews<R>, args: A, context: TaskContext) => T | Promise<T>;
}

function takesReservations(uses: readonly FieldUse[]): boolean {
  return uses.some(({ usage }) => {
    const { coherence, privilege } = usageOf(usage);
    return coherence === 'atomic' && privilege !== 'reduce';
  });
}

export class Task<R extends Requirements, A extends object, T> {
  readonly name: string;
  readonly module: string;
  readonly regions: R;
  readonly async: boolean;
  /** Some field is used atomically, and not reduced: points take reservations. */
  readonly atomic: boolean;
  readonly leaf: Leaf;
  /** The body of an inner task; null for a leaf. @internal */
  readonly inner: InnerBody | null;
  declare readonly __a?: (args: A) => void;
  declare readonly __out?: T | undefined;

  /** @internal */
  constructor(parts: TaskParts<R>) {
    this.name = parts.name;
    this.module = parts.module;
    this.regions = parts.regions;
    this.async = parts.async;
    this.inner = parts.inner;
    const requirements = Object.keys(this.regions);
    this.atomic = requirements.some((name) => takesReservations(this.regions[name]!.uses));
    this.leaf = {
      name: parts.name,
      requirements,
      fields: requirements.map((name) => this.regions[name]!.uses.map((use) => use.name)),
      shared: requirements.map((name) =>
        this.regions[name]!.uses.filter((use) => usesTogether([use])).map((use) => use.name),
      ),
      ...(parts.idempotent === true && { harmless: true }),
      ...(parts.retry !== undefined && { retry: parts.retry }),
      run: parts.run,
    };
  }
}

/** What a task is made of. */
export interface TaskParts<R extends Requirements> {
  readonly name: string;
  readonly module: string;
  readonly regions: R;
  readonly async: boolean;
  readonly run: Leaf['run'];
  readonly inner: InnerBody | null;
  readonly idempotent?: boolean | undefined;
  readonly retry?: number | undefined;
}

/** Throws unless it is a number of retries. */
export function checkRetry(retry: unknown, where: string): void {
  if (Number.isInteger(retry) && (retry as number) >= 0 && (retry as number) <= RETRIES_MAX) return;
  throw new LaunchError(
    `${where}: retry is ${String(retry)}, but must be a whole number from 0 to ${RETRIES_MAX}.`,
  );
}
const RETRIES_MAX = 1000;

/**
 * Declares a per-worker resource: made at the first `context.use(resource)` on each worker, kept until the worker ends.
 * For handles that cannot be shared; data that are only read belong in a region.
 */
export function resource<T>(name: string, make: () => T, dispose?: (handle: T) => void): Resource<T> {
  return { name, make, dispose };
}

/** True on the thread that runs the program's main function. */
export const isLaunchingThread = isMainThread;
