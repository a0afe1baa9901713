// Takes ended records and launches back: their memory, their results, their errors.
import type { EventEmitter } from 'eventemitter3';
import type { RecordBuilder } from '../analysis/record-builder.js';
import { CancelledError, type ManipleError, UpstreamError } from '../errors.js';
import type { Failure } from '../execution/failure.js';
import { Glance } from '../execution/glance.js';
import { takeReady } from '../execution/stack.js';
import { CANCELLED, type Graph, NONE, State, Word } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { freeArgs, freeValue, Results, readValue, Tag } from '../memory/launch-layout.js';
import type { Cancellation } from './cancellation.js';
import type { RunEvents } from './engine-options.js';
import { failedTask } from './failed-task.js';
import { type LaunchHandle, NONE_TAKEN } from './handle.js';
import { launchSite } from './launch-site.js';
import type { MemoryBudget } from './memory-budget.js';
import type { OpenLaunches } from './open-launches.js';
import type { RankPort } from './ranks/port.js';
import type { RunLog } from './run-log.js';
import { Spoils } from './spoils.js';
import type { Watchers } from './watchers.js';
import type { Window } from './window.js';

export interface RetirementParts {
  readonly graph: Graph;
  readonly heap: Heap;
  readonly builder: RecordBuilder;
  readonly launches: OpenLaunches;
  readonly watchers: Watchers;
  readonly memory: MemoryBudget;
  readonly cancellation: Cancellation;
  readonly window: Window;
  readonly events: EventEmitter<RunEvents>;
  readonly runLog: RunLog | null;
  readonly ranks: RankPort | null;
}

export class Retirement {
  readonly #parts: RetirementParts;
  readonly #graph: Graph;
  readonly #launches: OpenLaunches;
  readonly #spoils: Spoils;
  /** How far the ring of each lane was read. */
  readonly #read: Int32Array;
  /** Launches whose records have all ended. */
  #closing: LaunchHandle[] = [];
  /** Of those, which lanes may still count down. */
  readonly #uncounted = new Map<LaunchHandle, Glance>();
  /** Failed launches whose error is found when the operations before them have ended. */
  readonly #unsettled: LaunchHandle[] = [];

  constructor(parts: RetirementParts) {
    this.#parts = parts;
    this.#graph = parts.graph;
    this.#launches = parts.launches;
    this.#spoils = new Spoils(parts.builder);
    this.#read = new Int32Array(parts.graph.limits.workers + 2);
  }

  /** Whether launches wait for a lane to be done with them. */
  get closing(): boolean {
    return this.#closing.length > 0;
  }

  /** Whether records have ended, or are ready for the launching thread, that were not taken. */
  get anythingNew(): boolean {
    const graph = this.#graph;
    if (this.#parts.ranks?.progress() === true) return true;
    if (Atomics.load(graph.control, Word.launcherStack) !== NONE) return true;
    return graph.retired.some(({ put }, lane) => Atomics.load(put, 0) !== this.#read[lane]);
  }

  /** Takes ended records back. */
  drain(): void {
    const graph = this.#graph;
    const { builder, runLog } = this.#parts;
    const { handles } = this.#launches;
    const lanes = graph.retired;
    for (let lane = 0; lane < lanes.length; lane++) {
      const { put, items } = lanes[lane]!;
      let at = this.#read[lane]!;
      if (at === put[0] && at === Atomics.load(put, 0)) continue;
      const end = Atomics.load(put, 0);
      // What is in the ring by now was told before, if anything has failed.
      if (graph.control[Word.failures] !== 0) this.takeEnded();
      for (; at !== end; at = (at + 1) | 0) {
        const record = items[at & (items.length - 1)]!;
        const handle = handles[graph.launch[record]!];
        const root = graph.poison[record]!;
        const points = graph.points[record]!;
        runLog?.retired(record);
        builder.retire(record);
        if (handle === null || handle === undefined) continue; // a join
        handle.scope.live--;
        if (root !== 0) this.#spoil(handle, graph.first[record]!, points, root);
        handle.left -= points;
        if (handle.left === 0 && handle.sealed) this.#closing.push(handle);
      }
      this.#read[lane] = end;
    }
    runLog?.poll();
  }

  /** With failures about: what has ended since is told in an order in which conflicts are in program order. */
  takeEnded(): void {
    for (const record of takeReady(this.#graph, Word.ended)) {
      this.#spoils.ended(this.#launches.of(record)!, record);
    }
  }

  /** Says which failure has reached a record that is ready, if any. */
  judge(handle: LaunchHandle, record: number): void {
    this.takeEnded();
    const graph = this.#graph;
    if (handle.uses.length > 0 && !handle.moves) graph.poison[record] = this.#spoils.rootOf(handle, record);
    graph.state[record] = State.judged;
  }

  /** A record of a launch failed, or a failure reached it. */
  #spoil(handle: LaunchHandle, first: number, points: number, root: number): void {
    if (handle.root === 0 || root < handle.root) handle.root = root;
    handle.spoiled ??= new Int32Array(handle.points);
    handle.spoiled.fill(root, first, first + points);
  }

  /** All records of a launch were made; it ends when they have. */
  sealed(handle: LaunchHandle): void {
    this.#launches.running++;
    if (handle.left === 0) this.#closing.push(handle);
  }

  /** Closes launches whose records have all ended. */
  close(): void {
    if (this.#closing.length === 0) return;
    const waiting: LaunchHandle[] = [];
    const closing = this.#closing;
    this.#closing = [];
    const ended: LaunchHandle[] = [];
    for (const handle of closing) {
      // A lane counts a launch down after it gave the record back: the slot is ours only when it has.
      if (!this.#counted(handle)) waiting.push(handle);
      else {
        this.#collect(handle);
        ended.push(handle);
      }
    }
    this.#closing.push(...waiting);
    this.#settle();
    this.#parts.window.wake();
    for (const handle of ended) {
      handle.scope.runLater();
      this.#parts.watchers.tell(handle);
    }
  }

  /** Whether every lane has counted the launch down, whose records were all given back; a lost one never will. */
  #counted(handle: LaunchHandle): boolean {
    const { remaining } = this.#graph;
    if (Atomics.load(remaining, handle.slot) !== 0) {
      const glance = this.#uncounted.get(handle);
      if (glance === undefined) this.#uncounted.set(handle, new Glance(this.#graph));
      if (glance?.over !== true) return false;
      Atomics.store(remaining, handle.slot, 0);
    }
    if (this.#uncounted.size > 0) this.#uncounted.delete(handle);
    return true;
  }

  #collect(handle: LaunchHandle): void {
    const { heap, memory, window } = this.#parts;
    const launches = this.#launches;
    handle.closed = true;
    handle.scope.open.delete(handle);
    if (handle.inner !== null) window.innerOpen--;
    launches.open--;
    launches.running--;
    const results = new Results(heap, this.#graph.results[handle.slot]!, handle.points);
    if (results.tags.some((tag) => tag !== Tag.none)) {
      handle.values = Array.from({ length: handle.points }, (_, i) => results.get(i));
    }
    this.#takeFailure(handle);
    const silent = handle.scope === this.#parts.ranks?.scope;
    if (handle.root !== 0 && !silent) this.#unsettled.push(handle);
    for (const instance of handle.instances) {
      memory.unused(instance);
    }
    for (const held of handle.held) held.users--;
    this.#parts.cancellation.forget(handle);
    handle.uses = [];
    handle.futures = NONE_TAKEN;
    handle.reduces = null;
    for (const source of handle.sources) {
      source.dependents--;
      launches.remove(source);
    }
    for (const { unit: block, bytes } of handle.blocks) heap.free(block, bytes);
    if (handle.args !== null) freeArgs(heap, handle.args);
    if (!silent) this.#parts.events.emit('retire', handle.task, handle.operation, handle.root !== 0);
    launches.remove(handle);
    this.#parts.ranks?.ended(handle);
  }

  /** Why the launch itself has failed, if it has. */
  #takeFailure(handle: LaunchHandle): void {
    const { heap } = this.#parts;
    const failure = this.#graph.failure[handle.slot]!;
    if (handle.inner !== null && handle.inner.failure !== null) {
      const { point, error } = handle.inner.failure;
      this.#failed(handle, point, error);
    } else if (failure === CANCELLED) {
      const { reason } = handle.cancelled!;
      this.#failed(handle, 0, new CancelledError(handle.task, launchSite(handle.site), reason));
    } else if (failure !== 0) {
      const { point, name, message, stack, lost, exitCode } = readValue(heap, failure) as Failure;
      freeValue(heap, failure);
      const cause = Object.assign(new Error(message), exitCode !== undefined && { exitCode });
      cause.name = name;
      if (stack !== undefined) cause.stack = stack;
      this.#failed(handle, point, failedTask(handle, point, cause, lost));
    }
  }

  /** With ranks, which failure of an operation of the main program is the first is known when all have told theirs. */
  #failed(handle: LaunchHandle, point: number, error: ManipleError): void {
    const { ranks } = this.#parts;
    if (ranks !== null && handle.scope.depth === 0) ranks.failed(handle, point, error);
    else handle.scope.failures.set(handle.operation, error);
  }

  /** Gives failed launches their error, once the operation that failed first is known. */
  #settle(): void {
    for (let i = this.#unsettled.length - 1; i >= 0; i--) {
      const handle = this.#unsettled[i]!;
      const root = handle.scope.failures.get(handle.root - 1);
      if (root === undefined) continue;
      handle.error = handle.root - 1 === handle.operation ? root : new UpstreamError(handle.task, root);
      this.#unsettled.splice(i, 1);
    }
  }
}
