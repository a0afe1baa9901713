// Why one task started when it did: when it was launched, what it waited for, which of it came last, where it lay until a
// worker took it.
import { type LogRecord, nameOf, pointAt } from './log-model.js';
import type { LogReader } from './log-reader.js';
import { followRecords, type RanRecord } from './record-events.js';

/** `name` or `name@point`; a point is `3` or `(1, 2)`. */
export interface TaskQuery {
  readonly task: string;
  readonly point: readonly number[] | null;
}

/** The query that a person wrote; null when it is none. */
export function parseTask(text: string): TaskQuery | null {
  const at = text.lastIndexOf('@');
  if (at < 0) return text === '' ? null : { task: text, point: null };
  const words = text
    .slice(at + 1)
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((word) => word.trim());
  const point = words.map(Number);
  if (at === 0 || words.includes('') || !point.every(Number.isInteger)) return null;
  return { task: text.slice(0, at), point };
}

/** Times in nanoseconds of the log. */
export interface Explanation {
  readonly name: string;
  readonly operation: number;
  readonly site: string;
  /** The instance of an inner task that launched it; nothing for the main program. */
  readonly within: string;
  readonly created: number;
  /** What it waited for among the tasks that were alive when it was made, in the order in which they ended. */
  readonly waitedFor: readonly { readonly name: string; readonly operation: number; readonly end: number }[];
  readonly ready: number;
  /** Where it lay from then on, and how it came to its lane. */
  readonly queue: string;
  readonly start: number;
  readonly end: number;
  readonly lane: number;
  readonly shared: boolean;
  readonly outcome: 'done' | 'failed' | 'skipped';
}

function has(record: LogRecord, query: TaskQuery): boolean {
  const { launch, first, points } = record;
  if (launch === null || launch.name !== query.task) return false;
  if (query.point === null) return true;
  for (let position = first; position < first + points; position++) {
    const point = pointAt(launch, position);
    if (point.length === query.point.length && point.every((x, axis) => x === query.point![axis]))
      return true;
  }
  return false;
}

function queueOf({ source, victim, lane, cause }: RanRecord): string {
  switch (source) {
    case 'inbox':
      return `in the inbox of worker ${lane}, where it was placed`;
    case 'stolen':
      return `with worker ${victim}, from which worker ${lane} took it`;
    case 'own':
      return `on the deque of worker ${lane}${cause?.lane === lane ? ', which had made it ready' : ''}`;
    case 'background':
      return `in the background, until worker ${lane} had nothing else to do`;
    default:
      return 'nowhere: it was taken at once';
  }
}

/** The executions that a query means, in the order in which they ended; at most `limit`, and how many there are. */
export function explain(
  reader: LogReader,
  query: TaskQuery,
  limit: number,
): { found: number; explanations: Explanation[] } {
  const explanations: Explanation[] = [];
  let found = 0;
  followRecords(reader, {
    ran(ran) {
      const { record, launch, start, end, lane, ready } = ran;
      if (!has(record, query)) return;
      found++;
      if (explanations.length >= limit) return;
      explanations.push({
        name: nameOf(record),
        operation: launch.operation,
        site: launch.site,
        within: launch.within === null ? '' : nameOf(launch.within),
        created: record.created,
        waitedFor: waitedFor(record),
        ready,
        queue: queueOf(ran),
        start,
        end,
        lane,
        shared: ran.shared,
        outcome: ran.failed ? 'failed' : ran.skipped ? 'skipped' : 'done',
      });
    },
  });
  return { found, explanations };
}

/** The records behind the edges, those behind joins as well. */
function waitedFor(record: LogRecord): Explanation['waitedFor'] {
  const seen = new Set<LogRecord>();
  const visit = (of: LogRecord): void => {
    for (const pred of of.preds) {
      if (pred.join) visit(pred);
      else seen.add(pred);
    }
    const last = of.join ? (of.note as LogRecord | null) : null;
    if (last !== null) seen.add(last);
  };
  visit(record);
  return [...seen]
    .map((pred) => ({ name: nameOf(pred), operation: pred.launch!.operation, end: pred.end }))
    .sort((a, b) => a.end - b.end);
}
