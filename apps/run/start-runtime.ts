// The one place where the command starts the runtime: from the settings of [run] to the options of `run`.
import { CancelledError, type Context, type RunOptions, run } from '../../runtime/index.js';
import type { runSection } from '../command/run-settings.js';
import type { Values } from '../command/setting.js';

/** The settings of [run], resolved. */
export type RunSettings = Values<typeof runSection>;

const EXECUTOR_OF = { tasks: 'threads', bulk: 'bulk', inorder: 'inOrder' } as const;

/** The options of the runtime that the settings mean. */
export function runtimeOptions(settings: RunSettings): RunOptions {
  const { workers, memory, mode, placement, seed, check, steal, mapper, spill, watchdog_s, profile } =
    settings;
  return {
    executor: EXECUTOR_OF[mode],
    ...(mode === 'bulk' && { placement }),
    seed,
    check,
    steal,
    mapper,
    watchdog_s,
    ...(spill !== null && { spill }),
    ...(workers !== null && { workers }),
    ...(memory !== null && { memory }),
    ...(profile !== null && { profile }),
  };
}

/**
 * Runs `main` under the runtime until it ends. When the signal is aborted nothing new starts, running tasks are waited
 * for a little, and the signal's reason is thrown.
 */
export async function startRuntime<T>(
  main: (ctx: Context) => T | Promise<T>,
  options: RunOptions,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await run(main, { ...options, signal });
  } catch (error) {
    throw signal.aborted && error instanceof CancelledError ? signal.reason : error;
  }
}
