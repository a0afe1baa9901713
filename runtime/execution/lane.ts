// Runs records on one thread, of whatever kind they are, and goes on with those of a thread that was lost. The same code
// serves workers, the I/O lane, and the executors without threads.
import { endBits } from '../events/lane-log.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { type Graph, Kind, lineOf } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import type { ReadySink } from './finish.js';
import { type GangEnd, GangRun, type GangRunOptions } from './gang-run.js';
import type { Leaf } from './leaf.js';
import { LeafRun } from './leaf-run.js';
import { logEnd } from './log-end.js';
import { blockOf, ReductionTree } from './reduction-tree.js';
import { acquire, release } from './reservation.js';

export class Lane {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #options: GangRunOptions;
  readonly #ready: ReadySink;
  readonly #line: Int32Array;
  readonly #tasks: LeafRun;
  readonly #gangs: GangRun;

  /** `leaf` gives the task of a kind that was loaded before. */
  constructor(
    graph: Graph,
    heap: Heap,
    options: GangRunOptions,
    leaf: (task: number) => Leaf,
    ready: ReadySink,
  ) {
    this.#graph = graph;
    this.#heap = heap;
    this.#options = options;
    this.#ready = ready;
    this.#line = lineOf(graph, options.lane);
    this.#tasks = new LeafRun(graph, heap, options, leaf, ready);
    this.#gangs = new GangRun(graph, heap, options, this.#tasks, ready);
  }

  dispose(): void {
    this.#tasks.context.dispose();
  }

  /**
   * Whether a record may run now. One whose reservations are taken waits for them, and is made ready again by whoever
   * releases the last; the lane goes on with something else.
   */
  admit(record: number): boolean {
    const kind = this.#graph.kind[this.#graph.launch[record]!]!;
    return kind !== Kind.atomic && kind !== Kind.apply ? true : acquire(this.#graph, this.#heap, record);
  }

  /** Runs a record of any kind but join and host; returns false when it failed. Poisoned records run nothing. */
  run(record: number): boolean {
    const graph = this.#graph;
    const what = graph.kind[graph.launch[record]!]!;
    const done = this.#options.recorder === null ? this.#run(record) : this.#recorded(record, what);
    // After the record's end was written down: by the clocks, too, nobody uses what it held before it has ended.
    this.#release(record, done);
    return done;
  }

  /** Gives back what an atomic record held. Its own work is complete: whoever takes over does not run it again. */
  #release(record: number, done: boolean): void {
    const graph = this.#graph;
    const what = graph.kind[graph.launch[record]!]!;
    if (what !== Kind.atomic && what !== Kind.apply) return;
    this.#line[LaneWord.failed] = done ? 0 : 1;
    this.#line[LaneWord.phase] = Phase.complete;
    release(graph, this.#heap, record, this.#ready);
  }

  #recorded(record: number, what: number): boolean {
    const recorder = this.#options.recorder!;
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    // Only tasks have a kind of their own.
    const kind = what === Kind.task || what === Kind.atomic ? 1 + graph.task[slot]! : 0;
    recorder.begin(kind);
    const line = this.#line;
    line[LaneWord.logged] = 0;
    const done = this.#run(record);
    recorder.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
    line[LaneWord.logged] = 1;
    return done;
  }

  #run(record: number): boolean {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const kind = graph.kind[slot]!;
    if (kind === Kind.task || kind === Kind.atomic) return this.#tasks.run(record, slot);
    const root = Atomics.load(graph.poison, record);
    if (kind === Kind.apply) {
      const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!, this.#options.lane);
      if (root === 0) tree.apply();
      else tree.discard();
      return true;
    }
    if (root !== 0) return true;
    return this.#tasks.fold(record, slot);
  }

  /** Runs a member of a gang; returns all members when it was the last to end, and null otherwise. */
  runMember(record: number): GangEnd | null {
    return this.#gangs.run(record);
  }

  /** Ends a member whose thread was lost. */
  resumeMember(record: number): GangEnd | null {
    return this.#gangs.resume(record);
  }

  /** Goes on with a record that a thread on this lane had when it was lost; false when it failed. */
  resume(record: number): boolean {
    const graph = this.#graph;
    const line = this.#line;
    const slot = graph.launch[record]!;
    const treeUnit = graph.tree[slot]!;
    switch (line[LaneWord.phase]) {
      case Phase.climbing: {
        const tree = new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane);
        const block = blockOf(graph.first[record]!, this.#tasks.points(slot));
        tree.resumeClimb(block, graph.applyRecord[slot]!, this.#ready);
        break;
      }
      case Phase.applying:
        new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane).resumeApply();
        break;
      case Phase.complete:
        break;
      default:
        return this.#begin(record, slot);
    }
    this.#tasks.attempts.forget(record);
    const done = line[LaneWord.failed] === 0;
    logEnd(graph, this.#options.recorder, line, record, done);
    this.#release(record, done);
    return done;
  }

  /** Begins a record anew whose thread was lost, or gives it up. */
  #begin(record: number, slot: number): boolean {
    const graph = this.#graph;
    const line = this.#line;
    const partial = line[LaneWord.partial]!;
    if (partial !== 0 && graph.kind[slot] !== Kind.apply && graph.tree[slot] !== 0) {
      line[LaneWord.partial] = 0;
      new ReductionTree(graph, this.#heap, graph.tree[slot]!, this.#options.lane).free(partial);
    }
    if (line[LaneWord.began] === 0 || Atomics.load(graph.poison, record) !== 0) return this.run(record);
    line[LaneWord.began] = 0;
    if (this.mayBeginAgain(record)) return this.run(record);
    if (graph.tree[slot] !== 0) this.#tasks.climb(record, null, Atomics.load(graph.poison, record));
    logEnd(graph, this.#options.recorder, line, record, false);
    this.#release(record, false);
    return false;
  }

  /** Prepares another attempt at a task whose thread was lost; or marks it as failed, and says false. */
  mayBeginAgain(record: number): boolean {
    return this.#tasks.attempts.mayBeginAgain(record);
  }

  /** Runs an asynchronous task: points one after another, each awaited. */
  async runAsync(record: number): Promise<boolean> {
    return this.#tasks.runAsync(record);
  }
}
