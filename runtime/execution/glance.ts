// Waits until every thread has let go of what it has in its hands now.
import { LaneWord, Phase, Status } from '../graph/lanes.js';
import { type Graph, Word } from '../graph/layout.js';
import { wake } from './sleep.js';

/** What all lanes were doing when it was made. Launching thread only. */
export class Glance {
  readonly #graph: Graph;
  /** How often each lane had looked for work; -1 once it has let go. */
  readonly #looks: Int32Array;

  constructor(graph: Graph) {
    this.#graph = graph;
    const { control, limits } = graph;
    this.#looks = Int32Array.from({ length: limits.workers + 1 }, (_, lane) =>
      this.#line(lane, LaneWord.looks),
    );
    // Those that sleep look again.
    Atomics.add(control, Word.epoch, 1);
    wake(control, Word.epoch, limits.workers);
  }

  /** Whether every lane has ended, was seen in a body, or has looked for work again, which it does with empty hands. */
  get over(): boolean {
    let over = true;
    for (const [lane, looks] of this.#looks.entries()) {
      if (looks === -1) continue;
      const letGo =
        this.#line(lane, LaneWord.status) !== Status.alive ||
        this.#line(lane, LaneWord.phase) === Phase.body ||
        this.#line(lane, LaneWord.looks) !== looks;
      if (letGo) this.#looks[lane] = -1;
      else over = false;
    }
    return over;
  }

  #line(lane: number, word: number): number {
    return Atomics.load(this.#graph.lanes, lane * LaneWord.words + word);
  }
}
