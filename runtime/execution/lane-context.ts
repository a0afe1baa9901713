// What a task is given as its context: where it is, its random numbers, the resources of its lane.
import { Gate, type Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import type { GangMember } from './gang.js';
import type { Resource, TaskContext } from './leaf.js';
import { randomAt } from './random.js';
import { Resources } from './resources.js';

export interface ContextOptions {
  readonly lane: number;
  readonly log: (line: string) => void;
}

/** One for all tasks that run one after the other on a lane. */
export class LaneContext implements TaskContext {
  point: readonly number[] = [];
  domain: { lo: readonly number[]; hi: readonly number[] } = { lo: [], hi: [] };
  readonly lane: number;
  key0 = 0;
  key1 = 0;
  index = 0;
  draws = 0;
  task = '';
  gang: GangMember | null = null;
  attempt = 0;
  slot = 0;
  readonly #gate: Int32Array;
  readonly #log: (line: string) => void;
  readonly #resources = new Resources();

  /** `gate`: that of the graph. */
  constructor(options: ContextOptions, gate: Int32Array) {
    this.#gate = gate;
    this.lane = options.lane;
    this.#log = options.log;
  }

  /** Tasks of a launch are run from now on. */
  enter(graph: Graph, heap: Heap, task: string, slot: number): void {
    const domain = graph.domain[slot]!;
    const rank = heap.load(domain, 0);
    const lo: number[] = [];
    const hi: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(heap.load(domain, 1 + axis));
      hi.push(lo[axis]! + heap.load(domain, 4 + axis) - 1);
    }
    this.domain = { lo, hi };
    this.key0 = graph.key0[slot]!;
    this.key1 = graph.key1[slot]!;
    this.task = task;
    this.slot = slot;
  }

  /** The next task is that of a point of the launch. */
  at(index: number): void {
    const { lo, hi } = this.domain;
    this.index = index;
    this.draws = 0;
    if (lo.length === 1) this.point = [lo[0]! + index];
    else {
      const point: number[] = new Array(lo.length);
      let rest = index;
      for (let axis = lo.length - 1; axis >= 0; axis--) {
        const extent = hi[axis]! - lo[axis]! + 1;
        point[axis] = lo[axis]! + (rest % extent);
        rest = Math.floor(rest / extent);
      }
      this.point = point;
    }
  }

  get aborted(): boolean {
    return (Atomics.load(this.#gate, this.slot) & Gate.cancelled) !== 0;
  }

  random(): number {
    return randomAt(this.key0, this.key1, this.index, this.draws++);
  }

  log(...words: unknown[]): void {
    this.#log(`${this.task} ${this.point.join(',')}: ${words.map(String).join(' ')}`);
  }

  use<T>(resource: Resource<T>): T {
    return this.#resources.use(resource);
  }

  dispose(): void {
    this.#resources.dispose();
  }
}
