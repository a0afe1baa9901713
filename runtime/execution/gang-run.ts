// Runs members of gangs on one thread, and ends the gang with the last of them.
import { GangError } from '../errors.js';
import { endBits } from '../events/lane-log.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { type Graph, lineOf } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { Results } from '../memory/launch-layout.js';
import { fail, report } from './failure.js';
import type { ReadySink } from './finish.js';
import { breakGang, endMember, GangMember } from './gang.js';
import { Broken, Decision, GangWord, gangWords, memberOf, SETS } from './gang-block.js';
import type { LeafRun, LeafRunOptions } from './leaf-run.js';
import { logEnd } from './log-end.js';
import { blockOf, ReductionTree } from './reduction-tree.js';
import { release } from './reservation.js';

/** The members of a gang that has ended, and whether it failed. */
export interface GangEnd {
  readonly records: readonly number[];
  readonly failed: boolean;
}

export interface GangRunOptions extends LeafRunOptions {
  /** Looks around before a member of a gang sleeps; 0 where threads outnumber processors. */
  readonly spins?: number;
}

export class GangRun {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #options: GangRunOptions;
  readonly #tasks: LeafRun;
  readonly #ready: ReadySink;
  readonly #line: Int32Array;

  constructor(graph: Graph, heap: Heap, options: GangRunOptions, tasks: LeafRun, ready: ReadySink) {
    this.#graph = graph;
    this.#heap = heap;
    this.#options = options;
    this.#tasks = tasks;
    this.#ready = ready;
    this.#line = lineOf(graph, options.lane);
  }

  /** Runs a member of a gang; returns all members when it was the last to end, and null otherwise. */
  run(record: number): GangEnd | null {
    const graph = this.#graph;
    const heap = this.#heap;
    const slot = graph.launch[record]!;
    const unit = graph.gang[slot]!;
    const words = gangWords(heap, unit);
    const context = this.#tasks.context;
    context.gang = new GangMember(heap, unit, graph.first[record]!, graph.control, this.#options.spins ?? 0);
    const { recorder } = this.#options;
    const kind = 1 + graph.task[slot]!;
    recorder?.begin(kind);
    this.#line[LaneWord.logged] = 0;
    const done = this.#decided(record, slot, words[GangWord.decision]!);
    recorder?.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
    this.#line[LaneWord.logged] = 1;
    context.gang = null;
    this.#line[LaneWord.failed] = done ? 0 : 1;
    this.#line[LaneWord.phase] = Phase.complete;
    return this.#end(record, done, false);
  }

  /** Ends a member whose thread was lost: the others are released, as it cannot come to their barriers any more. */
  resume(record: number): GangEnd | null {
    const graph = this.#graph;
    const line = this.#line;
    const slot = graph.launch[record]!;
    const treeUnit = graph.tree[slot]!;
    if (line[LaneWord.began] === 2) return this.#end(record, line[LaneWord.failed] === 0, true);
    if (line[LaneWord.phase] === Phase.climbing) {
      const block = blockOf(graph.first[record]!, this.#tasks.points(slot));
      new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane).resumeClimb(
        block,
        graph.applyRecord[slot]!,
        this.#ready,
      );
    } else if (line[LaneWord.phase] === Phase.body) {
      if (line[LaneWord.began] === 0) return this.run(record);
      const partial = line[LaneWord.partial]!;
      line[LaneWord.partial] = 0;
      if (partial !== 0 && treeUnit !== 0) {
        new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane).free(partial);
      }
      if (Atomics.load(graph.poison, record) === 0) {
        const why = 'the worker thread that ran it is gone, and a member of a gang is not run again';
        fail(graph, this.#heap, record, graph.first[record]!, new Error(why), true);
      }
      line[LaneWord.failed] = 1;
      if (treeUnit !== 0) this.#tasks.climb(record, null, Atomics.load(graph.poison, record));
      line[LaneWord.phase] = Phase.complete;
    }
    logEnd(graph, this.#options.recorder, line, record, line[LaneWord.failed] === 0);
    return this.#end(record, line[LaneWord.failed] === 0, true);
  }

  /** Counts a member as ended; all of them when it was the last. `adopted`: its thread was lost, maybe on this way. */
  #end(record: number, done: boolean, adopted: boolean): GangEnd | null {
    const graph = this.#graph;
    const heap = this.#heap;
    const slot = graph.launch[record]!;
    const unit = graph.gang[slot]!;
    const words = gangWords(heap, unit);
    if (!done) breakGang(words);
    if (!endMember(words, this.#line)) return null;
    // One failure is everybody's: how far the others had come is chance.
    const records = Array.from({ length: words[GangWord.size]! }, (_, rank) => memberOf(heap, unit, rank));
    const broken = words[GangWord.broken] !== Broken.no;
    if (broken) {
      for (const member of records) poison(graph, member, graph.operation[slot]! + 1);
      // Whoever waited in vain may have caught the error.
      const error = new GangError('its members did not all call the same collectives.');
      if (graph.failure[slot] === 0) report(graph, heap, slot, graph.first[record]!, error);
    }
    // A lost thread may have freed some of them.
    if (!adopted) new Results(heap, words[GangWord.values]!, SETS * records.length).freeBlocks();
    release(graph, heap, records[0]!, this.#ready);
    return { records, failed: broken };
  }

  #decided(record: number, slot: number, decision: number): boolean {
    const graph = this.#graph;
    const root = Atomics.load(graph.poison, record);
    if (root !== 0) {
      if (graph.tree[slot] !== 0) this.#tasks.climb(record, null, root);
      return true;
    }
    if (decision === Decision.run) return this.#tasks.runTask(record, slot);
    return this.#tasks.passBy(record, slot, decision === Decision.cancelled ? 'cancelled' : 'otherwise');
  }
}
