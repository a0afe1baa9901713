// The I/O lane: one thread that keeps its event loop, for tasks declared `async`. It is started by the first of them.
import { Worker } from 'node:worker_threads';
import type { SharedLaneLog } from '../events/lane-log.js';
import { sleep } from '../execution/sleep.js';
import { pushReady } from '../execution/stack.js';
import type { SavedTasks } from '../execution/task-saver.js';
import { ioLane, type SharedGraph, Word } from '../graph/layout.js';
import type { SharedHeap } from '../memory/heap.js';
import type { ExecutorParts } from './executor.js';
import { LaneThreads } from './lane-threads.js';

/** What a lane's thread is given at its start. */
export interface LaneData {
  readonly graph: SharedGraph;
  readonly heap: SharedHeap;
  readonly lane: number;
  readonly seed: number;
  readonly check: boolean;
  readonly steal: boolean;
  readonly jitter: boolean;
  readonly spins: number;
  readonly cpu: number | null;
  readonly laneLog: SharedLaneLog | null;
  /** It runs members of gangs and nothing else. */
  readonly gangsOnly: boolean;
  /** A thread on this lane was lost: this one goes on with what it had. */
  readonly adopts: boolean;
  readonly saves: SavedTasks | null;
}

export function laneData(
  parts: ExecutorParts,
  lane: number,
  adopts: boolean,
  {
    spins = 0,
    cpu = null,
    gangsOnly = false,
  }: { spins?: number; cpu?: number | null; gangsOnly?: boolean } = {},
): LaneData {
  const { graph, heap, seed, check, steal, jitter, laneLogs, saves } = parts;
  return {
    graph: { limits: graph.limits, buffer: graph.buffer },
    heap: heap.shared,
    lane,
    seed,
    check,
    steal,
    jitter,
    spins,
    cpu,
    laneLog: laneLogs?.[lane] ?? null,
    gangsOnly,
    adopts,
    saves,
  };
}

/** A message of a lane to the launching thread: a doorbell, or a line to show. */
export type LaneMessage = 'ring' | { readonly log: string };

/** Passes on what a lane's thread says, and tells it of memory outside. */
export function listen(worker: Worker, parts: ExecutorParts): void {
  worker.on('message', (message: LaneMessage) => {
    if (message === 'ring') parts.ring();
    else parts.log(message.log);
  });
  worker.once(
    'exit',
    parts.heap.outside.connect((message) => worker.postMessage(message)),
  );
}

export class IoLane {
  readonly #parts: ExecutorParts;
  #threads: LaneThreads | null = null;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  ready(record: number): void {
    const { graph } = this.#parts;
    pushReady(graph, Word.ioStack, record);
    Atomics.add(graph.control, Word.io, 1);
    Atomics.notify(graph.control, Word.io, 1);
  }

  get running(): boolean {
    return this.#threads !== null;
  }

  /** Starts the thread, once. */
  start(): void {
    const { graph } = this.#parts;
    this.#threads ??= new LaneThreads(this.#parts, ioLane(graph), (adopts) => {
      const worker = new Worker(new URL('./io-thread.js', import.meta.url), {
        workerData: laneData(this.#parts, ioLane(graph), adopts),
      });
      listen(worker, this.#parts);
      return worker;
    });
  }

  /** Looks whether the thread was lost, and starts another. */
  look(): void {
    this.#threads?.look();
  }

  keepAlive(alive: boolean): void {
    this.#threads?.keepAlive(alive);
  }

  kill(): boolean {
    return this.#threads?.kill() ?? false;
  }

  /** A short sleep of the launching thread, until the lane may have got on. */
  wait(stillWanted: () => boolean = () => true): void {
    const { control } = this.#parts.graph;
    Atomics.store(control, Word.countdown, 1);
    Atomics.store(control, Word.launcher, 1);
    // As in sleepLauncher.
    if (stillWanted()) sleep(control, Word.launcher, 1, this.#parts.slice_us);
    Atomics.store(control, Word.launcher, 0);
    this.look();
  }

  async stop(): Promise<void> {
    if (this.#threads === null) return;
    const { control } = this.#parts.graph;
    Atomics.store(control, Word.stop, 1);
    Atomics.add(control, Word.io, 1);
    Atomics.notify(control, Word.io, 1);
    await this.#threads.stop(0);
  }
}
