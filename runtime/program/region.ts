// Regions and partitions as the program holds them.

import { whole } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import type { TypedArray } from '../privileges/index.js';
import type { Colours, FieldSpace, Fields, FieldType, IndexPartition } from '../regions/index.js';
import * as partitions from '../regions/index.js';
import type { IndexSpace, Point } from '../spaces/index.js';
import type { Cap, Caps, Disjointness, Projected, RegionRef } from './capabilities.js';
import type { InvertibleProjection, Projection } from './invertible.js';
import { launchSite } from './launch-site.js';
import type { Lease } from './lease.js';
import type { RegionPort } from './ports.js';
import type { Requirement } from './requirement.js';
import type { Tree } from './tree.js';

/** The array type of a field. */
export type ArrayOf<T> = T extends FieldType<infer A, number> ? A : TypedArray;

/** A logical region: points times fields. It names data; where and how often they are stored is the runtime's affair. */
export class Region<F extends Fields, C extends Caps> implements RegionRef<F, C>, Disposable {
  readonly space: FieldSpace<F>;
  /** The points. */
  readonly indexSpace: IndexSpace;
  /** Ways to cut this region into subregions. */
  readonly partition: PartitionConstructors<F, C>;
  declare readonly __caps?: { readonly [K in keyof C]: (cap: C[K]) => void } | undefined;
  /** @internal */ readonly tree: Tree;
  /** @internal */ readonly place: IndexPartition;
  /** @internal */ readonly colour: number;
  readonly #port: RegionPort;

  /** @internal */
  constructor(port: RegionPort, tree: Tree, space: FieldSpace<F>, place: IndexPartition, colour: number) {
    this.#port = port;
    this.tree = tree;
    this.space = space;
    this.place = place;
    this.colour = colour;
    this.indexSpace = place.subspaces[colour]!;
    this.partition = new PartitionConstructors<F, C>(port, this);
  }

  /** Number of points. */
  get volume(): number {
    return this.indexSpace.volume;
  }

  /**
   * A copy of one field's values, in lexicographic order of the points, as they are after the operations launched so
   * far. An operation in program order, like a task that reads.
   */
  read<K extends keyof F & string>(field: K): Promise<ArrayOf<F[K]>> {
    return this.#port.read(this, field) as Promise<ArrayOf<F[K]>>;
  }

  /** Sets one field of all points, in lexicographic order. Waits for earlier readers, unless the whole region is written. */
  write<K extends keyof F & string>(field: K, values: ArrayLike<number> | ArrayLike<bigint>): void {
    this.#port.write(this, field, values);
  }

  /**
   * The views that a task with this requirement would get, for the program itself and without a copy:
   *
   * ```ts
   * using lease = await region.lease(reads(Vec, 'x').and(updates(Vec, 'y')));
   * for (const i of lease.view.points) lease.view.y[i]! += lease.view.x[i]!;
   * ```
   *
   * An operation in program order. Until it ends, operations that conflict with it are refused with a LaunchError.
   * What an inner task leases ends with its body at the latest.
   */
  lease<C2 extends Caps, X>(
    this: RegionRef<F, C2>,
    requirement: Requirement<F, C2, X>,
  ): Promise<Lease<F, C2>> {
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, Region.prototype.lease);
    const region = this as unknown as Region<F, C2>;
    // The port knows no field space; that the views are those of the requirement is its promise.
    return region.#port.lease(region, requirement as never, site) as unknown as Promise<Lease<F, C2>>;
  }

  /** Gives the memory back once the operations launched so far have ended. Only the root of a tree can be freed. */
  free(): void {
    if (this.indexSpace !== this.tree.space) {
      throw new LaunchError(`Only whole regions can be freed; this is a part of region ${this.tree.name}.`);
    }
    const claim = this.tree.claims.find(({ writes }) => writes);
    if (claim !== undefined) {
      throw new LaunchError(
        `Region ${this.tree.name} cannot be freed while it is attached to be written: detach what was attached at ${launchSite(claim.site)} first.`,
      );
    }
    this.tree.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** A partition of a region: subregions by colour. */
export class Partition<F extends Fields, C extends Caps, D extends Disjointness> {
  readonly space: FieldSpace<F>;
  /** The mathematics: colours, subspaces, disjointness. */
  readonly index: IndexPartition;
  /** @internal */ readonly tree: Tree;
  declare readonly __d?: D | undefined;
  readonly #port: RegionPort;
  readonly #regions: Region<F, C>[] = [];
  readonly #identity: ProjectedPartition<F, C, D>;
  readonly [colour: number]: Region<F, C>;

  /** @internal */
  constructor(port: RegionPort, tree: Tree, space: FieldSpace<F>, index: IndexPartition) {
    this.#port = port;
    this.tree = tree;
    this.space = space;
    this.index = index;
    this.#identity = new ProjectedPartition<F, C, D>(this, null);
    // p[3] is the subregion of the fourth colour: made when it is asked for.
    for (let colour = 0; colour < index.subspaces.length; colour++) {
      Object.defineProperty(this, colour, { get: () => this.#region(colour), enumerable: false });
    }
  }

  /** The subregion of a colour. */
  sub(colour: Point): Region<F, C> {
    const position = this.index.colours.indexOf(colour);
    if (position < 0) this.index.sub(colour); // throws, and says which colours there are
    return this.#region(position);
  }

  #region(position: number): Region<F, C> {
    return (this.#regions[position] ??= new Region<F, C>(
      this.#port,
      this.tree,
      this.space,
      this.index,
      position,
    ));
  }

  /**
   * As the argument of an index launch: every point gets the subregion of the colour `project(point)`, or of its own. Points
   * that conflict may share a subregion only if the projection is `invertible`: then they run in their order.
   */
  at(project?: Projection | InvertibleProjection): ProjectedPartition<F, C, D> {
    return project === undefined ? this.#identity : new ProjectedPartition<F, C, D>(this, project);
  }

  /** The same partition, once a check has shown that no two subregions share a point. */
  assertDisjoint(): Partition<F, C, 'disjoint'> {
    partitions.assertDisjoint(this.index);
    // The check above is what the type parameter stands for.
    return this as unknown as Partition<F, C, 'disjoint'>;
  }
}

/** A partition and a projection, ready to be an argument of an index launch. */
export class ProjectedPartition<F extends Fields, C extends Caps, D extends Disjointness>
  implements Projected<F, C, D>
{
  readonly space: FieldSpace<F>;
  declare readonly disjoint: D;
  declare readonly __caps?: { readonly [K in keyof C]: (cap: C[K]) => void } | undefined;
  /** @internal */ readonly partition: Partition<F, C, D>;
  /** @internal */ readonly project: Projection | InvertibleProjection | null;

  constructor(partition: Partition<F, C, D>, project: Projection | InvertibleProjection | null) {
    this.space = partition.space;
    this.partition = partition;
    this.project = project;
  }
}

type ReadCaps<K extends string> = { [P in K]: 'R' };

/** Ways to partition a region (runtime/regions has the mathematics). Those that look at a field read it in program order, and wait. */
export class PartitionConstructors<F extends Fields, C extends Caps> {
  readonly #port: RegionPort;
  readonly #region: Region<F, C>;

  constructor(port: RegionPort, region: Region<F, C>) {
    this.#port = port;
    this.#region = region;
  }

  #make<D extends Disjointness>(index: IndexPartition): Partition<F, C, D> {
    return new Partition<F, C, D>(this.#port, this.#region.tree, this.#region.space, index);
  }

  /** Near-equal parts. */
  equal(colours: Colours, granularity?: number): Partition<F, C, 'disjoint'> {
    return this.#make(partitions.equal(this.#region.indexSpace, colours, granularity));
  }

  /** Parts with volumes proportional to weights. */
  weights(
    colours: Colours,
    weights: ArrayLike<number> | ((colour: Point) => number),
  ): Partition<F, C, 'disjoint'> {
    return this.#make(partitions.weights(this.#region.indexSpace, colours, weights));
  }

  /** Tiles of a size; the colours count the tiles on each axis. */
  blocks(block: readonly number[], origin?: Point): Partition<F, C, 'disjoint'> {
    return this.#make(partitions.blocks(this.#region.indexSpace, block, origin));
  }

  /** Colour c gets the points of transform·c + extent. */
  restrict(options: {
    readonly colors: Colours;
    readonly transform: readonly (readonly number[])[];
    readonly extent: IndexSpace | readonly number[];
  }): Partition<F, C, 'unknown'> {
    const { colors, transform, extent } = options;
    return this.#make(partitions.restriction(this.#region.indexSpace, colors, transform, extent));
  }

  /** Colour c gets the points of a given space. */
  byDomain(
    colours: Colours,
    domains: readonly IndexSpace[] | ((colour: Point) => IndexSpace),
  ): Partition<F, C, 'unknown'> {
    return this.#make(partitions.byDomain(this.#region.indexSpace, colours, domains));
  }

  /** Colour c gets the points whose field says c. Reads the field. */
  byField<K extends keyof F & string>(field: K, colours: Colours): Partition<F, C, 'disjoint'> {
    const values = this.#port.readNow(this.#region, field);
    return this.#make(partitions.byField(this.#region.indexSpace, colours, values));
  }

  /** Colour c gets the points that the field of the points of source[c] names. Reads the field. */
  image<G extends Fields, K extends keyof G & string>(
    source: Partition<G, ReadCaps<K>, Disjointness> | Partition<G, { [P in keyof G]: Cap }, Disjointness>,
    field: K,
  ): Partition<F, C, 'unknown'> {
    const values = this.#port.readParent(source.tree, source.index, field);
    return this.#make(partitions.image(this.#region.indexSpace, source.index, values));
  }

  /** Colour c gets the points of this region whose field names a point of target[c]. Reads the field. */
  preimage<G extends Fields, K extends keyof F & string>(
    target: Partition<G, Caps, Disjointness> | Partition<G, { [P in keyof G]: Cap }, Disjointness>,
    field: K,
  ): Partition<F, C, 'unknown'> {
    const values = this.#port.readNow(this.#region, field);
    return this.#make(partitions.preimage(this.#region.indexSpace, target.index, values));
  }

  /**
   * Colour c gets the points inside of the boxes that the points of source[c] hold: lo and hi (both inclusive) in two
   * fields with a lane per axis, or side by side in one field. Reads them.
   */
  imageRange<G extends Fields, K extends keyof G & string>(
    source: Partition<G, ReadCaps<K>, Disjointness> | Partition<G, { [P in keyof G]: Cap }, Disjointness>,
    box: K | readonly [lo: K, hi: K],
  ): Partition<F, C, 'unknown'> {
    const read = (field: K) => this.#port.readParent(source.tree, source.index, field);
    const { indexSpace } = this.#region;
    return this.#make(partitions.imageRange(indexSpace, source.index, boxes(box, indexSpace.rank, read)));
  }

  /** Colour c gets the points of this region whose box (as in `imageRange`) meets target[c]. Reads it. */
  preimageRange<G extends Fields, K extends keyof F & string>(
    target: Partition<G, Caps, Disjointness> | Partition<G, { [P in keyof G]: Cap }, Disjointness>,
    box: K | readonly [lo: K, hi: K],
  ): Partition<F, C, 'unknown'> {
    const read = (field: K) => this.#port.readNow(this.#region, field);
    const ranges = boxes(box, target.index.parent.rank, read);
    return this.#make(partitions.preimageRange(this.#region.indexSpace, target.index, ranges));
  }

  /** Colour c gets the points of this region that are in target[c], whatever region that partitions. */
  mirrored<G extends Fields, D extends Disjointness>(
    target: Partition<G, Caps, D> | Partition<G, { [P in keyof G]: Cap }, D>,
  ): Partition<F, C, D> {
    return this.#make(partitions.mirrored(this.#region.indexSpace, target.index));
  }

  /** The cross product: for every colour of a, in order, the partition of a[c] into what it shares with each b[d]. */
  cross<D extends Disjointness>(
    a: Partition<F, C, Disjointness>,
    b: Partition<F, C, D>,
  ): Partition<F, C, D>[] {
    return partitions.crossProduct(this.#own(a), this.#own(b)).map((index) => this.#make<D>(index));
  }

  /**
   * Colours whose points are set one by one, as unions, intersections or differences of spaces or of partitions:
   *
   * ```ts
   * const slices = region.partition.pending([2], (p) => {
   *   p.union([0], [first, second]);
   *   p.difference([1], region.indexSpace, [first, second]);
   * });
   * ```
   */
  pending(
    colours: Colours,
    set: (pending: partitions.PendingPartition) => void,
    claims?: partitions.Claims,
  ): Partition<F, C, 'unknown'> {
    const pending = new partitions.PendingPartition(this.#region.indexSpace, colours);
    set(pending);
    return this.#make(pending.finish(claims));
  }

  /** Colour by colour, the points in either. */
  union(a: Partition<F, C, Disjointness>, b: Partition<F, C, Disjointness>): Partition<F, C, 'unknown'> {
    return this.#make(partitions.union(this.#own(a), this.#own(b)));
  }

  /** Colour by colour, the points in both. */
  intersect<D extends Disjointness>(
    a: Partition<F, C, D>,
    b: Partition<F, C, Disjointness>,
  ): Partition<F, C, D extends 'disjoint' ? 'disjoint' : 'unknown'> {
    return this.#make(partitions.intersection(this.#own(a), this.#own(b)));
  }

  /** Colour by colour, the points of the first that are not in the second. */
  minus<D extends Disjointness>(
    a: Partition<F, C, D>,
    b: Partition<F, C, Disjointness>,
  ): Partition<F, C, D extends 'disjoint' ? 'disjoint' : 'unknown'> {
    return this.#make(partitions.difference(this.#own(a), this.#own(b)));
  }

  #own(partition: Partition<F, C, Disjointness>): IndexPartition {
    if (partition.tree !== this.#region.tree) {
      throw new LaunchError(
        `The partition belongs to region ${partition.tree.name}, not to ${this.#region.tree.name}.`,
      );
    }
    return partition.index;
  }
}

/** Boxes as lo and hi side by side, from one field or two. */
function boxes<K extends string>(
  box: K | readonly [lo: K, hi: K],
  rank: number,
  read: (field: K) => TypedArray,
): ArrayLike<number> {
  if (typeof box === 'string') return read(box) as ArrayLike<number>;
  const [lo, hi] = box.map(read) as [TypedArray, TypedArray];
  const points = lo.length / rank;
  const both = new Float64Array(2 * rank * points);
  for (let point = 0; point < points; point++) {
    for (let axis = 0; axis < rank; axis++) {
      both[2 * point * rank + axis] = Number(lo[point * rank + axis]);
      both[(2 * point + 1) * rank + axis] = Number(hi[point * rank + axis]);
    }
  }
  return both;
}

/** The root region of a tree. */
export function rootRegion<F extends Fields>(
  port: RegionPort,
  tree: Tree,
  space: FieldSpace<F>,
): Region<F, { [K in keyof F]: Cap }> {
  return new Region(port, tree, space, whole(tree.space), 0);
}
