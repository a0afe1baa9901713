// What a program has not given back when its run ends: told on request, with the place in the program that made it.
import { launchSite } from './launch-site.js';
import type { Tree } from './tree.js';

/** A region that was not freed, or a lease that was not ended. */
export interface Leak {
  readonly what: 'region' | 'lease';
  /** The region's name. */
  readonly name: string;
  /** Memory of its fields; 0 for leases, which have none of their own. */
  readonly bytes: number;
  /** Where it was made: `file:line:column` in the program. */
  readonly site: string;
}

/** Keeps the trees of a run that were not freed. Only runs that ask for leaks have one. */
export class LeakWatch {
  readonly #trees = new Map<Tree, { readonly stack?: string }>();
  readonly #log: (line: string) => void;
  /** Says when a region is out of the program's reach and was not freed. It frees nothing: order is the program's. */
  readonly #lost = new FinalizationRegistry<Tree>((tree) => {
    const site = this.#trees.get(tree);
    if (site === undefined || tree.freed) return;
    this.#log(
      `region ${tree.name}, made at ${launchSite(site)}, was lost without being freed: use using, or free()`,
    );
  });

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** `handle` is what the program holds of the tree. */
  made(tree: Tree, handle: object, site: { readonly stack?: string }): void {
    this.#trees.set(tree, site);
    this.#lost.register(handle, tree);
  }

  freed(tree: Tree): void {
    this.#trees.delete(tree);
  }

  /** In the order in which regions were made. */
  report(): Leak[] {
    return [...this.#trees].flatMap(([tree, site]): Leak[] => [
      { what: 'region', name: tree.name, bytes: tree.bytes, site: launchSite(site) },
      ...tree.leases.map(
        (lease): Leak => ({ what: 'lease', name: tree.name, bytes: 0, site: launchSite(lease.site) }),
      ),
    ]);
  }
}
