// Waits until every thread has let go of what it has in its hands now.
import { LaneWord, Phase, Status } from '../graph/lanes.js';
import { type Graph, Word } from '../graph/layout.js';
import { wake } from './sleep.js';

/** What all lanes were doing when it was made. Launching thread only. */
export class Glance {
  readonly #graph: Graph;
  /** Lanes that have not let go, and how often each had looked for work. */
  #held: readonly { readonly lane: number; readonly looks: number }[];

  constructor(graph: Graph) {
    this.#graph = graph;
    const { control, limits } = graph;
    this.#held = Array.from({ length: limits.workers + 1 }, (_, lane) => ({
      lane,
      looks: this.#line(lane, LaneWord.looks),
    }));
    // Those that sleep look again.
    Atomics.add(control, Word.epoch, 1);
    wake(control, Word.epoch, limits.workers);
  }

  /** Whether every lane has ended, was seen in a body, or has looked for work again, which it does with empty hands. */
  get over(): boolean {
    this.#held = this.#held.filter(
      ({ lane, looks }) =>
        this.#line(lane, LaneWord.status) === Status.alive &&
        this.#line(lane, LaneWord.phase) !== Phase.body &&
        this.#line(lane, LaneWord.looks) === looks,
    );
    return this.#held.length === 0;
  }

  #line(lane: number, word: number): number {
    return Atomics.load(this.#graph.lanes, lane * LaneWord.words + word);
  }
}
