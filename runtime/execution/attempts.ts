// Attempts at tasks: what must be kept to run one again, and what is left of one that failed.

import { LaneWord } from '../graph/lanes.js';
import { Again, type Graph, Kind, lineOf } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { freeValue, Tag } from '../memory/launch-layout.js';
import { fail } from './failure.js';
import { type ContextOptions, LaneContext } from './lane-context.js';
import type { LaunchData } from './launch-data.js';
import type { Leaf } from './leaf.js';
import { freeInputs, restoreInputs, saveInputs } from './saved-inputs.js';
import { readTaskName } from './task-name.js';
import { type SavedTasks, TaskSaver } from './task-saver.js';
import type { TaskViews } from './task-views.js';

/** How often a task is run again whose workers are lost, if that does no harm: one that always kills its worker must end. */
const LOSSES_MAX = 3;

export interface AttemptsOptions extends ContextOptions {
  /** Which tasks are saved with their inputs. */
  readonly saves?: SavedTasks | null;
}

export class Attempts {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #options: AttemptsOptions;
  readonly #leaf: (task: number) => Leaf;
  readonly #views: TaskViews;
  readonly #data: LaunchData;
  readonly #line: Int32Array;
  readonly #saver: TaskSaver | null;

  constructor(
    graph: Graph,
    heap: Heap,
    options: AttemptsOptions,
    leaf: (task: number) => Leaf,
    views: TaskViews,
    data: LaunchData,
  ) {
    this.#graph = graph;
    this.#heap = heap;
    this.#options = options;
    this.#leaf = leaf;
    this.#views = views;
    this.#data = data;
    this.#line = lineOf(graph, options.lane);
    this.#saver = options.saves ? new TaskSaver(graph, heap, options.saves, options.log) : null;
  }

  /** Whether a task is to be saved before it runs. */
  wants(task: string, point: readonly number[]): boolean {
    return this.#saver?.wants(task, point) === true;
  }

  /** Before the first attempt: keeps what the task may update, unless running it again is harmless anyway. */
  save(record: number, slot: number): void {
    const { again, saved } = this.#graph;
    const bits = again[slot]! & (Again.harmless | Again.keeps);
    if (bits === Again.harmless || saved[record] !== 0) return;
    saved[record] = saveInputs(this.#heap, this.#views.all(record, slot));
  }

  /** Before another attempt: everything as it was before the first. */
  restore(record: number, slot: number): void {
    const { attempt, first, points, saved } = this.#graph;
    attempt[record] = attempt[record]! + 1;
    const { tags, values } = this.#data.results(slot);
    for (let i = first[record]!; i < first[record]! + points[record]!; i++) {
      if (tags[i] === Tag.block) freeValue(this.#heap, values[i]!);
      tags[i] = Tag.none;
    }
    if (saved[record] !== 0) restoreInputs(this.#heap, this.#views.all(record, slot), saved[record]!);
  }

  /** A task has failed for good: where that is wanted, a file has what it found. What it changed is spoilt anyway. */
  keep(record: number, slot: number, point: number): void {
    const { again, saved } = this.#graph;
    if (this.#saver?.failed !== true) return;
    if (saved[record] !== 0) restoreInputs(this.#heap, this.#views.all(record, slot), saved[record]!);
    this.saveTask(slot, point, again[slot]! < Again.keeps);
  }

  /** Writes a task with its inputs to a file. Members of a gang are left out: they cannot run alone. */
  saveTask(slot: number, index: number, shared: boolean): void {
    const graph = this.#graph;
    if (graph.kind[slot] === Kind.gang) return;
    const heap = this.#heap;
    const { name, requirements, fields } = this.#leaf(graph.task[slot]!);
    const { module } = readTaskName(heap, graph.taskName[graph.task[slot]!]!);
    const context = new LaneContext(this.#options, graph.gate);
    context.enter(graph, heap, name, slot);
    context.at(index);
    const args = this.#data.ownArgs(slot);
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

  /** What was kept of a record is not needed any more. */
  forget(record: number): void {
    const { saved } = this.#graph;
    const unit = saved[record]!;
    if (unit === 0) return;
    saved[record] = 0;
    freeInputs(this.#heap, unit);
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
      this.restore(record, slot);
      return true;
    }
    const why = once
      ? 'the worker thread that ran it is gone, and it may have changed what it updates: declare it retry: 1 or idempotent: true to have it run again'
      : `${attempts} worker threads that ran it are gone, one after the other`;
    this.keep(record, slot, graph.first[record]!);
    fail(graph, this.#heap, record, graph.first[record]!, new Error(why), true);
    this.#line[LaneWord.failed] = 1;
    this.forget(record);
    return false;
  }
}
