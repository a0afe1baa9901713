// What launches keep in shared memory, decoded once per launch and lane.
import type { Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { Results, readArgs, readValue } from '../memory/launch-layout.js';

const EMPTY: Readonly<Record<string, never>> = Object.freeze({});

export class LaunchData {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #argsSerial: Int32Array;
  readonly #args: unknown[] = [];
  readonly #keys = new Map<number, string[]>();
  #resultsSlot = -1;
  #resultsSerial = 0;
  #lastResults: Results | null = null;

  constructor(graph: Graph, heap: Heap) {
    this.#graph = graph;
    this.#heap = heap;
    this.#argsSerial = new Int32Array(graph.limits.launches);
  }

  /** How many points a launch has. */
  points(slot: number): number {
    const domain = this.#graph.domain[slot]!;
    const heap = this.#heap;
    return heap.load(domain, 4) * heap.load(domain, 5) * heap.load(domain, 6);
  }

  /** The arguments of a launch. */
  args(slot: number): unknown {
    const graph = this.#graph;
    const unit = graph.args[slot]!;
    if (unit === 0) return EMPTY;
    const serial = graph.serial[slot]!;
    if (this.#argsSerial[slot] !== serial) {
      this.#args[slot] = this.#read(unit);
      this.#argsSerial[slot] = serial;
    }
    return this.#args[slot];
  }

  /** The same, in objects that nobody else has. */
  ownArgs(slot: number): Readonly<Record<string, unknown>> {
    const unit = this.#graph.args[slot]!;
    return unit === 0 ? EMPTY : this.#read(unit);
  }

  #read(unit: number): Readonly<Record<string, unknown>> {
    return readArgs(this.#heap, unit, this.#keysAt(this.#heap.load(unit, 0)));
  }

  #keysAt(unit: number): string[] {
    if (unit === 0) return [];
    let keys = this.#keys.get(unit);
    if (keys === undefined) {
      keys = readValue(this.#heap, unit) as string[];
      this.#keys.set(unit, keys);
    }
    return keys;
  }

  /** Where the points of a launch put what they return. */
  results(slot: number): Results {
    const serial = this.#graph.serial[slot]!;
    if (this.#resultsSlot !== slot || this.#resultsSerial !== serial) {
      this.#resultsSlot = slot;
      this.#resultsSerial = serial;
      this.#lastResults = new Results(this.#heap, this.#graph.results[slot]!, this.points(slot));
    }
    return this.#lastResults!;
  }
}
