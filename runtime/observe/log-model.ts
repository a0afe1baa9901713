// What a log says, as objects: regions, partitions, launches and records while they are alive.
import type { LoggedUse } from '../events/log-format.js';
import type { IndexSpace } from '../spaces/index.js';

export interface LoggedTree {
  readonly id: number;
  readonly name: string;
  readonly space: IndexSpace;
  readonly fields: readonly { readonly name: string; readonly bytes: number }[];
  freed: boolean;
  /** The tree that this one is, in the body of an inner task; null for who made it. */
  from: LoggedTree | null;
}

export interface LoggedPartition {
  readonly id: number;
  readonly parent: IndexSpace;
  readonly subspaces: readonly IndexSpace[];
}

/** What the points of a launch use of one region. */
export interface LoggedRequirement {
  readonly tree: LoggedTree;
  readonly partition: LoggedPartition;
  /** Colour of every point; null where point i has colour i. */
  readonly colours: Int32Array | null;
  readonly uses: readonly LoggedUse[];
  /** For every use, which memory of the field it is about: 0, and one more for each time it got new memory. */
  readonly memory: readonly number[];
}

/** Results of another launch that all records of a launch take. */
export interface LoggedTake {
  readonly from: LoggedLaunch | null;
  readonly first: number;
  readonly points: number;
}

export interface LoggedLaunch {
  readonly operation: number;
  /** One of LAUNCH_KINDS. */
  readonly kind: string;
  readonly name: string;
  /** `file:line:column`, or nothing where it was not looked up. */
  readonly site: string;
  readonly lo: readonly number[];
  readonly extent: readonly number[];
  readonly points: number;
  readonly requirements: LoggedRequirement[];
  readonly takes: LoggedTake[];
  /** The launch whose reductions this one applies, and the other way round. */
  folds: LoggedLaunch | null;
  foldedBy: LoggedLaunch | null;
  /** Records in the order of their points, while the launch has records alive. */
  records: LogRecord[];
  /** The instance of an inner task whose body made it; null for the main program. */
  within: LogRecord | null;
  /** Points that have records so far. */
  made: number;
  /** Points whose records were not taken back. */
  left: number;
}

/** One record: a task, a block of points, a join, the application of reductions. */
export class LogRecord {
  readonly number: number;
  /** Null for joins. */
  readonly launch: LoggedLaunch | null;
  readonly first: number;
  readonly points: number;
  readonly place: number;
  /** The launching thread's clock when the record was made, to within a few dozen records; nanoseconds. */
  readonly created: number;
  /** Records it waits for, and whether a failure of them reaches it; emptied when the record is taken back. */
  preds: LogRecord[] = [];
  data: boolean[] = [];
  /** Where it ran; -1 while not known, and for joins. */
  lane = -1;
  start = Number.NaN;
  end = Number.NaN;
  /** The latest time at which it can have started. */
  late = Number.NaN;
  /** The earliest time at which it can have ended. */
  soon = Number.NaN;
  /** Bits of lane-log.ts. */
  what = 0;
  retired = false;
  /** Whether it has ended for all that the launching thread can know: it was taken back, or one was that waited for it. */
  ended = false;
  /** For readers of the log: stamps and what they like. */
  stampA = -1;
  stampB = -1;
  stampC = -1;
  note: unknown = null;

  constructor(
    number: number,
    launch: LoggedLaunch | null,
    first: number,
    points: number,
    place: number,
    created: number,
  ) {
    this.number = number;
    this.launch = launch;
    this.first = first;
    this.points = points;
    this.place = place;
    this.created = created;
  }

  get join(): boolean {
    return this.launch === null;
  }
}

/** The point of a launch at a position. */
export function pointAt(launch: LoggedLaunch, position: number): number[] {
  const { lo, extent } = launch;
  const point = new Array<number>(lo.length).fill(0);
  let rest = position;
  for (let axis = lo.length - 1; axis >= 0; axis--) {
    point[axis] = lo[axis]! + (rest % extent[axis]!);
    rest = Math.floor(rest / extent[axis]!);
  }
  return point;
}

/** `name@3`, `name@(1, 2)`, `name@0..15`: a record in words. */
export function nameOf(record: LogRecord): string {
  const { launch, first, points } = record;
  if (launch === null) return 'a join';
  if (launch.points === 1) return `${launch.name}`;
  const at = (position: number) => {
    const point = pointAt(launch, position);
    return point.length === 1 ? `${point[0]}` : `(${point.join(', ')})`;
  };
  return points === 1
    ? `${launch.name}@${at(first)}`
    : `${launch.name}@${at(first)}..${at(first + points - 1)}`;
}
