// The kinds of task of a run, each with a number by which workers and the log know it.
import { LaunchError } from '../errors.js';
import type { Leaf } from '../execution/leaf.js';
import { type TaskName, writeTaskName } from '../execution/task-name.js';
import type { Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';

export class TaskKinds {
  /** By number. */
  readonly names: string[] = [];
  readonly leaves: Leaf[] = [];
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #ids = new Map<Leaf, number>();
  readonly #taken = new Set<string>();
  readonly #modules = new Map<string, number>();

  constructor(graph: Graph, heap: Heap) {
    this.#graph = graph;
    this.#heap = heap;
  }

  /** The number of a task; a new one the first time. */
  id(leaf: Leaf, name: TaskName): number {
    let id = this.#ids.get(leaf);
    if (id === undefined) {
      id = this.leaves.length;
      const key = `${name.module}\n${name.name}`;
      if (this.#taken.has(key)) {
        throw new LaunchError(
          `${name.module} has two tasks called ${name.name}: workers find tasks by name, so each needs its own.`,
        );
      }
      this.#taken.add(key);
      if (id === this.#graph.limits.tasks) throw new RangeError(`a program has at most ${id} kinds of task`);
      this.leaves.push(leaf);
      this.names.push(leaf.name);
      this.#graph.taskName[id] = writeTaskName(this.#heap, name, this.#modules);
      this.#ids.set(leaf, id);
    }
    return id;
  }
}
