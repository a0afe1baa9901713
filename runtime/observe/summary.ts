// A run in numbers: what the tasks took, what the lanes did, and why they did nothing when they did.
import { WAITS, type WaitReason } from '../events/log-format.js';
import { Histogram } from './histogram.js';
import type { LogEnd, LoggedRun, LogReader } from './log-reader.js';
import { followRecords, type RanRecord, type RecordVisitor } from './record-events.js';

/** All records of one name. Durations in nanoseconds. */
export interface KindSummary {
  readonly name: string;
  readonly kind: string;
  readonly records: number;
  readonly points: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  /** From ready to start, median and 95 %. */
  readonly waitMedian: number;
  readonly waitP95: number;
}

/** What a lane did from the first record of the run to the last. Durations in nanoseconds. */
export interface LaneSummary {
  readonly lane: number;
  readonly name: string;
  readonly records: number;
  readonly stolen: number;
  readonly busy: number;
  /** Between two records, without a search: queues, views, edges. What short tasks take includes it. */
  readonly between: number;
  /** The next record had not been launched yet. */
  readonly notLaunched: number;
  /** It was there, but what it waits for had not ended. */
  readonly waiting: number;
  /** It was ready, and not yet here: waking up, stealing. */
  readonly handOver: number;
  /** Nothing came any more. */
  readonly atEnd: number;
}

export interface LogSummary {
  readonly file: string;
  readonly run: LoggedRun;
  readonly end: LogEnd;
  /** From the start of the first record to the end of the last, nanoseconds. */
  readonly span: number;
  /** When the first record started, and when it had been launched; nanoseconds of the log. */
  readonly first: number;
  readonly launched: number;
  readonly kinds: readonly KindSummary[];
  readonly lanes: readonly LaneSummary[];
  /** Part of the span that the workers ran tasks. */
  readonly utilisation: number;
  /** How long the launching thread waited, by reason: for records, launch slots, memory; for the end of a launch. */
  readonly launcherWaits: Readonly<Record<WaitReason, number>>;
  readonly memoryMax: number;
}

interface Kind {
  readonly name: string;
  readonly kind: string;
  points: number;
  failed: number;
  skipped: number;
  readonly times: Histogram;
  readonly waits: Histogram;
}

class Lane {
  records = 0;
  stolen = 0;
  busy = 0;
  between = 0;
  notLaunched = 0;
  waiting = 0;
  handOver = 0;
  last = Number.NaN;
}

/** `worker 1`, `I/O`, `launching thread`. */
export function laneName(lane: number, workers: number): string {
  if (lane < workers) return `worker ${lane}`;
  return lane === workers ? 'I/O' : 'launching thread';
}

export class Summariser implements RecordVisitor {
  readonly #kinds = new Map<string, Kind>();
  readonly #lanes = new Map<number, Lane>();
  readonly #waits = new Map<WaitReason, number>();
  #first = Number.POSITIVE_INFINITY;
  #awaited = 0;
  #launched = Number.POSITIVE_INFINITY;
  #last = 0;
  #memory = 0;

  ran(ran: RanRecord): void {
    const { launch, record, start, end, ready, idle } = ran;
    let kind = this.#kinds.get(launch.name);
    if (kind === undefined) {
      kind = {
        name: launch.name,
        kind: launch.kind,
        points: 0,
        failed: 0,
        skipped: 0,
        times: new Histogram(),
        waits: new Histogram(),
      };
      this.#kinds.set(launch.name, kind);
    }
    kind.points += record.points;
    if (ran.failed) kind.failed++;
    if (ran.skipped) kind.skipped++;
    kind.times.add(end - start);
    kind.waits.add(start - ready);
    this.#first = Math.min(this.#first, start);
    this.#launched = Math.min(this.#launched, record.created);
    this.#last = Math.max(this.#last, end);
    // An instance of an inner task mostly waits for what it launched, which has a time of its own.
    if (launch.kind === 'inner') return;
    let lane = this.#lanes.get(ran.lane);
    if (lane === undefined) this.#lanes.set(ran.lane, (lane = new Lane()));
    lane.records++;
    if (ran.source === 'stolen') lane.stolen++;
    lane.busy += end - start;
    if (idle !== null) {
      const { from, to } = idle;
      const created = Math.min(to, Math.max(from, record.created));
      const able = Math.min(to, Math.max(created, ready));
      lane.notLaunched += created - from;
      lane.waiting += able - created;
      lane.handOver += to - able;
      if (from > lane.last) lane.between += from - lane.last;
      lane.between += start - to;
    } else if (start > lane.last) lane.between += start - lane.last;
    lane.last = end;
  }

  waited(reason: WaitReason, _operation: number, from: number, to: number): void {
    // A program may await several things at once: what they have in common counts once.
    const since = reason === 'await' ? Math.max(from, this.#awaited) : from;
    if (reason === 'await') this.#awaited = Math.max(this.#awaited, to);
    this.#waits.set(reason, (this.#waits.get(reason) ?? 0) + Math.max(0, to - since));
  }

  memory(_time: number, bytes: number): void {
    this.#memory = Math.max(this.#memory, bytes);
  }

  summary(reader: LogReader): LogSummary {
    const { run } = reader;
    const first = Number.isFinite(this.#first) ? this.#first : 0;
    const span = Math.max(0, this.#last - first);
    const kinds = [...this.#kinds.values()].map(({ times, waits, ...kind }) => ({
      ...kind,
      records: times.count,
      total: times.total,
      mean: times.mean,
      median: times.quantile(0.5),
      p95: times.quantile(0.95),
      max: times.max,
      waitMedian: waits.quantile(0.5),
      waitP95: waits.quantile(0.95),
    }));
    // Workers that had nothing to do at all are shown, unless the launching thread runs everything itself.
    if ([...this.#lanes.keys()].some((lane) => lane < run.workers)) {
      for (let lane = 0; lane < run.workers; lane++) {
        if (!this.#lanes.has(lane)) this.#lanes.set(lane, new Lane());
      }
    }
    const lanes = [...this.#lanes]
      .sort(([a], [b]) => a - b)
      .map(([number, { last, ...lane }]) => ({
        lane: number,
        name: laneName(number, run.workers),
        ...lane,
        // The other lanes have work of their own between records.
        between: number < run.workers ? lane.between : 0,
        atEnd: Number.isNaN(last) ? span : Math.max(0, this.#last - last),
      }));
    // Without workers the launching thread runs the tasks itself.
    const workers = lanes.filter(({ lane }) => lane < run.workers);
    const busy = (workers.length > 0 ? workers : lanes).reduce((sum, lane) => sum + lane.busy, 0);
    const threads = workers.length > 0 ? run.workers : 1;
    return {
      file: reader.path,
      run,
      end: reader.end!,
      span,
      first,
      launched: Math.min(first, this.#launched),
      kinds: kinds.sort((a, b) => b.total - a.total),
      lanes,
      utilisation: span === 0 ? 0 : busy / (span * threads),
      launcherWaits: Object.fromEntries(
        WAITS.map((reason) => [reason, this.#waits.get(reason) ?? 0]),
      ) as Record<WaitReason, number>,
      memoryMax: this.#memory,
    };
  }
}

/** The numbers of a profile. @throws DataError for a damaged file */
export function summarise(reader: LogReader): LogSummary {
  const summariser = new Summariser();
  followRecords(reader, summariser);
  return summariser.summary(reader);
}
