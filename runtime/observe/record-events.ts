// Goes through a log for readers of times: for every record that ran, when it could have started, what it waited for last,
// and what its lane did before. Memory is what is alive, as in replay.ts.
import { EndBit, SOURCES } from '../events/lane-log.js';
import type { WaitReason } from '../events/log-format.js';
import type { LoggedLaunch, LoggedTree, LogRecord } from './log-model.js';
import type { LogReader } from './log-reader.js';
import { type LogVisitor, Replay } from './replay.js';

/** A record that ran, with why it started when it did. Times in nanoseconds of the log. */
export interface RanRecord {
  readonly record: LogRecord;
  readonly launch: LoggedLaunch;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  /** Whether the start is that of a burst's share, and not of a reading. */
  readonly shared: boolean;
  readonly failed: boolean;
  readonly skipped: boolean;
  /** When nothing was missing any more: it was made, and the last that it waits for had ended. */
  readonly ready: number;
  /** The last of those, if it ended after the record was made. */
  readonly cause: LogRecord | null;
  /** Where the lane found it, and on which lane's deque. */
  readonly source: (typeof SOURCES)[number];
  readonly victim: number;
  /** The stretch before it in which the lane found nothing. */
  readonly idle: { readonly from: number; readonly to: number } | null;
}

export interface RecordVisitor {
  launch?(launch: LoggedLaunch): void;
  freed?(tree: LoggedTree): void;
  /** Called once for every record that ran, when it was taken back. */
  ran(ran: RanRecord): void;
  waited?(reason: WaitReason, operation: number, from: number, to: number): void;
  memory?(time: number, bytes: number): void;
}

/** When a join had ended: with the last of those it waits for. */
function endOf(replay: Replay, record: LogRecord): number {
  if (!record.join) return replay.timed(record) ? record.end : Number.NEGATIVE_INFINITY;
  if (record.retired) return record.end;
  let end = Number.NEGATIVE_INFINITY;
  for (const pred of record.preds) end = Math.max(end, endOf(replay, pred));
  return end;
}

/** Whose end a join's end was. */
function causeOf(replay: Replay, record: LogRecord): LogRecord | null {
  if (!record.join) return record;
  if (record.retired) return record.note as LogRecord | null;
  let last: LogRecord | null = null;
  let end = Number.NEGATIVE_INFINITY;
  for (const pred of record.preds) {
    const ended = endOf(replay, pred);
    if (ended > end) {
      end = ended;
      last = causeOf(replay, pred);
    }
  }
  return last;
}

class Follower implements LogVisitor {
  readonly #visitor: RecordVisitor;
  replay!: Replay;
  readonly #idle = new Map<number, { from: number; to: number }>();
  readonly #idleBefore = new Map<number, { from: number; to: number }>();

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  launch(launch: LoggedLaunch): void {
    this.#visitor.launch?.(launch);
  }

  freed(tree: LoggedTree): void {
    this.#visitor.freed?.(tree);
  }

  waited(reason: WaitReason, operation: number, from: number, to: number): void {
    this.#visitor.waited?.(reason, operation, from, to);
  }

  memory(time: number, bytes: number): void {
    this.#visitor.memory?.(time, bytes);
  }

  idle(lane: number, from: number, to: number): void {
    this.#idle.set(lane, { from, to });
  }

  ran(lane: number, number: number): void {
    const idle = this.#idle.get(lane);
    if (idle === undefined) return;
    this.#idle.delete(lane);
    this.#idleBefore.set(number, idle);
  }

  retired(record: LogRecord): void {
    const { replay } = this;
    const { launch } = record;
    if (launch === null) {
      record.retired = false;
      const end = endOf(replay, record);
      record.note = causeOf(replay, record);
      record.end = end;
      record.retired = true;
      return;
    }
    const idle = this.#idleBefore.get(record.number) ?? null;
    this.#idleBefore.delete(record.number);
    if (record.lane < 0) return;
    let ready = record.created;
    let cause: LogRecord | null = null;
    for (const pred of record.preds) {
      const ended = endOf(replay, pred);
      if (ended <= ready) continue;
      ready = ended;
      cause = causeOf(replay, pred);
    }
    const { what } = record;
    this.#visitor.ran({
      record,
      launch,
      lane: record.lane,
      start: record.start,
      end: record.end,
      shared: record.late > record.start && record.soon < record.end,
      failed: (what & EndBit.failed) !== 0,
      skipped: (what & EndBit.skipped) !== 0,
      ready: Math.min(ready, record.start),
      cause,
      source: SOURCES[(what >> EndBit.sourceShift) & EndBit.sourceMask]!,
      victim: what >> EndBit.victimShift,
      idle,
    });
  }
}

/** Tells a visitor of every record of a log that ran. @throws DataError for a damaged file */
export function followRecords(reader: LogReader, visitor: RecordVisitor): void {
  const follower = new Follower(visitor);
  follower.replay = new Replay(reader, follower);
  follower.replay.run();
}
