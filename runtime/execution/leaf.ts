// What the execution knows of a leaf task: names, and a function from views to a value. No regions, no analysis.
import type { Gang } from './gang.js';

/** What a running task may ask of the runtime. One object per lane, the same for every task it runs. */
export interface TaskContext {
  /** The point of the launch domain this task is. */
  readonly point: readonly number[];
  /** The launch domain, as inclusive bounds. */
  readonly domain: { readonly lo: readonly number[]; readonly hi: readonly number[] };
  /** The lane it runs on: for messages only, results must not depend on it. */
  readonly lane: number;
  /** How often this task was begun before and did not end well: 0 unless it is retried, or a worker was lost. */
  readonly attempt: number;
  /** True once the launch was cancelled: a long task may look now and then, and end early. */
  readonly aborted: boolean;
  /** A random number in [0, 1), keyed by the run's seed, the operation, the point and the number of calls before. */
  random(): number;
  /** A line on the error stream, marked with task and point. */
  log(...words: unknown[]): void;
  /** The gang it belongs to; null where the launch did not ask for one. */
  readonly gang: Gang | null;
  /** The handle of a per-worker resource, made at first use. */
  use<T>(resource: Resource<T>): T;
}

/** Something that cannot be shared between threads and is made once per worker: an FFT plan, an open file, a GPU context. */
export interface Resource<T> {
  readonly name: string;
  readonly make: () => T;
  readonly dispose: ((handle: T) => void) | undefined;
}

export interface Leaf {
  readonly name: string;
  /** Names of the requirements, in the order of the launch's bindings. */
  readonly requirements: readonly string[];
  /** Names of the fields of every requirement, in the order of the view's fields. */
  readonly fields: readonly (readonly string[])[];
  /** Of every requirement the fields that tasks share at the same time: `Atomics` works on them in --check mode too. */
  readonly shared?: readonly (readonly string[])[];
  /** Running it again does no harm, however far it came, even if it updates something. */
  readonly harmless?: boolean;
  /** How often it is run again after it threw. */
  readonly retry?: number;
  /** It moves elements as they are: it runs whatever failure has reached them, and hands the mark of it on. */
  readonly moves?: true;
  readonly run: (views: Readonly<Record<string, unknown>>, args: unknown, context: TaskContext) => unknown;
}
