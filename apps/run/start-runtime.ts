// The one place where the command starts the runtime: from the settings of [run] to the options of `run`.
import { type Context, type RunOptions, run, UsageError } from '../../runtime/index.js';
import type { runSection } from '../command/run-settings.js';
import type { Values } from '../command/setting.js';

/** The settings of [run], resolved. */
export type RunSettings = Values<typeof runSection>;

const EXECUTOR_OF = { tasks: 'threads', bulk: 'bulk', inorder: 'inOrder' } as const;

/** The options of the runtime that the settings mean. @throws UsageError for what this version does not have */
export function runtimeOptions(settings: RunSettings): RunOptions {
  const { workers, memory, mode, placement, seed, check, steal, mapper, profile } = settings;
  if (mapper === 'random') throw new UsageError('run.mapper: random is not in this version; there is default');
  if (profile !== null) throw new UsageError('run.profile: profiles are not in this version');
  return {
    executor: EXECUTOR_OF[mode],
    ...(mode === 'bulk' && { placement }),
    seed,
    check,
    steal,
    ...(workers !== null && { workers }),
    ...(memory !== null && { memory }),
  };
}

/** Runs `main` under the runtime until it ends or the signal is aborted, and then throws the signal's reason. */
export function startRuntime<T>(
  main: (ctx: Context) => T | Promise<T>,
  options: RunOptions,
  signal: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    run(main, options)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
