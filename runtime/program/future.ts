// Values that are not there yet. Nothing is allocated for them but these handles; a promise exists only for a future
// that somebody awaits.
import { BoundsError, LaunchError } from '../errors.js';
import type { ReductionName } from '../privileges/index.js';
import type { Point } from '../spaces/index.js';
import type { LaunchHandle } from './handle.js';
import type { FuturePort } from './ports.js';

/** The value of one task. Can be awaited, and passed to a launch without waiting. */
export class TaskFuture<T> implements PromiseLike<T> {
  declare readonly __t?: T | undefined;
  /** @internal */ readonly handle: LaunchHandle;
  /** @internal */ readonly index: number;
  readonly #port: FuturePort;

  /** @internal */
  constructor(port: FuturePort, handle: LaunchHandle, index: number) {
    this.#port = port;
    this.handle = handle;
    this.index = index;
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is awaited like a promise
  then<U = T, E = never>(
    resolved?: ((value: T) => U | PromiseLike<U>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as in PromiseLike
    rejected?: ((reason: any) => E | PromiseLike<E>) | null,
  ): Promise<U | E> {
    return this.#port.valueOf(this.handle, this.index).then(resolved as (value: unknown) => U, rejected);
  }

  /** A future of a pure function of the value, computed on the launching thread. */
  map<U>(pure: (value: T) => U): TaskFuture<U> {
    return new TaskFuture<U>(
      this.#port,
      this.#port.map(this.handle, this.index, pure as (value: unknown) => unknown),
      0,
    );
  }
}

/** The values of the points of an index launch. */
export class FutureMap<T> implements PromiseLike<T[]> {
  declare readonly __t?: T | undefined;
  /** @internal */ readonly handle: LaunchHandle;
  readonly #port: FuturePort;

  /** @internal */
  constructor(port: FuturePort, handle: LaunchHandle) {
    this.#port = port;
    this.handle = handle;
  }

  /** The value of a point of the launch domain. */
  at(point: Point | number): TaskFuture<T> {
    const { domain } = this.handle;
    const coordinates = typeof point === 'number' ? [point] : point;
    const index = domain.indexOf(coordinates);
    if (index < 0) {
      throw new BoundsError(
        `Point (${coordinates.join(', ')}) is not in the launch domain ${domain}.`,
        coordinates,
      );
    }
    return new TaskFuture<T>(this.#port, this.handle, index);
  }

  /** All values folded with an operator, the same bits for any number of workers. */
  reduce(operator: ReductionName): TaskFuture<number> {
    if (this.handle.points === 0) throw new LaunchError('A launch of no points has no results to reduce.');
    return new TaskFuture<number>(this.#port, this.#port.fold(this.handle, operator), 0);
  }

  /** All values, in lexicographic order of the points, once all have ended. */
  // biome-ignore lint/suspicious/noThenProperty: a future map is awaited like a promise
  then<U = T[], E = never>(
    resolved?: ((value: T[]) => U | PromiseLike<U>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as in PromiseLike
    rejected?: ((reason: any) => E | PromiseLike<E>) | null,
  ): Promise<U | E> {
    return this.#port.valuesOf(this.handle).then(resolved as (value: unknown[]) => U, rejected);
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<[Point, T]> {
    const values = (await this) as T[];
    let index = 0;
    for (const point of this.handle.domain) yield [point, values[index++]!];
  }
}
