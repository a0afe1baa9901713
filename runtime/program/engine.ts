// The launching thread's side of the machine: launches, retirement, waiting. It knows no regions.
import { EventEmitter } from 'eventemitter3';
import { Analysis } from '../analysis/dependences.js';
import { RecordBuilder } from '../analysis/record-builder.js';
import { CancelledError, ManipleError } from '../errors.js';
import type { TimelineEntry } from '../events/timeline.js';
import { Finisher } from '../execution/finish.js';
import type { Leaf } from '../execution/leaf.js';
import type { TaskName } from '../execution/task-name.js';
import type { Executor } from '../executors/executor.js';
import { createGraph, type Graph, Kind, launcherLane, NONE } from '../graph/layout.js';
import { Heap } from '../memory/heap.js';
import type { Instance } from '../memory/instance.js';
import { resultsBytes } from '../memory/launch-layout.js';
import { IndexSpace } from '../spaces/index.js';
import { Awaiting } from './awaiting.js';
import { Blocking } from './blocking.js';
import { Cancellation } from './cancellation.js';
import { aliveBy, untilDeadlock } from './deadlock.js';
import type { EngineOptions, RunEvents } from './engine-options.js';
import { createHandle, type LaunchHandle, type ProgramScope } from './handle.js';
import { HostRecords } from './host-records.js';
import { launchSite } from './launch-site.js';
import { LostThreads } from './lost-threads.js';
import { MemoryBudget } from './memory-budget.js';
import { OpenLaunches } from './open-launches.js';
import type { RankPort } from './ranks/port.js';
import { Retirement } from './retirement.js';
import { RunLog } from './run-log.js';
import { Scope } from './scope.js';
import { Stillness } from './stillness.js';
import { TaskKinds } from './task-kinds.js';
import { Timeline } from './timeline.js';
import { Watchdog } from './watchdog.js';
import { Watchers } from './watchers.js';
import { whyBlocked } from './why-blocked.js';
import { Window } from './window.js';

const ONE_POINT = IndexSpace.extent([1]);

/** The slot of joins, which belong to no launch. */
const JOIN_SLOT = 0;

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
  readonly launches: OpenLaunches;
  /** The other ranks; null where there are none. */
  ranks: RankPort | null = null;
  readonly watchers: Watchers;
  readonly #finisher: Finisher;
  readonly #kinds: TaskKinds;
  readonly #timeline: Timeline;
  readonly #retirement: Retirement;
  readonly #host: HostRecords;
  readonly #lost: LostThreads;
  readonly #stillness: Stillness;
  readonly #awaiting: Awaiting;
  readonly #blocking: Blocking;
  readonly #watchdog: Watchdog;

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
    this.graph.kind[JOIN_SLOT] = Kind.join;
    this.#watchdog = new Watchdog(
      this.graph,
      options.watchdog_s,
      (silence_s) => this.#bark(silence_s),
      () => {
        if (this.#stillness.holds()) this.executor.keepAlive(false);
      },
    );
    this.cancellation = new Cancellation(this.graph);
    this.heap = Heap.reserve(options.memory, this.graph.control, this.graph.lanes);
    this.memory = new MemoryBudget(this.heap, options, () => this.#blocking.makeRoom());
    const starve = (): void => this.#blocking.starve();
    this.builder =
      options.faults.builder?.(this.graph, starve, (slot) => this.launches.handles[slot]?.task ?? '') ??
      new RecordBuilder(this.graph, starve);
    this.root = Scope.root(options.seed);
    this.launches = new OpenLaunches(this.graph, this.heap);
    this.watchers = new Watchers(this.graph);
    this.window = new Window(this.graph, this.builder, {
      freeSlots: () => this.launches.free,
      still: () => this.#stillness.holds(),
      look: () => this.#awaiting.look(),
    });
    this.runLog = options.record === null ? null : new RunLog(this.graph, options.record);
    this.builder.log = this.runLog?.program ?? null;
    this.#kinds = new TaskKinds(this.graph, this.heap);
    this.#timeline = new Timeline(options, this.runLog, this.#kinds.names);
    this.executor = options.createExecutor({
      graph: this.graph,
      heap: this.heap,
      seed: options.seed,
      check: options.check,
      steal: options.steal,
      ranks: options.ranks,
      jitter: options.jitter,
      slice_us: options.slice_us,
      laneLogs: this.runLog?.rings ?? null,
      recorder: this.runLog?.recorder ?? null,
      leaf: (task) => this.#kinds.leaves[task]!,
      ring: () => this.#awaiting.look(),
      log: options.log,
      lost: (lane, error, replaced) => this.#lost.lost(lane, error, replaced),
      workerHeap_MB: options.workerHeap_MB,
      saves: options.saves,
    });
    this.sequential = options.barriers || this.executor.name === 'inOrder';
    this.#finisher = new Finisher(this.graph, launcherLane(this.graph), (record) =>
      this.executor.ready(record),
    );
    this.#lost = new LostThreads(this, this.#finisher, () => this.#awaiting.look());
    this.#retirement = new Retirement(this);
    this.#host = new HostRecords(this, this.#retirement, this.#finisher);
    this.#stillness = new Stillness(this.graph, this.launches, this.#retirement, this.#lost);
    this.#blocking = new Blocking(this, this.#retirement, this.#lost, this.#stillness, this.#watchdog);
    this.#awaiting = new Awaiting(this, this.#retirement, this.#lost);
    options.signal?.addEventListener('abort', this.#stopped, { once: true });
    this.analysis = new Analysis(
      this.builder,
      () => this.builder.open(JOIN_SLOT, 0, 0, 0),
      (record) => this.#finisher.finish(record, false),
      options.faults,
    );
  }

  /** The run was aborted: what has not started does not start any more. */
  readonly #stopped = (): void => {
    for (const handle of this.launches.handles) {
      if (handle !== null) this.cancellation.cancel(handle, this.options.signal!.reason);
    }
  };

  /** Operations of the run so far. */
  get operations(): number {
    return this.launches.operations;
  }

  /** Refuses new operations once the run or the inner task that makes them was aborted, or is over. */
  checkRunning(scope: ProgramScope, name: string, site: { stack?: string }): void {
    scope.check(`task ${name}`);
    const { signal } = this.options;
    if (signal?.aborted === true) throw new CancelledError(name, launchSite(site), signal.reason);
    if (scope.cancelled !== null) throw new CancelledError(name, launchSite(site), scope.cancelled.reason);
  }

  // ---- task kinds ----

  /** The number of a task, by which workers and the log know it. */
  taskId(leaf: Leaf, name: TaskName): number {
    return this.#kinds.id(leaf, name);
  }

  /** Names of task kinds, by number, for whoever reads the timeline. */
  get taskNames(): readonly string[] {
    return this.#kinds.names;
  }

  // ---- memory ----

  /** A block from the heap; waits for launches to end when there is no room now. `zeroed` asks for zeros. */
  allocate(bytes: number, what: string, zeroed: boolean): number {
    return this.memory.allocate(bytes, what, zeroed);
  }

  // ---- launches ----

  /**
   * Gives a launch its slot, with everything but its requirements and records. Blocks while all slots are in use. The
   * results of `sources` stay until this launch has ended.
   */
  openLaunch(handle: LaunchHandle, kind: number, task: number, sources: readonly LaunchHandle[] = []): void {
    const { scope, domain, points } = handle;
    // What carries messages has no place of its own in the program: it goes with the operation that it is for.
    const silent = scope === this.ranks?.scope;
    // Before anything waits: a source that ends meanwhile must not give its results back.
    for (const source of sources) source.dependents++;
    const { graph, heap, launches } = this;
    while (launches.free === 0) {
      this.#blocking.forSlot();
    }
    const slot = launches.take();
    const operation = silent ? launches.operations : launches.count(scope);
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
    const here = handle.shards === null ? points : handle.shards.points.length;
    graph.remaining[slot] = here;
    handle.left = here;
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
    launches.add(handle);
    if (launches.open === 1) this.#watchdog.rest();
    this.runLog?.launch(handle, kind);
    if (!silent) this.events.emit('launch', handle.task, operation, points, [...scope.path, number]);
  }

  /** A launch of one internal record. */
  openSingle(scope: ProgramScope, kind: number, name: string, site: { stack?: string }): LaunchHandle {
    const handle = createHandle(scope, name, ONE_POINT, site, () => []);
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
    if (handle.inner !== null) setImmediate(() => this.#awaiting.look());
    this.#retirement.sealed(handle);
    this.poll();
  }

  /** Runs something when all operations of a scope that were issued so far have ended. */
  afterAll(scope: ProgramScope, run: () => void): void {
    const { launches, ranks } = this;
    // What others wait for of it goes its way in a scope of its own, behind what was issued.
    const carried = launches.operations + 1;
    scope.afterAll(launches.next(scope), ranks === null ? run : () => ranks.scope.afterAll(carried, run));
  }

  /** A launch that could not be issued when its turn came: later ones of its scope may need what it did not do. */
  abandon(handle: LaunchHandle, error: unknown): void {
    const { scope } = handle;
    const reason = error instanceof Error ? error : new Error(String(error));
    if (handle.operation < 0) handle.operation = this.launches.count(scope);
    handle.error = reason;
    handle.closed = true;
    handle.root = handle.operation + 1;
    handle.spoiled = new Int32Array(handle.points).fill(handle.root);
    scope.open.delete(handle);
    if (error instanceof ManipleError) scope.failures.set(handle.operation, error);
    scope.cancelled ??= { reason };
    this.watchers.tell(handle);
  }

  // ---- retirement ----

  /** Takes ended records back, runs host records, closes launches. */
  poll(): void {
    if (this.#lost.searching) this.#lost.search();
    if (this.ranks !== null) this.ranks.progress();
    this.#retirement.drain();
    while (this.#host.run()) this.#retirement.drain();
    this.#retirement.close();
  }

  /** The program is done with a lease that it was granted. */
  endLease(handle: LaunchHandle): void {
    this.#host.endLease(handle);
    this.poll();
  }

  /** The body of an inner task begins. */
  startInner(record: number): void {
    this.runLog?.recorder.start(this.graph.number[record]!);
  }

  /** Ends a record of an inner task, whose body has begun or was passed by. */
  finishInner(record: number, failed: boolean, began = false): void {
    this.#host.endInner(record, failed, began);
    this.poll();
  }

  // ---- waiting ----

  /** Blocks until a launch has ended; false when it cannot end meanwhile (see Blocking). */
  waitFor(handle: LaunchHandle): boolean {
    return this.#blocking.waitFor(handle);
  }

  /** Blocks until a condition holds that messages of other ranks bring about. */
  waitUntil(holds: () => boolean): void {
    this.#blocking.waitUntil(holds);
  }

  /** Blocks until all operations of a scope up to one have ended. */
  quietNow(scope: ProgramScope, operation: number): void {
    this.#blocking.quietNow(scope, operation);
  }

  /** What failed is taken into account as far as anything has ended. */
  takeEnded(): void {
    this.#retirement.takeEnded();
  }

  /** In bulk mode, blocks until an operation has ended, on all workers. */
  barrier(handle: LaunchHandle): void {
    // All before a lease has ended by now; itself it ends when the program says so.
    if (!this.options.barriers || handle.lease !== null) return;
    this.#blocking.untilEnded(handle);
    this.#timeline.learn();
  }

  /** What ran so far. */
  timeline(): readonly TimelineEntry[] {
    return this.#timeline.entries();
  }

  /** Resolves when a launch has ended (with or without an error), or a lease was reached. */
  async ended(handle: LaunchHandle): Promise<void> {
    return this.#awaiting.ended(handle);
  }

  /** Resolves with the values of a launch, or of one point of it; rejects with its error (see Awaiting). */
  async values(handle: LaunchHandle, index?: number): Promise<unknown[] | null> {
    return this.#awaiting.values(handle, index);
  }

  /** Resolves when all launches of a scope up to an operation have ended; leases are the program's own affair. */
  async quiet(scope: ProgramScope, operation?: number): Promise<void> {
    return this.#awaiting.quiet(scope, operation);
  }

  /** Resolves when all operations that were called so far in a scope have ended. */
  async fence(scope: ProgramScope): Promise<void> {
    return this.#awaiting.fence(scope);
  }

  /** Rejects when the run can never end. */
  async untilDeadlock(): Promise<never> {
    return untilDeadlock(
      this.launches,
      this.#retirement,
      this.#stillness,
      {
        poll: () => this.poll(),
        relieve: () => this.window.relieve(),
        noRoom: () => (this.window.stalled ? this.window.tooSmall : null),
        goOn: () => {
          this.executor.keepAlive(true);
          this.#awaiting.look();
        },
        whyBlocked: (handle) => this.whyBlocked(handle),
      },
      this.endings,
    );
  }

  /** What is done at the end of the run, however it ends. */
  readonly endings: (() => void)[] = [];

  /** Looks whether anything has ended, and asks for news. */
  look(): void {
    this.#awaiting.look();
  }

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
    const oldest = this.launches.oldest();
    if (oldest === null) return;
    // A timer or a connection may yet bring what is waited for: that it never will can only be suspected.
    const outside = this.#stillness.holds()
      ? ` No task runs or is ready: only what keeps the program alive outside (${aliveBy()}) can make it go on.`
      : '';
    this.options.log(
      `maniple: no task has ended for ${Math.round(silence_s)} s.${outside}\n${this.whyBlocked(oldest)}`,
    );
  }

  /** Why an operation has not ended: its tasks, what they wait for, and where that runs. */
  whyBlocked(handle: LaunchHandle): string {
    return whyBlocked(
      this.graph,
      handle,
      launchSite(handle.site),
      (record) => this.launches.of(record),
      this.#watchdog.running,
      Date.now(),
    );
  }

  /** The first failure in program order that the program was not told yet, and marks it as told. */
  untold(scope: ProgramScope): ManipleError | null {
    const error = scope.untold(scope === this.root ? this.ranks?.fenced : undefined);
    if (error !== null) scope.told.add(error);
    return error;
  }
}
