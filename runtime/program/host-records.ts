// Records that end on the launching thread: host functions, leases, bodies of inner tasks; and those that need its judgement.
import { endBits } from '../events/lane-log.js';
import type { Failure } from '../execution/failure.js';
import type { Finisher } from '../execution/finish.js';
import { takeReady } from '../execution/stack.js';
import type { Executor } from '../executors/executor.js';
import { type Graph, Kind, launcherLane, State, Word } from '../graph/layout.js';
import { poison, unjudged } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { writeValue } from '../memory/launch-layout.js';
import type { LaunchHandle } from './handle.js';
import type { OpenLaunches } from './open-launches.js';
import type { Retirement } from './retirement.js';
import type { RunLog } from './run-log.js';
import type { Watchers } from './watchers.js';

export interface HostParts {
  readonly graph: Graph;
  readonly heap: Heap;
  readonly launches: OpenLaunches;
  readonly watchers: Watchers;
  readonly executor: Executor;
  readonly runLog: RunLog | null;
}

export class HostRecords {
  readonly #parts: HostParts;
  readonly #retirement: Retirement;
  readonly #finisher: Finisher;

  constructor(parts: HostParts, retirement: Retirement, finisher: Finisher) {
    this.#parts = parts;
    this.#retirement = retirement;
    this.#finisher = finisher;
  }

  /** Takes the records that are ready; false when there are none. */
  run(): boolean {
    const { graph, launches, executor } = this.#parts;
    const records = takeReady(graph, Word.launcherStack);
    const marked = records.map((record) => unjudged(graph, record));
    // They are in no queue now, and not lost.
    for (const record of records) graph.state[record] = State.running + launcherLane(graph);
    for (const [i, record] of records.entries()) {
      const handle = launches.of(record)!;
      if (marked[i]) this.#retirement.judge(handle, record);
      if (handle.inner !== null) {
        handle.inner.start(record);
        continue;
      }
      if (graph.kind[handle.slot] !== Kind.host) {
        // One that is not judged was given its last reservation in place of a lost thread.
        if (!marked[i]) graph.state[record] = State.waiting;
        executor.ready(record);
        continue;
      }
      const skipped = graph.poison[record] !== 0 && !handle.moves;
      // One that is over before its turn holds nothing.
      if (handle.lease !== null && !skipped && !handle.lease.over) {
        this.#grant(handle, record);
        continue;
      }
      this.#parts.runLog?.recorder.begin(0);
      const failed = !skipped && !this.#call(handle, record);
      this.#end(record, failed, skipped);
    }
    return records.length > 0;
  }

  /** Runs the function of a host record; false when it threw. */
  #call(handle: LaunchHandle, record: number): boolean {
    try {
      handle.host?.();
      return true;
    } catch (error) {
      const { graph, heap } = this.#parts;
      poison(graph, record, handle.operation + 1);
      const { name, message, stack } =
        error instanceof Error ? error : new Error(`it threw ${String(error)}`);
      const failure: Failure = { point: 0, name, message, stack };
      graph.failure[handle.slot] = writeValue(heap, failure);
      return false;
    }
  }

  #end(record: number, failed: boolean, skipped: boolean): void {
    const { graph, runLog } = this.#parts;
    runLog?.recorder.end(graph.number[record]!, 0, endBits(failed, skipped));
    this.#finisher.finish(record, failed);
  }

  /** A lease's turn has come: from now on it waits for the program alone. */
  #grant(handle: LaunchHandle, record: number): void {
    handle.lease!.record = record;
    this.#parts.launches.running--;
    this.#parts.watchers.tell(handle);
  }

  /** The program is done with a lease that it was granted. */
  endLease(handle: LaunchHandle): void {
    this.#parts.launches.running++;
    this.#parts.runLog?.recorder.begin(0);
    this.#end(handle.lease!.record, false, false);
  }

  /** Ends a record of an inner task. Bodies that began (`began`) run at the same time, and have times of their own. */
  endInner(record: number, failed: boolean, began: boolean): void {
    const { graph, runLog } = this.#parts;
    const skipped = !failed && graph.poison[record] !== 0;
    if (!began) {
      runLog?.recorder.begin(0);
      this.#end(record, failed, skipped);
      return;
    }
    runLog?.recorder.stop(graph.number[record]!, endBits(failed, skipped));
    this.#finisher.finish(record, failed);
  }
}
