// Growing data: a region of the capacity that a live source may fill, of which a prefix along the first axis is valid.
import { whole } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import type { FieldSpace, Fields } from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { Caps } from './capabilities.js';
import type { RegionPort } from './ports.js';
import { Region } from './region.js';
import type { Tree } from './tree.js';

/**
 * A region whose valid prefix grows. `region` has the whole capacity, to be partitioned once; operations that reach past
 * the valid prefix are refused.
 *
 * ```ts
 * using shots = ctx.growing([10_000, 64, 64], Image);
 * const batch = shots.grow(32);                       // the subregion of the 32 new rows
 * ctx.launch(readDetector, { out: batch });
 * ctx.launch(average, { images: shots.valid });       // all rows so far
 * ```
 *
 * A new batch shares no point with the ones before, so writing it disturbs none of their readers.
 */
export class GrowingRegion<F extends Fields, C extends Caps> implements Disposable {
  /** All rows that there may ever be. */
  readonly region: Region<F, C>;
  readonly #port: RegionPort;
  readonly #tree: Tree;
  readonly #space: FieldSpace<F>;
  #length = 0;
  #valid: Region<F, C>;

  /** @internal */
  constructor(port: RegionPort, tree: Tree, space: FieldSpace<F>, region: Region<F, C>) {
    this.region = region;
    this.#port = port;
    this.#tree = tree;
    this.#space = space;
    tree.valid = IndexSpace.empty(tree.space.rank);
    this.#valid = this.#rows(0, 0);
  }

  /** Rows that are valid. */
  get length(): number {
    return this.#length;
  }

  /** Rows there may be. */
  get capacity(): number {
    return this.#tree.space.hi[0]! - this.#tree.space.lo[0]! + 1;
  }

  /** The subregion of the rows that are valid now. It does not grow by itself: ask again. */
  get valid(): Region<F, C> {
    return this.#valid;
  }

  /** Makes `rows` more rows valid, and gives their subregion. All zeros, until something writes them. */
  grow(rows: number): Region<F, C> {
    this.#tree.check();
    if (!Number.isInteger(rows) || rows < 0)
      throw new LaunchError(`grow: region ${this.#tree.name} grows by a number of rows, not by ${rows}.`);
    const from = this.#length;
    if (from + rows > this.capacity) {
      throw new LaunchError(
        `grow: region ${this.#tree.name} has ${from} of ${this.capacity} rows, so it cannot grow by ${rows}: make its capacity larger.`,
      );
    }
    this.#length += rows;
    this.#valid = this.#rows(0, this.#length);
    this.#tree.valid = this.#valid.indexSpace;
    return this.#rows(from, this.#length);
  }

  #rows(from: number, until: number): Region<F, C> {
    const { space } = this.#tree;
    const { lo, hi } = space;
    const part =
      until === from
        ? IndexSpace.empty(space.rank)
        : IndexSpace.box([lo[0]! + from, ...lo.slice(1)], [lo[0]! + until - 1, ...hi.slice(1)]);
    return new Region<F, C>(this.#port, this.#tree, this.#space, whole(part), 0);
  }

  free(): void {
    this.region.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
