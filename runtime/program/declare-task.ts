// Declares tasks, and refuses what cannot be one.
import { LaunchError } from '../errors.js';
import type { Leaf } from '../execution/leaf.js';
import { MAX_REQUIREMENTS } from '../graph/layout.js';
import type { Context } from './context.js';
import type { Region } from './region.js';
import { Requirement } from './requirement.js';
import { checkRetry, type InnerBody, type Requirements, Task, type TaskDeclaration } from './task.js';

/** The regions that the body of an inner task is given: exactly the capabilities that it declares. */
export type BodyRegions<R extends Requirements> = {
  readonly [N in keyof R]: R[N] extends Requirement<infer F, infer C, unknown> ? Region<F, C> : never;
};

/** What `task()` is given for an inner task. */
export interface InnerTaskDeclaration<R extends Requirements, A extends object, T> {
  /** `import.meta.url` of the module. */
  readonly module: string;
  /** A name of its own within the module. */
  readonly name: string;
  /** What it may do itself, and hand on to the tasks that it launches. */
  readonly regions?: R;
  /** An inner task: it launches others, and touches data through them alone. */
  readonly leaf: false;
  /**
   * The body: a function of regions, arguments and a context of its own, on the launching thread. It may be asynchronous.
   * The task ends when its body and everything that it launched have ended. What it returns is its value; regions that
   * it made and did not free go with it.
   */
  readonly run: (regions: BodyRegions<R>, args: A, context: Context) => T | Promise<T>;
}

/**
 * Declares a task. A leaf task (the default) is a function of views, which runs on a worker; export it from the module,
 * under any name, so that workers find it. With `leaf: false` it is an inner task, which launches others.
 *
 * ```ts
 * export const saxpy = task({
 *   module: import.meta.url, name: 'saxpy',
 *   regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
 *   run({ v }, { a }: { a: number }) {
 *     for (const i of v.points) v.y[i] = a * v.x[i]! + v.y[i]!;
 *   },
 * });
 * export const twice = task({
 *   module: import.meta.url, name: 'twice', leaf: false,
 *   regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
 *   run({ v }, { a }: { a: number }, ctx) {
 *     const parts = v.partition.equal([4]);
 *     for (let i = 0; i < 2; i++) ctx.index([4], saxpy, { v: parts.at() }, { a });
 *   },
 * });
 * ```
 */
export function task<R extends Requirements = Record<never, never>, A extends object = object, T = void>(
  declaration: InnerTaskDeclaration<R, A, T>,
): Task<R, A, T>;
export function task<R extends Requirements = Record<never, never>, A extends object = object, T = void>(
  declaration: TaskDeclaration<R, A, T>,
): Task<R, A, T>;
export function task<R extends Requirements, A extends object, T>(
  declaration: TaskDeclaration<R, A, T> | InnerTaskDeclaration<R, A, T>,
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
  const regions = declaration.regions ?? ({} as R);
  const names = Object.keys(regions);
  if (names.length > MAX_REQUIREMENTS) {
    throw new LaunchError(
      `Task ${name} has ${names.length} region requirements; ${MAX_REQUIREMENTS} is the most.`,
    );
  }
  for (const key of names) {
    if (!((regions as Requirements)[key] instanceof Requirement)) {
      throw new LaunchError(
        `Task ${name}: regions.${key} is no requirement: use reads, updates, overwrites or reduces.`,
      );
    }
  }
  if (declaration.leaf === false) {
    return new Task<R, A, T>({
      name,
      module,
      regions,
      async: false,
      // Workers launch nothing: no record of an inner task ever reaches one.
      run: () => {
        throw new LaunchError(`Inner task ${name} was to run on a worker.`);
      },
      // The regions and the context are those that the declaration asks for: the launch takes care of it.
      inner: run as unknown as InnerBody,
    });
  }
  if (declaration.retry !== undefined) checkRetry(declaration.retry, `Task ${name}`);
  if (declaration.async !== true && run.constructor.name === 'AsyncFunction') {
    throw new LaunchError(
      `Task ${name}: run is an async function, but leaf tasks are synchronous: await nothing in it, or declare the task async: true (for input and output) or leaf: false (to launch others).`,
    );
  }
  return new Task<R, A, T>({
    name,
    module,
    regions,
    async: declaration.async ?? false,
    // A leaf takes views by name; that these are the views of R is what the launch takes care of.
    run: run as unknown as Leaf['run'],
    inner: null,
    idempotent: declaration.idempotent,
    retry: declaration.retry,
  });
}
