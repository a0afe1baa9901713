// Where a task kind is found by threads that do not share our objects. Kinds of one module share its name in memory.
import type { Heap } from '../memory/heap.js';
import { readValue, writeValue } from '../memory/launch-layout.js';

/** Module and export name of a task. */
export interface TaskName {
  readonly module: string;
  readonly name: string;
}

/** The name as a block of its own; `modules` are the blocks of the modules so far. */
export function writeTaskName(heap: Heap, { module, name }: TaskName, modules: Map<string, number>): number {
  let unit = modules.get(module);
  if (unit === undefined) modules.set(module, (unit = writeValue(heap, module)));
  return writeValue(heap, { module: unit, name });
}

export function readTaskName(heap: Heap, unit: number): TaskName {
  const { module, name } = readValue(heap, unit) as { module: number; name: string };
  return { module: readValue(heap, module) as string, name };
}
