// Saves tasks with their inputs: those that fail, or those of one name and point. One per lane.
import { join } from 'node:path';
import { type Graph, MAX_REQUIREMENTS } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { type SavedTask, type SavedView, writeSavedTask } from '../memory/saved-task.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';

/** Which tasks are saved, and where: a plain object, as it goes to other threads. */
export interface SavedTasks {
  readonly folder: string;
  /** Those that fail; or those of a name and a point. */
  readonly which: 'failed' | { readonly task: string; readonly point: readonly number[] };
}

/** Files that one lane writes at most: where everything fails, more tell nothing new. */
const FILES_MAX = 64;

/** The ending of the files. */
export const SAVED_ENDING = '.task';

/** The name of the file of a task: its point, and then its operation, since a point is launched again and again. */
export function savedName(task: string, point: readonly number[], operation: number): string {
  return `${task.replace(/[^\w.-]/g, '_')}@${point.join(',')}.${operation}${SAVED_ENDING}`;
}

/** A point of a launch, and what its views are called. The rest of what is saved is in the graph. */
export interface TaskToSave extends Omit<SavedTask, 'views' | 'operation' | 'key0' | 'key1'> {
  readonly slot: number;
  readonly requirements: readonly string[];
  readonly fields: readonly (readonly string[])[];
}

export class TaskSaver {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #which: SavedTasks;
  readonly #log: (line: string) => void;
  #files = 0;

  constructor(graph: Graph, heap: Heap, which: SavedTasks, log: (line: string) => void) {
    this.#graph = graph;
    this.#heap = heap;
    this.#which = which;
    this.#log = log;
  }

  get failed(): boolean {
    return this.#which.which === 'failed';
  }

  /** Whether a point is one that is asked for by its name. */
  wants(task: string, point: readonly number[]): boolean {
    const { which } = this.#which;
    if (which === 'failed' || which.task !== task || which.point.length !== point.length) return false;
    return which.point.every((value, axis) => value === point[axis]);
  }

  /** Writes the file of a point, from what its views show now. That it cannot be written is no failure of the task. */
  save({ slot, requirements, fields, ...known }: TaskToSave): void {
    if (this.#files++ >= FILES_MAX) return;
    const { key0, key1, operation } = this.#graph;
    const contents: Uint8Array[] = [];
    const views = requirements.map((requirement, r) =>
      this.#view(requirement, fields[r]!, slot, r, known.index, contents),
    );
    const task: SavedTask = {
      ...known,
      views,
      operation: operation[slot]!,
      key0: key0[slot]!,
      key1: key1[slot]!,
    };
    const path = join(this.#which.folder, savedName(task.task, task.point, task.operation));
    try {
      writeSavedTask(path, task, contents);
    } catch (error) {
      this.#log(`maniple: the inputs of ${task.task} could not be saved: ${(error as Error).message}`);
    }
  }

  #view(
    name: string,
    fields: readonly string[],
    slot: number,
    requirement: number,
    index: number,
    contents: Uint8Array[],
  ): SavedView {
    const heap = this.#heap;
    const { bindings, projections } = this.#graph;
    const at = slot * MAX_REQUIREMENTS + requirement;
    const projection = projections[at]!;
    const unit = heap.load(bindings[at]!, projection === 0 ? index : heap.load(projection, index));
    const count = heap.load(unit, ViewWord.fields);
    const view = heap.int32(unit, ViewWord.data + FieldWord.size * count).slice();
    const spaceUnit = view[ViewWord.space]!;
    const pieces = heap.load(spaceUnit, SpaceWord.runs);
    const space = heap.int32(spaceUnit, SpaceWord.data + (pieces > 1 ? 2 * pieces : 0)).slice();
    const first = space[SpaceWord.first]!;
    const span = space[SpaceWord.last]! - first;
    const bytes: number[] = [];
    for (let f = 0; f < count; f++) {
      const word = ViewWord.data + FieldWord.size * f;
      const access = view[word + FieldWord.access]!;
      const element = ELEMENT_ARRAYS[view[word + FieldWord.kind]!]!.BYTES_PER_ELEMENT;
      const stride = element * view[word + FieldWord.lanes]!;
      const reads = access === Access.read || access === Access.write;
      bytes.push(reads ? span * stride : 0);
      if (!reads || span === 0) continue;
      const { buffer, byte } = heap.locate(view[word + FieldWord.unit]!);
      // A tile of an attached field holds a stretch of the layout.
      const at = first - view[word + FieldWord.first]!;
      contents.push(new Uint8Array(buffer, byte + at * stride, span * stride));
    }
    return { name, fields, space, view, bytes };
  }
}
