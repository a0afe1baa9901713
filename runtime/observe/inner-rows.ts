// Rows for instances of inner tasks in a trace. Instances run at the same time, and viewers want the slices of a row one
// after the other or within each other: so each gets the first row that is free.
import type { LogRecord } from './log-model.js';

export class InnerRows {
  /** When the last instance of each row ended. */
  readonly #ends: number[] = [];
  readonly #rows = new WeakMap<LogRecord, number>();
  readonly #opened: (row: number) => void;

  /** `opened` is told of every new row. */
  constructor(opened: (row: number) => void) {
    this.#opened = opened;
  }

  /** The row of an instance that ran from `start` to `end`; instances come in the order in which they were taken back. */
  place(record: LogRecord, start: number, end: number): number {
    let row = this.#ends.findIndex((until) => until <= start);
    if (row < 0) {
      row = this.#ends.length;
      this.#opened(row);
    }
    this.#ends[row] = end;
    this.#rows.set(record, row);
    return row;
  }

  /** The row of a record that was placed before; null for others. */
  of(record: LogRecord): number | null {
    return this.#rows.get(record) ?? null;
  }
}
