// What ran when, per lane: a ring in shared memory that a lane writes and the launching thread reads. When the reader
// is late the oldest entries are lost, and counted.

/** Entries one lane keeps until they are read. */
const CAPACITY = 1 << 14;
const INTS = 4;

export interface SharedTimeline {
  readonly ends: Int32Array;
  readonly times: Float64Array;
  readonly what: Int32Array;
}

/** One execution of a record. Times are milliseconds since the epoch of the process's clock (performance.timeOrigin). */
export interface TimelineEntry {
  readonly lane: number;
  readonly task: number;
  readonly operation: number;
  /** First point of the record, as a position in the launch domain, and number of points. */
  readonly first: number;
  readonly points: number;
  readonly start: number;
  readonly end: number;
}

export function createTimeline(): SharedTimeline {
  return {
    ends: new Int32Array(new SharedArrayBuffer(64)),
    times: new Float64Array(new SharedArrayBuffer(16 * CAPACITY)),
    what: new Int32Array(new SharedArrayBuffer(4 * INTS * CAPACITY)),
  };
}

/** The clock of all lanes: the same origin in every thread of the process. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Lane only. */
export function putEntry(
  ring: SharedTimeline,
  task: number,
  operation: number,
  first: number,
  points: number,
  start: number,
): void {
  const at = ring.ends[0]!;
  const slot = at & (CAPACITY - 1);
  ring.times[2 * slot] = start;
  ring.times[2 * slot + 1] = now();
  ring.what[INTS * slot] = task;
  ring.what[INTS * slot + 1] = operation;
  ring.what[INTS * slot + 2] = first;
  ring.what[INTS * slot + 3] = points;
  Atomics.store(ring.ends, 0, (at + 1) | 0);
}

/** Reader only: entries since `from`, and where to go on. */
export function takeEntries(
  ring: SharedTimeline,
  lane: number,
  from: number,
  into: TimelineEntry[],
): { next: number; lost: number } {
  const end = Atomics.load(ring.ends, 0);
  const lost = Math.max(0, ((end - from) | 0) - CAPACITY);
  for (let at = from + lost; at !== end; at++) {
    const slot = at & (CAPACITY - 1);
    into.push({
      lane,
      task: ring.what[INTS * slot]!,
      operation: ring.what[INTS * slot + 1]!,
      first: ring.what[INTS * slot + 2]!,
      points: ring.what[INTS * slot + 3]!,
      start: ring.times[2 * slot]!,
      end: ring.times[2 * slot + 1]!,
    });
  }
  return { next: end, lost };
}
