// What the program waits for in node's event loop: ends of launches, their values, fences.
import { type ManipleError, UpstreamError } from '../errors.js';
import type { Executor } from '../executors/executor.js';
import type { LaunchHandle, ProgramScope } from './handle.js';
import type { LostThreads } from './lost-threads.js';
import type { OpenLaunches } from './open-launches.js';
import type { RankPort } from './ranks/port.js';
import type { Retirement } from './retirement.js';
import type { RunLog } from './run-log.js';
import type { Watchers } from './watchers.js';
import type { Window } from './window.js';

export interface AwaitingParts {
  readonly launches: OpenLaunches;
  readonly watchers: Watchers;
  readonly window: Window;
  readonly executor: Executor;
  readonly runLog: RunLog | null;
  readonly ranks: RankPort | null;
  /** Takes ended records back. */
  poll(): void;
}

export class Awaiting {
  readonly #parts: AwaitingParts;
  readonly #retirement: Retirement;
  readonly #lost: LostThreads;

  constructor(parts: AwaitingParts, retirement: Retirement, lost: LostThreads) {
    this.#parts = parts;
    this.#retirement = retirement;
    this.#lost = lost;
  }

  /** Resolves when a launch has ended (with or without an error), or a lease was reached. */
  async ended(handle: LaunchHandle): Promise<void> {
    const { watchers, runLog } = this.#parts;
    this.#parts.poll();
    if (handle.lease !== null && handle.lease.record >= 0 && !handle.lease.over) return;
    if (!handle.closed && this.#lost.error === null) {
      this.#parts.ranks?.waiting();
      const from = runLog?.since() ?? 0;
      await new Promise<void>((resolve) => {
        watchers.add(handle, resolve);
        this.look();
      });
      runLog?.waited('await', handle.operation, from);
    }
    if (this.#lost.error !== null && !handle.closed) throw this.#lost.errorOf(handle);
  }

  /** Looks whether watched launches have ended, and asks for a message when the next one does. */
  look(): void {
    const { watchers, window, executor, ranks } = this.#parts;
    this.#parts.poll();
    // Other ranks may want something at any time.
    if (watchers.count === 0 && window.innerOpen === 0 && !window.stalled && ranks === null) return;
    executor.arm();
    ranks?.arm(() => this.look());
    // What ended before the arming sent no message. When a lane is between its last two steps, look again soon.
    this.#parts.poll();
    if (this.#retirement.closing) setImmediate(() => this.look());
  }

  /**
   * Resolves with the values of a launch that has ended well; rejects with the error that comes first in program
   * order. Of a single point (`index`) only its own fate counts.
   */
  async values(handle: LaunchHandle, index?: number): Promise<unknown[] | null> {
    await this.ended(handle);
    const ranks = handle.scope.depth === 0 ? this.#parts.ranks : null;
    if (ranks !== null) await ranks.results(handle);
    if (handle.root !== 0 && (index === undefined || (handle.spoiled?.[index] ?? 0) !== 0)) {
      // Which failure is first is known when all earlier operations have ended.
      await this.quiet(handle.scope, handle.operation);
      if (ranks !== null) await ranks.agreed(handle);
      const error = handle.error!;
      handle.scope.told.add(error instanceof UpstreamError ? error.root : (error as ManipleError));
      throw error;
    }
    return handle.values;
  }

  /** Resolves when all launches of a scope up to an operation have ended; leases are the program's own affair. */
  async quiet(scope: ProgramScope, operation = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      const next = scope.oldest();
      if (next === null || next.operation > operation) return;
      await this.ended(next);
    }
  }

  /** Resolves when all operations that were called so far in a scope have ended. */
  async fence(scope: ProgramScope): Promise<void> {
    const { window, launches, ranks } = this.#parts;
    if (window.waits(scope)) {
      await new Promise<void>((resolve) => {
        window.submit(scope, () => {
          resolve();
          return true;
        });
      });
    }
    const operation = launches.next(scope) - 1;
    const shared = scope.depth === 0 ? ranks?.fence() : undefined;
    await this.quiet(scope, operation);
    await shared?.(operation);
  }
}
