// From the entries of a lane to what ran there when.
import { ENTRY_WORDS, EndBit, Entry } from './lane-log.js';

/**
 * Called for every record that ended on a lane; times in nanoseconds of the log. It cannot have begun after `late`, nor
 * ended before `soon`.
 */
export type Ran = (
  record: number,
  start: number,
  end: number,
  what: number,
  late: number,
  soon: number,
) => void;

/**
 * Turns the entries of one lane into executions. Records of a burst share its time evenly; they may have begun up to
 * the burst's end. The others began where the lane was last seen to be free.
 */
export class LaneDecoder {
  readonly #ran: Ran;
  /** Called for a stretch without anything to do. */
  readonly #idle: ((from: number, to: number) => void) | null;
  #last = 0;
  #idleFrom = -1;
  /** Whether the next record starts at `#last` exactly, and not at some time after it. */
  #exact = false;
  readonly #burst: number[] = [];
  readonly #started = new Map<number, number>();

  constructor(ran: Ran, idle: ((from: number, to: number) => void) | null = null) {
    this.#ran = ran;
    this.#idle = idle;
  }

  decode(words: Int32Array): void {
    const times = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
    for (let i = 0; i < times.length; i += 2) {
      const record = words[ENTRY_WORDS * (i >> 1)]!;
      const what = words[ENTRY_WORDS * (i >> 1) + 1]!;
      this.#entry(record, what, times[i + 1]!);
    }
  }

  #entry(record: number, what: number, time: number): void {
    switch (what & EndBit.kindMask) {
      case Entry.start:
        this.#started.set(record, time);
        return;
      case Entry.end:
        if ((what & EndBit.async) !== 0) {
          const start = this.#started.get(record) ?? time;
          this.#started.delete(record);
          this.#ran(record, start, time, what, start, time);
          return;
        }
        this.#burst.push(record, what);
        if (time !== 0) this.#close(time, true);
        return;
      case Entry.mark:
        this.#close(time, false);
        if (this.#idleFrom >= 0) this.#idle?.(this.#idleFrom, time);
        this.#idleFrom = -1;
        this.#exact = true;
        return;
      default:
        this.#close(time, false);
        this.#idleFrom = time;
    }
  }

  /** `read`: the time is that of the last record's end, and not some time after it. */
  #close(time: number, read: boolean): void {
    const burst = this.#burst;
    const count = burst.length / 2;
    const step = (time - this.#last) / count;
    for (let i = 0; i < count; i++) {
      const start = this.#last + i * step;
      const exact = i === 0 && this.#exact;
      const last = i === count - 1;
      this.#ran(
        burst[2 * i]!,
        start,
        last ? time : start + step,
        burst[2 * i + 1]!,
        exact ? start : time,
        last && read ? time : this.#last,
      );
    }
    burst.length = 0;
    this.#last = time;
    this.#exact = false;
  }

  /** No more entries: what has no time yet ended when the lane was last seen. */
  end(): void {
    if (this.#burst.length > 0) this.#close(this.#last, false);
  }
}
