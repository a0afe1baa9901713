// Lanes for the members of gangs where the launching thread runs everything else: members wait for each other, so they need
// threads of their own. Started by the first gang that needs them.
import { Worker } from 'node:worker_threads';
import { wake } from '../execution/sleep.js';
import { Word } from '../graph/layout.js';
import type { ExecutorParts } from './executor.js';
import { laneData, listen } from './io-lane.js';

export class GangLanes {
  readonly #parts: ExecutorParts;
  readonly #workers: Worker[] = [];
  #stopping = false;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#workers.length;
  }

  start(members: number): void {
    while (this.#workers.length < members) {
      const worker = new Worker(new URL('./worker-thread.js', import.meta.url), {
        workerData: laneData(this.#parts, this.#workers.length, { gangsOnly: true }),
      });
      listen(worker, this.#parts, () => this.#stopping);
      this.#workers.push(worker);
    }
  }

  async stop(): Promise<void> {
    if (this.#workers.length === 0) return;
    this.#stopping = true;
    const { control } = this.#parts.graph;
    Atomics.store(control, Word.stop, 1);
    Atomics.add(control, Word.epoch, 1);
    wake(control, Word.epoch, this.#workers.length);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
