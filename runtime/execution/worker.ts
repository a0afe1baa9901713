// The run loop of a worker: own deque, own inbox, then the others' inboxes and deques, then what runs in the background; then
// a bounded spin, then sleep.
import { addon } from '../../native/index.js';
import { type LaneRecorder, Source } from '../events/lane-log.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { type Graph, Kind, lineOf, State, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { type Deque, mend, pop, push, steal } from './deque.js';
import { Finisher } from './finish.js';
import { gangReady, Seats } from './gang-admission.js';
import type { GangEnd } from './gang-run.js';
import type { Lane } from './lane.js';
import { announceRetired, announceWork, sleep, wakeLauncher } from './sleep.js';
import { pushReady, takeReady } from './stack.js';

export interface WorkerOptions {
  readonly lane: number;
  /** Looks around before sleeping; 0 where threads outnumber processors, as then spinning takes the core from others. */
  readonly spins: number;
  readonly steal: boolean;
  /** Records where work was found, and when there was none. */
  readonly recorder: LaneRecorder | null;
  /** Runs members of gangs and nothing else: the other records are the launching thread's. */
  readonly gangsOnly: boolean;
  /** Called when a watched launch ended and the launching thread sits in its event loop. */
  readonly ring: () => void;
  /** True once the task kind can be run on this lane. */
  readonly loaded: (task: number) => boolean;
}

/** Sends a record to the launching thread. `ring` sends a message: that thread may sit in its event loop. */
export function toLauncher(graph: Graph, record: number, ring: () => void): void {
  const { control } = graph;
  pushReady(graph, Word.launcherStack, record);
  wakeLauncher(control);
  if (Atomics.exchange(control, Word.wanted, 0) === 1) ring();
}

/**
 * Where ready records go when the lane that made them ready is not the launching thread. `ring` sends that thread a
 * message: it may sit in its event loop, waiting for something that only it can run.
 */
export function readySink(
  graph: Graph,
  heap: Heap,
  own: Deque,
  steal: boolean,
  ring: () => void,
): (record: number) => void {
  const { control, kind, launch, background } = graph;
  return (record) => {
    const what = kind[launch[record]!]!;
    if (what === Kind.host || what === Kind.inner) toLauncher(graph, record, ring);
    else if (what === Kind.io) {
      pushReady(graph, Word.ioStack, record);
      Atomics.add(control, Word.io, 1);
      Atomics.notify(control, Word.io, 1);
    } else if (what === Kind.gang) {
      if (unjudged(graph, record)) toLauncher(graph, record, ring);
      else gangReady(graph, heap, record);
    } else {
      if (steal && background[launch[record]!] === 1) pushReady(graph, Word.backgroundStack, record);
      else push(own, record);
      announceWork(graph);
    }
  };
}

export class WorkerLoop {
  readonly #graph: Graph;
  readonly #options: WorkerOptions;
  readonly #lane: Lane;
  readonly #finisher: Finisher;
  readonly #victims: readonly Deque[];
  readonly #own: Deque;
  readonly #seats: Seats;
  readonly #line: Int32Array;
  #held = -1;
  /** The record held is one that a lost thread had. */
  #adopted = false;

  constructor(graph: Graph, heap: Heap, lane: Lane, options: WorkerOptions, ready: (record: number) => void) {
    this.#graph = graph;
    this.#options = options;
    this.#lane = lane;
    this.#line = lineOf(graph, options.lane);
    this.#finisher = new Finisher(graph, options.lane, ready);
    this.#seats = new Seats(graph, heap, options.lane);
    const { workers } = graph.limits;
    this.#own = graph.deques[workers + options.lane]!;
    const others = Array.from({ length: workers - 1 }, (_, i) => (options.lane + 1 + i) % workers);
    this.#victims = [
      graph.deques[options.lane]!,
      graph.deques[2 * workers]!,
      ...(options.steal ? others.flatMap((w) => [graph.deques[workers + w]!, graph.deques[w]!]) : []),
    ];
  }

  /** Takes over from a thread on this lane that was lost: goes on with what it had, wherever it was. */
  adopt(): void {
    const line = this.#line;
    const graph = this.#graph;
    const { control } = graph;
    if (line[LaneWord.asleep] !== 0) {
      Atomics.sub(control, Word.sleepers, 1);
      line[LaneWord.asleep] = 0;
    }
    mend(this.#own);
    const phase = line[LaneWord.phase]!;
    const record = line[LaneWord.record]!;
    const ours = graph.state[record] === State.running + this.#options.lane;
    if (phase === Phase.looking && line[LaneWord.began] === 0 && ours) {
      // It had made the record its own, and not yet said so here.
      Atomics.store(line, LaneWord.phase, Phase.body);
      this.#held = record;
      this.#adopted = true;
    } else if (phase === Phase.ending) {
      const { kind, launch } = graph;
      const slot = launch[record]!;
      const failed = line[LaneWord.failed] === 1;
      this.#told(this.#finisher.resume());
      if (kind[slot] === Kind.gang) this.#endRest(slot, failed);
    } else if (phase !== Phase.looking && ours) {
      // Otherwise it waits for a reservation, or another lane has it since.
      this.#held = record;
      this.#adopted = true;
    }
  }

  /** A thread was lost while it ended the records of a gang, one after the other: ends those that are left. */
  #endRest(slot: number, failed: boolean): void {
    const { kind, launch, limits, state } = this.#graph;
    for (let record = 0; record < limits.records; record++) {
      if (launch[record] === slot && kind[slot] === Kind.gang && state[record]! >= State.running) {
        this.#told(this.#finisher.finish(record, failed));
      }
    }
  }

  /** After a record: whoever waits for it hears of it. */
  #told(watched: boolean): void {
    const { control } = this.#graph;
    if (watched && Atomics.exchange(control, Word.wanted, 0) === 1) this.#options.ring();
    announceRetired(this.#graph);
  }

  /** Runs until the stop word is set ('stop') or a record needs a task kind that is not loaded (its number). */
  run(): 'stop' | number {
    const graph = this.#graph;
    const { kind, launch, state, task } = graph;
    const { loaded, ring } = this.#options;
    const running = State.running + this.#options.lane;
    const line = this.#line;
    for (;;) {
      let record = this.#held;
      if (record < 0) {
        record = this.#find();
        if (record < 0) return 'stop';
        // The marks of a gang were looked at when it was called.
        if (unjudged(graph, record)) {
          toLauncher(graph, record, ring);
          continue;
        }
        // It is ours: until here it was nobody's, and would be found by whoever looks for what a lost thread had taken.
        state[record] = running;
        line[LaneWord.began] = 0;
        line[LaneWord.record] = record;
        Atomics.store(line, LaneWord.phase, Phase.body);
      }
      const slot = launch[record]!;
      const what = kind[slot];
      const runs = what === Kind.task || what === Kind.atomic || what === Kind.gang;
      if (runs && !loaded(task[slot]!)) {
        this.#held = record;
        return task[slot]!;
      }
      const adopted = this.#adopted;
      this.#held = -1;
      this.#adopted = false;
      if (what === Kind.gang) {
        this.#endGang(adopted ? this.#lane.resumeMember(record) : this.#lane.runMember(record));
        continue;
      }
      // A record whose own work is complete may have given back what it held.
      const enters = what !== Kind.task && !(adopted && line[LaneWord.phase] !== Phase.body);
      if (enters && !this.#lane.admit(record)) {
        line[LaneWord.phase] = Phase.looking;
        continue;
      }
      const done = adopted ? this.#lane.resume(record) : this.#lane.run(record);
      this.#told(this.#finisher.finish(record, !done));
    }
  }

  /** Ends the records of a gang, by the member that ended last; the others have nothing more to do. */
  #endGang(end: GangEnd | null): void {
    if (end === null) {
      this.#line[LaneWord.phase] = Phase.looking;
      return;
    }
    for (const member of end.records) this.#told(this.#finisher.finish(member, end.failed));
  }

  #look(): number {
    this.#line[LaneWord.looks] = (this.#line[LaneWord.looks]! + 1) | 0;
    let record = this.#seats.take();
    if (record >= 0 || this.#options.gangsOnly) return record;
    record = pop(this.#own);
    if (record >= 0) {
      this.#options.recorder?.found(Source.own, 0);
      return record;
    }
    let i = 0;
    for (; record < 0 && i < this.#victims.length; i++) record = steal(this.#victims[i]!);
    if (record < 0) return this.#background();
    this.#tellSource(i - 1);
    return record;
  }

  /** All that waits in the background comes onto the own deque, the first in program order on top; others steal the rest. */
  #background(): number {
    const graph = this.#graph;
    const records = takeReady(graph, Word.backgroundStack);
    if (records.length === 0) return -1;
    const { operation, launch, first } = graph;
    records.sort((a, b) => operation[launch[b]!]! - operation[launch[a]!]! || first[b]! - first[a]!);
    for (const record of records) push(this.#own, record);
    if (records.length > 1) announceWork(graph);
    this.#options.recorder?.found(Source.background, 0);
    return pop(this.#own);
  }

  /** The first victim is the own inbox, the second the I/O lane's deque, then two for every other worker. */
  #tellSource(victim: number): void {
    const { lane, recorder } = this.#options;
    if (recorder === null) return;
    const { workers } = this.#graph.limits;
    if (victim === 0) recorder.found(Source.inbox, lane);
    else if (victim === 1) recorder.found(Source.stolen, workers);
    else recorder.found(Source.stolen, (lane + 1 + ((victim - 2) >> 1)) % workers);
  }

  /** A record to run, or -1 when the stop word is set. */
  #find(): number {
    const { control } = this.#graph;
    for (;;) {
      let record = this.#look();
      if (record < 0) this.#options.recorder?.idle();
      for (let spin = 0; record < 0 && spin < this.#options.spins; spin++) {
        // Waits a little on the epoch word with the processor's pause instruction, then looks again.
        addon?.spinWhile(control, Word.stop, 0, 20);
        record = this.#look();
      }
      if (record >= 0) return record;
      if (Atomics.load(control, Word.stop) !== 0) return -1;
      const epoch = Atomics.load(control, Word.epoch);
      Atomics.add(control, Word.sleepers, 1);
      this.#line[LaneWord.asleep] = 1;
      // Work pushed before its maker could see this sleeper is found here; work pushed later changes the epoch.
      record = this.#look();
      if (record < 0 && Atomics.load(control, Word.stop) === 0) sleep(control, Word.epoch, epoch);
      Atomics.sub(control, Word.sleepers, 1);
      this.#line[LaneWord.asleep] = 0;
      if (record >= 0) return record;
    }
  }
}
