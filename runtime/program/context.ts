// What a program's main function is given: everything it can ask of the runtime.

import type { EventEmitter } from 'eventemitter3';
import { LaunchError } from '../errors.js';
import { randomAt } from '../execution/random.js';
import type { Element } from '../privileges/index.js';
import type { FieldSpace, Fields } from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { AllCaps, Cap, RegionRef } from './capabilities.js';
import type { Engine, RunEvents } from './engine.js';
import { type FutureMap, TaskFuture } from './future.js';
import { HostOperations } from './host.js';
import type { FillOptions, LaunchOptions } from './launch-options.js';
import { Launcher } from './launcher.js';
import { Predicate } from './predicate.js';
import { Projections } from './projections.js';
import { type ArrayOf, Region, rootRegion } from './region.js';
import type { IndexArgs, Requirements, SingleArgs, Task } from './task.js';
import { Tree } from './tree.js';

/** Arguments of which any may be a future. */
export type MaybeFuture<A> = { readonly [K in keyof A]: A[K] | TaskFuture<A[K]> };

/** Arguments may be left out where the task takes none. */
type ArgsOf<A, T> = object extends A
  ? [args?: MaybeFuture<A>, options?: LaunchOptions<Awaited<T>>]
  : [args: MaybeFuture<A>, options?: LaunchOptions<Awaited<T>>];

/**
 * Program order is the order of the calls on one context. Launching is cheap and does not wait (but for a full window
 * of tasks); only `await` waits.
 */
export class Context {
  readonly #engine: Engine;
  readonly #host: HostOperations;
  readonly #launcher: Launcher;
  readonly #seed: number;
  #draws = 0;
  #regions = 0;
  /** Worker threads of this run. */
  readonly workers: number;
  /** Launches, retirements and lost workers, as they happen. */
  readonly events: EventEmitter<RunEvents>;

  /** @internal */
  constructor(engine: Engine) {
    this.#engine = engine;
    const projections = new Projections(engine);
    this.#host = new HostOperations(engine, projections);
    this.#launcher = new Launcher(engine, projections, this.#host);
    this.#seed = engine.options.seed;
    this.workers = engine.graph.limits.workers;
    this.events = engine.events;
  }

  /** A new region: `extent` points (or an index space) with the fields of a field space, all zeros. */
  region<F extends Fields>(
    extent: readonly number[] | IndexSpace,
    space: FieldSpace<F>,
    options: { readonly name?: string } = {},
  ): Region<F, AllCaps<F>> {
    const points = extent instanceof IndexSpace ? extent : IndexSpace.extent(extent);
    const name = options.name ?? `region${this.#regions}`;
    this.#regions++;
    const tree = new Tree(this.#engine, points, space as unknown as FieldSpace, name);
    return rootRegion(this.#host, tree, space) as Region<F, AllCaps<F>>;
  }

  /** Sets one field of all points to one value. */
  fill<F extends Fields, K extends keyof F & string>(
    region: RegionRef<F, { [P in K]: Cap }>,
    field: K,
    value: Element<ArrayOf<F[K]>> | number | TaskFuture<number>,
    options?: FillOptions,
  ): void {
    if (!(region instanceof Region)) throw new LaunchError('fill: what was given is no region.');
    this.#launcher.fill(region, field, value, here(this.fill), options);
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

  /** Resolves when everything launched so far has ended; rejects with the first failure that nobody was told of. */
  async fence(): Promise<void> {
    await this.#engine.quiet();
    const error = this.#engine.untold();
    if (error !== null) throw error;
  }

  /** A random number in [0, 1), the same for every run with the same seed. */
  random(): number {
    return randomAt(this.#seed, 0xffffffff, 0, this.#draws++);
  }
}

/** Where the program called: the stack is only formatted if somebody looks. */
// biome-ignore lint/complexity/noBannedTypes: captureStackTrace takes any function as the one to leave out
function here(below: Function): { stack?: string } {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, below);
  return site;
}
