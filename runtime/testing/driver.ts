// Runs program descriptions on the real runtime, on one rank or several.
import type { Context } from '../program/context.js';
import { type RunOptions, run } from '../program/run.js';
import { runOnRanks } from '../program/run-on-ranks.js';
import { describeDifference, type Executor, firstDifference } from './differential.js';
import type { Observed } from './observed.js';
import type { Program } from './program-description.js';
import { Session } from './session.js';

/** How the runtime runs, on how many ranks of this process, and whether every region is attached to data outside. */
export type DriverOptions = RunOptions & { readonly attached?: boolean; readonly ranks?: number };

/** Runs a program on a context of the runtime. Throws what the runtime throws. */
export async function execute(ctx: Context, program: Program, attached = false): Promise<Observed> {
  const session = new Session(ctx, program, attached);
  for (const operation of program.operations) await session.issue(operation);
  return session.observed();
}

/** The runtime as an executor, with a run of its own for every program. */
export const runtimeExecutor =
  (options: DriverOptions): Executor =>
  async (program) =>
    (await observeAll([program], options))[0]!;

/** What a run of programs is given. */
interface Batch {
  readonly programs: readonly Program[];
  readonly attached: boolean;
}

/** The main function of a run of many programs; ranks find it by its name. */
export async function observeBatch(ctx: Context, { programs, attached }: Batch): Promise<Observed[]> {
  const observed: Observed[] = [];
  for (const program of programs) observed.push(await execute(ctx, program, attached));
  return observed;
}

/** Runs many programs one after the other on one context, whose threads and tables are used again and again. */
export async function observeAll(
  programs: readonly Program[],
  { attached = false, ranks = 1, ...options }: DriverOptions,
): Promise<Observed[]> {
  const args: Batch = { programs, attached };
  if (ranks === 1) return run((ctx) => observeBatch(ctx, args), options);
  const main = { module: import.meta.url, name: 'observeBatch', args };
  const all = (await runOnRanks(ranks, main, options)) as Observed[][];
  for (const [rank, observed] of all.entries()) {
    for (const [i, program] of programs.entries()) {
      const difference = firstDifference(program, all[0]![i]!, observed[i]!);
      if (difference)
        throw new Error(`rank ${rank} saw what rank 0 did not: ${describeDifference(difference)}`);
    }
  }
  return all[0]!;
}
