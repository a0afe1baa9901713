// What happens when a record ends, on whatever lane it ran: successors are counted down, poison goes along the
// edges that carry data, and the record goes to the launching thread to be retired.
//
// A thread may be ended at any function call (before one of Atomics, too) and any jump back of its JavaScript, and nowhere
// else. So every step here that may not happen twice is followed by the store that says that it has happened, with no call
// between the two. Who takes the lane over goes on from there: see README.md, "Lost workers".
import { Edge, LaneWord, Phase } from '../graph/lanes.js';
import { CLOSED, type Graph, Kind, lineOf, NONE, State, Word } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import { pushReady } from './stack.js';

/** Where a record goes that has no unmet precondition left. */
export type ReadySink = (record: number) => void;

/**
 * Ends records on one lane, whose ring takes them for retirement. Joins that become ready are ended here and now;
 * everything else goes to `ready`.
 */
export class Finisher {
  readonly #graph: Graph;
  readonly #line: Int32Array;
  readonly #running: number;
  readonly #ring: { readonly put: Int32Array; readonly items: Int32Array };
  readonly #joins: number[] = [];
  readonly #takeJoin: ReadySink;

  constructor(graph: Graph, lane: number, ready: ReadySink) {
    this.#graph = graph;
    this.#line = lineOf(graph, lane);
    this.#running = State.running + lane;
    this.#ring = graph.retired[lane]!;
    this.#takeJoin = (record) => {
      if (graph.kind[graph.launch[record]!] === Kind.join) this.#joins.push(record);
      else ready(record);
    };
  }

  /** Returns true when this ended a launch that somebody watches. */
  finish(record: number, failed: boolean): boolean {
    const line = this.#line;
    line[LaneWord.failed] = failed ? 1 : 0;
    line[LaneWord.edge] = Edge.untold;
    line[LaneWord.record] = record;
    line[LaneWord.phase] = Phase.ending;
    return this.#joined(this.#one(record, failed, Edge.untold));
  }

  /** Goes on ending the record that a thread on this lane was ending when it was lost. */
  resume(): boolean {
    const line = this.#line;
    return this.#joined(this.#one(line[LaneWord.record]!, line[LaneWord.failed] === 1, line[LaneWord.edge]!));
  }

  #joined(watched: boolean): boolean {
    let any = watched;
    while (this.#joins.length > 0) {
      const join = this.#joins.pop()!;
      const line = this.#line;
      this.#graph.state[join] = this.#running;
      line[LaneWord.failed] = 0;
      line[LaneWord.edge] = Edge.untold;
      line[LaneWord.record] = join;
      line[LaneWord.phase] = Phase.ending;
      any = this.#one(join, false, Edge.untold) || any;
    }
    return any;
  }

  #one(record: number, failed: boolean, from: number): boolean {
    const graph = this.#graph;
    const line = this.#line;
    const { control, edgeNext, edgeTo, head, kind, launch, pending, points, remaining, spent, state } = graph;
    const root = Atomics.load(graph.poison, record);
    // Whoever waits for this record finds it told. Before the first failure there is nothing to tell.
    if (from === Edge.untold && control[Word.failures] !== 0 && kind[launch[record]!] !== Kind.join) {
      pushReady(graph, Word.ended, record);
      line[LaneWord.edge] = Edge.told;
    }
    let edge = from;
    if (from === Edge.untold || from === Edge.told) {
      edge = Atomics.exchange(head, record, CLOSED);
      line[LaneWord.edge] = edge;
      spent[record] = edge;
    }
    while (edge !== NONE) {
      const to = edgeTo[edge]!;
      const successor = to >> 1;
      if (root !== 0 && (to & 1) === 1) poison(graph, successor, root);
      edge = edgeNext[edge]!;
      const left = Atomics.sub(pending, successor, 1);
      line[LaneWord.edge] = edge;
      if (left === 1) this.#takeJoin(successor);
    }
    state[record] = failed ? State.failed : root === 0 ? State.done : State.skipped;
    const slot = launch[record]!;
    const count = points[record]!;
    const { put, items } = this.#ring;
    const at = put[0]!;
    items[at & (items.length - 1)] = record;
    // From here on the launching thread may retire the record: nothing of it is read below.
    Atomics.store(put, 0, (at + 1) | 0);
    line[LaneWord.phase] = Phase.looking;
    return Atomics.sub(remaining, slot, count) === count && Atomics.load(graph.watched, slot) !== 0;
  }
}
