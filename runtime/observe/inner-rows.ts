// Rows for instances of inner tasks in a trace. Instances run at the same time, and viewers want the slices of a row one
// after the other or within each other: so each gets the first row that is free.
import type { LogRecord } from './log-model.js';

export class InnerRows {
  /** When the last instance of each row ended. */
  readonly #ends: number[] = [];
  readonly #rows = new WeakMap<LogRecord, number>();
  readonly #first: number;
  readonly #opened: (row: number, name: string) => void;

  /** `first` is the first row for them; `opened` is told of every new one. */
  constructor(first: number, opened: (row: number, name: string) => void) {
    this.#first = first;
    this.#opened = opened;
  }

  /** The row of an instance that ran from `start` to `end`; instances come in the order in which they were taken back. */
  place(record: LogRecord, start: number, end: number): number {
    let i = this.#ends.findIndex((until) => until <= start);
    if (i < 0) {
      i = this.#ends.length;
      this.#opened(this.#first + i, `inner tasks${i === 0 ? '' : ` ${i + 1}`}`);
    }
    this.#ends[i] = end;
    const row = this.#first + i;
    this.#rows.set(record, row);
    return row;
  }

  /** The row of a record that was placed before; null for others. */
  of(record: LogRecord): number | null {
    return this.#rows.get(record) ?? null;
  }
}
