// Lanes for the members of gangs where the launching thread runs everything else: members wait for each other, so they need
// threads of their own. Started by the first gang that needs them.
import { Worker } from 'node:worker_threads';
import { wake } from '../execution/sleep.js';
import { Word } from '../graph/layout.js';
import type { ExecutorParts } from './executor.js';
import { laneData, listen } from './io-lane.js';
import { LaneThreads } from './lane-threads.js';

export class GangLanes {
  readonly #parts: ExecutorParts;
  readonly #workers: LaneThreads[] = [];

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#workers.length;
  }

  start(members: number): void {
    while (this.#workers.length < members) {
      const lane = this.#workers.length;
      const threads = new LaneThreads(this.#parts, lane, (adopts) => {
        const worker = new Worker(new URL('./worker-thread.js', import.meta.url), {
          workerData: laneData(this.#parts, lane, adopts, { gangsOnly: true }),
        });
        listen(worker, this.#parts);
        return worker;
      });
      this.#workers.push(threads);
    }
  }

  /** Looks whether threads were lost, and starts others. */
  look(): void {
    for (const threads of this.#workers) threads.look();
  }

  keepAlive(alive: boolean): void {
    for (const threads of this.#workers) threads.keepAlive(alive);
  }

  async stop(): Promise<void> {
    if (this.#workers.length === 0) return;
    const { control } = this.#parts.graph;
    Atomics.store(control, Word.stop, 1);
    Atomics.add(control, Word.epoch, 1);
    wake(control, Word.epoch, this.#workers.length);
    await Promise.all(this.#workers.map((threads) => threads.stop(0)));
  }
}
