// Runs a program: makes the machine, calls the main function, waits for all it launched, and takes the machine down.

import { availableParallelism, tmpdir } from 'node:os';

import { isMainThread } from 'node:worker_threads';
import type { AnalysisFaults } from '../analysis/faults.js';
import { CancelledError, LaunchError, UsageError } from '../errors.js';
import type { TimelineEntry } from '../events/timeline.js';
import { pauses } from '../execution/jitter.js';
import { apart, guardReplicable, replicable } from '../execution/replicable.js';
import type { SavedTasks } from '../execution/task-saver.js';
import { Bulk } from '../executors/bulk.js';
import type { Executor, ExecutorParts } from '../executors/executor.js';
import { InOrder, Virtual } from '../executors/one-thread.js';
import { Threads } from '../executors/threads.js';
import { launcherLane } from '../graph/layout.js';
import { RandomPlacement } from '../mapping/random-placement.js';
import {
  type CostOf,
  LearningLongestFirst,
  LongestFirst,
  type Placement,
} from '../mapping/static-placement.js';
import { memoryLimit } from '../memory/memory-limit.js';
import type { Transport } from '../nodes/transport.js';
import type { Context } from './context.js';
import { Engine } from './engine.js';
import { rootContext } from './inner.js';
import { type Leak, LeakWatch } from './leaks.js';
import { killAtRandom } from './random-kills.js';
import type { Ranks } from './ranks/ranks.js';
import type { RunLogOptions } from './run-log.js';
import { taskPoint } from './run-saved.js';
import { checkRetry } from './task.js';

export const EXECUTORS = ['threads', 'bulk', 'inOrder', 'virtual'] as const;
export type ExecutorName = (typeof EXECUTORS)[number];

export const PLACEMENTS = ['block', 'lpt'] as const;
export type PlacementName = (typeof PLACEMENTS)[number];

export interface RunOptions {
  /** Worker threads; default all processors. For `inOrder` and `virtual`: the members that a gang may have. */
  readonly workers?: number;
  readonly executor?: ExecutorName;
  /**
   * How `bulk` deals the points of a launch: in blocks of consecutive points (the default), or by cost, longest processing
   * time first. Other executors place in blocks, and let idle workers take from busy ones.
   */
  readonly placement?: PlacementName;
  /** What points cost, for `placement: 'lpt'`; default what each cost in the last launch of its task. */
  readonly costs?: CostOf;
  readonly seed?: number;
  /** Memory budget in bytes; default what the control group (or the machine) allows, less a quarter. */
  readonly memory?: number;
  /** Guards around what task bodies see (--check). */
  readonly check?: boolean;
  /** Idle workers take from busy ones; default true. */
  readonly steal?: boolean;
  /** Launches that overwrite a whole region get fresh memory while others still read the old; default true. */
  readonly rename?: boolean;
  /** A file that a profile of the run is written to (`.mprof`): for `maniple profile` and `maniple check`. */
  readonly profile?: string;
  /** How often tasks that declare no `retry` are run again after they threw. Default 0. */
  readonly retry?: number;
  /**
   * Saves tasks with their inputs in a folder, so that `runSaved` runs one again alone: those that fail (for which what
   * tasks update is copied before they run), or those called `name@point` (`fit@3`, `fit@3,0`).
   */
  readonly saveTasks?: { readonly folder: string; readonly which: 'failed' | (string & {}) };
  /** Where tasks are placed: blocks of consecutive points, or at random, for tests. */
  readonly mapper?: 'default' | 'random';
  /**
   * The folder for memory that does not fit the budget: what no running task uses goes to a file there, which has no
   * name. Default the system's folder for temporary files; false is nowhere.
   */
  readonly spill?: string | false;
  /**
   * After so many seconds in which no task has ended, though some are open, a message on the log says what the program
   * waits for; then after twice as many, and so on. Default 60, 0 is never.
   */
  readonly watchdog_s?: number;
  /** Record what ran when, and hand it to `onTimeline` at the end. */
  readonly onTimeline?: (timeline: Timeline) => void;
  /** Statistics at the end. */
  readonly onStatistics?: (statistics: RunStatistics) => void;
  /**
   * Aborting it ends the run: what has not started is skipped, further launches throw, and the run rejects with a
   * `CancelledError`. Running tasks are waited for a little, then ended with their threads.
   */
  readonly signal?: AbortSignal;
  /**
   * At the end, every region that was not freed and every lease that was not ended, with the place that made it. Regions
   * that the garbage collector finds before are logged.
   */
  readonly leaks?: (leaks: readonly Leak[]) => void;
  /** Where lines from `ctx.log` go; default the error stream. */
  readonly log?: (line: string) => void;
  /** Task records and launches alive at once. */
  readonly window?: { readonly records?: number; readonly launches?: number };
  /** @internal the messages of this rank, where the run has several */
  readonly transport?: Transport;
  /** @internal heap of each worker's JavaScript; default node's */
  readonly workerHeap_MB?: number;
  /** @internal whatever nobody uses goes to disk at every launch */
  readonly spillsAlways?: boolean;
  /** @internal worker threads, and the launching thread beside them, pause at random where they hand something over */
  readonly jitter?: boolean;
  /** @internal how many threads are ended at random moments of the run, each at a launch drawn by the seed */
  readonly kills?: number;
  /** @internal faults for the tests of the tests */
  readonly faults?: AnalysisFaults;
  /** @internal fills and copies of more bytes are shared among workers */
  readonly chunkBytes?: number;
  /** @internal how much `virtual` runs while the program is still launching: 0 is nothing until it waits */
  readonly eagerness?: number;
  /** @internal sees every order that the analysis imposes */
  readonly onEdge?: (predecessor: TaskPoint, successor: TaskPoint) => void;
}

/** A record as tests see it. */
export interface TaskPoint {
  /** Distinct for every record of a run. */
  readonly id: number;
  readonly operation: number;
  readonly kind: number;
  readonly first: number;
  readonly points: number;
}

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly taskNames: readonly string[];
  /** Entries that were overwritten before they were read: none, since rings hold whatever can be in flight. */
  readonly lost: number;
}

export interface RunStatistics {
  readonly operations: number;
  readonly edges: number;
  readonly peakBytes: number;
  /** Bytes that went to disk because the budget was full, and that came back. */
  readonly spilledBytes: number;
  readonly fetchedBytes: number;
}

function placementOf({ placement = 'block', costs }: RunOptions, workers: number): Placement | null {
  if (!PLACEMENTS.includes(placement)) {
    throw new UsageError(`There is no placement ${String(placement)}: there are ${PLACEMENTS.join(', ')}.`);
  }
  if (placement === 'block') return null;
  return costs === undefined ? new LearningLongestFirst(workers) : new LongestFirst(workers, costs);
}

/** Which tasks are saved. @throws UsageError for a name that is none */
function savesOf({ saveTasks }: RunOptions): SavedTasks | null {
  if (saveTasks === undefined) return null;
  const { folder, which } = saveTasks;
  return { folder, which: which === 'failed' ? 'failed' : taskPoint(which) };
}

/** What is recorded of the run: a profile, what ran, or nothing. */
function recordOf(
  options: RunOptions,
  executor: ExecutorName,
  placement: Placement | null,
): RunLogOptions | null {
  const { profile: file = null, onTimeline, seed = 1 } = options;
  const timeline = onTimeline !== undefined ? 'keep' : placement?.learn !== undefined ? 'learn' : null;
  if (file === null && timeline === null) return null;
  return { file, timeline, run: { executor, seed, program: process.argv.slice(1) } };
}

/**
 * Runs `main` with a context, and resolves with what it returns once every task it launched has ended. Rejects with
 * what `main` throws, or else with the first failure (in program order) that it was not told of.
 */
export async function run<T>(main: (ctx: Context) => T | Promise<T>, options: RunOptions = {}): Promise<T> {
  if (!isMainThread && options.transport === undefined) {
    throw new LaunchError(
      'run() was reached in a worker: workers import this module to find its tasks. Export the main function as default and start it with `maniple run`, or call run() in a module that declares no tasks.',
    );
  }
  const { executor = 'threads', seed = 1 } = options;
  if (!EXECUTORS.includes(executor)) {
    throw new UsageError(`There is no executor ${String(executor)}: there are ${EXECUTORS.join(', ')}.`);
  }
  // The executors of one thread have as many lanes for the members of gangs.
  const workers = options.workers ?? availableParallelism();
  if (!Number.isInteger(workers) || workers < 1 || workers > 1024) {
    throw new UsageError(`workers is ${workers}, but must be an integer from 1 to 1024.`);
  }
  const placement = executor === 'bulk' ? placementOf(options, workers) : null;
  const write = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const log = options.check === true ? (line: string) => apart(() => write(line)) : write;
  const leaks = options.leaks === undefined ? null : new LeakWatch(log);
  if (options.retry !== undefined) checkRetry(options.retry, 'run()');
  const engine = new Engine({
    leaks,
    workers,
    seed: seed | 0,
    memory: options.memory ?? Math.floor(0.75 * memoryLimit().bytes),
    check: options.check ?? false,
    steal: options.steal ?? true,
    jitter: options.jitter ?? false,
    rename: options.rename ?? true,
    record: recordOf(options, executor, placement),
    barriers: executor === 'bulk',
    ranks: options.transport?.ranks ?? 1,
    slice_us: options.transport?.slice_us ?? undefined,
    placement: options.mapper === 'random' ? new RandomPlacement(workers, seed) : placement,
    faults: options.faults ?? {},
    limits: { records: options.window?.records ?? 1 << 14, launches: options.window?.launches ?? 1 << 12 },
    chunkBytes: options.chunkBytes ?? 1 << 18,
    createExecutor: (parts) => jittery(createExecutor(executor, parts, options), parts),
    signal: options.signal ?? null,
    log,
    retry: options.retry ?? 0,
    saves: savesOf(options),
    spillsAlways: options.spillsAlways ?? false,
    watchdog_s: options.watchdog_s ?? 60,
    spill: options.spill === false ? null : (options.spill ?? tmpdir()),
    workerHeap_MB: options.workerHeap_MB ?? null,
  });
  const { onEdge } = options;
  if (onEdge !== undefined) {
    const { graph } = engine;
    const describe = (record: number): TaskPoint => {
      const slot = graph.launch[record]!;
      return {
        id: graph.generation[record]! * graph.limits.records + record,
        operation: graph.operation[slot]!,
        kind: graph.kind[slot]!,
        first: graph.first[record]!,
        points: graph.points[record]!,
      };
    };
    engine.builder.onEdge = (before, _generation, after) => onEdge(describe(before), describe(after));
  }
  let complete = false;
  if (options.kills !== undefined) killAtRandom(engine, options.kills);
  const ranks = options.transport === undefined ? null : await ranksOver(options.transport, engine);
  engine.launches.apart = ranks !== null;
  engine.ranks = ranks;
  try {
    const program = (ctx: Context) => replicable('the program', () => main(ctx));
    if (options.check === true) guard(engine);
    const value = await withOthers(ranks, () =>
      Promise.race([
        untilOver(options.check === true ? program : main, engine, options.signal),
        engine.untilDeadlock(),
      ]),
    );
    complete = true;
    return value;
  } finally {
    // Whatever happened, all lanes end: first what they still run, as far as it ends by itself.
    engine.detach();
    await engine.executor.stop();
    engine.poll();
    for (const end of engine.endings) end();
    engine.runLog?.close(complete ? 'complete' : 'failed');
    if (leaks !== null) options.leaks?.(leaks.report());
    engine.close();
    options.onTimeline?.({
      entries: engine.timeline(),
      taskNames: engine.taskNames,
      lost: 0,
    });
    options.onStatistics?.({
      operations: engine.operations,
      edges: engine.builder.edgesMade,
      peakBytes: engine.heap.peakBytes,
      spilledBytes: engine.memory.spilled.out,
      fetchedBytes: engine.memory.spilled.in,
    });
  }
}

/** --check: code that decides what is launched is refused what differs from run to run. */
function guard(engine: Engine): void {
  engine.endings.push(guardReplicable());
  const { events } = engine;
  const emit = events.emit.bind(events);
  // Listeners may look at the clock, whoever makes them be told.
  events.emit = (event, ...args) => apart(() => emit(event, ...args));
}

/** The other ranks. Runs on one rank do not load what they need. */
async function ranksOver(transport: Transport, engine: Engine): Promise<Ranks> {
  const { Ranks } = await import('./ranks/ranks.js');
  return new Ranks(engine, transport);
}

/** Runs a program beside the other ranks, if there are any: they meet before it, and none leaves while another needs it. */
async function withOthers<T>(ranks: Ranks | null, program: () => Promise<T>): Promise<T> {
  if (ranks === null) return program();
  await ranks.connect();
  try {
    const value = await Promise.race([program(), ranks.failing]);
    await ranks.leave(undefined);
    return value;
  } catch (error) {
    await ranks.leave(error);
    throw error;
  }
}

function createExecutor(executor: ExecutorName, parts: ExecutorParts, { eagerness }: RunOptions): Executor {
  switch (executor) {
    case 'threads':
      return new Threads(parts);
    case 'bulk':
      return new Bulk(parts);
    case 'inOrder':
      return new InOrder(parts);
    case 'virtual':
      return new Virtual(parts, eagerness);
  }
}

/** The executor, with pauses where the launching thread hands something over, if they are asked for. */
function jittery(executor: Executor, { jitter, seed, graph }: ExecutorParts): Executor {
  if (!jitter) return executor;
  const ready = executor.ready.bind(executor);
  const pause = pauses(seed, launcherLane(graph));
  executor.ready = (record) => {
    pause();
    ready(record);
  };
  return executor;
}

/** What `main` returns, once all that it launched has ended well. */
async function untilOver<T>(
  main: (ctx: Context) => T | Promise<T>,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<T> {
  const value = await untilAborted(main, engine, signal);
  await engine.fence(engine.root);
  const error = engine.untold(engine.root);
  if (error !== null) throw error;
  if (signal?.aborted === true) throw aborted(signal);
  return value;
}

function aborted(signal: AbortSignal): CancelledError {
  return new CancelledError('main', 'the start of the run', signal.reason);
}

/** What a program that was aborted may still take until its running tasks have ended. */
const GRACE_MS = 2000;

/** What `main` returns or throws; once the run is aborted, it has until the running tasks have ended, but not long. */
async function untilAborted<T>(
  main: (ctx: Context) => T | Promise<T>,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return main(rootContext(engine));
  let late: NodeJS.Timeout | undefined;
  let abort = (): void => {};
  const over = new Promise<never>((_, reject) => {
    const end = () => reject(aborted(signal));
    abort = () => {
      late = setTimeout(end, GRACE_MS);
      // When all is quiet, one turn of the event loop for what `main` does about it.
      engine.quiet(engine.root).then(
        () => setImmediate(end),
        () => {},
      );
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([Promise.resolve().then(() => main(rootContext(engine))), over]);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
}
