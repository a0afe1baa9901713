// The launching thread of one rank of a run on several ranks of this process: finds the program, and runs it.
import { parentPort, workerData } from 'node:worker_threads';
import { LaunchError } from '../errors.js';
import { Loopback } from '../nodes/loopback.js';
import type { Context } from './context.js';
import { toWire } from './ranks/error-wire.js';
import { run } from './run.js';
import type { RankData, RankOutcome } from './run-on-ranks.js';

process.setSourceMapsEnabled(true); // as in the threads of workers

const { shared, rank, ports, program, options } = workerData as RankData;

async function outcome(): Promise<RankOutcome> {
  try {
    const { module, name, args } = program;
    const main = ((await import(module)) as Record<string, unknown>)[name];
    if (typeof main !== 'function')
      throw new LaunchError(
        `${module} exports no function called ${name}: export what the ranks are to run.`,
      );
    const transport = new Loopback(shared, rank, ports);
    const value: unknown = await run((ctx: Context) => main(ctx, args) as unknown, { ...options, transport });
    return { value };
  } catch (error) {
    return { error: toWire(error) };
  }
}

const message = await outcome();
try {
  parentPort!.postMessage(message);
} catch (error) {
  parentPort!.postMessage({ error: toWire(error) } satisfies RankOutcome);
}
