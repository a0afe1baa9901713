// Which elements were never written because a task failed, and which operation that was.
import type { Ordinals } from './brute-partitions.js';

/** The number of the operation that failed first, in program order; undefined is none. */
export type Root = number | undefined;

export const earlier = (a: Root, b: Root): Root =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** Poison by region and field, element by element. Regions are told apart as objects. */
export class Poison {
  readonly #roots = new Map<object, Map<string, Map<number, number>>>();

  /** The first root among some elements. */
  at(region: object, field: string, ordinals: Ordinals): Root {
    const roots = this.#roots.get(region)?.get(field);
    if (!roots || roots.size === 0) return undefined;
    let first: Root;
    for (const o of ordinals) first = earlier(first, roots.get(o));
    return first;
  }

  /** Poisons elements; without a root they are clean again. */
  set(region: object, field: string, ordinals: Ordinals, root: Root): void {
    let fields = this.#roots.get(region);
    if (!fields) {
      if (root === undefined) return;
      this.#roots.set(region, (fields = new Map()));
    }
    let roots = fields.get(field);
    if (!roots) fields.set(field, (roots = new Map()));
    for (const o of ordinals) {
      if (root === undefined) roots.delete(o);
      else roots.set(o, root);
    }
  }
}
