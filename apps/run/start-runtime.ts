// The one place where the command starts the runtime: from the settings of [run] to the options of `run`.
import { existsSync } from 'node:fs';
import { EngineError } from '../../runtime/errors.js';
import type { runSection } from '../command/run-settings.js';
import type { Values } from '../command/setting.js';

/** The main function of a user's program. */
export type ProgramMain = (ctx: unknown, args: readonly string[]) => unknown;

type RunSettings = Values<typeof runSection>;

/** Runs a program's main function under the runtime; returns what it returns. */
export async function startRuntime(
  main: ProgramMain,
  args: readonly string[],
  settings: RunSettings,
  signal: AbortSignal,
): Promise<unknown> {
  const runtime = new URL('../../runtime/index.js', import.meta.url);
  if (!existsSync(runtime)) throw new EngineError('this build of maniple has no runtime; build it again');
  const { run } = (await import(runtime.href)) as {
    run: (main: (ctx: unknown) => unknown, options: object) => Promise<unknown>;
  };
  const { workers, memory, mode, seed, check, trace, steal, mapper, profile } = settings;
  const options = { workers, memory, mode, seed, check, trace, steal, mapper, profile, signal };
  return run((ctx) => main(ctx, args), options);
}
