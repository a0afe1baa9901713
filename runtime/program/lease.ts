// Leases (Legion: inline mappings): the program itself gets the views that a task would get, without a copy. A lease is
// an operation in program order; until it ends, whatever conflicts with it is refused at its call, because it could
// only wait for the program that waits for it. What an inner task leases ends with its body at the latest.
import { LaunchError } from '../errors.js';
import type { Fields } from '../regions/index.js';
import type { Caps, Views } from './capabilities.js';
import type { LeaseState } from './handle.js';

/** Views of a region for the launching thread. `using lease = await region.lease(...)` ends it with its block. */
export class Lease<F extends Fields, C extends Caps> implements Disposable {
  readonly #region: string;
  readonly #state: LeaseState;
  readonly #end: () => void;
  readonly #view: Views<F, C>;

  /** @internal `end` is called whenever the lease is to end. */
  constructor(region: string, state: LeaseState, view: Views<F, C>, end: () => void) {
    this.#region = region;
    this.#state = state;
    this.#view = view;
    this.#end = end;
  }

  /** What a task with the same requirement would get: typed arrays on the region's own memory. Not to be kept. */
  get view(): Views<F, C> {
    if (this.#state.over) {
      throw new LaunchError(`The lease of region ${this.#region} has ended: take another one.`);
    }
    return this.#view;
  }

  /** Operations that conflict may be launched again, and find what was written. */
  end(): void {
    this.#end();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
