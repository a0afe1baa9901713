// Promises of the program that wait for a launch to end.
import type { Graph } from '../graph/layout.js';
import type { LaunchHandle } from './handle.js';

export class Watchers {
  /** How many wait. */
  count = 0;
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  add(handle: LaunchHandle, resolve: () => void): void {
    handle.watchers.push(resolve);
    this.count++;
    if (handle.slot >= 0) Atomics.store(this.#graph.watched, handle.slot, 1);
  }

  /** Nobody waits for the launch any more. */
  tell(handle: LaunchHandle): void {
    this.count -= handle.watchers.length;
    for (const watcher of handle.watchers.splice(0)) watcher();
  }
}
