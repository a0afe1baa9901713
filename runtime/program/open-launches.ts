// Launches with a place in the graph, by slot, and how many of them there are.
import type { Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { Results, resultsBytes } from '../memory/launch-layout.js';
import type { LaunchHandle } from './handle.js';

/** Where the numbers of operations within inner tasks begin. */
const INNER_FIRST = 2 ** 29;

export class OpenLaunches {
  /** By slot. */
  readonly handles: (LaunchHandle | null)[];
  /** Operations of the run so far. */
  operations = 0;
  /** Those that have not ended. */
  open = 0;
  /** Those of them whose records were all made: they end by themselves. */
  running = 0;
  /**
   * With ranks, operations within inner tasks are numbered apart, as each runs on one rank: those of the main program have the
   * same numbers everywhere.
   */
  apart = false;
  #inner = INNER_FIRST;
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #free: number[];

  /** Slot 0 is left to whoever needs one that is no launch. */
  constructor(graph: Graph, heap: Heap) {
    const { launches } = graph.limits;
    this.#graph = graph;
    this.#heap = heap;
    this.#free = Array.from({ length: launches - 1 }, (_, i) => launches - 1 - i);
    this.handles = new Array<LaunchHandle | null>(launches).fill(null);
  }

  /** The number of the next operation of a scope. */
  next({ depth }: { readonly depth: number }): number {
    return this.apart && depth > 0 ? this.#inner : this.operations;
  }

  /** Numbers an operation of a scope. */
  count({ depth }: { readonly depth: number }): number {
    return this.apart && depth > 0 ? this.#inner++ : this.operations++;
  }

  /** Slots that are free. */
  get free(): number {
    return this.#free.length;
  }

  /** Takes a free slot. */
  take(): number {
    return this.#free.pop()!;
  }

  /** A launch has begun in its slot. */
  add(handle: LaunchHandle): void {
    this.handles[handle.slot] = handle;
    this.open++;
  }

  /** Gives a slot back, with the results in it, once the launch has ended and nobody needs them. */
  remove(handle: LaunchHandle): void {
    if (!handle.closed || handle.dependents > 0 || handle.slot < 0) return;
    const unit = this.#graph.results[handle.slot]!;
    new Results(this.#heap, unit, handle.points).freeBlocks();
    this.#heap.free(unit, resultsBytes(handle.points));
    this.handles[handle.slot] = null;
    this.#free.push(handle.slot);
    handle.slot = -1;
  }

  /** The launch of a record; null for joins, which belong to none. */
  of(record: number): LaunchHandle | null {
    return this.handles[this.#graph.launch[record]!] ?? null;
  }

  /** The first operation in program order that has not ended; by default of those that have all their tasks. */
  oldest(counts = ({ sealed }: LaunchHandle): boolean => sealed): LaunchHandle | null {
    let oldest: LaunchHandle | null = null;
    for (const handle of this.handles) {
      if (handle === null || handle.closed || !counts(handle)) continue;
      if (oldest === null || handle.operation < oldest.operation) oldest = handle;
    }
    return oldest;
  }
}
