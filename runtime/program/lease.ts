// Leases (Legion: inline mappings): the program itself gets the views that a task would get, without a copy. A lease is
// an operation in program order; until it ends, whatever conflicts with it is refused at its call, because it could
// only wait for the program that waits for it.
import { LaunchError } from '../errors.js';
import type { Fields } from '../regions/index.js';
import type { Caps, Views } from './capabilities.js';
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';
import type { OpenLease, Tree } from './tree.js';

/** Views of a region for the launching thread. `using lease = await region.lease(...)` ends it with its block. */
export class Lease<F extends Fields, C extends Caps> implements Disposable {
  readonly #engine: Engine;
  readonly #handle: LaunchHandle;
  readonly #tree: Tree;
  readonly #open: OpenLease;
  #view: Views<F, C> | null;

  /** @internal */
  constructor(engine: Engine, handle: LaunchHandle, tree: Tree, open: OpenLease, view: Views<F, C>) {
    this.#engine = engine;
    this.#tree = tree;
    this.#handle = handle;
    this.#open = open;
    this.#view = view;
  }

  /** What a task with the same requirement would get: typed arrays on the region's own memory. Not to be kept. */
  get view(): Views<F, C> {
    if (this.#view === null) {
      throw new LaunchError(`The lease of region ${this.#tree.name} has ended: take another one.`);
    }
    return this.#view;
  }

  /** Operations that conflict may be launched again, and find what was written. */
  end(): void {
    if (this.#view === null) return;
    this.#view = null;
    this.#tree.closeLease(this.#open);
    this.#engine.endLease(this.#handle);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
