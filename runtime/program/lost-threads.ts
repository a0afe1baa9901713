// What the launching thread does about threads that were lost: it finds what they had in their hands, or gives the run up.
import type { EventEmitter } from 'eventemitter3';
import { type TaskError, WorkerLostError } from '../errors.js';
import type { Finisher } from '../execution/finish.js';
import { isJoin, LostRecords } from '../execution/lost-records.js';
import { pushReady } from '../execution/stack.js';
import type { Executor } from '../executors/executor.js';
import { type Graph, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import type { RunEvents } from './engine-options.js';
import { failedTask } from './failed-task.js';
import type { LaunchHandle } from './handle.js';
import type { OpenLaunches } from './open-launches.js';
import type { Watchers } from './watchers.js';

export interface LostThreadsParts {
  readonly graph: Graph;
  readonly launches: OpenLaunches;
  readonly watchers: Watchers;
  readonly executor: Executor;
  readonly events: EventEmitter<RunEvents>;
}

export class LostThreads {
  /** Why a lane has no thread any more; its work cannot be done. */
  error: Error | null = null;
  readonly #parts: LostThreadsParts;
  readonly #finisher: Finisher;
  readonly #records: LostRecords;
  readonly #look: () => void;

  /** `look` takes back what has ended, and calls search() before. */
  constructor(parts: LostThreadsParts, finisher: Finisher, look: () => void) {
    this.#parts = parts;
    this.#finisher = finisher;
    this.#records = new LostRecords(parts.graph);
    this.#look = look;
  }

  /** Whether records may be in the hands of a thread that is gone. */
  get searching(): boolean {
    return this.#records.searching;
  }

  /** A thread was lost, and usually another has taken its place: what nobody holds now is looked for. */
  lost(lane: number, error: Error, replaced: boolean): void {
    const { events, executor, launches, watchers } = this.#parts;
    events.emit('lost', error);
    if (replaced) {
      // Without worker threads, ready records wait in queues of the launching thread, which are no part of the graph.
      if (executor.name === 'threads' || executor.name === 'bulk') {
        this.#records.begin();
        this.#searchLater();
      }
      this.#look();
      return;
    }
    this.error ??= new Error(`the thread of lane ${lane} ends as soon as it is started: ${error.message}`);
    for (const handle of launches.handles) {
      if (handle === null || handle.closed) continue;
      handle.error = this.errorOf(handle);
      watchers.tell(handle);
    }
  }

  /** The error of a launch that cannot end any more. */
  errorOf(handle: LaunchHandle): TaskError {
    return failedTask(handle, 0, this.error, true);
  }

  /** Throws once a lane has no thread any more, and names the oldest launch that cannot end. */
  check(): void {
    if (this.error === null) return;
    const { launches } = this.#parts;
    const oldest = launches.oldest(() => true);
    if (oldest !== null) throw this.errorOf(oldest);
    const nobody = {
      task: 'of no launch',
      point: [0],
      operation: launches.operations,
      launchSite: 'nowhere',
    };
    throw new WorkerLostError({ ...nobody, path: [], regions: [] }, this.error);
  }

  /** The search goes on while the program waits in its event loop, too. */
  #searchLater(): void {
    setTimeout(() => {
      if (!this.searching) return;
      this.#look();
      this.#searchLater();
    }, 2);
  }

  /** Makes ready once more what lost threads had in their hands. */
  search(): void {
    const { graph, executor } = this.#parts;
    for (const record of this.#records.advance()) {
      if (isJoin(graph, record)) this.#finisher.finish(record, false);
      else if (unjudged(graph, record)) pushReady(graph, Word.launcherStack, record);
      else executor.ready(record);
    }
  }
}
