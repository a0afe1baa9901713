// Makes task records and the edges between them, and takes both back when a record has ended. Launching thread only.
import type { ProgramLog } from '../events/program-log.js';
import { CLOSED, type Graph, Kind, NONE, State } from '../graph/layout.js';
import { poison } from '../graph/poison.js';

/** Stands in `pending` while a record is being built, so that it cannot become ready too early. */
const GUARD = 1 << 28;
/** Generations repeat after this many uses of one record. */
const GENERATIONS = 2 ** 30;

export class RecordBuilder {
  readonly graph: Graph;
  readonly #freeRecords: Int32Array;
  readonly #freeEdges: Int32Array;
  #records: number;
  #edges: number;
  /** Serial of the record being built, twice, plus 1 where the edge made carries data: no edge is made twice. */
  readonly #mark: Float64Array;
  #serial = 0;
  #current = NONE;
  #unmet = 0;
  /** Failures of records that were retired: (record, generation) -> root operation + 1. */
  readonly #poisoned = new Map<number, number>();
  /** Waits until at least one record and one edge can be taken back. */
  readonly #starve: () => void;
  /** Edges made in all: for statistics and tests. */
  edgesMade = 0;
  /** Set by tests: called for every ordered pair, whether or not an edge had to be made. */
  onEdge: ((predecessor: number, generation: number, successor: number, data: boolean) => void) | null = null;
  /** Where records and edges are logged (--profile). */
  log: ProgramLog | null = null;
  /** Records opened so far. */
  #opened = 0;

  constructor(graph: Graph, starve: () => void) {
    const { records, edges } = graph.limits;
    this.graph = graph;
    this.#starve = starve;
    this.#freeRecords = Int32Array.from({ length: records }, (_, i) => records - 1 - i);
    this.#freeEdges = Int32Array.from({ length: edges }, (_, i) => edges - 1 - i);
    this.#records = records;
    this.#edges = edges;
    this.#mark = new Float64Array(records).fill(-1);
  }

  get freeRecords(): number {
    return this.#records;
  }

  get freeEdges(): number {
    return this.#edges;
  }

  get current(): number {
    return this.#current;
  }

  /** Starts a record. Blocks while all are in use. */
  open(slot: number, first: number, points: number, place: number): number {
    while (this.#records === 0) this.#starve();
    const graph = this.graph;
    const record = this.#freeRecords[--this.#records]!;
    graph.launch[record] = slot;
    graph.first[record] = first;
    graph.points[record] = points;
    graph.place[record] = place;
    graph.state[record] = State.waiting;
    graph.poison[record] = 0;
    graph.spent[record] = NONE;
    graph.number[record] = this.#opened;
    this.#opened = (this.#opened + 1) | 0;
    if (this.log !== null) {
      if (graph.kind[slot] === Kind.join) this.log.openJoin();
      else this.log.open(graph.operation[slot]!, first, points, place);
    }
    graph.attempt[record] = 0;
    graph.reserved[record] = 0;
    Atomics.store(graph.pending, record, GUARD);
    Atomics.store(graph.head, record, NONE);
    this.#current = record;
    this.#unmet = 0;
    this.#serial += 2;
    return record;
  }

  /** More preconditions of the record being built that are not edges. */
  expect(count: number): void {
    this.#unmet += count;
  }

  /** Orders the record being built after another, unless that has ended. `data`: a failure of it is passed on. */
  after(predecessor: number, generation: number, data: boolean): void {
    const graph = this.graph;
    const current = this.#current;
    if (graph.generation[predecessor] !== generation) {
      if (data && this.#poisoned.size > 0) {
        const root = this.#poisoned.get(key(predecessor, generation));
        if (root !== undefined) poison(graph, current, root);
      }
      return;
    }
    this.onEdge?.(predecessor, generation, current, data);
    const seen = this.#mark[predecessor]!;
    if (seen === this.#serial + 1 || (seen === this.#serial && !data)) return;
    this.#mark[predecessor] = this.#serial + (data ? 1 : 0);
    this.log?.edge(graph.number[predecessor]!, data);
    while (this.#edges === 0) this.#starve();
    const edge = this.#freeEdges[--this.#edges]!;
    graph.edgeTo[edge] = (current << 1) | (data ? 1 : 0);
    for (;;) {
      const head = Atomics.load(graph.head, predecessor);
      if (head === CLOSED) {
        this.#freeEdges[this.#edges++] = edge;
        // It ended while we looked: what it ended with was written before its list was closed.
        const root = data ? Atomics.load(graph.poison, predecessor) : 0;
        if (root !== 0) poison(graph, current, root);
        return;
      }
      graph.edgeNext[edge] = head;
      if (Atomics.compareExchange(graph.head, predecessor, head, edge) === head) break;
    }
    this.#unmet++;
    this.edgesMade++;
  }

  /** Orders the record being built after one whose value it takes. */
  afterValue(predecessor: number, generation: number): void {
    this.after(predecessor, generation, true);
  }

  /** Ends the building of the current record; true when it has no unmet precondition. */
  seal(): boolean {
    this.log?.seal();
    const { pending } = this.graph;
    const change = this.#unmet - GUARD;
    return Atomics.add(pending, this.#current, change) + change === 0;
  }

  /** Goes on building `record` after another was built in between. */
  resume(record: number, unmet: number): void {
    this.#current = record;
    this.#unmet = unmet;
    this.#serial += 2;
    this.log?.resume(this.graph.number[record]!);
  }

  /** Whether a failure has ever been seen. */
  get anyPoison(): boolean {
    return this.#poisoned.size > 0;
  }

  /** Whether a record that was retired had failed, or was reached by a failure. */
  isPoisoned(record: number, generation: number): boolean {
    return this.#poisoned.size > 0 && this.#poisoned.has(key(record, generation));
  }

  /** 1 + the operation whose failure has reached a record that has ended, or 0. */
  rootOf(record: number, generation: number): number {
    if (this.graph.generation[record] === generation) return Atomics.load(this.graph.poison, record);
    return this.#poisoned.get(key(record, generation)) ?? 0;
  }

  get unmet(): number {
    return this.#unmet;
  }

  /** Takes back a record that has ended, and the edges of its successor list. */
  retire(record: number): void {
    const graph = this.graph;
    const generation = graph.generation[record]!;
    const root = graph.poison[record]!;
    if (root !== 0) this.#poisoned.set(key(record, generation), root);
    this.log?.retire(graph.number[record]!);
    for (let edge = graph.spent[record]!; edge !== NONE; edge = graph.edgeNext[edge]!) {
      this.#freeEdges[this.#edges++] = edge;
    }
    graph.generation[record] = (generation + 1) % GENERATIONS;
    graph.state[record] = State.free;
    this.#freeRecords[this.#records++] = record;
  }
}

function key(record: number, generation: number): number {
  return record * GENERATIONS + generation;
}
