// What issuing operations asks of the other ranks.
import type { Shards } from '../../mapping/sharding.js';
import type { SplitArgs } from '../arguments.js';
import type { Engine } from '../engine.js';
import type { Guard } from '../guarded.js';
import type { LaunchHandle } from '../handle.js';
import type { Call } from '../launch-call.js';
import type { Resolved } from '../legality.js';
import type { Reduction } from '../reducing.js';
import type { RankPort, Site } from './port.js';

/** What a launch takes of earlier ones, as this rank has it. */
export interface Taken {
  readonly split: SplitArgs;
  readonly guard: Guard | null;
  /** The launch has its place: it holds what it takes itself. */
  letGo(): void;
}

export interface Replication extends RankPort {
  // ---- calls ----
  /** A launch was called. */
  launched(call: Call, handle: LaunchHandle): void;
  /** The program itself uses a region. */
  calledOn(what: string, site: Site, requirement: Resolved): void;

  // ---- issuing ----
  /** Shares a launch out, and moves what it needs to where it runs. */
  deal(call: Call, handle: LaunchHandle): Shards;
  /** What the program itself uses is there on every rank, and so is what it writes. */
  bringEverywhere(requirement: Resolved): void;
  /** Whether a launch that was dealt reduces on several ranks, and whether this one folds the root into the regions. */
  foldsTogether(handle: LaunchHandle): boolean;
  foldsHere(handle: LaunchHandle): boolean;
  /** Makes the tree of such a launch; returns the fold into the regions where that is done here. */
  openFold(
    handle: LaunchHandle,
    name: string,
    resolved: readonly Resolved[],
    reductions: readonly Reduction[],
    site: Site,
  ): LaunchHandle | null;
  /** Results of other ranks that a launch takes. */
  take(call: Call, handle: LaunchHandle, split: SplitArgs, guard: Guard | null): Taken;
  /** All ranks will have the results of a launch; false where all ranks run all of it. */
  share(source: LaunchHandle): boolean;
  /** Makes the one record of a launch, which waits for one result of another (`index`), or for all. */
  openWaiting(handle: LaunchHandle, source: LaunchHandle, index: number | null): void;
  /** A result that another rank has sent. */
  valueOf(source: LaunchHandle, index: number): unknown;
}

/** The other ranks, for operations of a scope that concern them: those of the main program. Null for one rank. */
export function replicationOf(engine: Engine, scope: object): Replication | null {
  // An engine knows the ranks by a smaller interface, as it knows no regions; who gives it one gives it this.
  return scope === engine.root ? (engine.ranks as Replication | null) : null;
}
