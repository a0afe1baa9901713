// The task graph in shared memory: struct-of-arrays of task records, edges and launches, and the words that the
// threads wait on. The analysis writes it, the execution runs it, and both know it only through this layout.
// The protocol (who may write which word, and when) is told in README.md beside this file.

import { LaneWord } from './lanes.js';

/** Requirements of one task at most. */
export const MAX_REQUIREMENTS = 16;

/** Reservations of atomic uses: so many are told apart. */
export const RESERVATIONS = 1024;

/** Words of `Graph.control`. Each lies on a cache line of its own, so that waiting on one does not slow another. */
export const Word = {
  /** Set to 1 once: every loop ends. */
  stop: 0,
  /** Futex word of sleeping workers: bumped by whoever makes work ready while somebody sleeps. */
  epoch: 16,
  /** How many workers are asleep, or about to be. */
  sleepers: 32,
  /** Futex word of the launching thread while it waits for retirements. */
  launcher: 48,
  /** Retirements the sleeping launching thread still waits for; it is woken by whoever brings it to 0. */
  countdown: 64,
  /** 1 while the launching thread sits in its event loop and wants one message when a watched launch ends. */
  wanted: 80,
  /** Futex word of the I/O lane (Atomics.waitAsync, so only JavaScript wakes it). */
  io: 96,
  /** Heads of the stacks of ready records for the I/O lane and for the launching thread; -1 when empty. */
  ioStack: 112,
  launcherStack: 128,
  /** Head of the stack of ready records that run when nothing else is ready; -1 when empty. */
  backgroundStack: 240,
  /** Spin lock of the heap. */
  heapLock: 144,
  /** 1 once any task has failed: from then on every record that ends is told to the launching thread, in `ended`. */
  failures: 160,
  /** Head of the stack of records that have ended since, -1 when empty. */
  ended: 176,
  /** Workers whose threads have come up; on the line of `stop`, as neither changes while anything runs. */
  started: 8,
  /** Spin lock of the reservations. */
  admission: 192,
  /** Spin lock of the gangs. */
  gangLock: 208,
  /** Not 0 while the gang in `gang` calls for workers: the number of the call. */
  gangCall: 224,
  /** Of the gangs, under their lock: slot + 1 of the one that is on its way, head of the list of ready ones, last call. */
  gang: 256,
  gangsReady: 257,
  gangCalls: 258,
} as const;

/** What a record's launch is. */
export const Kind = {
  /** A leaf task on a worker. */
  task: 0,
  /** Folds the root of a reduction tree into the region. */
  apply: 1,
  /** Runs nothing: many predecessors, one successor to wait for. Finished by whoever makes it ready. */
  join: 2,
  /** Runs on the launching thread: reads and writes by the program itself. */
  host: 3,
  /** Folds the results of another launch into one future. */
  foldResults: 4,
  /** An asynchronous leaf task on the I/O lane. */
  io: 5,
  /** A leaf task that takes reservations before it runs. */
  atomic: 6,
  /** A point of a gang: all of them run at the same time, on workers of their own. */
  gang: 7,
  /** An inner task: its body runs on the launching thread, and its records are others. */
  inner: 8,
} as const;

/** Whether a launch of this kind runs a task of the program (or of the runtime), rather than a step of its own. */
export function runsTask(kind: number): boolean {
  return kind === Kind.task || kind === Kind.io || kind === Kind.atomic || kind === Kind.gang;
}
/**
 * Bits of `Graph.again`: running a task once more is harmless, whatever became of the first attempt; what it updates is kept
 * in any case, for whoever wants to know what a failed task found. The number of retries stands above them.
 */
export const Again = { harmless: 1, keeps: 2, retries: 4 } as const;

/** Bits of `Graph.gate`: a predicate decides whether the records run; they were cancelled. */
export const Gate = { guarded: 1, cancelled: 2 } as const;

/** `Graph.failure` of a launch that was cancelled before all of it had started. */
export const CANCELLED = -1;

/** `Graph.state` of a record. */
export const State = {
  free: 0,
  waiting: 1,
  done: 2,
  failed: 3,
  skipped: 4,
  /** Ready, and the launching thread has said exactly which failure has reached it, if any. */
  judged: 5,
  /** A member of a gang, ready: it waits for the others, for reservations, for workers. See `../execution/README.md`. */
  parked: 6,
  /** Ready, and in the queue of a reservation. */
  queued: 7,
  /** Plus the number of the lane that runs it. */
  running: 16,
} as const;

/** Whether a state is that of a record which is neither free nor ended. */
export function isOpen(state: number): boolean {
  return state === State.waiting || state === State.judged || state === State.parked || state >= State.queued;
}

/** `Graph.head` of a finished record: no edge can be added any more. */
export const CLOSED = -2;
/** An empty list. */
export const NONE = -1;

export interface GraphLimits {
  /** Task records alive at once: a power of two. */
  readonly records: number;
  readonly edges: number;
  /** Launches alive at once. */
  readonly launches: number;
  /** Task kinds of one program. */
  readonly tasks: number;
  /** Worker threads. The I/O lane comes after them, the launching thread last. */
  readonly workers: number;
}

export interface Graph {
  readonly limits: GraphLimits;
  readonly buffer: SharedArrayBuffer;
  readonly control: Int32Array;
  // one entry per record
  /** Unmet preconditions. */
  readonly pending: Int32Array;
  /** First successor edge; NONE, or CLOSED once finished. */
  readonly head: Int32Array;
  /** The successor list a finished record had, for the launching thread to free. */
  readonly spent: Int32Array;
  /** Bumped by the launching thread when the record is retired. */
  readonly generation: Int32Array;
  readonly state: Int32Array;
  /** 1 + operation number of the failure that reached this record, or 0. */
  readonly poison: Int32Array;
  readonly launch: Int32Array;
  /** First point (position in the launch domain) and number of points. */
  readonly first: Int32Array;
  readonly points: Int32Array;
  /** Worker that should run it, by the mapper. */
  readonly place: Int32Array;
  /** Link in a stack of ready records, or in the queue of a reservation. */
  readonly link: Int32Array;
  /** How many records were opened before this one: its name in the log. */
  readonly number: Int32Array;
  /** Heap block with the reservations it takes, 0 for none. Only for the kinds `atomic`, `apply`, `io`, and the first of a gang. */
  readonly reserved: Int32Array;
  /** How often it was begun and neither ended well nor gave up. */
  readonly attempt: Int32Array;
  /** Heap block with what its task may update, as it was before the first attempt; 0 is none. */
  readonly saved: Int32Array;
  // one entry per edge
  readonly edgeNext: Int32Array;
  /** Successor record * 2 + (1 when data flow along the edge, so that poison does too). */
  readonly edgeTo: Int32Array;
  // one entry per launch
  readonly task: Int32Array;
  readonly kind: Int32Array;
  readonly operation: Int32Array;
  /** Keys of the random numbers. */
  readonly key0: Int32Array;
  readonly key1: Int32Array;
  /** Bumped each time the slot is used again, so that lanes know when what they cached is stale. */
  readonly serial: Int32Array;
  readonly requirements: Int32Array;
  /** Points not finished yet. */
  readonly remaining: Int32Array;
  readonly watched: Int32Array;
  /** 1 where its records run only when nothing else is ready. */
  readonly background: Int32Array;
  /** Heap blocks: arguments, results of the points, launch domain, reduction tree. 0 is none. */
  readonly args: Int32Array;
  readonly results: Int32Array;
  readonly domain: Int32Array;
  readonly tree: Int32Array;
  /** Record that applies the reductions of this launch, or NONE. */
  readonly applyRecord: Int32Array;
  /** Why its records may have to be skipped: bits of `Gate`, 0 for most launches. */
  readonly gate: Int32Array;
  /** Heap blocks: results whose first value is the predicate, and the value of the points where it does not hold (0: none). */
  readonly guard: Int32Array;
  readonly otherwise: Int32Array;
  /** Whether and how often its tasks may be run again: bits of `Again`, and the number of retries above them. */
  readonly again: Int32Array;
  /** Error text of the first failed point in a heap block, per launch; 0 is none, CANCELLED says that no task threw. */
  readonly failure: Int32Array;
  /** Heap block of what the members of a gang share. Only for the kind `gang`. */
  readonly gang: Int32Array;
  /** Per launch and requirement: heap block with the view of every colour, and with the colour of every point (0: identity). */
  readonly bindings: Int32Array;
  readonly projections: Int32Array;
  // one entry per task kind
  /** Heap block that names the module and the export. */
  readonly taskName: Int32Array;
  // one entry per reservation
  /** How many share it, or -1 while one has it alone. */
  readonly holders: Int32Array;
  /** Queue of records that wait for it; NONE when empty. */
  readonly waitingFirst: Int32Array;
  readonly waitingLast: Int32Array;
  // per lane
  /** Deques: inbox of every worker (owner: launching thread), own deque of every worker, own deque of the I/O lane. */
  readonly deques: readonly { readonly ends: Int32Array; readonly items: Int32Array }[];
  /** A line of LaneWord.words per lane. */
  readonly lanes: Int32Array;
  /** Ring of finished records per lane, and how many were ever put in. */
  readonly retired: readonly { readonly put: Int32Array; readonly items: Int32Array }[];
}

export interface SharedGraph {
  readonly limits: GraphLimits;
  readonly buffer: SharedArrayBuffer;
}

const PER_RECORD = 15;
const PER_LAUNCH = 21 + 2 * MAX_REQUIREMENTS;
const CONTROL_WORDS = 288;
const LINE = 16;

function wordsOf(limits: GraphLimits): number {
  const lanes = limits.workers + 2;
  return (
    CONTROL_WORDS +
    PER_RECORD * limits.records +
    2 * limits.edges +
    PER_LAUNCH * limits.launches +
    limits.tasks +
    3 * RESERVATIONS +
    (2 * limits.workers + 1) * (2 * LINE + limits.records) +
    lanes * (LINE + limits.records) +
    lanes * LaneWord.words
  );
}

/** Reserves and initialises a graph. */
export function createGraph(limits: GraphLimits): Graph {
  const graph = attachGraph({ limits, buffer: new SharedArrayBuffer(4 * wordsOf(limits)) });
  graph.head.fill(NONE);
  graph.control[Word.ioStack] = NONE;
  graph.control[Word.launcherStack] = NONE;
  graph.control[Word.backgroundStack] = NONE;
  graph.control[Word.ended] = NONE;
  graph.applyRecord.fill(NONE);
  graph.waitingFirst.fill(NONE);
  return graph;
}

/** The same graph, seen from another thread. */
export function attachGraph({ limits, buffer }: SharedGraph): Graph {
  let at = 0;
  const take = (words: number): Int32Array => {
    const array = new Int32Array(buffer, 4 * at, words);
    at += words;
    return array;
  };
  const control = take(CONTROL_WORDS);
  const record = () => take(limits.records);
  const launch = () => take(limits.launches);
  return {
    limits,
    buffer,
    control,
    pending: record(),
    head: record(),
    spent: record(),
    generation: record(),
    state: record(),
    poison: record(),
    launch: record(),
    first: record(),
    points: record(),
    place: record(),
    link: record(),
    number: record(),
    reserved: record(),
    attempt: record(),
    saved: record(),
    edgeNext: take(limits.edges),
    edgeTo: take(limits.edges),
    task: launch(),
    kind: launch(),
    operation: launch(),
    key0: launch(),
    key1: launch(),
    serial: launch(),
    requirements: launch(),
    remaining: launch(),
    watched: launch(),
    background: launch(),
    args: launch(),
    results: launch(),
    domain: launch(),
    tree: launch(),
    applyRecord: launch(),
    gate: launch(),
    guard: launch(),
    otherwise: launch(),
    again: launch(),
    failure: launch(),
    gang: launch(),
    bindings: take(limits.launches * MAX_REQUIREMENTS),
    projections: take(limits.launches * MAX_REQUIREMENTS),
    taskName: take(limits.tasks),
    holders: take(RESERVATIONS),
    waitingFirst: take(RESERVATIONS),
    waitingLast: take(RESERVATIONS),
    deques: Array.from({ length: 2 * limits.workers + 1 }, () => ({
      ends: take(2 * LINE),
      items: take(limits.records),
    })),
    lanes: take((limits.workers + 2) * LaneWord.words),
    retired: Array.from({ length: limits.workers + 2 }, () => ({
      put: take(LINE),
      items: take(limits.records),
    })),
  };
}

/** The line of one lane. */
export function lineOf(graph: Graph, lane: number): Int32Array {
  return graph.lanes.subarray(lane * LaneWord.words, (lane + 1) * LaneWord.words);
}

/** The lane number of the I/O lane. */
export function ioLane(graph: Graph): number {
  return graph.limits.workers;
}

/** The lane number of the launching thread. */
export function launcherLane(graph: Graph): number {
  return graph.limits.workers + 1;
}
