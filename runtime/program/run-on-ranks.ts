// Runs a program on several ranks of this process: each a thread with an engine and workers of its own, which share nothing
// but messages. It stands in for nodes where there are none: see docs/decisions/15.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { LaunchError, RankError, ReplicaMismatchError, UsageError } from '../errors.js';
import { memoryLimit } from '../memory/memory-limit.js';
import { createLoopback, type SharedLoopback } from '../nodes/loopback.js';
import { RANKS_MAX } from '../nodes/transport.js';
import { type ErrorWire, fromWire } from './ranks/error-wire.js';
import type { RunOptions } from './run.js';

/** A program that other threads can find: a function `(ctx, args) => result` that a module exports. */
export interface RankProgram {
  /** `import.meta.url` of the module, and the name of the export. */
  readonly module: string;
  readonly name: string;
  /** What the function is given besides the context; it must be structured-cloneable, as must be what it returns. */
  readonly args?: unknown;
}

const KEYS = [
  'workers',
  'executor',
  'placement',
  'seed',
  'memory',
  'check',
  'steal',
  'rename',
  'retry',
  'mapper',
  'spill',
  'watchdog_s',
  'window',
  'workerHeap_MB',
  'spillsAlways',
  'kills',
  'faults',
  'chunkBytes',
  'eagerness',
] as const satisfies readonly (keyof RunOptions)[];

/** Options that mean something on several ranks, and can be sent to their threads. */
export type RankOptions = Pick<RunOptions, (typeof KEYS)[number]>;

/** What the thread of a rank is given. */
export interface RankData {
  readonly shared: SharedLoopback;
  readonly rank: number;
  readonly ports: readonly (MessagePort | null)[];
  readonly program: RankProgram;
  readonly options: RankOptions;
}

/** What it says at its end. */
export type RankOutcome = { readonly value: unknown } | { readonly error: ErrorWire };

/**
 * Runs a program on `ranks` ranks, and resolves with what it returned on each. `workers` is the number of each rank. What
 * they print on stdout is shown once. `polled`: messages wake nobody, and ranks look for them, as they must with MPI.
 *
 * @throws what the program throws; ReplicaMismatchError where the ranks do not run the same program; RankError where one has
 * ended alone
 */
export async function runOnRanks(
  ranks: number,
  program: RankProgram,
  options: RunOptions = {},
  polled = false,
): Promise<unknown[]> {
  if (!Number.isInteger(ranks) || ranks < 2 || ranks > RANKS_MAX)
    throw new UsageError(`ranks is ${ranks}, but must be an integer from 2 to ${RANKS_MAX}.`);
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && !(KEYS as readonly string[]).includes(key))
      throw new LaunchError(`option ${key} has no meaning yet in a run of several ranks: leave it out.`);
  }
  const memory = options.memory ?? Math.floor((0.75 * memoryLimit().bytes) / ranks);
  const shared = createLoopback(ranks, undefined, polled);
  const ports: (MessagePort | null)[][] = Array.from({ length: ranks }, () =>
    new Array<MessagePort | null>(ranks).fill(null),
  );
  for (let a = 0; a < ranks; a++) {
    for (let b = a + 1; b < ranks; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a]![b] = port1;
      ports[b]![a] = port2;
    }
  }
  const threads = ports.map((own, rank) => {
    const data: RankData = { shared, rank, ports: own, program, options: { ...options, memory } };
    const thread = new Worker(new URL('./rank-thread.js', import.meta.url), {
      workerData: data,
      transferList: own.filter((port) => port !== null),
      // What all print is shown once.
      stdout: rank > 0,
    });
    if (rank > 0) thread.stdout.resume();
    return thread;
  });
  let first: RankError | null = null;
  const outcomes = await Promise.all(
    threads.map(
      (thread, rank) =>
        new Promise<RankOutcome | Error>((resolve) => {
          let outcome: RankOutcome | null = null;
          thread.on('message', (message: RankOutcome) => {
            outcome = message;
          });
          // One that ends without a word leaves the others waiting: they are ended, and not to blame.
          const lost = (why: Error) => {
            first ??= new RankError(rank, why);
            for (const other of threads) if (other !== thread) void other.terminate();
            resolve(first);
          };
          thread.on('error', lost);
          thread.on('exit', (code) => {
            if (outcome === null) lost(new Error(`its thread ended with code ${code}`));
            else resolve(outcome);
          });
        }),
    ),
  );
  const errors = outcomes.flatMap((outcome) =>
    outcome instanceof Error ? [outcome] : 'error' in outcome ? [fromWire(outcome.error)] : [],
  );
  // What a rank met itself says more than that the ranks have parted, and that more than that another has ended.
  const error =
    errors.find((one) => !(one instanceof RankError) && !(one instanceof ReplicaMismatchError)) ??
    errors.find((one) => !(one instanceof RankError)) ??
    errors[0];
  if (error !== undefined) throw error;
  return outcomes.map((outcome) => (outcome as { value: unknown }).value);
}
