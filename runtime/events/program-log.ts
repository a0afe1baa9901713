// The launching thread's side of the log: events as words, in program order. What repeats itself (records of a regular
// launch, which all have the same edges; records taken back one after the other) takes one event for many records.
import { Code } from './log-format.js';

/** Words kept before they are given away; an event never lies in two blocks. */
const CAPACITY = 1 << 16;
/** Edges of one record that are compared with those of the record before. */
const PATTERN = 64;
/** Records after which the time is noted: when a record was made is known that closely. */
const TIMED_EVERY = 32;
const FAR = 1 << 24;
/** Points of one record from which on they do not fit beside the place. */
const MANY = 1 << 15;

export class ProgramLog {
  readonly #flush: (words: Int32Array) => void;
  #words = new Int32Array(CAPACITY);
  #at = 0;
  readonly #double = new Float64Array(1);
  readonly #doubleWords = new Int32Array(this.#double.buffer);
  /** Number of the newest record; the current one. */
  #newest = -1;
  #current = -1;
  /** Operation, place, points and next point of the newest record that was opened by `open`. */
  #operation = -1;
  #place = 0;
  #points = 0;
  #next = 0;
  /** Edges of the record that is being built, and of the one before it: pairs of difference and data. */
  #edges = new Int32Array(PATTERN);
  #count = 0;
  #before = new Int32Array(PATTERN);
  #beforeCount = -1;
  /** The edges so far are those of the record before: they were not even kept. */
  #matching = false;
  /** The record being built is not written yet: it may repeat the one before. */
  #held = false;
  #heldPoints = 0;
  #heldPlace = 0;
  #repeats = 0;
  /** A stretch of records taken back, and whether while a record was being built. */
  #retireFrom = 0;
  #retired = 0;
  #retiredWithin = 0;
  #building = false;
  readonly #now: () => number;

  /** `flush` takes full blocks; it must copy what it is given. `now` is the clock. */
  constructor(flush: (words: Int32Array) => void, now: () => number) {
    this.#flush = flush;
    this.#now = now;
  }

  /** The number of the newest record. */
  get newest(): number {
    return this.#newest;
  }

  /** Words not given away yet. */
  get waiting(): number {
    return this.#at;
  }

  // ---- words ----

  #room(count: number): void {
    if (this.#at + count <= this.#words.length) return;
    this.#give();
    if (count > this.#words.length) this.#words = new Int32Array(count);
  }

  #give(): void {
    if (this.#at === 0) return;
    const words = this.#words.subarray(0, this.#at);
    this.#at = 0;
    this.#flush(words);
  }

  #put(word: number): void {
    this.#words[this.#at++] = word;
  }

  #putDouble(value: number): void {
    this.#double[0] = value;
    this.#put(this.#doubleWords[0]!);
    this.#put(this.#doubleWords[1]!);
  }

  /** An event of any code, after everything that was held back. */
  event(code: number, number: number, words: ArrayLike<number> = NONE, ...doubles: number[]): void {
    this.#settle();
    this.#room(1 + words.length + 2 * doubles.length);
    this.#put(code | (number << 5));
    for (let i = 0; i < words.length; i++) this.#put(words[i]!);
    for (const value of doubles) this.#putDouble(value);
  }

  text(id: number, text: string): void {
    const bytes = Buffer.from(text.slice(0, 1 << 16), 'utf8');
    const words = new Int32Array((bytes.length + 3) >> 2);
    new Uint8Array(words.buffer).set(bytes);
    this.event(Code.text, bytes.length, [id, ...words]);
  }

  /** Everything said so far goes to `flush`. */
  give(): void {
    this.#settle();
    this.#give();
  }

  // ---- records ----

  /** Writes what was held back. */
  #settle(): void {
    if (this.#retired > 0) this.#writeRetired();
    if (this.#held) {
      this.#writeHeld();
      this.#beforeCount = -1; // more of its edges may follow
    }
    if (this.#repeats > 0) this.#writeRepeats();
  }

  #writeRetired(): void {
    this.#room(2);
    this.#put(Code.retire | (((this.#retired << 1) | this.#retiredWithin) << 5));
    this.#put(this.#retireFrom);
    this.#retired = 0;
  }

  #writeRepeats(): void {
    this.#room(1);
    this.#put(Code.repeat | (this.#repeats << 5));
    this.#repeats = 0;
  }

  /** The record being built is like none before it, or something else happens while it is being built. */
  #writeHeld(): void {
    this.#held = false;
    if (this.#repeats > 0) this.#writeRepeats();
    this.#place = this.#heldPlace;
    this.#points = this.#heldPoints;
    if (this.#matching) this.#keepMatching(this.#count);
    this.#room(1 + 2 * this.#count);
    this.#put(Code.open | (((this.#points << 11) | this.#place) << 5));
    for (let i = 0; i < this.#count; i++) this.#writeEdge(this.#edges[i]!);
  }

  #writeEdge(edge: number): void {
    const difference = edge >> 1;
    if (difference > -FAR && difference < FAR) this.#put(Code.edge | (edge << 5));
    else {
      this.#put(Code.farEdge | ((edge & 1) << 5));
      this.#put(difference);
    }
  }

  /** The record that was being built is complete, as far as can be told: it may be one more of the same. */
  #close(): void {
    if (!this.#held) return;
    if (
      this.#matching &&
      this.#count === this.#beforeCount &&
      this.#heldPoints === this.#points &&
      this.#heldPlace === this.#place
    ) {
      this.#held = false;
      this.#repeats++;
      return;
    }
    this.#writeHeld();
    const edges = this.#before;
    this.#before = this.#edges;
    this.#beforeCount = this.#count;
    this.#edges = edges;
  }

  /** From here on the record differs from the one before: what they have in common is kept for it as well. */
  #keepMatching(count: number): void {
    this.#matching = false;
    for (let i = 0; i < count; i++) this.#edges[i] = this.#before[i]!;
  }

  /** The next record, of a launch; records of one launch follow each other by their points unless `first` says otherwise. */
  open(operation: number, first: number, points: number, place: number): void {
    if (this.#retired > 0) this.#writeRetired();
    this.#close();
    this.#building = true;
    if ((this.#newest & (TIMED_EVERY - 1)) === 0) this.event(Code.time, 0, NONE, this.#now());
    if (operation !== this.#operation || first !== this.#next || points >= MANY) {
      this.#settle();
      this.#beforeCount = -1;
      if (operation !== this.#operation) {
        this.event(Code.of, 0, [operation]);
        this.#operation = operation;
        this.#next = 0;
      }
    }
    this.#newest = (this.#newest + 1) | 0;
    this.#current = this.#newest;
    this.#count = 0;
    this.#matching = this.#beforeCount >= 0;
    if (first !== this.#next || points >= MANY) {
      this.#room(3);
      this.#put(Code.openAt | (place << 5));
      this.#put(first);
      this.#put(points);
      this.#held = false;
    } else {
      this.#held = true;
      this.#heldPoints = points;
      this.#heldPlace = place;
    }
    this.#next = first + points;
  }

  openJoin(): void {
    this.#interrupt();
    this.#building = true;
    this.#newest = (this.#newest + 1) | 0;
    this.#current = this.#newest;
    this.#room(1);
    this.#put(Code.openJoin);
  }

  resume(record: number): void {
    this.#interrupt();
    this.#current = record;
    this.#building = true;
    this.#room(1);
    this.#put(Code.resume | (((record - this.#newest) | 0) << 5));
  }

  #interrupt(): void {
    this.#settle();
    // The edges of the record are no pattern any more.
    this.#beforeCount = -1;
    this.#matching = false;
    this.#count = 0;
  }

  /** The current record comes after another. */
  edge(predecessor: number, data: boolean): void {
    const edge = (((predecessor - this.#current) | 0) << 1) | (data ? 1 : 0);
    if (this.#held && this.#count < PATTERN) {
      const at = this.#count++;
      if (this.#matching) {
        if (at < this.#beforeCount && this.#before[at] === edge) return;
        this.#keepMatching(at);
      }
      this.#edges[at] = edge;
      return;
    }
    if (this.#held || this.#retired > 0) this.#interrupt();
    this.#room(2);
    this.#writeEdge(edge);
  }

  /** The current record is complete: from now on it may run. */
  seal(): void {
    this.#building = false;
  }

  /** A record was taken back. */
  retire(record: number): void {
    const within = this.#building ? 1 : 0;
    if (
      this.#retired > 0 &&
      within === this.#retiredWithin &&
      record === ((this.#retireFrom + this.#retired) | 0)
    ) {
      this.#retired++;
      return;
    }
    if (this.#retired > 0) this.#writeRetired();
    if (this.#held) this.#interrupt();
    else if (this.#repeats > 0) this.#writeRepeats();
    this.#retireFrom = record;
    this.#retired = 1;
    this.#retiredWithin = within;
  }
}

const NONE: readonly number[] = [];
