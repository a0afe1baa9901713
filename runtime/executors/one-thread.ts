// Executors without worker threads: the launching thread runs the records itself. `inOrder` runs each as soon as it is
// made, which is program order; `virtual` keeps the ready ones and picks by seed, to explore interleavings.

import { steal } from '../execution/deque.js';
import { Finisher } from '../execution/finish.js';
import { gangReady } from '../execution/gang-admission.js';
import { GangWord } from '../execution/gang-block.js';
import { Lane } from '../execution/lane.js';
import { randomAt } from '../execution/random.js';
import { pushReady } from '../execution/stack.js';
import { type Graph, Kind, launcherLane, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import type { Executor, ExecutorParts } from './executor.js';
import { GangLanes } from './gang-lanes.js';
import { IoLane } from './io-lane.js';

/** How long a launching thread without anything to do looks away. */
const REST_MS = 2;

/** Runs ready records on the launching thread. */
abstract class OneThread implements Executor {
  abstract readonly name: string;
  protected readonly graph: Graph;
  readonly #parts: ExecutorParts;
  readonly #lane: Lane;
  readonly #finisher: Finisher;
  readonly #io: IoLane;
  readonly #gangs: GangLanes;
  #armed = false;
  #stopped = false;

  constructor(parts: ExecutorParts) {
    this.graph = parts.graph;
    this.#parts = parts;
    const lane = launcherLane(parts.graph);
    const ready = (record: number) => this.ready(record);
    this.#finisher = new Finisher(parts.graph, lane, ready);
    this.#lane = new Lane(
      parts.graph,
      parts.heap,
      {
        lane,
        check: parts.check,
        recorder: parts.recorder,
        saves: parts.saves,
        log: parts.log,
      },
      parts.leaf,
      ready,
    );
    this.#io = new IoLane(parts);
    this.#gangs = new GangLanes(parts);
  }

  ready(record: number): void {
    const kind = this.graph.kind[this.graph.launch[record]!]!;
    if (kind === Kind.host || kind === Kind.inner || unjudged(this.graph, record))
      pushReady(this.graph, Word.launcherStack, record);
    else if (kind === Kind.io) this.#io.ready(record);
    else if (kind === Kind.join) this.#finisher.finish(record, false);
    else if (kind === Kind.gang) this.#runGang(record);
    else this.take(record);
  }

  protected abstract take(record: number): void;
  /** Runs one record if there is one. */
  protected abstract step(): boolean;

  protected run(record: number): void {
    if (!this.#lane.admit(record)) return; // a task of the I/O lane has what it reserves
    const done = this.#lane.run(record);
    this.#finisher.finish(record, !done);
  }

  async started(): Promise<void> {}

  /**
   * Once all members are ready, waits until the gang has ended. Nothing else runs meanwhile but what the I/O lane made
   * ready: it may hold a reservation that the gang waits for.
   */
  #runGang(record: number): void {
    const { graph } = this;
    const { gang, launch, remaining } = graph;
    const { heap } = this.#parts;
    gangReady(graph, heap, record);
    const slot = launch[record]!;
    const unit = gang[slot]!;
    if (heap.load(unit, GangWord.ready) < heap.load(unit, GangWord.size)) return;
    while (Atomics.load(remaining, slot) !== 0) {
      const other = this.#stealFromLanes();
      if (other >= 0) this.#runOther(other);
      else this.#io.wait();
      this.#gangs.look();
    }
    while (this.#takeFromLanes());
  }

  startIo(): void {
    this.#io.start();
  }

  startGang(members: number): void {
    this.#gangs.start(members);
  }

  block(_count: number, stillWanted: () => boolean): void {
    // Nothing of ours to run: then only the I/O lane can bring progress.
    if (this.step() || this.#takeFromLanes()) return;
    this.#io.wait(stillWanted);
  }

  /** What the I/O lane and members of gangs have made ready; -1 for nothing. */
  #stealFromLanes(): number {
    const { deques, limits } = this.graph;
    let record = steal(deques[2 * limits.workers]!);
    for (let lane = 0; record < 0 && lane < this.#gangs.count; lane++)
      record = steal(deques[limits.workers + lane]!);
    return record;
  }

  /** What another lane made ready while a gang runs. Whether a failure reaches it is judged first, once the gang has ended. */
  #runOther(record: number): void {
    if (unjudged(this.graph, record)) pushReady(this.graph, Word.launcherStack, record);
    else this.run(record);
  }

  #takeFromLanes(): boolean {
    const record = this.#stealFromLanes();
    if (record < 0) return false;
    this.ready(record);
    return true;
  }

  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      let worked = false;
      while (this.step() || this.#takeFromLanes()) worked = true;
      // What the I/O lane makes ready lies in its deque without a word. Else nothing has changed but what members of gangs
      // ended meanwhile: that can wait a little, and keeps no process alive.
      if (worked || this.#io.running) this.#parts.ring();
      else setTimeout(() => this.#stopped || this.#parts.ring(), REST_MS).unref();
    });
  }

  keepAlive(alive: boolean): void {
    this.#io.keepAlive(alive);
    this.#gangs.keepAlive(alive);
  }

  kill(lane: number): boolean {
    return lane === this.graph.limits.workers && this.#io.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#lane.dispose();
    await Promise.all([this.#io.stop(), this.#gangs.stop()]);
  }
}

/** Runs every record the moment it is ready. */
export class InOrder extends OneThread {
  override readonly name = 'inOrder';
  readonly #queue: number[] = [];
  #running = false;

  protected override take(record: number): void {
    this.#queue.push(record);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.run(next);
    } finally {
      this.#running = false;
    }
  }

  protected override step(): boolean {
    return false;
  }
}

/** Keeps ready records, and runs one picked by seed whenever the launching thread has nothing else to do. */
export class Virtual extends OneThread {
  override readonly name = 'virtual';
  readonly #ready: number[] = [];
  readonly #seed: number;
  readonly #eagerness: number;
  #draws = 0;

  /** `eagerness`: how often a record that becomes ready lets one run while the program is still launching. */
  constructor(parts: ExecutorParts, eagerness = 0.25) {
    super(parts);
    this.#seed = parts.seed;
    this.#eagerness = eagerness;
  }

  #random(): number {
    return randomAt(this.#seed, 0x7f4a7c15, 0, this.#draws++);
  }

  protected override take(record: number): void {
    this.#ready.push(record);
    // Now and then something runs while the program is still launching, as it would beside real workers.
    if (this.#random() < this.#eagerness) this.step();
  }

  protected override step(): boolean {
    const ready = this.#ready;
    if (ready.length === 0) return false;
    const pick = Math.floor(this.#random() * ready.length);
    const record = ready[pick]!;
    ready[pick] = ready[ready.length - 1]!;
    ready.pop();
    this.run(record);
    return true;
  }
}
