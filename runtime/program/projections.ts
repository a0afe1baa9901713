// Which colour every point of a launch gets: computed once per (partition, projection, domain) and kept, here and in
// shared memory.
import { BoundsError, formatPoint } from '../errors.js';
import type { IndexPartition } from '../regions/index.js';
import type { IndexSpace, Point } from '../spaces/index.js';
import type { Engine } from './engine.js';
import type { Projection } from './region.js';

export class Projections {
  readonly #engine: Engine;
  readonly #projected = new WeakMap<IndexPartition, Map<unknown, Map<IndexSpace, Int32Array>>>();
  readonly #projectionUnits = new WeakMap<Int32Array, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The same colour for every point. */
  constant(partition: IndexPartition, domain: IndexSpace, colour: number): Int32Array | null {
    if (domain.volume === 1 && colour === 0) return null;
    return this.#keep(partition, colour, domain, () => new Int32Array(domain.volume).fill(colour));
  }

  project(
    partition: IndexPartition,
    domain: IndexSpace,
    project: Projection | null,
    where: string,
  ): Int32Array | null {
    const { colours } = partition;
    if (project === null && colours.equals(domain)) return null;
    return this.#keep(partition, project, domain, () => {
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

  unit(colours: Int32Array): number {
    let unit = this.#projectionUnits.get(colours);
    if (unit === undefined) {
      unit = this.#engine.allocate(4 * colours.length, 'projections', false);
      this.#engine.heap.int32(unit, colours.length).set(colours);
      this.#projectionUnits.set(colours, unit);
    }
    return unit;
  }
}
