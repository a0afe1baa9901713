// Runs records on one thread: finds the task, makes its views and arguments (once each), calls it for every point,
// keeps what it returns or throws. The same code serves workers, the I/O lane, and the executors without threads.
import { GangError } from '../errors.js';
import { endBits, type LaneRecorder } from '../events/lane-log.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { Again, Gate, type Graph, Kind, lineOf, MAX_REQUIREMENTS, runsTask } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { freeValue, Results, readArgs, readValue, Tag, writeValue } from '../memory/launch-layout.js';
import { Access, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import type { ReadySink } from './finish.js';
import { foldResults } from './fold-results.js';
import { breakGang, endMember, GangMember } from './gang.js';
import { Broken, Decision, GangWord, gangWords, memberOf, SETS } from './gang-block.js';
import { cancel, takeOtherwise, verdict } from './gate.js';
import { guardBut } from './guard.js';
import type { Leaf, Resource, TaskContext } from './leaf.js';
import { randomAt } from './random.js';
import { blockOf, ReductionTree } from './reduction-tree.js';
import { acquire, release } from './reservation.js';
import { Resources } from './resources.js';
import { freeInputs, restoreInputs, saveInputs } from './saved-inputs.js';
import { type SavedTasks, TaskSaver } from './task-saver.js';
import { decodeView, type TaskView } from './view.js';
import { withoutRandom } from './without-random.js';

/** What a failed task leaves behind for the launching thread, serialized. */
export interface Failure {
  readonly point: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** No task threw: the worker that ran it is gone. */
  readonly lost?: true;
}

/** The members of a gang that has ended, and whether it failed. */
export interface GangEnd {
  readonly records: readonly number[];
  readonly failed: boolean;
}

export interface LaneOptions {
  readonly lane: number;
  readonly seed: number;
  /** Guards around what task bodies get (--check). */
  readonly check: boolean;
  /** Records what runs here. */
  readonly recorder: LaneRecorder | null;
  /** Looks around before a member of a gang sleeps; 0 where threads outnumber processors. */
  readonly spins?: number;
  /** Which tasks are saved with their inputs. */
  readonly saves?: SavedTasks | null;
  readonly log: (line: string) => void;
}

/** How often a task is run again whose workers are lost, if that does no harm: one that always kills its worker must end. */
const LOSSES_MAX = 3;

interface CachedView {
  readonly serial: number;
  readonly view: TaskView;
}

class Context implements TaskContext {
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

  constructor(options: LaneOptions, gate: Int32Array) {
    this.#gate = gate;
    this.lane = options.lane;
    this.#log = options.log;
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

export class Lane {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #options: LaneOptions;
  readonly #ready: ReadySink;
  readonly #leaf: (task: number) => Leaf;
  readonly #views = new Map<number, CachedView>();
  readonly #bundles: Record<string, unknown>[] = [];
  readonly #line: Int32Array;
  readonly #argsSerial: Int32Array;
  readonly #args: unknown[] = [];
  readonly #keys = new Map<number, string[]>();
  readonly #context: Context;
  readonly #saver: TaskSaver | null;
  #resultsSlot = -1;
  #resultsSerial = 0;
  #lastResults: Results | null = null;

  /** `leaf` gives the task of a kind that was loaded before. */
  constructor(
    graph: Graph,
    heap: Heap,
    options: LaneOptions,
    leaf: (task: number) => Leaf,
    ready: ReadySink,
  ) {
    this.#graph = graph;
    this.#heap = heap;
    this.#options = options;
    this.#leaf = leaf;
    this.#ready = ready;
    this.#line = lineOf(graph, options.lane);
    this.#argsSerial = new Int32Array(graph.limits.launches);
    this.#context = new Context(options, graph.gate);
    this.#saver = options.saves ? new TaskSaver(graph, heap, options.saves, options.log) : null;
  }

  dispose(): void {
    this.#context.dispose();
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

  /** The end of a record that a lost thread had brought to its end, if it did not write it down. */
  #logged(record: number, done: boolean): void {
    const { recorder } = this.#options;
    if (recorder === null || this.#line[LaneWord.logged] === 1) return;
    const graph = this.#graph;
    const kind = runsTask(graph.kind[graph.launch[record]!]!) ? 1 + graph.task[graph.launch[record]!]! : 0;
    recorder.begin(kind);
    recorder.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
  }

  #run(record: number): boolean {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const kind = graph.kind[slot]!;
    if (kind === Kind.task || kind === Kind.atomic) return this.#runLeaf(record, slot);
    const root = Atomics.load(graph.poison, record);
    if (kind === Kind.apply) {
      const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!, this.#options.lane);
      if (root === 0) tree.apply();
      else tree.discard();
      return true;
    }
    if (root !== 0) return true;
    return this.#fold(record, slot);
  }

  /** Runs a member of a gang; returns all members when it was the last to end, and null otherwise. */
  runMember(record: number): GangEnd | null {
    const graph = this.#graph;
    const heap = this.#heap;
    const slot = graph.launch[record]!;
    const unit = graph.gang[slot]!;
    const words = gangWords(heap, unit);
    const context = this.#context;
    context.gang = new GangMember(heap, unit, graph.first[record]!, graph.control, this.#options.spins ?? 0);
    const { recorder } = this.#options;
    const kind = 1 + graph.task[slot]!;
    recorder?.begin(kind);
    this.#line[LaneWord.logged] = 0;
    const done = this.#runDecided(record, slot, words[GangWord.decision]!);
    recorder?.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
    this.#line[LaneWord.logged] = 1;
    context.gang = null;
    this.#line[LaneWord.failed] = done ? 0 : 1;
    this.#line[LaneWord.phase] = Phase.complete;
    return this.#endMember(record, done, false);
  }

  /** Ends a member whose thread was lost: the others are released, as it cannot come to their barriers any more. */
  resumeMember(record: number): GangEnd | null {
    const graph = this.#graph;
    const line = this.#line;
    const slot = graph.launch[record]!;
    const treeUnit = graph.tree[slot]!;
    if (line[LaneWord.began] === 2) return this.#endMember(record, line[LaneWord.failed] === 0, true);
    if (line[LaneWord.phase] === Phase.climbing) {
      const block = blockOf(graph.first[record]!, this.#launchPoints(slot));
      new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane).resumeClimb(
        block,
        graph.applyRecord[slot]!,
        this.#ready,
      );
    } else if (line[LaneWord.phase] === Phase.body) {
      if (line[LaneWord.began] === 0) return this.runMember(record);
      const partial = line[LaneWord.partial]!;
      line[LaneWord.partial] = 0;
      if (partial !== 0 && treeUnit !== 0) {
        new ReductionTree(graph, this.#heap, treeUnit, this.#options.lane).free(partial);
      }
      if (Atomics.load(graph.poison, record) === 0) {
        const why = 'the worker thread that ran it is gone, and a member of a gang is not run again';
        this.#fail(record, slot, graph.first[record]!, new Error(why), true);
      }
      line[LaneWord.failed] = 1;
      if (treeUnit !== 0) this.#climb(record, null, Atomics.load(graph.poison, record));
      line[LaneWord.phase] = Phase.complete;
    }
    this.#logged(record, line[LaneWord.failed] === 0);
    return this.#endMember(record, line[LaneWord.failed] === 0, true);
  }

  /** Counts a member as ended; all of them when it was the last. `adopted`: its thread was lost, maybe on this way. */
  #endMember(record: number, done: boolean, adopted: boolean): GangEnd | null {
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
      if (graph.failure[slot] === 0) this.#report(slot, graph.first[record]!, error);
    }
    // A lost thread may have freed some of them.
    if (!adopted) new Results(heap, words[GangWord.values]!, SETS * records.length).freeBlocks();
    release(graph, heap, records[0]!, this.#ready);
    return { records, failed: broken };
  }

  #runDecided(record: number, slot: number, decision: number): boolean {
    const graph = this.#graph;
    const root = Atomics.load(graph.poison, record);
    if (root !== 0) {
      if (graph.tree[slot] !== 0) this.#climb(record, null, root);
      return true;
    }
    if (decision === Decision.run) return this.#runTask(record, slot);
    return this.#passBy(record, slot, decision === Decision.cancelled ? 'cancelled' : 'otherwise');
  }

  #runLeaf(record: number, slot: number): boolean {
    const graph = this.#graph;
    const root = Atomics.load(graph.poison, record);
    if (root !== 0) {
      if (graph.tree[slot] !== 0) this.#climb(record, null, root);
      return true;
    }
    if (graph.gate[slot] !== 0) {
      const what = verdict(graph, this.#heap, slot);
      if (what !== 'run') return this.#passBy(record, slot, what);
    }
    return this.#runTask(record, slot);
  }

  /** Ends a record without running it; false where it counts as a failure. */
  #passBy(record: number, slot: number, what: 'otherwise' | 'cancelled'): boolean {
    const graph = this.#graph;
    if (what === 'cancelled') cancel(graph, record);
    else takeOtherwise(graph, this.#heap, record, this.#results(graph.results[slot]!, slot));
    if (graph.tree[slot] !== 0) this.#climb(record, null, Atomics.load(graph.poison, record));
    return what !== 'cancelled';
  }

  #climb(record: number, partial: number | null, root: number): void {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!, this.#options.lane);
    const points = this.#launchPoints(slot);
    tree.climb(blockOf(graph.first[record]!, points), partial, graph.applyRecord[slot]!, root, this.#ready);
  }

  #launchPoints(slot: number): number {
    const domain = this.#graph.domain[slot]!;
    const heap = this.#heap;
    return heap.load(domain, 4) * heap.load(domain, 5) * heap.load(domain, 6);
  }

  #runTask(record: number, slot: number): boolean {
    const graph = this.#graph;
    const heap = this.#heap;
    const leaf = this.#leaf(graph.task[slot]!);
    const context = this.#enter(leaf, slot);
    const args = this.#argsOf(slot);
    const views = this.#bundle(graph.task[slot]!);
    const first = graph.first[record]!;
    const end = first + graph.points[record]!;
    const treeUnit = graph.tree[slot]!;
    let tree: ReductionTree | null = null;
    let partial: number | null = null;
    const line = this.#line;
    let point = first;
    let climbs = false;
    const saver = this.#saver;
    const checked = this.#options.check;
    context.attempt = graph.attempt[record]!;
    try {
      if (graph.again[slot]! >= Again.keeps) this.#save(record, slot);
      if (treeUnit !== 0) {
        tree = new ReductionTree(graph, heap, treeUnit, this.#options.lane);
        partial = tree.create(
          tree.targets.map(({ requirement }) => this.#range(slot, requirement, first, end)),
        );
        line[LaneWord.partial] = partial;
      }
      const results = graph.results[slot]!;
      line[LaneWord.began] = 1;
      for (; point < end; point++) {
        this.#bind(leaf, slot, point, tree, partial, views);
        this.#at(point);
        if (saver?.wants(leaf.name, context.point) === true) this.#saveTask(slot, point, false);
        const value = checked
          ? withoutRandom(() => leaf.run(views, args, context))
          : leaf.run(views, args, context);
        if (value !== undefined) {
          if (isThenable(value)) {
            throw new TypeError(
              `it returned a promise, but leaf tasks are synchronous: await nothing in it, or declare the task async: true`,
            );
          }
          this.#results(results, slot).set(point, value);
        }
      }
      if (tree !== null) {
        const whole = partial;
        partial = null;
        climbs = true;
        tree.climb(blockOf(first, this.#launchPoints(slot)), whole, graph.applyRecord[slot]!, 0, this.#ready);
      }
      line[LaneWord.phase] = Phase.complete;
      if (graph.again[slot]! >= Again.keeps) this.#forget(record);
      return true;
    } catch (error) {
      if (tree !== null && partial !== null) {
        line[LaneWord.partial] = 0;
        tree.free(partial);
      }
      if (!climbs && graph.attempt[record]! < Math.floor(graph.again[slot]! / Again.retries)) {
        this.#restore(record, slot);
        return this.#runTask(record, slot);
      }
      this.#keep(record, slot, point);
      this.#fail(record, slot, point, error);
      line[LaneWord.failed] = 1;
      this.#forget(record);
      if (treeUnit !== 0) this.#climb(record, null, Atomics.load(graph.poison, record));
      return false;
    }
  }

  // ---- attempts ----

  /** The views of all points of a record. */
  #viewsOf(record: number, slot: number): number[] {
    const graph = this.#graph;
    const first = graph.first[record]!;
    const views: number[] = [];
    for (let point = first; point < first + graph.points[record]!; point++) {
      for (let r = 0; r < graph.requirements[slot]!; r++) views.push(this.#viewUnit(slot, r, point));
    }
    return views;
  }

  /** Before the first attempt: keeps what the task may update, unless running it again is harmless anyway. */
  #save(record: number, slot: number): void {
    const { again, saved } = this.#graph;
    const bits = again[slot]! & (Again.harmless | Again.keeps);
    if (bits === Again.harmless || saved[record] !== 0) return;
    saved[record] = saveInputs(this.#heap, this.#viewsOf(record, slot));
  }

  /** Before another attempt: everything as it was before the first. */
  #restore(record: number, slot: number): void {
    const { attempt, first, points, results, saved } = this.#graph;
    attempt[record] = attempt[record]! + 1;
    const { tags, values } = this.#results(results[slot]!, slot);
    for (let i = first[record]!; i < first[record]! + points[record]!; i++) {
      if (tags[i] === Tag.block) freeValue(this.#heap, values[i]!);
      tags[i] = Tag.none;
    }
    if (saved[record] !== 0) restoreInputs(this.#heap, this.#viewsOf(record, slot), saved[record]!);
  }

  /** A task has failed for good: where that is wanted, a file has what it found. What it changed is spoilt anyway. */
  #keep(record: number, slot: number, point: number): void {
    const { again, saved } = this.#graph;
    if (this.#saver?.failed !== true) return;
    if (saved[record] !== 0) restoreInputs(this.#heap, this.#viewsOf(record, slot), saved[record]!);
    this.#saveTask(slot, point, again[slot]! < Again.keeps);
  }

  /** Members of a gang are left out: they cannot run alone. */
  #saveTask(slot: number, index: number, shared: boolean): void {
    const graph = this.#graph;
    if (graph.kind[slot] === Kind.gang) return;
    const heap = this.#heap;
    const { name, requirements, fields } = this.#leaf(graph.task[slot]!);
    const { module } = readValue(heap, graph.taskName[graph.task[slot]!]!) as { module: string };
    const context = this.#enter(this.#leaf(graph.task[slot]!), slot, new Context(this.#options, graph.gate));
    this.#at(index, context);
    const unit = graph.args[slot]!;
    const args = unit === 0 ? EMPTY : readArgs(heap, unit, this.#keysOf(heap.load(unit, 0)));
    const { point, domain } = context;
    this.#saver!.save({
      slot,
      index,
      point,
      domain,
      task: name,
      module,
      requirements,
      fields,
      args,
      shared,
    });
  }

  #forget(record: number): void {
    const { saved } = this.#graph;
    const unit = saved[record]!;
    if (unit === 0) return;
    saved[record] = 0;
    freeInputs(this.#heap, unit);
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
        const block = blockOf(graph.first[record]!, this.#launchPoints(slot));
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
    this.#forget(record);
    const done = line[LaneWord.failed] === 0;
    this.#logged(record, done);
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
    if (graph.tree[slot] !== 0) this.#climb(record, null, Atomics.load(graph.poison, record));
    this.#logged(record, false);
    this.#release(record, false);
    return false;
  }

  /** Prepares another attempt at a task whose thread was lost; or marks it as failed, and says false. */
  mayBeginAgain(record: number): boolean {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const again = graph.again[slot]!;
    const attempts = graph.attempt[record]! + 1;
    const most = Math.max(Math.floor(again / Again.retries), LOSSES_MAX);
    const once = again < Again.retries && (again & Again.harmless) === 0;
    if (!once && attempts <= most) {
      this.#restore(record, slot);
      return true;
    }
    const why = once
      ? 'the worker thread that ran it is gone, and it may have changed what it updates: declare it retry: 1 or idempotent: true to have it run again'
      : `${attempts} worker threads that ran it are gone, one after the other`;
    this.#keep(record, slot, graph.first[record]!);
    this.#fail(record, slot, graph.first[record]!, new Error(why), true);
    this.#line[LaneWord.failed] = 1;
    this.#forget(record);
    return false;
  }

  /** The same for an asynchronous task: points one after another, each awaited. Views are made afresh, as several tasks run at once. */
  async runAsync(record: number): Promise<boolean> {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    if (Atomics.load(graph.poison, record) !== 0 && this.#leaf(graph.task[slot]!).moves !== true) return true;
    const what = graph.gate[slot] === 0 ? 'run' : verdict(graph, this.#heap, slot);
    if (what !== 'run') return this.#passBy(record, slot, what);
    const { recorder } = this.#options;
    recorder?.start(graph.number[record]!);
    let done: boolean | null = null;
    while (done === null) done = await this.#attemptAsync(record, slot);
    recorder?.stop(graph.number[record]!, endBits(!done, false));
    return done;
  }

  /** One attempt; null when there is to be another. */
  async #attemptAsync(record: number, slot: number): Promise<boolean | null> {
    const graph = this.#graph;
    const leaf = this.#leaf(graph.task[slot]!);
    const context = new Context(this.#options, graph.gate);
    this.#enter(leaf, slot, context);
    context.attempt = graph.attempt[record]!;
    const end = graph.first[record]! + graph.points[record]!;
    let point = graph.first[record]!;
    try {
      if (graph.again[slot]! >= Again.keeps) this.#save(record, slot);
      for (; point < end; point++) {
        const views: Record<string, unknown> = {};
        this.#bind(leaf, slot, point, null, null, views);
        this.#at(point, context);
        if (this.#saver?.wants(leaf.name, context.point) === true) this.#saveTask(slot, point, false);
        const value = await leaf.run(views, this.#argsOf(slot), context);
        if (value !== undefined) this.#results(graph.results[slot]!, slot).set(point, value);
      }
      this.#forget(record);
      return true;
    } catch (error) {
      if (graph.attempt[record]! < Math.floor(graph.again[slot]! / Again.retries)) {
        this.#restore(record, slot);
        return null;
      }
      this.#keep(record, slot, point);
      this.#fail(record, slot, point, error);
      this.#forget(record);
      return false;
    } finally {
      context.dispose();
    }
  }

  #results(unit: number, slot: number): Results {
    const serial = this.#graph.serial[slot]!;
    if (this.#resultsSlot !== slot || this.#resultsSerial !== serial) {
      this.#resultsSlot = slot;
      this.#resultsSerial = serial;
      this.#lastResults = new Results(this.#heap, unit, this.#launchPoints(slot));
    }
    return this.#lastResults!;
  }

  #fold(record: number, slot: number): boolean {
    const graph = this.#graph;
    try {
      foldResults(this.#heap, graph.args[slot]!, this.#results(graph.results[slot]!, slot));
      return true;
    } catch (error) {
      this.#fail(record, slot, 0, error);
      return false;
    }
  }

  #enter(leaf: Leaf, slot: number, context: Context = this.#context): Context {
    const heap = this.#heap;
    const domain = this.#graph.domain[slot]!;
    const rank = heap.load(domain, 0);
    const lo: number[] = [];
    const hi: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(heap.load(domain, 1 + axis));
      hi.push(lo[axis]! + heap.load(domain, 4 + axis) - 1);
    }
    context.domain = { lo, hi };
    context.key0 = this.#graph.key0[slot]!;
    context.key1 = this.#graph.key1[slot]!;
    context.task = leaf.name;
    context.slot = slot;
    return context;
  }

  #at(index: number, context: Context = this.#context): void {
    const { lo, hi } = context.domain;
    context.index = index;
    context.draws = 0;
    if (lo.length === 1) context.point = [lo[0]! + index];
    else {
      const point: number[] = new Array(lo.length);
      let rest = index;
      for (let axis = lo.length - 1; axis >= 0; axis--) {
        const extent = hi[axis]! - lo[axis]! + 1;
        point[axis] = lo[axis]! + (rest % extent);
        rest = Math.floor(rest / extent);
      }
      context.point = point;
    }
  }

  /** One object per task kind whose properties are set anew for every point: a call allocates nothing. */
  #bundle(task: number): Record<string, unknown> {
    let bundle = this.#bundles[task];
    if (bundle === undefined) {
      bundle = {};
      for (const name of this.#leaf(task).requirements) bundle[name] = undefined;
      this.#bundles[task] = bundle;
    }
    return bundle;
  }

  #viewUnit(slot: number, requirement: number, point: number): number {
    const graph = this.#graph;
    const at = slot * MAX_REQUIREMENTS + requirement;
    const projection = graph.projections[at]!;
    const colour = projection === 0 ? point : this.#heap.load(projection, point);
    return this.#heap.load(graph.bindings[at]!, colour);
  }

  #bind(
    leaf: Leaf,
    slot: number,
    point: number,
    tree: ReductionTree | null,
    partial: number | null,
    views: Record<string, unknown>,
  ): void {
    const heap = this.#heap;
    const names = leaf.requirements;
    const checked = this.#options.check;
    for (let i = 0; i < names.length; i++) {
      const unit = this.#viewUnit(slot, i, point);
      const target = tree?.targets.findIndex(({ requirement }) => requirement === i) ?? -1;
      if (target >= 0 || checked) {
        const part = target >= 0 ? this.#partialOfView(tree!, partial!, target, unit) : null;
        views[names[i]!] = decodeView(
          heap,
          unit,
          leaf.fields[i]!,
          part,
          checked ? guardBut(leaf.shared?.[i] ?? []) : undefined,
        );
        continue;
      }
      const serial = heap.load(unit, ViewWord.serial);
      let cached = this.#views.get(unit);
      if (cached === undefined || cached.serial !== serial) {
        cached = { serial, view: decodeView(heap, unit, leaf.fields[i]!, null) };
        this.#views.set(unit, cached);
      }
      views[names[i]!] = cached.view;
    }
  }

  /** The partial's units spread over the fields of the requirement, of which some may not be reduced. */
  #partialOfView(tree: ReductionTree, partial: number, target: number, unit: number) {
    const part = tree.part(partial, target);
    const units: number[] = [];
    let next = 0;
    for (let f = 0; f < this.#heap.load(unit, ViewWord.fields); f++) {
      const access = this.#heap.load(unit, ViewWord.data + FieldWord.size * f + FieldWord.access);
      units.push(access >= Access.reduce ? part.units[next++]! : 0);
    }
    return { first: part.first, last: part.last, units };
  }

  /** Stretch of the layout that the points of a block touch through a requirement. */
  #range(slot: number, requirement: number, first: number, end: number): readonly [number, number] {
    const heap = this.#heap;
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    for (let point = first; point < end; point++) {
      const space = heap.load(this.#viewUnit(slot, requirement, point), ViewWord.space);
      if (heap.load(space, SpaceWord.volume) === 0) continue;
      low = Math.min(low, heap.load(space, SpaceWord.first));
      high = Math.max(high, heap.load(space, SpaceWord.last));
    }
    return low < high ? [low, high] : [0, 0];
  }

  #argsOf(slot: number): unknown {
    const graph = this.#graph;
    const unit = graph.args[slot]!;
    if (unit === 0) return EMPTY;
    const serial = graph.serial[slot]!;
    if (this.#argsSerial[slot] !== serial) {
      this.#args[slot] = readArgs(this.#heap, unit, this.#keysOf(this.#heap.load(unit, 0)));
      this.#argsSerial[slot] = serial;
    }
    return this.#args[slot];
  }

  #keysOf(unit: number): string[] {
    if (unit === 0) return [];
    let keys = this.#keys.get(unit);
    if (keys === undefined) {
      keys = readValue(this.#heap, unit) as string[];
      this.#keys.set(unit, keys);
    }
    return keys;
  }

  #fail(record: number, slot: number, point: number, error: unknown, lost = false): void {
    const graph = this.#graph;
    // The member that failed says why; those that waited for it have nothing to add.
    if (!(error instanceof GangError && error.released)) this.#report(slot, point, error, lost);
    // Last: a thread that is lost before this has not failed yet, and whoever takes over tries again.
    poison(graph, record, graph.operation[slot]! + 1);
  }

  #report(slot: number, point: number, error: unknown, lost = false): void {
    const graph = this.#graph;
    const failure: Failure =
      error instanceof Error
        ? {
            point,
            name: error.name,
            message: error.message,
            stack: error.stack,
            ...(lost && { lost: true as const }),
          }
        : { point, name: 'Error', message: `it threw ${String(error)}`, stack: undefined };
    // Of several failed points of a launch the first one is reported: points are ordered within their operation.
    const unit = writeValue(this.#heap, failure);
    for (;;) {
      const old = Atomics.load(graph.failure, slot);
      if (old > 0 && (readValue(this.#heap, old) as Failure).point < point) break;
      if (Atomics.compareExchange(graph.failure, slot, old, unit) === old) break;
    }
  }
}

const EMPTY: Readonly<Record<string, never>> = Object.freeze({});

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
