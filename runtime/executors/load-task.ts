// On a lane's own thread: finds tasks by module and export name, and imports each module once.

import { BUILTIN, builtinLeaf } from '../execution/builtin.js';
import type { Leaf } from '../execution/leaf.js';
import { readTaskName } from '../execution/task-name.js';
import type { Graph } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';

/** Every task made with `task()` carries its leaf under this name. */
interface ExportedTask {
  readonly name: string;
  readonly leaf: Leaf;
}

function isTask(value: unknown): value is ExportedTask {
  return typeof value === 'object' && value !== null && 'leaf' in value && 'name' in value;
}

export class TaskLoader {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #leaves: (Leaf | undefined)[] = [];

  constructor(graph: Graph, heap: Heap) {
    this.#graph = graph;
    this.#heap = heap;
  }

  has(task: number): boolean {
    return this.#leaves[task] !== undefined;
  }

  get(task: number): Leaf {
    return this.#leaves[task]!;
  }

  /** Loads a task (or one of an exported list of tasks). One that cannot be loaded becomes a task that says so when it is run. */
  async load(task: number): Promise<void> {
    const { module, name } = readTaskName(this.#heap, this.#graph.taskName[task]!);
    const builtin = module === BUILTIN ? builtinLeaf(name) : undefined;
    this.#leaves[task] =
      builtin ?? (await importLeaf(module, name).catch((error: Error) => refusal(name, error)));
  }
}

/** A task that says, when it is run, why it could not be loaded. */
function refusal(name: string, why: Error): Leaf {
  return {
    name,
    requirements: [],
    fields: [],
    run: () => {
      throw new Error(why.message);
    },
  };
}

/** The task of a name that a module exports, by itself or in a list. @throws an error that says why there is none */
export async function importLeaf(module: string, name: string): Promise<Leaf> {
  let exports: Record<string, unknown>;
  try {
    exports = (await import(module)) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`its module ${module} does not load in a worker: ${(error as Error).message}`);
  }
  const found = Object.values(exports)
    .flat()
    .find((value) => isTask(value) && value.name === name) as ExportedTask | undefined;
  if (found !== undefined) return found.leaf;
  throw new Error(
    `${module} exports no task called ${name}: export it, so that workers can find it by its name`,
  );
}
