// Bulk-synchronous mode (L. Valiant, CACM 33 (1990) 103) on worker threads: every point runs where it was placed, and the
// launching thread makes the next operation when the last one has ended on all workers. It is here to be compared
// with, so it gets what helps it: the same workers, views and kernels, and placement by recorded costs. Reductions are
// the ordered ones; collectives of the machine's own come with the nodes, as between threads there is nothing to send.
import type { ExecutorParts } from './executor.js';
import { Threads } from './threads.js';

export class Bulk extends Threads {
  override readonly name = 'bulk';
  #unannounced = false;

  constructor(parts: ExecutorParts) {
    super({ ...parts, steal: false });
  }

  /** Workers that sleep at the barrier are woken all at once, when the whole launch has been dealt. */
  protected override announce(): void {
    this.#unannounced = true;
  }

  #release(): void {
    if (!this.#unannounced) return;
    this.#unannounced = false;
    super.announce();
  }

  override block(count: number, stillWanted: () => boolean): void {
    this.#release();
    super.block(count, stillWanted);
  }

  override arm(): void {
    this.#release();
    super.arm();
  }
}
