// Finds ready records that a lost thread had in its hands: taken from a deque and not yet begun, or made ready and not yet
// put anywhere. They are in no queue, and nobody will ever look at them. Launching thread only.
//
// Living threads, too, have records in their hands for a moment. So a record is lost only if it was ready and in no queue at
// three times between which every living thread has let go of what it had: see README.md, "Lost workers".
import { type Graph, Kind, NONE, State, Word } from '../graph/layout.js';
import { Glance } from './glance.js';

const ROUNDS = 3;

export class LostRecords {
  readonly #graph: Graph;
  /** Records that may be lost, with their generations; null when nothing is looked for. */
  #suspects: Map<number, number> | null = null;
  #round = 0;
  #glance: Glance | null = null;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  get searching(): boolean {
    return this.#suspects !== null;
  }

  /** A thread was lost: begins to look, anew if it did already. */
  begin(): void {
    this.#suspects = this.#ready();
    this.#round = 1;
    this.#glance = new Glance(this.#graph);
  }

  /** Goes on as far as the other threads have; returns the records that are lost for sure, once, at the end. */
  advance(): number[] {
    const suspects = this.#suspects;
    if (suspects === null || this.#glance?.over !== true) return [];
    const now = suspects.size === 0 ? suspects : this.#ready();
    for (const [record, generation] of suspects) {
      if (now.get(record) !== generation) suspects.delete(record);
    }
    if (suspects.size > 0 && ++this.#round < ROUNDS) {
      this.#glance = new Glance(this.#graph);
      return [];
    }
    this.#suspects = null;
    return [...suspects.keys()];
  }

  /** Records that are ready and in no queue, with their generations. */
  #ready(): Map<number, number> {
    const graph = this.#graph;
    const { control, deques, generation, limits, link, pending, state } = graph;
    const found = new Map<number, number>();
    for (let record = 0; record < limits.records; record++) {
      const now = Atomics.load(state, record);
      if (now !== State.waiting && now !== State.judged) continue;
      if (Atomics.load(pending, record) === 0) found.set(record, generation[record]!);
    }
    if (found.size === 0) return found;
    for (const { ends, items } of deques) {
      const top = Atomics.load(ends, 0);
      const bottom = Atomics.load(ends, 16);
      for (let at = top; ((bottom - at) | 0) > 0; at = (at + 1) | 0) {
        found.delete(Atomics.load(items, at & (items.length - 1)));
      }
    }
    for (const word of [Word.launcherStack, Word.ioStack, Word.backgroundStack]) {
      let at = Atomics.load(control, word);
      for (let count = 0; at !== NONE && count < limits.records; count++) {
        found.delete(at);
        at = Atomics.load(link, at);
      }
    }
    return found;
  }
}

/** Whether a lost record is a join: the launching thread ends it itself. */
export function isJoin(graph: Graph, record: number): boolean {
  return graph.kind[graph.launch[record]!] === Kind.join;
}
