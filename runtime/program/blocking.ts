// Waiting here and now: the launching thread sleeps until something has ended. What needs it to run (bodies of inner tasks) can
// not go on meanwhile, so that every wait looks first whether anything else can.
import type { RecordBuilder } from '../analysis/record-builder.js';
import { LaunchError } from '../errors.js';
import type { WaitReason } from '../events/log-format.js';
import type { Executor } from '../executors/executor.js';
import type { Graph } from '../graph/layout.js';
import type { LaunchHandle, ProgramScope } from './handle.js';
import type { LostThreads } from './lost-threads.js';
import type { OpenLaunches } from './open-launches.js';
import type { RankPort } from './ranks/port.js';
import type { Retirement } from './retirement.js';
import type { RunLog } from './run-log.js';
import type { Stillness } from './stillness.js';
import type { Watchdog } from './watchdog.js';
import type { Window } from './window.js';

export interface BlockingParts {
  readonly graph: Graph;
  readonly builder: RecordBuilder;
  readonly launches: OpenLaunches;
  readonly window: Window;
  readonly executor: Executor;
  readonly runLog: RunLog | null;
  /** The other ranks; null where there are none. */
  readonly ranks: RankPort | null;
  /** Takes ended records back. */
  poll(): void;
}

export class Blocking {
  readonly #parts: BlockingParts;
  readonly #retirement: Retirement;
  readonly #lost: LostThreads;
  readonly #stillness: Stillness;
  readonly #watchdog: Watchdog;

  constructor(
    parts: BlockingParts,
    retirement: Retirement,
    lost: LostThreads,
    stillness: Stillness,
    watchdog: Watchdog,
  ) {
    this.#parts = parts;
    this.#retirement = retirement;
    this.#lost = lost;
    this.#stillness = stillness;
    this.#watchdog = watchdog;
  }

  /** There is no memory for something: waits for a launch to end; false where none will. */
  makeRoom(): boolean {
    const { launches } = this.#parts;
    if (launches.running === 0 || this.#stuck()) return false;
    this.#wait('memory', 1, () => launches.running > 0);
    return true;
  }

  /** Called while records or edges are used up. */
  starve(): void {
    const { builder, graph, window } = this.#parts;
    if (this.#stuck()) throw new LaunchError(window.tooSmall);
    this.#wait(
      'records',
      graph.limits.records >> 2,
      () => builder.freeRecords === 0 || builder.freeEdges === 0,
    );
  }

  /** Called while all launch slots are in use. */
  forSlot(): void {
    const { launches, window } = this.#parts;
    if (this.#stuck()) throw new LaunchError(window.tooSmall);
    this.#wait('slots', 1, () => launches.free === 0);
  }

  /** Blocks until about `count` records have ended, or something else happened. */
  #wait(reason: WaitReason, count: number, stillWanted: () => boolean, operation = -1): void {
    const { executor, launches, ranks, runLog } = this.#parts;
    this.#lost.check();
    ranks?.check();
    const { open } = launches;
    this.#parts.poll();
    if (this.#retirement.closing || launches.open !== open || !stillWanted()) return;
    const from = runLog?.since() ?? 0;
    ranks?.waiting();
    executor.block(count, () => !this.#retirement.anythingNew);
    runLog?.waited(reason, operation, from);
    this.#watchdog.look();
    this.#parts.poll();
  }

  /**
   * Blocks until a launch has ended. False when it cannot end while this thread is blocked: it waits for an inner task,
   * whose body runs here.
   */
  waitFor(handle: LaunchHandle): boolean {
    while (!handle.closed) {
      if (handle.slot < 0) this.#parts.window.advance(handle.scope);
      if (this.#stuck()) return false;
      this.#wait('launch', 1, () => !handle.closed, handle.operation);
    }
    return true;
  }

  /**
   * Blocks until a launch has ended, on all workers. The launching thread sleeps until as many records have ended as are left
   * at least, so that it does not wake up for each.
   */
  untilEnded(handle: LaunchHandle): void {
    const largest = Math.ceil(handle.points / Math.max(1, handle.records.length));
    while (!handle.closed) {
      const left = Math.max(1, Math.ceil(handle.left / largest));
      this.#wait('launch', left, () => !handle.closed, handle.operation);
    }
  }

  /** Blocks until a condition holds that messages of other ranks bring about. */
  waitUntil(holds: () => boolean): void {
    while (!holds()) this.#wait('launch', 1, () => !holds());
  }

  /** Blocks until all operations of a scope up to one have ended. */
  quietNow(scope: ProgramScope, operation: number): void {
    for (let next = scope.oldest(); next !== null && next.operation <= operation; next = scope.oldest())
      if (!this.waitFor(next)) return;
  }

  /** Whether inner tasks are open and nothing runs or can run but their bodies. */
  #stuck(): boolean {
    const { ranks, window } = this.#parts;
    return window.innerOpen > 0 && ranks?.expecting !== true && this.#stillness.holds();
  }
}
