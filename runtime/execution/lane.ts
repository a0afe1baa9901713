// Runs records on one thread: finds the task, makes its views and arguments (once each), calls it for every point,
// keeps what it returns or throws. The same code serves workers, the I/O lane, and the executors without threads.
import { GangError } from '../errors.js';
import { endBits, type LaneRecorder } from '../events/lane-log.js';
import { Gate, type Graph, Kind, MAX_REQUIREMENTS } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { Results, readArgs, readValue, writeValue } from '../memory/launch-layout.js';
import { SpaceWord, ViewWord } from '../memory/view-layout.js';
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
import { decodeView, type TaskView } from './view.js';

/** What a failed task leaves behind for the launching thread, serialized. */
export interface Failure {
  readonly point: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
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
  readonly log: (line: string) => void;
}

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
  slot = 0;
  readonly #gate: Int32Array;
  readonly #log: (line: string) => void;
  readonly #resources = new Map<object, unknown>();
  readonly #disposals: (() => void)[] = [];

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
    if (!this.#resources.has(resource)) {
      const handle = resource.make();
      this.#resources.set(resource, handle);
      this.#disposals.push(() => resource.dispose?.(handle));
    }
    return this.#resources.get(resource) as T;
  }

  dispose(): void {
    for (const dispose of this.#disposals.reverse()) dispose();
    this.#disposals.length = 0;
    this.#resources.clear();
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
  readonly #argsSerial: Int32Array;
  readonly #args: unknown[] = [];
  readonly #keys = new Map<number, string[]>();
  readonly #context: Context;
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
    this.#argsSerial = new Int32Array(graph.limits.launches);
    this.#context = new Context(options, graph.gate);
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
    if (what === Kind.atomic || what === Kind.apply) release(graph, this.#heap, record, this.#ready);
    return done;
  }

  #recorded(record: number, what: number): boolean {
    const recorder = this.#options.recorder!;
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    // Only tasks have a kind of their own.
    const kind = what === Kind.task || what === Kind.atomic ? 1 + graph.task[slot]! : 0;
    recorder.begin(kind);
    const done = this.#run(record);
    recorder.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
    return done;
  }

  #run(record: number): boolean {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const kind = graph.kind[slot]!;
    if (kind === Kind.task || kind === Kind.atomic) return this.#runLeaf(record, slot);
    const root = Atomics.load(graph.poison, record);
    if (kind === Kind.apply) {
      const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!);
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
    const done = this.#runDecided(record, slot, words[GangWord.decision]!);
    recorder?.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
    context.gang = null;
    if (!done) breakGang(words);
    if (!endMember(words)) return null;
    // One failure is everybody's: how far the others had come is chance.
    const records = Array.from({ length: words[GangWord.size]! }, (_, rank) => memberOf(heap, unit, rank));
    const broken = words[GangWord.broken] !== Broken.no;
    if (broken) {
      for (const member of records) poison(graph, member, graph.operation[slot]! + 1);
      // Whoever waited in vain may have caught the error.
      const error = new GangError('its members did not all call the same collectives.');
      if (graph.failure[slot] === 0) this.#report(slot, graph.first[record]!, error);
    }
    new Results(heap, words[GangWord.values]!, SETS * records.length).freeBlocks();
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
    const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!);
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
    let point = first;
    try {
      if (treeUnit !== 0) {
        tree = new ReductionTree(graph, heap, treeUnit);
        partial = tree.create(
          tree.targets.map(({ requirement }) => this.#range(slot, requirement, first, end)),
        );
      }
      const results = graph.results[slot]!;
      for (; point < end; point++) {
        this.#bind(leaf, slot, point, tree, partial, views);
        this.#at(point);
        const value = leaf.run(views, args, context);
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
        tree.climb(blockOf(first, this.#launchPoints(slot)), whole, graph.applyRecord[slot]!, 0, this.#ready);
      }
      return true;
    } catch (error) {
      this.#fail(record, slot, point, error);
      if (tree !== null && partial !== null) tree.free(partial);
      if (treeUnit !== 0) this.#climb(record, null, Atomics.load(graph.poison, record));
      return false;
    }
  }

  /** The same for an asynchronous task: points one after another, each awaited. Views are made afresh, as several tasks run at once. */
  async runAsync(record: number): Promise<boolean> {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    if (Atomics.load(graph.poison, record) !== 0) return true;
    const what = graph.gate[slot] === 0 ? 'run' : verdict(graph, this.#heap, slot);
    if (what !== 'run') return this.#passBy(record, slot, what);
    const { recorder } = this.#options;
    recorder?.start(graph.number[record]!);
    let done = true;
    const leaf = this.#leaf(graph.task[slot]!);
    const context = new Context(this.#options, graph.gate);
    this.#enter(leaf, slot, context);
    const end = graph.first[record]! + graph.points[record]!;
    let point = graph.first[record]!;
    try {
      for (; point < end; point++) {
        const views: Record<string, unknown> = {};
        this.#bind(leaf, slot, point, null, null, views);
        this.#at(point, context);
        const value = await leaf.run(views, this.#argsOf(slot), context);
        if (value !== undefined) this.#results(graph.results[slot]!, slot).set(point, value);
      }
      return true;
    } catch (error) {
      this.#fail(record, slot, point, error);
      done = false;
      return false;
    } finally {
      context.dispose();
      recorder?.stop(graph.number[record]!, endBits(!done, false));
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
      const access = this.#heap.load(unit, ViewWord.data + 4 * f + 2);
      units.push(access >= 2 ? part.units[next++]! : 0);
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

  #fail(record: number, slot: number, point: number, error: unknown): void {
    const graph = this.#graph;
    poison(graph, record, graph.operation[slot]! + 1);
    // The member that failed says why; those that waited for it have nothing to add.
    if (!(error instanceof GangError && error.released)) this.#report(slot, point, error);
  }

  #report(slot: number, point: number, error: unknown): void {
    const graph = this.#graph;
    const failure: Failure =
      error instanceof Error
        ? { point, name: error.name, message: error.message, stack: error.stack }
        : { point, name: 'Error', message: `it threw ${String(error)}`, stack: undefined };
    // Of several failed points of a launch the first one is reported: points are ordered within their operation.
    const unit = writeValue(this.#heap, failure);
    for (;;) {
      const old = Atomics.load(graph.failure, slot);
      if (old > 0 && (readValue(this.#heap, old) as Failure).point < point) return;
      if (Atomics.compareExchange(graph.failure, slot, old, unit) === old) return;
    }
  }
}

const EMPTY: Readonly<Record<string, never>> = Object.freeze({});

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
