// The run loop of a worker: own deque, own inbox, then the others' inboxes and deques, then what runs in the background; then
// a bounded spin, then sleep.
import { addon } from '../../native/index.js';
import { type LaneRecorder, Source } from '../events/lane-log.js';
import { type Graph, Kind, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { type Deque, pop, push, steal } from './deque.js';
import { Finisher } from './finish.js';
import { gangReady, Seats } from './gang-admission.js';
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
  #held = -1;

  constructor(graph: Graph, heap: Heap, lane: Lane, options: WorkerOptions, ready: (record: number) => void) {
    this.#graph = graph;
    this.#options = options;
    this.#lane = lane;
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

  /** Runs until the stop word is set ('stop') or a record needs a task kind that is not loaded (its number). */
  run(): 'stop' | number {
    const graph = this.#graph;
    const { control, kind, launch, task } = graph;
    const { loaded, ring } = this.#options;
    for (;;) {
      const record = this.#held >= 0 ? this.#held : this.#find();
      if (record < 0) return 'stop';
      const slot = launch[record]!;
      const what = kind[slot];
      // The marks of a gang were looked at when it was called.
      if (unjudged(graph, record) && what !== Kind.gang) {
        toLauncher(graph, record, ring);
        continue;
      }
      const runs = what === Kind.task || what === Kind.atomic || what === Kind.gang;
      if (runs && !loaded(task[slot]!)) {
        this.#held = record;
        return task[slot]!;
      }
      this.#held = -1;
      if (what === Kind.gang) {
        this.#runMember(record);
        continue;
      }
      if (what !== Kind.task && !this.#lane.admit(record)) continue;
      const done = this.#lane.run(record);
      if (this.#finisher.finish(record, !done) && Atomics.exchange(control, Word.wanted, 0) === 1) ring();
      announceRetired(graph);
    }
  }

  #runMember(record: number): void {
    const graph = this.#graph;
    const end = this.#lane.runMember(record);
    if (end === null) return;
    let watched = false;
    for (const member of end.records) watched = this.#finisher.finish(member, end.failed) || watched;
    if (watched && Atomics.exchange(graph.control, Word.wanted, 0) === 1) this.#options.ring();
    for (let i = 0; i < end.records.length; i++) announceRetired(graph);
  }

  #look(): number {
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
      // Work pushed before its maker could see this sleeper is found here; work pushed later changes the epoch.
      record = this.#look();
      if (record < 0 && Atomics.load(control, Word.stop) === 0) sleep(control, Word.epoch, epoch);
      Atomics.sub(control, Word.sleepers, 1);
      if (record >= 0) return record;
    }
  }
}
