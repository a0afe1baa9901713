// What the checker found wrong with a log, in words and numbers.
import type { LoggedUse } from '../events/log-format.js';
import { type LogRecord, nameOf } from './log-model.js';

/** A pair of records that something is wrong with. */
export interface Pair {
  readonly earlier: string;
  readonly later: string;
  readonly operations: readonly [number, number];
  /** Where the two launches stand in the program. */
  readonly sites: readonly [string, string];
  /** `region.field`, and how the two use it. */
  readonly field: string;
  readonly uses: readonly [string, string];
  /** A point that both hold. */
  readonly point: readonly number[];
}

/** What the checker found; of each kind some examples and how many in all. */
export interface Findings {
  /** Conflicts without an order: a defect of the runtime. */
  missing: number;
  readonly missingPairs: Pair[];
  /** Records that began before something they wait for had ended, by the clocks. */
  early: number;
  readonly earlyPairs: Pair[];
  /** Atomic uses of one element that overlapped in time. */
  together: number;
  readonly togetherPairs: Pair[];
  /** Points of one launch that interfere with each other. */
  within: number;
  readonly withinPairs: Pair[];
  /** New memory for a field that its launch does not write whole. */
  partial: number;
  readonly partialNames: string[];
  /** Operations of inner tasks that used what their instance does not hold, or ran before it began or after it had ended. */
  outside: number;
  readonly outsidePairs: Pair[];
  /** Uses of a region after it was freed. */
  freed: number;
  /** Edges that no conflict asks for: lost parallelism. */
  needless: number;
  readonly needlessPairs: Pair[];
  /** Edges to and from joins, which stand for many readers or writers at once. */
  joined: number;
  edges: number;
  /** Conflicts that were looked at. */
  conflicts: number;
}

/** Nothing found yet. */
export function noFindings(): Findings {
  return {
    missing: 0,
    missingPairs: [],
    early: 0,
    earlyPairs: [],
    together: 0,
    togetherPairs: [],
    within: 0,
    withinPairs: [],
    partial: 0,
    partialNames: [],
    outside: 0,
    outsidePairs: [],
    freed: 0,
    needless: 0,
    needlessPairs: [],
    joined: 0,
    edges: 0,
    conflicts: 0,
  };
}

/** Examples that are kept of each kind. */
export const EXAMPLES = 20;

const formatUse = (use: LoggedUse): string => {
  const privilege = ['none', 'read', 'update', 'overwrite', 'reduce'][use.privilege]!;
  const coherence = ['', 'atomic ', 'simultaneous ', 'relaxed '][use.coherence]!;
  const operator =
    use.operator < 0 ? '' : `(${['sum', 'prod', 'min', 'max', 'and', 'or', 'xor'][use.operator]})`;
  return `${coherence}${privilege}${operator}`;
};

/** Keeps an example, while there are few. */
export function addExample(pairs: Pair[], make: () => Pair): void {
  if (pairs.length < EXAMPLES) pairs.push(make());
}

/** What is wrong with two records, about one field and one point. */
export function describePair(
  earlier: LogRecord,
  later: LogRecord,
  field: string,
  useA: LoggedUse | null,
  useB: LoggedUse | null,
  point: readonly number[],
): Pair {
  return {
    earlier: nameOf(earlier),
    later: nameOf(later),
    operations: [earlier.launch?.operation ?? -1, later.launch?.operation ?? -1],
    sites: [earlier.launch?.site ?? '', later.launch?.site ?? ''],
    field,
    uses: [useA === null ? '' : formatUse(useA), useB === null ? '' : formatUse(useB)],
    point,
  };
}
