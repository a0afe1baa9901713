// What a lane did: a ring of entries in shared memory that the lane writes and the launching thread reads. A lane
// writes at most two entries for a record before it gives the record back, and the launching thread empties the ring
// when it takes records back; so a ring of four entries for every record of the graph never overflows.
//
// An entry holds the number of a record, what happened, and the time. Reading the clock costs more than everything else,
// so a lane reads it as seldom as it can: a record starts when the one before it ended, unless the lane waited in
// between or the tasks of this kind are long; and several short tasks in a row (a burst) share one reading.
import { clock } from './clock.js';

/** Low bits of an entry's second word: what it says. */
export const Entry = {
  /** A record ended. Time 0: together with those that follow, up to the next entry that has a time. */
  end: 0,
  /** The lane goes on after a pause, or takes the time before a longer task. */
  mark: 1,
  /** The lane found nothing to do. */
  idle: 2,
  /** A record of an asynchronous task started; its end follows, with others in between. */
  start: 3,
} as const;

/** Higher bits of the end of a record. */
export const EndBit = {
  kindMask: 3,
  failed: 4,
  /** A failure had reached it: nothing was run. */
  skipped: 8,
  /** Asynchronous: it began with an entry of its own. */
  async: 16,
  sourceShift: 5,
  sourceMask: 7,
  victimShift: 8,
} as const;

/** The bits of how a record ended. */
export function endBits(failed: boolean, skipped: boolean): number {
  return (failed ? EndBit.failed : 0) | (skipped ? EndBit.skipped : 0);
}

/** Where a lane found a record: on its own deque, in its inbox, with another lane, in its own hands, in the background. */
export const SOURCES = ['own', 'inbox', 'stolen', 'direct', 'background'] as const;
export const Source = { own: 0, inbox: 1, stolen: 2, direct: 3, background: 4 } as const;

/** Words and bytes of an entry: record number, what, and a double. */
export const ENTRY_WORDS = 4;
export const ENTRY_BYTES = 16;
/** Entries of a ring per record of the graph. */
const ENTRIES_PER_RECORD = 4;

/** Expected time below which records of a kind are timed in bursts, and that of a burst, nanoseconds. */
const SHORT_ns = 2000;
const BURST_ns = 8000;
const BURST_RECORDS = 8;
/** Expected time from which a record's start is read as well: the reading is then one thousandth of it or less. */
const LONG_ns = 16_000;
/** Records of a kind that are timed one by one after one took much longer than expected. */
const CAUTION = 64;

export interface SharedLaneLog {
  /** How many entries were ever written. */
  readonly ends: Int32Array;
  readonly words: Int32Array;
  /** The second that times are counted from. */
  readonly origin: number;
}

/** The ring of one lane of a graph with so many records (a power of two). */
export function createLaneLog(records: number, origin: number): SharedLaneLog {
  return {
    ends: new Int32Array(new SharedArrayBuffer(64)),
    words: new Int32Array(new SharedArrayBuffer(ENTRY_BYTES * ENTRIES_PER_RECORD * records)),
    origin,
  };
}

/** The writer's end of a ring: one per thread. */
export class LaneRecorder {
  readonly #ends: Int32Array;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #mask: number;
  readonly #origin: number;
  /** Whether the thread does other things between records, so that every start has to be read. */
  readonly #alwaysMarks: boolean;
  #put = 0;
  /** Time of the last reading, and records that ended since. */
  #last = 0;
  #open = 0;
  /** Expected time of those. */
  #expected = 0;
  #away: boolean;
  #source: number = Source.direct << EndBit.sourceShift;
  /** Per kind of task: time to expect (infinite while unknown), and records left to time one by one. */
  readonly #estimate: Float64Array;
  readonly #caution: Int32Array;

  constructor(ring: SharedLaneLog, kinds: number, alwaysMarks = false) {
    this.#ends = ring.ends;
    // A thread on this lane may have been lost: this one goes on behind it.
    this.#put = ring.ends[0]!;
    this.#away = this.#put === 0;
    this.#words = ring.words;
    this.#times = new Float64Array(ring.words.buffer);
    this.#mask = ring.words.length / ENTRY_WORDS - 1;
    this.#origin = ring.origin;
    this.#alwaysMarks = alwaysMarks;
    this.#estimate = new Float64Array(kinds).fill(Number.POSITIVE_INFINITY);
    this.#caution = new Int32Array(kinds);
  }

  #entry(record: number, what: number, time: number): void {
    const at = this.#put & this.#mask;
    this.#words[ENTRY_WORDS * at] = record;
    this.#words[ENTRY_WORDS * at + 1] = what;
    this.#times[2 * at + 1] = time;
    this.#put = (this.#put + 1) | 0;
    // A plain store: the record's way into the ring of ended records publishes it.
    this.#ends[0] = this.#put;
  }

  #mark(what: number): void {
    this.#last = clock(this.#origin);
    this.#open = 0;
    this.#expected = 0;
    this.#entry(0, what, this.#last);
  }

  /** Where the next record was found. */
  found(source: number, victim: number): void {
    this.#source = (source << EndBit.sourceShift) | (victim << EndBit.victimShift);
  }

  /** The lane found nothing, and will look again or sleep. */
  idle(): void {
    if (this.#away) return;
    this.#mark(Entry.idle);
    this.#away = true;
  }

  /** A record of a kind is about to run. */
  begin(kind: number): void {
    const estimate = this.#estimate[kind]!;
    if (this.#away || estimate >= LONG_ns || (this.#open > 0 && estimate >= SHORT_ns)) {
      this.#mark(Entry.mark);
      this.#away = false;
    }
  }

  /** The record ended; `bits` of `EndBit`. */
  end(record: number, kind: number, bits: number): void {
    const estimate = this.#estimate[kind]!;
    const what = this.#source | bits;
    const open = ++this.#open;
    if (this.#alwaysMarks) this.#away = true;
    else if (
      estimate < SHORT_ns &&
      open < BURST_RECORDS &&
      (this.#expected += estimate) < BURST_ns &&
      this.#caution[kind] === 0
    ) {
      this.#entry(record, what, 0);
      return;
    }
    const now = clock(this.#origin);
    this.#entry(record, what, now);
    this.#learn(kind, (now - this.#last) / open, estimate);
    this.#last = now;
    this.#open = 0;
    this.#expected = 0;
  }

  #learn(kind: number, time: number, estimate: number): void {
    const caution = this.#caution;
    if (estimate === Number.POSITIVE_INFINITY) {
      // The first record of a kind also pays for compiling it.
      this.#estimate[kind] = Math.max(time, SHORT_ns);
      caution[kind] = CAUTION;
      return;
    }
    if (time > 4 * estimate && time > SHORT_ns) caution[kind] = CAUTION;
    else if (caution[kind]! > 0) caution[kind]!--;
    this.#estimate[kind] = estimate + (time - estimate) / 4;
  }

  /** Asynchronous tasks, several at once: every start and end has its own time. */
  start(record: number): void {
    this.#entry(record, Entry.start, clock(this.#origin));
  }

  /** The end of a record that was given to `start`. */
  stop(record: number, bits: number): void {
    this.#entry(record, (Source.direct << EndBit.sourceShift) | EndBit.async | bits, clock(this.#origin));
  }
}

/** The reader's end of a ring. */
export class LaneReader {
  readonly #ring: SharedLaneLog;
  #from = 0;

  constructor(ring: SharedLaneLog) {
    this.#ring = ring;
  }

  get capacity(): number {
    return this.#ring.words.length / ENTRY_WORDS;
  }

  /** Entries not read yet. */
  get waiting(): number {
    return (this.#ring.ends[0]! - this.#from) | 0;
  }

  /** Gives everything that waits to `take`, as one or two stretches of the ring's words. */
  drain(take: (words: Int32Array) => void): void {
    const { ends, words } = this.#ring;
    const end = ends[0]!;
    const mask = words.length / ENTRY_WORDS - 1;
    while (this.#from !== end) {
      const at = this.#from & mask;
      const count = Math.min((end - this.#from) | 0, mask + 1 - at);
      take(words.subarray(ENTRY_WORDS * at, ENTRY_WORDS * (at + count)));
      this.#from = (this.#from + count) | 0;
    }
  }
}
