// What happens when a record ends, on whatever lane it ran: successors are counted down, poison goes along the
// edges that carry data, and the record goes to the launching thread to be retired.
import { CLOSED, type Graph, Kind, NONE, State, Word } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import { pushReady } from './stack.js';

/** Where a record goes that has no unmet precondition left. */
export type ReadySink = (record: number) => void;

/** One precondition of a record is met. */
export function countDown(graph: Graph, record: number, ready: ReadySink): void {
  if (Atomics.sub(graph.pending, record, 1) === 1) ready(record);
}

/**
 * Ends records on one lane, whose ring takes them for retirement. Joins that become ready are ended here and now;
 * everything else goes to `ready`.
 */
export class Finisher {
  readonly #graph: Graph;
  readonly #ring: { readonly put: Int32Array; readonly items: Int32Array };
  readonly #joins: number[] = [];
  readonly #takeJoin: ReadySink;

  constructor(graph: Graph, lane: number, ready: ReadySink) {
    this.#graph = graph;
    this.#ring = graph.retired[lane]!;
    this.#takeJoin = (record) => {
      if (graph.kind[graph.launch[record]!] === Kind.join) this.#joins.push(record);
      else ready(record);
    };
  }

  /** Returns true when this ended a launch that somebody watches. */
  finish(record: number, failed: boolean): boolean {
    let watched = this.#one(record, failed);
    while (this.#joins.length > 0) watched = this.#one(this.#joins.pop()!, false) || watched;
    return watched;
  }

  #one(record: number, failed: boolean): boolean {
    const graph = this.#graph;
    const { control, edgeNext, edgeTo, head, kind, launch, pending, points, remaining, spent, state } = graph;
    const root = Atomics.load(graph.poison, record);
    // Whoever waits for this record finds it told. Before the first failure there is nothing to tell.
    if (control[Word.failures] !== 0 && kind[launch[record]!] !== Kind.join) {
      pushReady(graph, Word.ended, record);
    }
    // State before head: whoever finds the list closed may read the state.
    Atomics.store(state, record, failed ? State.failed : root === 0 ? State.done : State.skipped);
    const first = Atomics.exchange(head, record, CLOSED);
    for (let edge = first; edge !== NONE; edge = edgeNext[edge]!) {
      const to = edgeTo[edge]!;
      const successor = to >> 1;
      if (root !== 0 && (to & 1) === 1) poison(graph, successor, root);
      if (Atomics.sub(pending, successor, 1) === 1) this.#takeJoin(successor);
    }
    spent[record] = first;
    const slot = launch[record]!;
    const count = points[record]!;
    const { put, items } = this.#ring;
    const at = put[0]!;
    items[at & (items.length - 1)] = record;
    // From here on the launching thread may retire the record: nothing of it is read below.
    Atomics.store(put, 0, (at + 1) | 0);
    return Atomics.sub(remaining, slot, count) === count && Atomics.load(graph.watched, slot) !== 0;
  }
}
