// Every record on a worker drawn by the seed: results must not depend on it, and tests see that they do not.
import type { Placement } from './static-placement.js';

export class RandomPlacement implements Placement {
  readonly #workers: number;
  #state: number;

  constructor(workers: number, seed: number) {
    this.#workers = workers;
    this.#state = seed | 1;
  }

  /** Marsaglia's xorshift (J. Stat. Softw. 8 (2003) 14): any worker will do. */
  #draw(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % this.#workers;
  }

  deal(_task: string, _points: number, records: number): Int32Array {
    return Int32Array.from({ length: records }, () => this.#draw());
  }
}
