// Declares tasks: the one place where a function, its region requirements and its name come together.
import { isMainThread } from 'node:worker_threads';
import { LaunchError } from '../errors.js';
import type { Leaf, Resource, TaskContext } from '../execution/leaf.js';
import { MAX_REQUIREMENTS } from '../graph/layout.js';
import { usageOf } from '../privileges/index.js';
import type { Disjointness, Projected, RegionRef, Views } from './capabilities.js';
import { type FieldUse, Requirement } from './requirement.js';
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

/** What `task()` is given. */
export interface TaskDeclaration<R extends Requirements, A extends object, T> {
  /** `import.meta.url` of the module that exports the task: workers import it to find the task. */
  readonly module: string;
  /** A name of its own within the module. */
  readonly name: string;
  /** Region requirements by name; absent where a task touches no region. */
  readonly regions?: R;
  /** Leaf tasks (the default) launch nothing and run on workers. */
  readonly leaf?: boolean;
  /** Running it again after a failure does no harm. */
  readonly idempotent?: boolean;
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
  declare readonly __a?: (args: A) => void;
  declare readonly __out?: T | undefined;

  constructor(declaration: TaskDeclaration<R, A, T>) {
    this.name = declaration.name;
    this.module = declaration.module;
    this.regions = declaration.regions ?? ({} as R);
    this.async = declaration.async ?? false;
    const requirements = Object.keys(this.regions);
    this.atomic = requirements.some((name) => takesReservations(this.regions[name]!.uses));
    this.leaf = {
      name: declaration.name,
      requirements,
      fields: requirements.map((name) => this.regions[name]!.uses.map((use) => use.name)),
      shared: requirements.map((name) =>
        this.regions[name]!.uses.filter((use) => usesTogether([use])).map((use) => use.name),
      ),
      // A leaf takes views by name; that these are the views of R is what the launch takes care of.
      run: declaration.run as unknown as Leaf['run'],
    };
  }
}

/**
 * Declares a leaf task. Export it from the module, under any name, so that workers find it.
 *
 * ```ts
 * export const saxpy = task({
 *   module: import.meta.url, name: 'saxpy',
 *   regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
 *   run({ v }, { a }: { a: number }) {
 *     for (const i of v.points) v.y[i] = a * v.x[i]! + v.y[i]!;
 *   },
 * });
 * ```
 */
export function task<R extends Requirements = Record<never, never>, A extends object = object, T = void>(
  declaration: TaskDeclaration<R, A, T>,
): Task<R, A, T> {
  const { name, module, run } = declaration;
  if (typeof name !== 'string' || name === '')
    throw new LaunchError('A task has no name: give it one, unique in its module.');
  if (typeof module !== 'string' || !module.includes(':')) {
    throw new LaunchError(
      `Task ${name}: module is ${JSON.stringify(module)}, but it must be import.meta.url, so that workers can import it.`,
    );
  }
  if (typeof run !== 'function') throw new LaunchError(`Task ${name}: run is no function.`);
  const names = Object.keys(declaration.regions ?? {});
  if (names.length > MAX_REQUIREMENTS) {
    throw new LaunchError(
      `Task ${name} has ${names.length} region requirements; ${MAX_REQUIREMENTS} is the most.`,
    );
  }
  for (const key of names) {
    if (!((declaration.regions as Requirements)[key] instanceof Requirement)) {
      throw new LaunchError(
        `Task ${name}: regions.${key} is no requirement: use reads, updates, overwrites or reduces.`,
      );
    }
  }
  if (declaration.leaf === false) {
    throw new LaunchError(`Task ${name}: inner tasks (leaf: false) cannot be launched yet.`);
  }
  if (declaration.async !== true && run.constructor.name === 'AsyncFunction') {
    throw new LaunchError(
      `Task ${name}: run is an async function, but leaf tasks are synchronous: await nothing in it, or declare the task async: true.`,
    );
  }
  return new Task(declaration);
}

/**
 * Declares a per-worker resource: made at the first `context.use(resource)` on each worker, kept until the worker ends.
 * For handles that cannot be shared; data that are only read belong in a region.
 */
export function resource<T>(name: string, make: () => T, dispose?: (handle: T) => void): Resource<T> {
  return { name, make, dispose };
}

/** True on the thread that runs the program's main function. */
export const isLaunchingThread = isMainThread;
