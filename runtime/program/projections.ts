// Which colour every point of a launch gets: computed once per (partition, projection, domain) and kept, here and in
// shared memory.
import { BoundsError, formatPoint } from '../errors.js';
import type { IndexPartition } from '../regions/index.js';
import type { IndexSpace, Point } from '../spaces/index.js';
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';
import { InvertibleProjection, invert, type PointsByColour, type Projection } from './invertible.js';

/** Projections written in a loop are new functions every time: so many are kept in shared memory. */
const BLOCKS_KEPT = 512;

interface Block {
  readonly unit: number;
  readonly bytes: number;
  /** Launches that use it and have not ended. */
  users: number;
}

export class Projections {
  readonly #engine: Engine;
  readonly #projected = new WeakMap<IndexPartition, Map<unknown, Map<IndexSpace, Int32Array>>>();
  readonly #inverses = new WeakMap<Int32Array, PointsByColour>();
  /** What lies in shared memory, the oldest first. */
  readonly #blocks = new Map<Int32Array, Block>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The points by colour, where an inverse of the projection was given. */
  inverse(colours: Int32Array | null): PointsByColour | undefined {
    return colours === null ? undefined : this.#inverses.get(colours);
  }

  /** The same colour for every point. */
  constant(partition: IndexPartition, domain: IndexSpace, colour: number): Int32Array | null {
    if (domain.volume === 1 && colour === 0) return null;
    return this.#keep(partition, colour, domain, () => new Int32Array(domain.volume).fill(colour));
  }

  project(
    partition: IndexPartition,
    domain: IndexSpace,
    projection: Projection | InvertibleProjection | null,
    where: string,
  ): Int32Array | null {
    const { colours } = partition;
    if (projection === null && colours.equals(domain)) return null;
    const project = projection instanceof InvertibleProjection ? projection.project : projection;
    return this.#keep(partition, projection, domain, () => {
      const positions = new Int32Array(domain.volume);
      let i = 0;
      for (const point of domain) {
        const to = project === null ? point : project(point);
        const colour: Point = typeof to === 'number' ? [to] : to;
        const position = colours.indexOf(colour);
        if (position < 0) {
          throw new BoundsError(
            `${where}: point ${formatPoint(point)} of the launch is projected to colour ${formatPoint(colour)}, but the partition has the colours ${colours}.`,
            point,
          );
        }
        positions[i++] = position;
      }
      if (projection instanceof InvertibleProjection)
        this.#inverses.set(positions, invert(partition, domain, positions, projection.inverse, where));
      return positions;
    });
  }

  #keep(partition: IndexPartition, key: unknown, domain: IndexSpace, make: () => Int32Array): Int32Array {
    let byKey = this.#projected.get(partition);
    if (byKey === undefined) this.#projected.set(partition, (byKey = new Map()));
    let byDomain = byKey.get(key);
    if (byDomain === undefined) {
      // Projections written in the loop are new functions every time: keep few.
      if (byKey.size > 256) byKey.clear();
      byKey.set(key, (byDomain = new Map()));
    }
    let positions = byDomain.get(domain);
    if (positions === undefined) byDomain.set(domain, (positions = make()));
    return positions;
  }

  /** Where the colours are in shared memory, at least as long as the launch lives. */
  unit(colours: Int32Array, handle: LaunchHandle): number {
    let block = this.#blocks.get(colours);
    if (block === undefined) {
      if (this.#blocks.size >= BLOCKS_KEPT) this.#trim();
      const bytes = 4 * colours.length;
      block = { unit: this.#engine.allocate(bytes, 'projections', false), bytes, users: 0 };
      this.#engine.heap.int32(block.unit, colours.length).set(colours);
      this.#blocks.set(colours, block);
    }
    this.#engine.hold(handle, block);
    return block.unit;
  }

  /** Gives back the oldest blocks that no launch uses. */
  #trim(): void {
    for (const [colours, { unit, bytes, users }] of this.#blocks) {
      if (users > 0) continue;
      this.#engine.heap.free(unit, bytes);
      this.#blocks.delete(colours);
      if (this.#blocks.size <= BLOCKS_KEPT / 2) return;
    }
  }
}
