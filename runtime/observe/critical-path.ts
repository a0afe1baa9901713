// Why a run took as long as it did. Every record has one reason for starting when it did: the last that it waited for had
// just ended, its lane had just come free, or the launching thread had just made it. Followed back from the record
// that ended last, these reasons are the critical path. Beside it stands the longest chain of edges alone: no number of
// workers runs the program faster than that.
import type { WaitReason } from '../events/log-format.js';
import { type LogRecord, nameOf } from './log-model.js';
import type { LogReader } from './log-reader.js';
import { followRecords, type RanRecord, type RecordVisitor } from './record-events.js';

/** What a record waited for last. */
export type Binding = 'dependence' | 'lane' | 'launch';

/** A stretch of the critical path. Times in nanoseconds of the log. */
export interface PathStep {
  readonly name: string;
  readonly task: string;
  readonly operation: number;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  /** Why it did not start earlier. */
  readonly binding: Binding;
  /** Between that and its start. */
  readonly gap: number;
}

export interface CriticalPath {
  /** From the first record to the last. */
  readonly steps: readonly PathStep[];
  readonly span: number;
  /** Time on the path that tasks ran; that the launching thread took to make the next; that handing over took. */
  readonly tasks: number;
  readonly launching: number;
  readonly handOver: number;
  /** By task name: time on the path and number of records. */
  readonly byTask: readonly { readonly task: string; readonly time: number; readonly records: number }[];
  /** Records on the path by what they waited for. */
  readonly bindings: Readonly<Record<Binding, number>>;
  /** The longest chain of edges, in time, and all time in tasks: span and work of the graph. */
  readonly longestChain: number;
  readonly work: number;
}

/** A link of the chain behind a record. Only links that some record alive leads back to are kept. */
interface Link {
  readonly record: LogRecord;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly binding: Binding;
  readonly since: number;
  readonly parent: Link | null;
  /** Longest chain of edges that ends here. */
  readonly chain: number;
}

/** What lies before the first operations of an instance of an inner task: what it waited for itself. */
interface Before {
  readonly link: Link | null;
  readonly chain: number;
}

/** What instances of inner tasks launched, as far as it has ended: the link that ended last, and the longest chain. */
interface Inside {
  last: Link;
  chain: number;
}

const NOTHING: Before = { link: null, chain: 0 };

class PathFinder implements RecordVisitor {
  readonly #lanes = new Map<number, Link>();
  readonly #links = new WeakMap<LogRecord, Link>();
  readonly #before = new WeakMap<LogRecord, Before>();
  readonly #inside = new WeakMap<LogRecord, Inside>();
  /** What the launching thread waited for last, and since when it goes on. */
  #launcher: Link | null = null;
  readonly #operations = new Map<number, Link>();
  #latest: Link | null = null;
  first = Number.POSITIVE_INFINITY;
  longestChain = 0;
  work = 0;

  get latest(): Link | null {
    return this.#latest;
  }

  /** What an instance waited for; its body, and what that launches, come after it. */
  #beforeBody(instance: LogRecord | null): Before {
    if (instance === null) return NOTHING;
    let before = this.#before.get(instance);
    if (before === undefined) {
      before = this.#beforeBody(instance.launch!.within);
      for (const pred of instance.preds) {
        const link = this.#links.get(pred);
        if (link === undefined) continue;
        const later: boolean = before.link === null || link.end > before.link.end;
        before = { link: later ? link : before.link, chain: Math.max(before.chain, link.chain) };
      }
      this.#before.set(instance, before);
    }
    return before;
  }

  ran({ record, launch, lane, start, end, ready, cause }: RanRecord): void {
    // The way through an instance of an inner task is the way through what its body launched.
    const inside = this.#inside.get(record);
    if (inside !== undefined) {
      this.#add(record, { ...inside.last, chain: inside.chain });
      return;
    }
    const outer = this.#beforeBody(launch.within);
    // Bodies of inner tasks share their lane.
    const before = launch.kind === 'inner' ? null : (this.#lanes.get(lane) ?? null);
    const dependence = cause === null ? null : (this.#links.get(cause) ?? null);
    let binding: Binding = 'launch';
    let since = Math.min(record.created, start);
    let parent = this.#launcher;
    if (outer.link !== null && outer.link.end > (parent?.end ?? Number.NEGATIVE_INFINITY))
      parent = outer.link;
    if (dependence !== null && ready > since) {
      binding = 'dependence';
      since = ready;
      parent = dependence;
    }
    if (before !== null && before.end > since) {
      binding = 'lane';
      since = Math.min(before.end, start);
      parent = before;
    }
    let { chain } = outer;
    for (const pred of record.preds) chain = Math.max(chain, this.#links.get(pred)?.chain ?? 0);
    const link: Link = { record, lane, start, end, binding, since, parent, chain: chain + end - start };
    if (launch.kind !== 'inner') this.#lanes.set(lane, link);
    this.work += end - start;
    this.first = Math.min(this.first, start);
    this.#add(record, link);
  }

  #add(record: LogRecord, link: Link): void {
    const { launch } = record;
    const { end } = link;
    this.#links.set(record, link);
    this.longestChain = Math.max(this.longestChain, link.chain);
    if (this.#latest === null || end > this.#latest.end) this.#latest = link;
    if (launch!.within !== null) this.#within(launch!.within, link);
    // The last record of each of the latest launches, for whoever waits for them.
    const { operation } = launch!;
    const known = this.#operations.get(operation);
    if (known === undefined || known.end < end) this.#operations.set(operation, link);
    if (this.#operations.size > 4096) {
      for (const operation of this.#operations.keys()) {
        this.#operations.delete(operation);
        if (this.#operations.size <= 2048) break;
      }
    }
  }

  /** Something that an instance launched has ended. */
  #within(instance: LogRecord, link: Link): void {
    const inside = this.#inside.get(instance);
    if (inside === undefined) this.#inside.set(instance, { last: link, chain: link.chain });
    else {
      if (link.end > inside.last.end) inside.last = link;
      inside.chain = Math.max(inside.chain, link.chain);
    }
  }

  waited(_reason: WaitReason, operation: number): void {
    this.#launcher = this.#operations.get(operation) ?? this.#latest ?? this.#launcher;
  }
}

/** The critical path of a run. @throws DataError for a damaged file */
export function criticalPath(reader: LogReader): CriticalPath {
  const finder = new PathFinder();
  followRecords(reader, finder);
  const steps: PathStep[] = [];
  const times = new Map<string, { time: number; records: number }>();
  const bindings: Record<Binding, number> = { dependence: 0, lane: 0, launch: 0 };
  let tasks = 0;
  let launching = 0;
  let handOver = 0;
  // A parent that ended after the step began only overlaps it: time is counted once.
  let until = Number.POSITIVE_INFINITY;
  for (let link = finder.latest; link !== null; link = link.parent) {
    const { record, lane, start, end, binding, parent } = link;
    const from = parent === null ? finder.first : Math.min(parent.end, start);
    const gap = Math.max(0, Math.min(start, until) - from);
    // What comes before the record was made is the launching thread's; the rest is the way to its lane.
    const made = binding === 'launch' ? Math.max(0, Math.min(gap, link.since - from)) : 0;
    launching += made;
    handOver += gap - made;
    const task = record.launch!.name;
    const time = Math.max(0, Math.min(end, until) - start);
    tasks += time;
    until = Math.min(until, start);
    const kind = times.get(task);
    if (kind === undefined) times.set(task, { time, records: 1 });
    else {
      kind.time += time;
      kind.records++;
    }
    bindings[binding]++;
    steps.push({
      name: nameOf(record),
      task,
      operation: record.launch!.operation,
      lane,
      start,
      end,
      binding,
      gap,
    });
  }
  return {
    steps: steps.reverse(),
    span: finder.latest === null ? 0 : finder.latest.end - finder.first,
    tasks,
    launching,
    handOver,
    byTask: [...times].map(([task, it]) => ({ task, ...it })).sort((a, b) => b.time - a.time),
    bindings,
    longestChain: finder.longestChain,
    work: finder.work,
  };
}
