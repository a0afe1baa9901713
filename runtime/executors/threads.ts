// The default executor: worker threads over shared memory, one run loop each.
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { addon } from '../../native/index.js';
import { push } from '../execution/deque.js';
import { gangReady } from '../execution/gang-admission.js';
import { announceWork, sleepLauncher, wake } from '../execution/sleep.js';
import { pushReady } from '../execution/stack.js';
import { type Graph, Kind, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import type { Executor, ExecutorParts } from './executor.js';
import { IoLane, laneData, listen } from './io-lane.js';
import { LaneThreads } from './lane-threads.js';

/** How long a worker may take to end its task when the run is over. */
const PATIENCE_MS = 200;

/** Looks around before a worker sleeps: some 20 microseconds with the add-on's pause. */
const SPINS = 40;

export class Threads implements Executor {
  readonly name: string = 'threads';
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #workers: LaneThreads[];
  readonly #io: IoLane;
  readonly #steal: boolean;
  readonly #slice_us: number | undefined;
  /** Sleepers to wake for one record: where nobody steals, only the worker that it was placed on will do. */
  readonly #wakes: number;

  constructor(parts: ExecutorParts) {
    this.#graph = parts.graph;
    this.#heap = parts.heap;
    const { workers } = parts.graph.limits;
    this.#steal = parts.steal;
    this.#slice_us = parts.slice_us;
    this.#wakes = parts.steal ? 1 : workers;
    // The launching thread is a runnable thread too. When there are more of them than processors nobody spins, and
    // nobody is pinned: the system may then have to put two on one processor, and should choose which.
    const processors =
      addon?.allowedCpus() ?? Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
    const crowded = parts.ranks * (workers + 1) > processors.length;
    this.#workers = Array.from({ length: workers }, (_, lane) => {
      const cpu = crowded ? null : processors[lane]!;
      return new LaneThreads(parts, lane, (adopts) => {
        const { workerHeap_MB } = parts;
        const worker = new Worker(new URL('./worker-thread.js', import.meta.url), {
          workerData: laneData(parts, lane, adopts, { spins: crowded ? 0 : SPINS, cpu }),
          ...(workerHeap_MB !== null && { resourceLimits: { maxOldGenerationSizeMb: workerHeap_MB } }),
        });
        listen(worker, parts);
        return worker;
      });
    });
    this.#io = new IoLane(parts);
  }

  ready(record: number): void {
    const graph = this.#graph;
    switch (graph.kind[graph.launch[record]!]) {
      case Kind.host:
      case Kind.inner:
        pushReady(graph, Word.launcherStack, record);
        return;
      case Kind.io:
        this.#io.ready(record);
        return;
      case Kind.gang:
        if (unjudged(graph, record)) pushReady(graph, Word.launcherStack, record);
        else gangReady(graph, this.#heap, record);
        return;
      default:
        if (this.#steal && graph.background[graph.launch[record]!] === 1) {
          pushReady(graph, Word.backgroundStack, record);
        } else push(graph.deques[graph.place[record]!]!, record);
        this.announce();
    }
  }

  /** A record was put into an inbox. */
  protected announce(): void {
    announceWork(this.#graph, this.#wakes);
  }

  async started(): Promise<void> {
    const { control, limits } = this.#graph;
    while (Atomics.load(control, Word.started) < limits.workers && Atomics.load(control, Word.stop) === 0)
      await setTimeout(1);
  }

  startIo(): void {
    this.#io.start();
  }

  startGang(): void {
    // All workers are there.
  }

  block(count: number, stillWanted: () => boolean): void {
    sleepLauncher(this.#graph, count, stillWanted, this.#slice_us);
    for (const threads of this.#workers) threads.look();
    this.#io.look();
  }

  arm(): void {
    Atomics.store(this.#graph.control, Word.wanted, 1);
  }

  keepAlive(alive: boolean): void {
    for (const threads of this.#workers) threads.keepAlive(alive);
    this.#io.keepAlive(alive);
  }

  kill(lane: number): boolean {
    return lane === this.#workers.length ? this.#io.kill() : this.#workers[lane]!.kill();
  }

  async stop(): Promise<void> {
    const { control } = this.#graph;
    Atomics.store(control, Word.stop, 1);
    Atomics.add(control, Word.epoch, 1);
    wake(control, Word.epoch, this.#workers.length);
    await Promise.all([...this.#workers.map((threads) => threads.stop(PATIENCE_MS)), this.#io.stop()]);
  }
}
