// What the program asks of an executor: take ready records, run them, and wait for some to end.
import type { LaneRecorder, SharedLaneLog } from '../events/lane-log.js';
import type { Leaf } from '../execution/leaf.js';
import type { SavedTasks } from '../execution/task-saver.js';
import type { Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';

export interface Executor {
  readonly name: string;
  /** A record has no unmet precondition left. Called on the launching thread. */
  ready(record: number): void;
  /** Resolves when all workers have come up. */
  started(): Promise<void>;
  /** Asynchronous tasks are about to be launched: whoever makes them ready finds the I/O lane running. */
  startIo(): void;
  /** A gang of so many members is about to be launched: as many lanes can run them. */
  startGang(members: number): void;
  /** The launching thread has nothing else to do until about `count` records have ended: lets that happen, or sleeps a little. */
  block(count: number, stillWanted: () => boolean): void;
  /** A watched launch is awaited in the event loop: call `ring` when one has ended. */
  arm(): void;
  /** Whether the threads of the lanes keep the process alive: not while nothing runs. */
  keepAlive(alive: boolean): void;
  /** Ends the thread of a lane at whatever it is doing, for tests; false where it has none, or that was asked for before. */
  kill(lane: number): boolean;
  /** Ends all lanes. */
  stop(): Promise<void>;
}

/** What an executor is made from. */
export interface ExecutorParts {
  readonly graph: Graph;
  readonly heap: Heap;
  readonly seed: number;
  readonly check: boolean;
  readonly steal: boolean;
  /** How long the launching thread may sleep, where messages do not wake it. */
  readonly slice_us: number | undefined;
  /** Runs like this one, beside it on this machine and itself counted. */
  readonly ranks: number;
  /** Lanes pause at random where they hand something over, for tests. */
  readonly jitter: boolean;
  /** One ring per lane, or null when nothing is recorded. */
  readonly laneLogs: readonly SharedLaneLog[] | null;
  /** Writes that of the launching thread. */
  readonly recorder: LaneRecorder | null;
  /** The task of a kind, on this thread. */
  readonly leaf: (task: number) => Leaf;
  /** A watched launch ended: look at the rings. */
  readonly ring: () => void;
  readonly log: (line: string) => void;
  /** Heap of each worker's JavaScript; null is node's default. */
  readonly workerHeap_MB: number | null;
  /** Which tasks are saved with their inputs. */
  readonly saves: SavedTasks | null;
  /** A thread was lost; `replaced` says that another goes on with what it had. */
  readonly lost: (lane: number, error: Error, replaced: boolean) => void;
}
