// What ran when, per lane, gathered while the run goes on: for whoever wants it as objects when the run is over.
import { LaneDecoder } from './lane-decoder.js';
import { EndBit } from './lane-log.js';

/** One execution of a record. Times are milliseconds since the epoch, as `performance.timeOrigin + performance.now()`. */
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

const INFO = 4;

/** Gathers the timeline of a run. */
export class TimelineCollector {
  readonly #lanes: LaneDecoder[];
  /** Task, operation, first point and points of every record, by number. */
  #info = new Int32Array(INFO << 12);
  /** Lane, record, start, end. */
  readonly #ran: number[] = [];

  constructor(lanes: number) {
    this.#lanes = Array.from(
      { length: lanes },
      (_, lane) =>
        new LaneDecoder((record, start, end, what) => {
          if ((what & EndBit.skipped) === 0) this.#ran.push(lane, record, start, end);
        }),
    );
  }

  /** A record that ran a task is taken back. */
  note(record: number, task: number, operation: number, first: number, points: number): void {
    const at = INFO * record;
    if (at + INFO > this.#info.length) {
      const larger = new Int32Array(2 * Math.max(this.#info.length, at + INFO));
      larger.set(this.#info);
      this.#info = larger;
    }
    this.#info[at] = task;
    this.#info[at + 1] = operation;
    this.#info[at + 2] = first;
    this.#info[at + 3] = points;
  }

  /** Entries of a lane. */
  add(lane: number, words: Int32Array): void {
    this.#lanes[lane]!.decode(words);
  }

  /**
   * What is known since the last call, in the order in which records ended on their lanes. `epoch` is the log's time 0 in
   * milliseconds.
   */
  take(epoch: number): TimelineEntry[] {
    const entries: TimelineEntry[] = [];
    const ran = this.#ran;
    for (let i = 0; i < ran.length; i += 4) {
      const at = INFO * ran[i + 1]!;
      // Records that are no tasks were not noted: their points are 0.
      if ((this.#info[at + 3] ?? 0) === 0) continue;
      entries.push({
        lane: ran[i]!,
        task: this.#info[at]!,
        operation: this.#info[at + 1]!,
        first: this.#info[at + 2]!,
        points: this.#info[at + 3]!,
        start: epoch + ran[i + 2]! / 1e6,
        end: epoch + ran[i + 3]! / 1e6,
      });
    }
    ran.length = 0;
    return entries;
  }
}
