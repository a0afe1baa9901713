// What an engine is made with, and what it tells of.
import type { AnalysisFaults } from '../analysis/faults.js';
import type { SavedTasks } from '../execution/task-saver.js';
import type { Executor, ExecutorParts } from '../executors/executor.js';
import type { Placement } from '../mapping/static-placement.js';
import type { RunLogOptions } from './run-log.js';

export interface EngineOptions {
  readonly workers: number;
  readonly seed: number;
  readonly memory: number;
  readonly check: boolean;
  readonly steal: boolean;
  /** Lanes pause at random where they hand something over, for tests. */
  readonly jitter: boolean;
  readonly rename: boolean;
  /** What is recorded of the run, if anything. */
  readonly record: RunLogOptions | null;
  readonly faults: AnalysisFaults;
  readonly limits: { readonly records: number; readonly launches: number };
  /** Ranks of the run that may share the processors of this machine. */
  readonly ranks: number;
  /** How long the launching thread may sleep in a call, where messages of other ranks do not wake it. */
  readonly slice_us: number | undefined;
  /** Bulk mode: every operation is followed by a barrier. */
  readonly barriers: boolean;
  /** Deals records to workers; null for blocks of consecutive points. */
  readonly placement: Placement | null;
  /** Keeps what was not freed, where somebody asks for it. */
  readonly leaks: LeakRegister | null;
  /** Fills and copies of more bytes are cut into chunks. */
  readonly chunkBytes: number;
  readonly createExecutor: (parts: ExecutorParts) => Executor;
  readonly log: (line: string) => void;
  readonly workerHeap_MB: number | null;
  readonly retry: number;
  /** Which tasks are saved with their inputs. */
  readonly saves: SavedTasks | null;
  /** Whatever nobody uses goes to disk at every launch, for tests. */
  readonly spillsAlways: boolean;
  /** Seconds without an end before it is said what the program waits for; 0 is never. */
  readonly watchdog_s: number;
  /** Where memory goes that does not fit the budget; null is nowhere. */
  readonly spill: string | null;
  /** Aborting it cancels everything that has not started. */
  readonly signal: AbortSignal | null;
}

/** Told of every region that is made and freed. */
export interface LeakRegister {
  made(tree: object, handle: object, site: { readonly stack?: string }): void;
  freed(tree: object): void;
}

/** Public events of a run, for progress displays and logs. */
export interface RunEvents {
  /** A launch was made: task, operation, points, and its path through inner tasks (see TaskError). */
  launch: (task: string, operation: number, points: number, path: readonly number[]) => void;
  /** All points of a launch have ended. */
  retire: (task: string, operation: number, failed: boolean) => void;
  /** A worker thread was lost; another has taken its place, unless that failed again and again. */
  lost: (error: Error) => void;
}
