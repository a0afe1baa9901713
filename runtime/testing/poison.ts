// Which elements were never written because a task failed, and which operation that was.
import type { Ordinals } from './brute-partitions.js';
import type { Subregion } from './live-region.js';
import type { Launch, Privilege } from './program-description.js';

/** The number of the operation that failed first, in program order; undefined is none. */
export type Root = number | undefined;

export const earlier = (a: Root, b: Root): Root =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** Poison by region and field, element by element. Regions are told apart as objects. */
export class Poison {
  readonly #roots = new Map<object, Map<string, Map<number, number>>>();

  copy(): Poison {
    const other = new Poison();
    for (const [region, fields] of this.#roots)
      other.#roots.set(region, new Map([...fields].map(([field, roots]) => [field, new Map(roots)])));
    return other;
  }

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

  /** The first failure that has reached what tasks take through some privileges. */
  rootOf(
    launch: Launch,
    tasks: readonly (readonly Subregion[])[],
    takes: (kind: Privilege['kind']) => boolean,
  ): Root {
    let root: Root;
    launch.requirements.forEach(({ fields }, r) => {
      for (const { field, privilege } of fields) {
        if (!takes(privilege.kind)) continue;
        for (const task of tasks) root = earlier(root, this.at(task[r]!.region, field, task[r]!.ordinals));
      }
    });
    return root;
  }

  /** Poisons (or cleans) what tasks write through some privileges. */
  spoil(
    launch: Launch,
    tasks: readonly (readonly Subregion[])[],
    root: Root,
    writes: (kind: Privilege['kind']) => boolean,
  ): void {
    launch.requirements.forEach(({ fields }, r) => {
      for (const { field, privilege } of fields) {
        if (!writes(privilege.kind)) continue;
        for (const task of tasks) this.set(task[r]!.region, field, task[r]!.ordinals, root);
      }
    });
  }
}
