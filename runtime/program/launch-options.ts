// What a launch may ask for besides regions and arguments.
import { LaunchError } from '../errors.js';
import { Predicate } from './predicate.js';
import { checkRetry } from './task.js';

/** The last argument of `ctx.launch` and `ctx.index`. */
export interface LaunchOptions<T = unknown> {
  /** The operation happens only if this holds. If not, regions keep their values, and futures take `otherwise`. */
  readonly when?: Predicate | undefined;
  /** The value of the futures where `when` does not hold; `undefined` if nothing is said. */
  readonly otherwise?: T | undefined;
  /** `background`: the tasks run only while nothing else is ready. Changes when, never what. */
  readonly priority?: 'normal' | 'background' | undefined;
  /** Once aborted, points that have not started are skipped, and the futures reject with a `CancelledError`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The points run at the same time, each on a worker of its own, and may wait for each other: `context.gang` has
   * barriers and collectives. Refused when there are more points than workers.
   */
  readonly gang?: boolean | undefined;
  /** How often each task is run again after it threw, before it fails; instead of what the task declares. */
  readonly retry?: number | undefined;
}

/** What `ctx.fill` takes of them. */
export type FillOptions = Pick<LaunchOptions, 'when' | 'signal'>;

const NAMES: ReadonlySet<string> = new Set<keyof LaunchOptions>([
  'when',
  'otherwise',
  'priority',
  'signal',
  'gang',
  'retry',
]);

/** Refuses options that there are not, or that are not what they should be. */
export function checkOptions(options: LaunchOptions, where: string): void {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name))
      throw new LaunchError(
        `${where}: there is no launch option ${name}; there are ${[...NAMES].join(', ')}.`,
      );
  }
  const { when, signal, gang, retry } = options;
  if (retry !== undefined) checkRetry(retry, where);
  if (retry !== undefined && retry > 0 && gang === true) {
    throw new LaunchError(`${where}: members of a gang are not run again: retry and gang go ill together.`);
  }
  if (gang !== undefined && typeof gang !== 'boolean') {
    throw new LaunchError(`${where}: option gang is true or false, not ${String(gang)}.`);
  }
  if (when !== undefined && !(when instanceof Predicate)) {
    throw new LaunchError(
      `${where}: option when is no predicate: make one of a future with ctx.predicate(future).`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new LaunchError(
      `${where}: option signal is no AbortSignal: pass the signal of an AbortController.`,
    );
  }
  const { priority } = options;
  if (priority !== undefined && priority !== 'normal' && priority !== 'background') {
    throw new LaunchError(`${where}: option priority is ${String(priority)}; there are normal, background.`);
  }
  if ('otherwise' in options && when === undefined) {
    throw new LaunchError(
      `${where}: option otherwise says what a launch returns when its predicate does not hold, but there is no option when.`,
    );
  }
}
