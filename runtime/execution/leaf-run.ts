// Runs the tasks of records on one thread: makes their views and arguments (once each), calls them for every point, keeps
// what they return or throw.
import { endBits, type LaneRecorder } from '../events/lane-log.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { Again, type Graph, lineOf } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { Attempts, type AttemptsOptions } from './attempts.js';
import { fail } from './failure.js';
import type { ReadySink } from './finish.js';
import { foldResults } from './fold-results.js';
import { cancel, takeOtherwise, verdict } from './gate.js';
import { LaneContext } from './lane-context.js';
import { LaunchData } from './launch-data.js';
import type { Leaf } from './leaf.js';
import { blockOf, ReductionTree } from './reduction-tree.js';
import { replicable } from './replicable.js';
import { TaskViews } from './task-views.js';
import { withoutRandom } from './without-random.js';

export interface LeafRunOptions extends AttemptsOptions {
  /** Guards around what task bodies get (--check). */
  readonly check: boolean;
  /** Records what runs here. */
  readonly recorder: LaneRecorder | null;
}

export class LeafRun {
  /** That of the task that runs now. */
  readonly context: LaneContext;
  readonly attempts: Attempts;
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #options: LeafRunOptions;
  readonly #leaf: (task: number) => Leaf;
  readonly #ready: ReadySink;
  readonly #line: Int32Array;
  readonly #views: TaskViews;
  readonly #data: LaunchData;

  constructor(
    graph: Graph,
    heap: Heap,
    options: LeafRunOptions,
    leaf: (task: number) => Leaf,
    ready: ReadySink,
  ) {
    this.#graph = graph;
    this.#heap = heap;
    this.#options = options;
    this.#leaf = leaf;
    this.#ready = ready;
    this.#line = lineOf(graph, options.lane);
    this.context = new LaneContext(options, graph.gate);
    this.#views = new TaskViews(graph, heap, leaf, options.check);
    this.#data = new LaunchData(graph, heap);
    this.attempts = new Attempts(graph, heap, options, leaf, this.#views, this.#data);
  }

  /** How many points a launch has. */
  points(slot: number): number {
    return this.#data.points(slot);
  }

  /** Runs the tasks of a record; false when one failed. What is poisoned, cancelled or does not apply runs nothing. */
  run(record: number, slot: number): boolean {
    const graph = this.#graph;
    const root = Atomics.load(graph.poison, record);
    if (root !== 0) {
      if (graph.tree[slot] !== 0) this.climb(record, null, root);
      return true;
    }
    if (graph.gate[slot] !== 0) {
      const what = verdict(graph, this.#heap, slot);
      if (what !== 'run') return this.passBy(record, slot, what);
    }
    return this.runTask(record, slot);
  }

  /** Ends a record without running it; false where it counts as a failure. */
  passBy(record: number, slot: number, what: 'otherwise' | 'cancelled'): boolean {
    const graph = this.#graph;
    if (what === 'cancelled') cancel(graph, record);
    else takeOtherwise(graph, this.#heap, record, this.#data.results(slot));
    if (graph.tree[slot] !== 0) this.climb(record, null, Atomics.load(graph.poison, record));
    return what !== 'cancelled';
  }

  /** Ends a block of a reduction; null is one that contributes nothing. */
  climb(record: number, partial: number | null, root: number): void {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    const tree = new ReductionTree(graph, this.#heap, graph.tree[slot]!, this.#options.lane);
    const points = this.#data.points(slot);
    tree.climb(blockOf(graph.first[record]!, points), partial, graph.applyRecord[slot]!, root, this.#ready);
  }

  /** Runs the tasks of a record, whatever its conditions say. */
  runTask(record: number, slot: number): boolean {
    const graph = this.#graph;
    const heap = this.#heap;
    const leaf = this.#leaf(graph.task[slot]!);
    const { context } = this;
    context.enter(graph, heap, leaf.name, slot);
    const args = this.#data.args(slot);
    const views = this.#views.bundle(graph.task[slot]!);
    const first = graph.first[record]!;
    const end = first + graph.points[record]!;
    const treeUnit = graph.tree[slot]!;
    let tree: ReductionTree | null = null;
    let partial: number | null = null;
    const line = this.#line;
    let point = first;
    let climbs = false;
    const { attempts } = this;
    const checked = this.#options.check;
    context.attempt = graph.attempt[record]!;
    try {
      if (graph.again[slot]! >= Again.keeps) attempts.save(record, slot);
      if (treeUnit !== 0) {
        tree = new ReductionTree(graph, heap, treeUnit, this.#options.lane);
        partial = tree.create(
          tree.targets.map(({ requirement }) => this.#views.range(slot, requirement, first, end)),
        );
        line[LaneWord.partial] = partial;
      }
      line[LaneWord.began] = 1;
      for (; point < end; point++) {
        this.#views.bind(leaf, slot, point, tree, partial, views);
        context.at(point);
        if (attempts.wants(leaf.name, context.point)) attempts.saveTask(slot, point, false);
        const value = checked
          ? withoutRandom(() => leaf.run(views, args, context))
          : leaf.run(views, args, context);
        if (value !== undefined) {
          if (isThenable(value)) {
            throw new TypeError(
              `it returned a promise, but leaf tasks are synchronous: await nothing in it, or declare the task async: true`,
            );
          }
          this.#data.results(slot).set(point, value);
        }
      }
      if (tree !== null) {
        const whole = partial;
        partial = null;
        climbs = true;
        tree.climb(blockOf(first, this.#data.points(slot)), whole, graph.applyRecord[slot]!, 0, this.#ready);
      }
      line[LaneWord.phase] = Phase.complete;
      if (graph.again[slot]! >= Again.keeps) attempts.forget(record);
      return true;
    } catch (error) {
      if (tree !== null && partial !== null) {
        line[LaneWord.partial] = 0;
        tree.free(partial);
      }
      if (!climbs && graph.attempt[record]! < Math.floor(graph.again[slot]! / Again.retries)) {
        attempts.restore(record, slot);
        return this.runTask(record, slot);
      }
      attempts.keep(record, slot, point);
      fail(graph, this.#heap, record, point, error);
      line[LaneWord.failed] = 1;
      attempts.forget(record);
      if (treeUnit !== 0) this.climb(record, null, Atomics.load(graph.poison, record));
      return false;
    }
  }

  /** The same for an asynchronous task: points one after another, each awaited. Views are made afresh, as several tasks run at once. */
  async runAsync(record: number): Promise<boolean> {
    const graph = this.#graph;
    const slot = graph.launch[record]!;
    if (Atomics.load(graph.poison, record) !== 0 && this.#leaf(graph.task[slot]!).moves !== true) return true;
    const what = graph.gate[slot] === 0 ? 'run' : verdict(graph, this.#heap, slot);
    if (what !== 'run') return this.passBy(record, slot, what);
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
    const context = new LaneContext(this.#options, graph.gate);
    context.enter(graph, this.#heap, leaf.name, slot);
    context.attempt = graph.attempt[record]!;
    const end = graph.first[record]! + graph.points[record]!;
    let point = graph.first[record]!;
    try {
      if (graph.again[slot]! >= Again.keeps) this.attempts.save(record, slot);
      for (; point < end; point++) {
        const views: Record<string, unknown> = {};
        this.#views.bind(leaf, slot, point, null, null, views);
        context.at(point);
        if (this.attempts.wants(leaf.name, context.point)) this.attempts.saveTask(slot, point, false);
        const run = () => leaf.run(views, this.#data.args(slot), context);
        const value = await (this.#options.check ? replicable('it', run) : run());
        if (value !== undefined) this.#data.results(slot).set(point, value);
      }
      this.attempts.forget(record);
      return true;
    } catch (error) {
      if (graph.attempt[record]! < Math.floor(graph.again[slot]! / Again.retries)) {
        this.attempts.restore(record, slot);
        return null;
      }
      this.attempts.keep(record, slot, point);
      fail(graph, this.#heap, record, point, error);
      this.attempts.forget(record);
      return false;
    } finally {
      context.dispose();
    }
  }

  /** Computes a future from the values of a launch. */
  fold(record: number, slot: number): boolean {
    const graph = this.#graph;
    try {
      foldResults(this.#heap, graph.args[slot]!, this.#data.results(slot));
      return true;
    } catch (error) {
      fail(graph, this.#heap, record, 0, error);
      return false;
    }
  }
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
