// The launching thread's side of the machine: launch slots, retirement, waiting, failures. It knows no regions.
import { EventEmitter } from 'eventemitter3';
import { Analysis, type AnalysisFaults } from '../analysis/dependences.js';
import { RecordBuilder } from '../analysis/record-builder.js';
import {
  CancelledError,
  DeadlockError,
  LaunchError,
  ManipleError,
  TaskError,
  UpstreamError,
  WorkerLostError,
} from '../errors.js';
import { endBits } from '../events/lane-log.js';
import type { WaitReason } from '../events/log-format.js';
import type { TimelineEntry } from '../events/timeline.js';
import { Finisher } from '../execution/finish.js';
import type { Failure } from '../execution/lane.js';
import type { Leaf } from '../execution/leaf.js';
import { isJoin, LostRecords } from '../execution/lost-records.js';
import { pushReady, takeReady } from '../execution/stack.js';
import type { SavedTasks } from '../execution/task-saver.js';
import type { Executor, ExecutorParts, TaskName } from '../executors/executor.js';
import {
  CANCELLED,
  createGraph,
  type Graph,
  Kind,
  launcherLane,
  NONE,
  State,
  Word,
} from '../graph/layout.js';
import { poison, unjudged } from '../graph/poison.js';
import type { Placement } from '../mapping/static-placement.js';
import { Heap } from '../memory/heap.js';
import type { Instance } from '../memory/instance.js';
import {
  freeArgs,
  freeValue,
  Results,
  readValue,
  resultsBytes,
  Tag,
  writeValue,
} from '../memory/launch-layout.js';
import { IndexSpace } from '../spaces/index.js';
import { Cancellation } from './cancellation.js';
import type { LaunchHandle, PointOfLaunch, ProgramScope } from './handle.js';
import { launchSite } from './launch-site.js';
import { MemoryBudget } from './memory-budget.js';
import { RunLog, type RunLogOptions } from './run-log.js';
import { Scope } from './scope.js';
import { Spoils } from './spoils.js';
import { Watchdog } from './watchdog.js';
import { whyBlocked } from './why-blocked.js';
import { Window } from './window.js';

export interface EngineOptions {
  readonly workers: number;
  readonly seed: number;
  readonly memory: number;
  readonly check: boolean;
  readonly steal: boolean;
  readonly rename: boolean;
  /** What is recorded of the run, if anything. */
  readonly record: RunLogOptions | null;
  readonly faults: AnalysisFaults;
  readonly limits: { readonly records: number; readonly launches: number };
  /** Bulk mode: every operation is followed by a barrier. */
  readonly barriers: boolean;
  /** Deals records to workers; null for blocks of consecutive points. */
  readonly placement: Placement | null;
  /** Keeps what was not freed, where somebody asks for it. */
  readonly leaks: LeakRegister | null;
  /** Fills and copies of more bytes are cut into chunks. */
  readonly chunkBytes: number;
  readonly createExecutor: (parts: ExecutorParts) => Executor;
  readonly log: (line: string) => void;
  readonly workerHeap_MB: number | null;
  readonly retry: number;
  /** Which tasks are saved with their inputs. */
  readonly saves: SavedTasks | null;
  /** Whatever nobody uses goes to disk at every launch, for tests. */
  readonly spillsAlways: boolean;
  /** Seconds without an end before it is said what the program waits for; 0 is never. */
  readonly watchdog_s: number;
  /** Where memory goes that does not fit the budget; null is nowhere. */
  readonly spill: string | null;
  /** Aborting it cancels everything that has not started. */
  readonly signal: AbortSignal | null;
}

/** Told of every region that is made and freed. */
export interface LeakRegister {
  made(tree: object, handle: object, site: { readonly stack?: string }): void;
  freed(tree: object): void;
}

/** Public events of a run, for progress displays and logs. */
export interface RunEvents {
  /** A launch was made: task, operation, points, and its path through inner tasks (see TaskError). */
  launch: (task: string, operation: number, points: number, path: readonly number[]) => void;
  /** All points of a launch have ended. */
  retire: (task: string, operation: number, failed: boolean) => void;
  /** A worker thread was lost; another has taken its place, unless that failed again and again. */
  lost: (error: Error) => void;
}

const ONE_POINT = IndexSpace.extent([1]);

export class Engine {
  readonly graph: Graph;
  readonly heap: Heap;
  /** What regions hold of it. */
  readonly memory: MemoryBudget;
  readonly builder: RecordBuilder;
  readonly analysis: Analysis;
  readonly executor: Executor;
  readonly cancellation: Cancellation;
  /** One operation after the other: what follows an inner task waits for it at the call. */
  readonly sequential: boolean;
  readonly window: Window;
  /** The operations of the main program. */
  readonly root: ProgramScope;
  readonly options: EngineOptions;
  readonly events = new EventEmitter<RunEvents>();
  /** What is recorded of the run; null when nothing is. */
  readonly runLog: RunLog | null;
  /** Names of task kinds, by number, for whoever reads the timeline. */
  readonly taskNames: string[] = [];
  operations = 0;
  readonly #finisher: Finisher;
  readonly #spoils: Spoils;
  /** What ran so far, if that is wanted at the end. */
  readonly #timeline: TimelineEntry[] = [];
  readonly #freeSlots: number[];
  readonly #handles: (LaunchHandle | null)[];
  readonly #joinSlot: number;
  readonly #leaves: Leaf[] = [];
  readonly #taskIds = new Map<Leaf, number>();
  readonly #namesTaken = new Set<string>();
  readonly #read: Int32Array;
  #closing: LaunchHandle[] = [];
  #open = 0;
  /** Those of them whose records were all made: they end by themselves. */
  #running = 0;
  /** Promises that wait for a launch to end. */
  #watching = 0;
  /** Why a lane has no thread any more; its work cannot be done. */
  #lost: Error | null = null;
  readonly #watchdog: Watchdog;
  readonly #lostRecords: LostRecords;
  /** Failed launches whose error is found when the operations before them have ended. */
  readonly #unsettled: LaunchHandle[] = [];

  constructor(options: EngineOptions) {
    this.options = options;
    const { records, launches } = options.limits;
    this.graph = createGraph({
      records,
      edges: 8 * records,
      launches,
      tasks: 1024,
      workers: options.workers,
    });
    this.#watchdog = new Watchdog(
      this.graph,
      options.watchdog_s,
      (silence_s) => this.#bark(silence_s),
      () => {
        if (this.#still()) this.executor.keepAlive(false);
      },
    );
    this.cancellation = new Cancellation(this.graph);
    this.heap = Heap.reserve(options.memory, this.graph.control, this.graph.lanes);
    this.memory = new MemoryBudget(this.heap, options, () => this.#makeRoom());
    this.builder = new RecordBuilder(this.graph, () => this.#starve());
    this.root = Scope.root(options.seed);
    this.window = new Window(this.graph, this.builder, {
      freeSlots: () => this.#freeSlots.length,
      look: () => this.#rung(),
    });
    this.#freeSlots = Array.from({ length: launches - 1 }, (_, i) => launches - 1 - i);
    this.#handles = new Array<LaunchHandle | null>(launches).fill(null);
    this.#joinSlot = 0;
    this.graph.kind[this.#joinSlot] = Kind.join;
    this.#read = new Int32Array(options.workers + 2);
    this.runLog = options.record === null ? null : new RunLog(this.graph, options.record);
    this.builder.log = this.runLog?.program ?? null;
    this.executor = options.createExecutor({
      graph: this.graph,
      heap: this.heap,
      seed: options.seed,
      check: options.check,
      steal: options.steal,
      laneLogs: this.runLog?.rings ?? null,
      recorder: this.runLog?.recorder ?? null,
      leaf: (task) => this.#leaves[task]!,
      ring: () => this.#rung(),
      log: options.log,
      lost: (lane, error, replaced) => this.#threadLost(lane, error, replaced),
      workerHeap_MB: options.workerHeap_MB,
      saves: options.saves,
    });
    this.#lostRecords = new LostRecords(this.graph);
    this.#spoils = new Spoils(this.builder);
    this.sequential = options.barriers || this.executor.name === 'inOrder';
    this.#finisher = new Finisher(this.graph, launcherLane(this.graph), (record) =>
      this.executor.ready(record),
    );
    options.signal?.addEventListener('abort', this.#stopped, { once: true });
    this.analysis = new Analysis(
      this.builder,
      () => this.builder.open(this.#joinSlot, 0, 0, 0),
      (record) => this.#finisher.finish(record, false),
      options.faults,
    );
  }

  /** The run was aborted: what has not started does not start any more. */
  readonly #stopped = (): void => {
    for (const handle of this.#handles) {
      if (handle !== null) this.cancellation.cancel(handle, this.options.signal!.reason);
    }
  };

  /** Refuses new operations once the run or the inner task that makes them was aborted, or is over. */
  checkRunning(scope: ProgramScope, name: string, site: { stack?: string }): void {
    scope.check(`task ${name}`);
    const { signal } = this.options;
    if (signal?.aborted === true) throw new CancelledError(name, launchSite(site), signal.reason);
    if (scope.cancelled !== null) throw new CancelledError(name, launchSite(site), scope.cancelled.reason);
  }

  // ---- task kinds ----

  taskId(leaf: Leaf, name: TaskName): number {
    let id = this.#taskIds.get(leaf);
    if (id === undefined) {
      id = this.#leaves.length;
      const key = `${name.module}\n${name.name}`;
      if (this.#namesTaken.has(key)) {
        throw new LaunchError(
          `${name.module} has two tasks called ${name.name}: workers find tasks by name, so each needs its own.`,
        );
      }
      this.#namesTaken.add(key);
      if (id === this.graph.limits.tasks) throw new RangeError(`a program has at most ${id} kinds of task`);
      this.#leaves.push(leaf);
      this.taskNames.push(leaf.name);
      this.graph.taskName[id] = writeValue(this.heap, { module: name.module, name: name.name });
      this.#taskIds.set(leaf, id);
    }
    return id;
  }

  // ---- memory ----

  /** A block from the heap; waits for launches to end when there is no room now. `zeroed` asks for zeros. */
  allocate(bytes: number, what: string, zeroed: boolean): number {
    return this.memory.allocate(bytes, what, zeroed);
  }

  // ---- launches ----

  /** A launch that was called, and has no place in the graph yet. */
  createLaunch(
    scope: ProgramScope,
    name: string,
    domain: IndexSpace,
    site: { stack?: string },
    regions: () => string[],
  ): LaunchHandle {
    return {
      scope,
      task: name,
      operation: -1,
      number: -1,
      domain,
      points: domain.volume,
      site,
      regions,
      slot: NONE,
      sealed: false,
      left: domain.volume,
      root: 0,
      spoiled: null,
      closed: false,
      values: null,
      error: null,
      watchers: [],
      dependents: 0,
      records: NO_RECORDS,
      generations: NO_RECORDS,
      host: null,
      lease: null,
      moves: false,
      uses: [],
      futures: NONE_TAKEN,
      reduces: null,
      instances: [],
      held: [],
      sources: [],
      blocks: [],
      signal: null,
      cancelled: null,
      inner: null,
      args: null,
    };
  }

  /**
   * Gives a launch its slot, with everything but its requirements and records. Blocks while all slots are in use. The
   * results of `sources` stay until this launch has ended.
   */
  openLaunch(handle: LaunchHandle, kind: number, task: number, sources: readonly LaunchHandle[] = []): void {
    const { scope, domain, points } = handle;
    // Before anything waits: a source that ends meanwhile must not give its results back.
    for (const source of sources) source.dependents++;
    while (this.#freeSlots.length === 0) {
      if (this.#stuck()) throw this.#windowTooSmall();
      this.#wait('slots', 1, () => this.#freeSlots.length === 0);
    }
    const { graph, heap } = this;
    const slot = this.#freeSlots.pop()!;
    const operation = this.operations++;
    const number = scope.operations++;
    const domainBytes = 7 * 4;
    const domainUnit = this.allocate(domainBytes, handle.task, false);
    const words = heap.int32(domainUnit, 7);
    words[0] = domain.rank;
    for (let axis = 0; axis < 3; axis++) {
      words[1 + axis] = axis < domain.rank ? domain.lo[axis]! : 0;
      words[4 + axis] = axis < domain.rank ? domain.hi[axis]! - domain.lo[axis]! + 1 : 1;
    }
    const resultBytes = resultsBytes(points);
    const results = this.allocate(resultBytes, handle.task, true);
    graph.task[slot] = task;
    graph.kind[slot] = kind;
    graph.operation[slot] = operation;
    [graph.key0[slot], graph.key1[slot]] = scope.launchKeys(number) as [number, number];
    graph.serial[slot] = (graph.serial[slot]! + 1) & 0x3fffffff;
    graph.remaining[slot] = points;
    graph.watched[slot] = handle.watchers.length > 0 ? 1 : 0;
    graph.background[slot] = 0;
    graph.args[slot] = 0;
    graph.results[slot] = results;
    graph.domain[slot] = domainUnit;
    graph.tree[slot] = 0;
    graph.applyRecord[slot] = NONE;
    graph.failure[slot] = 0;
    graph.gate[slot] = 0;
    graph.again[slot] = 0;
    graph.guard[slot] = 0;
    graph.otherwise[slot] = 0;
    handle.slot = slot;
    handle.operation = operation;
    handle.number = number;
    handle.sources.push(...sources);
    handle.blocks.push({ unit: domainUnit, bytes: domainBytes });
    scope.open.add(handle);
    if (kind === Kind.inner) this.window.innerOpen++;
    this.#handles[slot] = handle;
    if (this.#open++ === 0) this.#watchdog.rest();
    this.runLog?.launch(handle, kind);
    this.events.emit('launch', handle.task, operation, points, [...scope.path, number]);
  }

  /** A launch of one internal record. */
  openSingle(scope: ProgramScope, kind: number, name: string, site: { stack?: string }): LaunchHandle {
    const handle = this.createLaunch(scope, name, ONE_POINT, site, () => []);
    this.openLaunch(handle, kind, 0);
    return handle;
  }

  use(handle: LaunchHandle, instance: Instance): void {
    if (handle.instances.includes(instance)) return;
    instance.users++;
    handle.instances.push(instance);
  }

  hold(handle: LaunchHandle, held: { users: number }): void {
    held.users++;
    handle.held.push(held);
  }

  /** Ends the building of the current record. */
  seal(): void {
    const record = this.builder.current;
    if (this.builder.seal()) this.executor.ready(record);
  }

  /** All records of the launch were made. */
  sealLaunch(handle: LaunchHandle): void {
    handle.sealed = true;
    // Its body starts in the event loop, which nobody may be waiting in.
    if (handle.inner !== null) setImmediate(() => this.#rung());
    this.#running++;
    if (handle.left === 0) this.#closing.push(handle);
    this.poll();
  }

  /** Runs something when all operations of a scope that were issued so far have ended. */
  afterAll(scope: ProgramScope, run: () => void): void {
    scope.afterAll(this.operations, run);
  }

  // ---- retirement ----

  /** Takes ended records back, runs host records, closes launches. */
  poll(): void {
    if (this.#lostRecords.searching) this.#search();
    this.#drain();
    while (this.#host()) this.#drain();
    this.#close();
  }

  #drain(): void {
    const { graph, builder } = this;
    const lanes = graph.retired;
    for (let lane = 0; lane < lanes.length; lane++) {
      const { put, items } = lanes[lane]!;
      let at = this.#read[lane]!;
      if (at === put[0] && at === Atomics.load(put, 0)) continue;
      const end = Atomics.load(put, 0);
      // What is in the ring by now was told before, if anything has failed.
      if (graph.control[Word.failures] !== 0) this.#takeEnded();
      for (; at !== end; at = (at + 1) | 0) {
        const record = items[at & (items.length - 1)]!;
        const handle = this.#handles[graph.launch[record]!];
        const root = graph.poison[record]!;
        const points = graph.points[record]!;
        this.runLog?.retired(record);
        builder.retire(record);
        if (handle === null || handle === undefined) continue; // a join
        handle.scope.live--;
        if (root !== 0) this.#spoil(handle, graph.first[record]!, points, root);
        handle.left -= points;
        if (handle.left === 0 && handle.sealed) this.#closing.push(handle);
      }
      this.#read[lane] = end;
    }
    this.runLog?.poll();
  }

  /** With failures about: what has ended since is told in an order in which conflicts are in program order. */
  #takeEnded(): void {
    for (const record of takeReady(this.graph, Word.ended)) {
      this.#spoils.ended(this.#handles[this.graph.launch[record]!]!, record);
    }
  }

  /** Says which failure has reached a record that is ready, if any. */
  #judge(handle: LaunchHandle, record: number): void {
    this.#takeEnded();
    const { graph } = this;
    if (handle.uses.length > 0 && !handle.moves) graph.poison[record] = this.#spoils.rootOf(handle, record);
    graph.state[record] = State.judged;
  }

  /** A record of a launch failed, or a failure reached it. */
  #spoil(handle: LaunchHandle, first: number, points: number, root: number): void {
    if (handle.root === 0 || root < handle.root) handle.root = root;
    handle.spoiled ??= new Uint8Array(handle.points);
    handle.spoiled.fill(1, first, first + points);
  }

  /** Runs a host record; false when its function threw. */
  #runHost(handle: LaunchHandle, record: number): boolean {
    try {
      handle.host?.();
      return true;
    } catch (error) {
      poison(this.graph, record, handle.operation + 1);
      const { name, message, stack } =
        error instanceof Error ? error : new Error(`it threw ${String(error)}`);
      const failure: Failure = { point: 0, name, message, stack };
      this.graph.failure[handle.slot] = writeValue(this.heap, failure);
      return false;
    }
  }

  /** A lease's turn has come: from now on it waits for the program alone. */
  #grant(handle: LaunchHandle, record: number): void {
    handle.lease!.record = record;
    this.#running--;
    this.#watching -= handle.watchers.length;
    for (const watcher of handle.watchers.splice(0)) watcher();
  }

  /** The program is done with a lease that it was granted. */
  endLease(handle: LaunchHandle): void {
    this.#running++;
    const { record } = handle.lease!;
    this.runLog?.recorder.begin(0);
    this.runLog?.recorder.end(this.graph.number[record]!, 0, endBits(false, false));
    this.#finisher.finish(record, false);
    this.poll();
  }

  #host(): boolean {
    const { graph } = this;
    const records = takeReady(graph, Word.launcherStack);
    const marked = records.map((record) => unjudged(graph, record));
    // They are in no queue now, and not lost.
    for (const record of records) graph.state[record] = State.running + launcherLane(graph);
    for (const [i, record] of records.entries()) {
      const handle = this.#handles[graph.launch[record]!]!;
      if (marked[i]) this.#judge(handle, record);
      if (handle.inner !== null) {
        handle.inner.start(record);
        continue;
      }
      if (graph.kind[handle.slot] !== Kind.host) {
        // One that is not judged was given its last reservation in place of a lost thread.
        if (!marked[i]) graph.state[record] = State.waiting;
        this.executor.ready(record);
        continue;
      }
      const skipped = graph.poison[record] !== 0 && !handle.moves;
      if (handle.lease !== null && !skipped) {
        this.#grant(handle, record);
        continue;
      }
      this.runLog?.recorder.begin(0);
      const failed = !skipped && !this.#runHost(handle, record);
      this.runLog?.recorder.end(graph.number[record]!, 0, endBits(failed, skipped));
      this.#finisher.finish(record, failed);
    }
    return records.length > 0;
  }

  #close(): void {
    if (this.#closing.length === 0) return;
    const waiting: LaunchHandle[] = [];
    const closing = this.#closing;
    this.#closing = [];
    const ended: LaunchHandle[] = [];
    for (const handle of closing) {
      // A lane counts a launch down after it gave the record back: the slot is ours only when it has.
      if (Atomics.load(this.graph.remaining, handle.slot) !== 0) waiting.push(handle);
      else {
        this.#collect(handle);
        ended.push(handle);
      }
    }
    this.#closing.push(...waiting);
    this.#settle();
    this.window.wake();
    for (const handle of ended) {
      handle.scope.runLater(this.operations);
      this.#watching -= handle.watchers.length;
      for (const watcher of handle.watchers.splice(0)) watcher();
    }
  }

  #collect(handle: LaunchHandle): void {
    const { graph, heap } = this;
    const { slot } = handle;
    handle.closed = true;
    handle.scope.open.delete(handle);
    if (handle.inner !== null) this.window.innerOpen--;
    this.#open--;
    this.#running--;
    const unit = graph.results[slot]!;
    const results = new Results(heap, unit, handle.points);
    if (results.tags.some((tag) => tag !== Tag.none)) {
      handle.values = Array.from({ length: handle.points }, (_, i) => results.get(i));
    }
    const failure = graph.failure[slot]!;
    const { failures } = handle.scope;
    if (handle.inner !== null && handle.inner.failure !== null) {
      failures.set(handle.operation, handle.inner.failure.error);
    } else if (failure === CANCELLED) {
      const { reason } = handle.cancelled!;
      failures.set(handle.operation, new CancelledError(handle.task, launchSite(handle.site), reason));
    } else if (failure !== 0) {
      const { point, name, message, stack, lost } = readValue(heap, failure) as Failure;
      freeValue(heap, failure);
      const cause = new Error(message);
      cause.name = name;
      if (stack !== undefined) cause.stack = stack;
      failures.set(handle.operation, failedTask(handle, point, cause, lost));
    }
    if (handle.root !== 0) this.#unsettled.push(handle);
    for (const instance of handle.instances) {
      this.memory.unused(instance);
    }
    for (const held of handle.held) held.users--;
    this.cancellation.forget(handle);
    handle.uses = [];
    handle.futures = NONE_TAKEN;
    handle.reduces = null;
    for (const source of handle.sources) {
      source.dependents--;
      this.#freeSlot(source);
    }
    for (const { unit: block, bytes } of handle.blocks) heap.free(block, bytes);
    if (handle.args !== null) freeArgs(heap, handle.args);
    this.events.emit('retire', handle.task, handle.operation, handle.root !== 0);
    this.#freeSlot(handle);
  }

  #freeSlot(handle: LaunchHandle): void {
    if (!handle.closed || handle.dependents > 0 || handle.slot === NONE) return;
    const unit = this.graph.results[handle.slot]!;
    new Results(this.heap, unit, handle.points).freeBlocks();
    this.heap.free(unit, resultsBytes(handle.points));
    this.#handles[handle.slot] = null;
    this.#freeSlots.push(handle.slot);
    handle.slot = NONE;
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

  /** A thread was lost, and usually another has taken its place: what nobody holds now is looked for. */
  #threadLost(lane: number, error: Error, replaced: boolean): void {
    this.events.emit('lost', error);
    if (replaced) {
      // Without worker threads, ready records wait in queues of the launching thread, which are no part of the graph.
      if (this.executor.name === 'threads' || this.executor.name === 'bulk') {
        this.#lostRecords.begin();
        this.#searchLater();
      }
      this.#rung();
      return;
    }
    this.#lost ??= new Error(`the thread of lane ${lane} ends as soon as it is started: ${error.message}`);
    for (const handle of this.#handles) {
      if (handle === null || handle.closed) continue;
      handle.error = this.#lostWith(handle, this.#lost);
      for (const watcher of handle.watchers.splice(0)) watcher();
    }
  }

  #lostWith(handle: LaunchHandle, why: Error): TaskError {
    return failedTask(handle, 0, why, true);
  }

  #oldestLost(why: Error): TaskError {
    const oldest = this.#oldest(() => true);
    if (oldest !== null) return this.#lostWith(oldest, why);
    const nobody = { task: 'of no launch', point: [0], operation: this.operations, launchSite: 'nowhere' };
    return new WorkerLostError({ ...nobody, path: [], regions: [] }, why);
  }

  /** The search goes on while the program waits in its event loop, too. */
  #searchLater(): void {
    setTimeout(() => {
      if (!this.#lostRecords.searching) return;
      this.#rung();
      this.#searchLater();
    }, 2);
  }

  /** Makes ready once more what lost threads had in their hands. */
  #search(): void {
    const { graph } = this;
    for (const record of this.#lostRecords.advance()) {
      if (isJoin(graph, record)) this.#finisher.finish(record, false);
      else if (unjudged(graph, record)) pushReady(graph, Word.launcherStack, record);
      else this.executor.ready(record);
    }
  }

  // ---- waiting ----

  /** There is no memory for something: waits for a launch to end; false where none will. */
  #makeRoom(): boolean {
    if (this.#running === 0 || this.#stuck()) return false;
    this.#wait('memory', 1, () => this.#running > 0);
    return true;
  }

  /** Called while records or edges are used up. */
  #starve(): void {
    if (this.#stuck()) throw this.#windowTooSmall();
    this.#wait(
      'records',
      this.graph.limits.records >> 2,
      () => this.builder.freeRecords === 0 || this.builder.freeEdges === 0,
    );
  }

  /** Blocks until about `count` records have ended, or something else happened. */
  #wait(reason: WaitReason, count: number, stillWanted: () => boolean, operation = -1): void {
    if (this.#lost !== null) throw this.#oldestLost(this.#lost);
    const open = this.#open;
    this.poll();
    if (this.#closing.length > 0 || this.#open !== open || !stillWanted()) return;
    const from = this.runLog?.since() ?? 0;
    this.executor.block(count, () => !this.#anythingNew());
    this.runLog?.waited(reason, operation, from);
    this.#watchdog.look();
    this.poll();
  }

  #anythingNew(): boolean {
    const { graph } = this;
    if (Atomics.load(graph.control, Word.launcherStack) !== NONE) return true;
    return graph.retired.some(({ put }, lane) => Atomics.load(put, 0) !== this.#read[lane]);
  }

  /**
   * Blocks until a launch has ended. False when it cannot end while this thread is blocked: it waits for an inner task,
   * whose body runs here.
   */
  waitFor(handle: LaunchHandle): boolean {
    while (!handle.closed) {
      if (handle.slot < 0 || this.#stuck()) return false;
      this.#wait('launch', 1, () => !handle.closed, handle.operation);
    }
    return true;
  }

  /** Whether inner tasks are open and nothing runs or can run but their bodies. */
  #stuck(): boolean {
    return this.window.innerOpen > 0 && this.#still();
  }

  /** Whether no task runs and none is ready: what goes on, if anything, is the program and the bodies of inner tasks. */
  #still(): boolean {
    const { graph } = this;
    const launcher = State.running + launcherLane(graph);
    // A record that ends makes others ready before it says that it has ended: three looks, some time apart, miss none.
    for (let look = 0; look < 3; look++) {
      if (this.#anythingNew() || Atomics.load(graph.control, Word.gangCall) !== 0) return false;
      if (this.#lostRecords.searching) return false;
      for (let record = 0; record < graph.limits.records; record++) {
        const state = Atomics.load(graph.state, record);
        if (state >= State.running && state !== launcher) return false;
        if (state !== State.waiting && state !== State.judged) continue;
        if (Atomics.load(graph.pending, record) !== 0) continue;
        const handle = this.#handles[graph.launch[record]!];
        // A lease that was granted waits for the program, as the bodies do.
        if (handle?.inner === null && handle.lease?.record !== record) return false;
      }
      Atomics.wait(STILL, 0, 0, 1);
    }
    return !this.#anythingNew();
  }

  // ---- deadlock ----

  /**
   * Rejects when the run can never end: no task runs or is ready, and node's event loop has nothing more to wait for. While
   * nothing runs, the threads of the lanes do not keep it alive; so it says so itself.
   */
  async untilDeadlock(): Promise<never> {
    return new Promise((_, reject) => {
      const look = (): void => {
        this.poll();
        if (this.#closing.length === 0 && this.#still()) reject(this.#deadlock());
        else {
          this.executor.keepAlive(true);
          this.#rung();
        }
      };
      process.on('beforeExit', look);
      this.endings.push(() => process.off('beforeExit', look));
    });
  }

  #deadlock(): DeadlockError {
    const oldest = this.#oldest();
    const why =
      oldest === null
        ? 'No operation is open: the program itself waits for something that nobody will do.'
        : this.whyBlocked(oldest);
    return new DeadlockError(
      `the program waits for ever: no task runs or is ready, and no timer, file or connection is waited for.\n${why}`,
    );
  }

  /** The first operation in program order that has not ended; by default of those that have all their tasks. */
  #oldest(counts = ({ sealed }: LaunchHandle): boolean => sealed): LaunchHandle | null {
    let oldest: LaunchHandle | null = null;
    for (const handle of this.#handles) {
      if (handle === null || handle.closed || !counts(handle)) continue;
      if (oldest === null || handle.operation < oldest.operation) oldest = handle;
    }
    return oldest;
  }

  #windowTooSmall(): LaunchError {
    const { records, launches } = this.graph.limits;
    return new LaunchError(
      `The window of ${records} records and ${launches} launches is full of operations that wait for inner tasks: give run() a larger window.`,
    );
  }

  /**
   * In bulk mode, blocks until an operation has ended, on all workers. The launching thread sleeps until as many records
   * have ended as are left at least, so that it does not wake up for each.
   */
  barrier(handle: LaunchHandle): void {
    // All before a lease has ended by now; itself it ends when the program says so.
    if (!this.options.barriers || handle.lease !== null) return;
    const largest = Math.ceil(handle.points / Math.max(1, handle.records.length));
    while (!handle.closed) {
      const left = Math.max(1, Math.ceil(handle.left / largest));
      this.#wait('launch', left, () => !handle.closed, handle.operation);
    }
    this.#learn();
  }

  /** Tells a placement that learns what ran since the last barrier. */
  #learn(): void {
    const { placement } = this.options;
    if (placement?.learn === undefined || this.runLog === null) return;
    const ran = this.runLog.ran();
    placement.learn(ran, this.taskNames);
    if (this.options.record?.timeline === 'keep') this.#keep(ran);
  }

  #keep(ran: readonly TimelineEntry[]): void {
    for (const entry of ran) this.#timeline.push(entry);
  }

  /** What ran so far. */
  timeline(): readonly TimelineEntry[] {
    if (this.runLog !== null) this.#keep(this.runLog.ran());
    return this.#timeline;
  }

  /** Resolves when a launch has ended (with or without an error), or a lease was reached. */
  async ended(handle: LaunchHandle): Promise<void> {
    this.poll();
    if (handle.lease !== null && handle.lease.record >= 0) return;
    if (!handle.closed && this.#lost === null) {
      const from = this.runLog?.since() ?? 0;
      await new Promise<void>((resolve) => {
        handle.watchers.push(resolve);
        this.#watching++;
        if (handle.slot >= 0) Atomics.store(this.graph.watched, handle.slot, 1);
        this.#rung();
      });
      this.runLog?.waited('await', handle.operation, from);
    }
    if (this.#lost !== null && !handle.closed) throw this.#lostWith(handle, this.#lost);
  }

  /** Looks whether watched launches have ended, and asks for a message when the next one does. */
  #rung(): void {
    this.poll();
    if (this.#watching === 0 && this.window.innerOpen === 0 && !this.window.stalled) return;
    this.executor.arm();
    // What ended before the arming sent no message. When a lane is between its last two steps, look again soon.
    this.poll();
    if (this.#closing.length > 0) setImmediate(() => this.#rung());
  }

  /**
   * Resolves with the values of a launch that has ended well; rejects with the error that comes first in program
   * order. Of a single point (`index`) only its own fate counts.
   */
  async values(handle: LaunchHandle, index?: number): Promise<unknown[] | null> {
    await this.ended(handle);
    if (handle.root !== 0 && (index === undefined || handle.spoiled?.[index] === 1)) {
      // Which failure is first is known when all earlier operations have ended.
      await this.quiet(handle.scope, handle.operation);
      const error = handle.error!;
      handle.scope.told.add(error instanceof UpstreamError ? error.root : (error as ManipleError));
      throw error;
    }
    return handle.values;
  }

  /** Resolves when all launches of a scope up to an operation have ended; leases are the program's own affair. */
  async quiet(scope: ProgramScope, operation = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      const next = scope.oldest();
      if (next === null || next.operation > operation) return;
      await this.ended(next);
    }
  }

  /** Resolves when all operations that were called so far in a scope have ended. */
  async fence(scope: ProgramScope): Promise<void> {
    if (this.window.waits(scope)) {
      await new Promise<void>((resolve) => {
        this.window.submit(scope, () => {
          resolve();
          return true;
        });
      });
    }
    await this.quiet(scope, this.operations - 1);
  }

  /** What is done at the end of the run, however it ends. */
  readonly endings: (() => void)[] = [];

  /** The run is over. */
  close(): void {
    this.#watchdog.stop();
    this.memory.close();
  }

  /** No abort of the run is listened for any more. */
  detach(): void {
    this.options.signal?.removeEventListener('abort', this.#stopped);
  }

  /** Nothing has ended for a while: says what the oldest open operation waits for. */
  #bark(silence_s: number): void {
    const oldest = this.#oldest();
    if (oldest === null) return;
    this.options.log(
      `maniple: no task has ended for ${Math.round(silence_s)} s.\n${this.whyBlocked(oldest)}`,
    );
  }

  /** Why an operation has not ended: its tasks, what they wait for, and where that runs. */
  whyBlocked(handle: LaunchHandle): string {
    return whyBlocked(
      this.graph,
      handle,
      launchSite(handle.site),
      (record) => this.#handles[this.graph.launch[record]!] ?? null,
      this.#watchdog.running,
      Date.now(),
    );
  }

  /** The first failure in program order that the program was not told yet, and marks it as told. */
  untold(scope: ProgramScope): ManipleError | null {
    const error = scope.untold();
    if (error !== null) scope.told.add(error);
    return error;
  }

  /** A launch that could not be issued when its turn came: later ones of its scope may need what it did not do. */
  abandon(handle: LaunchHandle, error: unknown): void {
    const { scope } = handle;
    const reason = error instanceof Error ? error : new Error(String(error));
    if (handle.operation < 0) handle.operation = this.operations++;
    handle.error = reason;
    handle.closed = true;
    handle.root = handle.operation + 1;
    handle.spoiled = new Uint8Array(handle.points).fill(1);
    scope.open.delete(handle);
    if (error instanceof ManipleError) scope.failures.set(handle.operation, error);
    scope.cancelled ??= { reason };
    this.#watching -= handle.watchers.length;
    for (const watcher of handle.watchers.splice(0)) watcher();
  }

  /** Ends a record of an inner task. */
  finishInner(record: number, failed: boolean): void {
    const skipped = !failed && this.graph.poison[record] !== 0;
    this.runLog?.recorder.begin(0);
    this.runLog?.recorder.end(this.graph.number[record]!, 0, endBits(failed, skipped));
    this.#finisher.finish(record, failed);
    this.poll();
  }
}

const NO_RECORDS = new Int32Array(0);
const NONE_TAKEN: readonly PointOfLaunch[] = [];
/** Nobody wakes who waits on it. */
const STILL = new Int32Array(new SharedArrayBuffer(4));

/** The error of a point of a launch that failed for a reason of its own. */
export function failedTask(
  handle: LaunchHandle,
  point: number,
  cause: unknown,
  lost: boolean | undefined = false,
): TaskError {
  const { scope, task, number, domain, site } = handle;
  return new (lost ? WorkerLostError : TaskError)(
    {
      task,
      point: domain.at(point),
      operation: number,
      path: [...scope.path, number],
      launchSite: launchSite(site),
      regions: handle.regions(),
    },
    cause,
  );
}
