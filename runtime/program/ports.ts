// What regions and futures ask of the machinery behind them, so that neither has to know it.
import type { ReductionName, TypedArray } from '../privileges/index.js';
import type { Fields, IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { Caps } from './capabilities.js';
import type { InnerRun, LaunchHandle } from './handle.js';
import type { Lease } from './lease.js';
import type { Resolved } from './legality.js';
import type { Requirement } from './requirement.js';
import type { InnerBody } from './task.js';
import type { Tree } from './tree.js';

/** A region, as far as operations look at it. */
export interface RegionPlace {
  readonly tree: Tree;
  /** The partition and the position of the colour that it is. */
  readonly place: IndexPartition;
  readonly colour: number;
  readonly indexSpace: IndexSpace;
}

export interface RegionPort {
  /** A copy of a field, once earlier operations have written it. */
  read(region: RegionPlace, field: string): Promise<TypedArray>;
  /** The same, waiting here and now. */
  readNow(region: RegionPlace, field: string): TypedArray;
  /** The same for the region that a partition cuts. */
  readParent(tree: Tree, partition: IndexPartition, field: string): TypedArray;
  lease(
    region: RegionPlace,
    requirement: Requirement<Fields, Caps>,
    site: { readonly stack?: string },
  ): Promise<Lease<Fields, Caps>>;
  write(region: RegionPlace, field: string, values: ArrayLike<number> | ArrayLike<bigint>): void;
}

/** The value of one point of a launch. */
export interface PointOfLaunch {
  readonly handle: LaunchHandle;
  readonly index: number;
}

export interface FuturePort {
  valueOf(handle: LaunchHandle, index: number): Promise<unknown>;
  valuesOf(handle: LaunchHandle): Promise<unknown[]>;
  /** The launch whose one result is a function of a result, or the fold of all. */
  map(handle: LaunchHandle, index: number, pure: (value: unknown) => unknown): LaunchHandle;
  fold(handle: LaunchHandle, operator: ReductionName): LaunchHandle;
}

/** Runs the bodies of inner tasks. */
export interface InnerPort {
  /** A launch of an inner task is about to get its place in program order. */
  open(handle: LaunchHandle, body: InnerBody, requirements: readonly Resolved[]): InnerRun;
}
