// A launch as the launching thread sees it, from the call until nobody needs its results any more.

import type { ManipleError } from '../errors.js';
import type { Shards } from '../mapping/sharding.js';
import type { Instance } from '../memory/instance.js';
import { blockAt } from '../memory/launch-layout.js';
import type { IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { FieldUse } from './requirement.js';
import type { Scope } from './scope.js';

/** The operations of one context. */
export type ProgramScope = Scope<LaunchHandle>;

/** What a launch of an inner task keeps of its instances. */
export interface InnerRun {
  /** A record of the launch is ready: starts its body as soon as the program's own code lets go of the thread. */
  start(record: number): void;
  /** The instances that run. */
  readonly scopes: Set<ProgramScope>;
  /** The failed instance that comes first in program order. */
  failure: { readonly point: number; readonly error: ManipleError } | null;
}

/** Anything a launch holds that is counted while the launch lives. */
export interface Held {
  users: number;
}

/** What a launch does with one region: fields with their instances of now, and the colour of every point. */
export interface RegionUse {
  readonly fields: readonly FieldUse[];
  readonly instances: readonly Instance[];
  readonly partition: IndexPartition;
  /** Null: point number i takes colour i. */
  readonly colours: Int32Array | null;
}

/** One result of a launch. */
export interface PointOfLaunch {
  readonly source: LaunchHandle;
  readonly index: number;
}

/** Its record once its turn has come (-1 before); and whether the program, or the end of the inner task, has ended it. */
export interface LeaseState {
  record: number;
  over: boolean;
}

export interface LaunchHandle {
  readonly scope: ProgramScope;
  readonly task: string;
  /** Distinct among all operations of the run, rising with program order within a scope; -1 until it is issued. */
  operation: number;
  /** Place in the program order of its scope. */
  number: number;
  readonly domain: IndexSpace;
  readonly points: number;
  /** The stack of the launch, formatted only when an error is reported. */
  readonly site: { readonly stack?: string };
  /** The regions and fields it names, in words: made only for an error. */
  readonly regions: () => string[];
  /** -1 before it is issued, and after its results were given back. */
  slot: number;
  /** All records were made. */
  sealed: boolean;
  /** Points whose records were not retired yet. */
  left: number;
  /** First failure that reached one of its records (operation + 1), or 0. */
  root: number;
  /** Per point, 1 + the operation whose failure has reached it, or 0; null while all is well. */
  spoiled: Int32Array | null;
  closed: boolean;
  /** Values of the points once closed; null when no point returned anything. */
  values: unknown[] | null;
  error: Error | null;
  readonly watchers: (() => void)[];
  /** Launches that take results of this one as arguments, and futures that fold them, and have not ended. */
  dependents: number;
  /** Records of the points and their generations, in order; record i runs points from starts[i] on. */
  records: Int32Array;
  generations: Int32Array;
  /** Runs on the launching thread, for host records. */
  host: (() => void) | null;
  /** A lease is not over when its turn has come, but when the program ends it. */
  lease: LeaseState | null;
  /**
   * It moves elements as they are, spoilt or not: failures neither keep it from running, nor end with it; but the mark that
   * one may have reached the elements goes on along its edges.
   */
  moves: boolean;
  /** For failures: what its records take and write. */
  uses: RegionUse[];
  /** Results that its tasks take as arguments. */
  futures: readonly PointOfLaunch[];
  /** The launch whose reductions this one applies. */
  reduces: LaunchHandle | null;
  readonly instances: Instance[];
  readonly held: Held[];
  readonly sources: LaunchHandle[];
  /** Heap blocks to give back at the end. */
  readonly blocks: { unit: number; bytes: number }[];
  /** Aborting it cancels the launch. */
  signal: AbortSignal | null;
  /** Set once the launch was cancelled. */
  cancelled: { readonly reason: unknown } | null;
  /** How it is shared out among ranks; null where there is one rank, or it is no affair of theirs. */
  shards: Shards | null;
  /** Of a fold, the first failure that has reached it from other ranks (operation + 1), or 0. */
  elsewhere: number;
  /** What other ranks have told of their points, once that is asked for. */
  share: object | null;
  /** For inner tasks. */
  inner: InnerRun | null;
  args: { unit: number; bytes: number } | null;
}

/** Position of the record that runs a point. */
export function recordOf({ records, points }: LaunchHandle, point: number): number {
  return blockAt(point, records.length, points);
}

/** The rank that runs a point; null where every rank runs all. */
export function ownerOf({ shards, points }: LaunchHandle, point: number): number | null {
  const owners = shards?.owners ?? null;
  return owners === null ? null : owners[blockAt(point, owners.length, points)]!;
}

/** Whether another rank runs a point. */
export function runsElsewhere(handle: LaunchHandle, point: number, rank: number): boolean {
  const owner = ownerOf(handle, point);
  return owner !== null && owner !== rank;
}

/** A launch that was called, and has no place in the graph yet. */
export function createHandle(
  scope: ProgramScope,
  task: string,
  domain: IndexSpace,
  site: { stack?: string },
  regions: () => string[],
): LaunchHandle {
  return {
    scope,
    task,
    operation: -1,
    number: -1,
    domain,
    points: domain.volume,
    site,
    regions,
    slot: -1,
    sealed: false,
    left: domain.volume,
    root: 0,
    spoiled: null,
    closed: false,
    values: null,
    error: null,
    watchers: [],
    dependents: 0,
    records: NO_RECORDS,
    generations: NO_RECORDS,
    host: null,
    lease: null,
    moves: false,
    uses: [],
    futures: NONE_TAKEN,
    reduces: null,
    instances: [],
    held: [],
    sources: [],
    blocks: [],
    signal: null,
    cancelled: null,
    shards: null,
    elsewhere: 0,
    share: null,
    inner: null,
    args: null,
  };
}

const NO_RECORDS = new Int32Array(0);
/** The results that a launch takes which takes none. */
export const NONE_TAKEN: readonly PointOfLaunch[] = [];
