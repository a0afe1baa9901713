// What a program's main function is given: everything it can ask of the runtime.

import type { EventEmitter } from 'eventemitter3';
import { LaunchError } from '../errors.js';
import { randomAt } from '../execution/random.js';
import type { FieldSpace, Fields } from '../regions/index.js';
import { IndexSpace, type Point } from '../spaces/index.js';
import { type AttachedSources, type Attachment, type AttachOptions, attach } from './attachment.js';
import type { AllCaps, Cap, Projected, RegionRef } from './capabilities.js';
import { type CopiedFields, type Copy, copy, type IndexCopy } from './copy.js';
import type { Engine } from './engine.js';
import type { RunEvents } from './engine-options.js';
import { type FillValue, fill } from './fill.js';
import { type FutureMap, TaskFuture } from './future.js';
import { GrowingRegion } from './growing.js';
import type { ProgramScope } from './handle.js';
import { HostOperations } from './host.js';
import type { FillOptions, LaunchOptions } from './launch-options.js';
import { Launcher } from './launcher.js';
import { checkPlace } from './place.js';
import type { InnerPort, RegionPort } from './ports.js';
import { Predicate } from './predicate.js';
import type { Projections } from './projections.js';
import { Partition, Region, rootRegion } from './region.js';
import type { IndexArgs, Requirements, SingleArgs, Task } from './task.js';
import { Tree } from './tree.js';

/** Arguments of which any may be a future. */
export type MaybeFuture<A> = { readonly [K in keyof A]: A[K] | TaskFuture<A[K]> };

/** Arguments may be left out where the task takes none. */
type ArgsOf<A, T> = object extends A
  ? [args?: MaybeFuture<A>, options?: LaunchOptions<Awaited<T>>]
  : [args: MaybeFuture<A>, options?: LaunchOptions<Awaited<T>>];

/** @internal what a context is made of */
export interface ContextParts {
  readonly engine: Engine;
  readonly scope: ProgramScope;
  readonly projections: Projections;
  readonly inner: InnerPort;
  /** Another context of the run, whose tables this one shares. */
  readonly parent: Context | null;
  readonly point: Point;
  readonly domain: IndexSpace;
}

/**
 * Program order is the order of the calls on one context. Launching is cheap and does not wait (but for a full window
 * of tasks); only `await` waits.
 */
export class Context {
  readonly #engine: Engine;
  readonly #scope: ProgramScope;
  readonly #host: HostOperations;
  readonly #launcher: Launcher;
  #draws = 0;
  #regions = 0;
  /** Worker threads of this run. */
  readonly workers: number;
  /** Launches, retirements and lost workers, as they happen. */
  readonly events: EventEmitter<RunEvents>;
  /** In an inner task, the point of the launch domain that this instance is; empty for the main function. */
  readonly point: Point;
  /** The launch domain of an inner task. */
  readonly domain: IndexSpace;

  /** @internal */
  constructor({ engine, scope, projections, inner, parent, point, domain }: ContextParts) {
    this.#engine = engine;
    this.#scope = scope;
    this.#host = new HostOperations(engine, projections, scope);
    this.#launcher = new Launcher(
      engine,
      scope,
      projections,
      this.#host,
      inner,
      parent === null ? null : parent.#launcher,
    );
    this.workers = engine.graph.limits.workers;
    this.events = engine.events;
    this.point = point;
    this.domain = domain;
  }

  /** True once the run, or the launch of this inner task, was cancelled. */
  get aborted(): boolean {
    return this.#scope.cancelled !== null || this.#engine.options.signal?.aborted === true;
  }

  /** @internal where this context is: operation and point of every enclosing instance, as in `TaskError.path` */
  get path(): readonly number[] {
    return this.#scope.path;
  }

  /** @internal what a region of this context asks its operations of */
  get port(): RegionPort {
    return this.#host;
  }

  /** A new region: `extent` points (or an index space) with the fields of a field space, all zeros. */
  region<F extends Fields>(
    extent: readonly number[] | IndexSpace,
    space: FieldSpace<F>,
    options: { readonly name?: string } = {},
  ): Region<F, AllCaps<F>> {
    const points = extent instanceof IndexSpace ? extent : IndexSpace.extent(extent);
    this.#scope.check('region');
    const name = options.name ?? `region${this.#regions}`;
    this.#regions++;
    const tree = new Tree(this.#engine, this.#scope, points, space as unknown as FieldSpace, name);
    const region = rootRegion(this.#host, tree, space) as Region<F, AllCaps<F>>;
    const { leaks } = this.#engine.options;
    if (leaks !== null) {
      leaks.made(tree, region, here(this.region));
      tree.onFree = (freed) => leaks.freed(freed);
    }
    return region;
  }

  /** A region of `capacity` rows (first axis) for data that arrive: none is valid at first, see `GrowingRegion`. */
  growing<F extends Fields>(
    capacity: readonly number[],
    space: FieldSpace<F>,
    options: { readonly name?: string } = {},
  ): GrowingRegion<F, AllCaps<F>> {
    const region = this.region(IndexSpace.extent(capacity), space, options);
    return new GrowingRegion(this.#host, region.tree, space, region);
  }

  /**
   * Sets one field of all points to one value: a number (for all lanes; of a complex field the real part), or a list
   * with one number per lane (for a complex field also [re, im]).
   */
  fill<F extends Fields, K extends keyof F & string>(
    region: RegionRef<F, { [P in K]: Cap }>,
    field: K,
    value: FillValue<F[K]>,
    options?: FillOptions,
  ): void {
    fill(this.#launcher, null, region, field, value, here(this.fill), options);
  }

  /** The same for the subregion that every point of a domain is given: one operation. */
  indexFill<F extends Fields, K extends keyof F & string>(
    domain: readonly number[] | IndexSpace,
    regions: Projected<F, { [P in K]: Cap }, 'disjoint'>,
    field: K,
    value: FillValue<F[K]>,
    options?: FillOptions,
  ): void {
    fill(this.#launcher, this.#launcher.domain(domain), regions, field, value, here(this.indexFill), options);
  }

  /**
   * Copies fields of one region to fields of equal type of another (or to other fields of the same), on workers:
   *
   * ```ts
   * ctx.copy({ from: image, to: tile, fields: ['counts'] });             // the points of the tile
   * ctx.copy({ from: a, to: b, fields: { x: 'y' }, by: 'order' });       // b.x = a.y, k-th point to k-th point
   * ctx.copy({ from: table, to: rows, fields: ['x'], gather: { region: rows, field: 'key' } });  // x[p] = table.x[key[p]]
   * ctx.copy({ from: hits, to: sums, fields: ['n'], reduce: 'sum', scatter: { region: hits, field: 'bin' } });
   * ```
   *
   * Without pointers or `by: 'order'` every point of the destination must be a point of the source.
   * @throws BoundsError with a point that one side lacks; InterferenceError where source and destination meet
   */
  copy<F extends Fields, G extends Fields, const M extends CopiedFields<F, G>>(
    copied: Copy<F, G, M>,
    options?: FillOptions,
  ): void {
    copy(this.#launcher, null, copied, here(this.copy), options);
  }

  /** A copy for every point of a domain, between the subregions that the point is given: one operation. */
  indexCopy<F extends Fields, G extends Fields, const M extends CopiedFields<F, G>>(
    domain: readonly number[] | IndexSpace,
    copied: IndexCopy<F, G, M>,
    options?: FillOptions,
  ): void {
    copy(this.#launcher, this.#launcher.domain(domain), copied, here(this.indexCopy), options);
  }

  /**
   * Makes fields of a region the elements of something outside: of a file, or of an array of the program. Until the detach
   * the data belong to the run. What operations read is loaded when it is first needed, in program order and beside other
   * work; what they write (in mode `update` or `create`) is there at a flush, or at the detach.
   *
   * ```ts
   * const input = ctx.attach(frames, { counts: rawFile('dark.raw', { kind: 'u16' }) });
   * const output = ctx.attach(mean, { value: npy.source('mean.npy') }, { mode: 'create' });
   * ```
   *
   * The source has one element for every point of the region's bounding box, in row-major order. A field that is attached as a
   * whole may be larger than the memory: it is loaded by stretches, and what was not used for longest is given up.
   * @throws DataError for a file that is missing, too short, or not to be written; LaunchError for one that holds something else,
   * and for elements that are attached already
   */
  attach<F extends Fields>(
    region: RegionRef<F, Record<never, never>>,
    sources: AttachedSources<F>,
    options: AttachOptions = {},
  ): Attachment {
    const place = checkPlace(this.#engine, region, 'region', 'attach');
    if (!(place instanceof Region))
      throw new LaunchError(
        'attach: a partition is attached with ctx.indexAttach, a source for each colour.',
      );
    const regions = [{ space: place.indexSpace, sources }];
    return attach(this.#engine, this.#host, this.#scope, place.tree, regions, options, here(this.attach));
  }

  /** The same with sources for every colour of a partition: one file for each shard. One attachment. */
  indexAttach<F extends Fields>(
    partition: Partition<F, Record<never, never>, 'disjoint'> | Partition<F, AllCaps<F>, 'disjoint'>,
    sources: (colour: Point) => AttachedSources<F>,
    options: AttachOptions = {},
  ): Attachment {
    if (!(partition instanceof Partition) || !partition.index.disjoint) {
      throw new LaunchError(
        'indexAttach: what was given is no disjoint partition: an element can be attached to one source alone.',
      );
    }
    const { tree, index } = partition;
    const regions = index.subspaces.flatMap((space, i) =>
      space.empty ? [] : [{ space, sources: sources(index.colours.at(i)) }],
    );
    return attach(this.#engine, this.#host, this.#scope, tree, regions, options, here(this.indexAttach));
  }

  /** Runs a task once. */
  launch<R extends Requirements, A extends object, T>(
    task: Task<R, A, T>,
    regions: SingleArgs<R>,
    ...[args, options]: ArgsOf<A, T>
  ): TaskFuture<Awaited<T>> {
    return this.#launcher.single(
      task,
      regions,
      (args ?? {}) as Record<string, unknown>,
      here(this.launch),
      options,
    ) as TaskFuture<Awaited<T>>;
  }

  /** Runs a task for every point of a domain: one operation, however many points. */
  index<R extends Requirements, A extends object, T>(
    domain: readonly number[] | IndexSpace,
    task: Task<R, A, T>,
    regions: IndexArgs<R>,
    ...[args, options]: ArgsOf<A, T>
  ): FutureMap<Awaited<T>> {
    return this.#launcher.index(
      domain,
      task,
      regions,
      (args ?? {}) as Record<string, unknown>,
      here(this.index),
      options,
    ) as FutureMap<Awaited<T>>;
  }

  /** A condition from a future of a boolean or a number (which holds unless it is 0), for the launch option `when`. */
  predicate(future: TaskFuture<boolean> | TaskFuture<number>): Predicate {
    if (!(future instanceof TaskFuture)) {
      throw new LaunchError(
        'predicate: what was given is no future of one value: pass what a launch, map.at(point), map.reduce(operator) or future.map(f) returned.',
      );
    }
    return new Predicate(this.#launcher, this.#launcher.combine('is', [future]));
  }

  /**
   * Why a future is not there yet, in words: which tasks have not ended, what each does or whom it waits for, and where
   * that runs.
   */
  whyBlocked(future: TaskFuture<unknown> | FutureMap<unknown>): string {
    return this.#engine.whyBlocked(future.handle);
  }

  /** Resolves when everything launched so far has ended; rejects with the first failure that nobody was told of. */
  async fence(): Promise<void> {
    await this.#engine.fence(this.#scope);
    const error = this.#engine.untold(this.#scope);
    if (error !== null) throw error;
  }

  /** Resolves when the threads of all workers have come up: for programs that measure. Others need not wait. */
  started(): Promise<void> {
    return this.#engine.executor.started();
  }

  /** A random number in [0, 1), the same for every run with the same seed. */
  random(): number {
    const [key0, key1] = this.#scope.keys;
    return randomAt(key0, ~key1, 0, this.#draws++);
  }
}

/** Where the program called: the stack is only formatted if somebody looks. */
// biome-ignore lint/complexity/noBannedTypes: captureStackTrace takes any function as the one to leave out
function here(below: Function): { stack?: string } {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, below);
  return site;
}
