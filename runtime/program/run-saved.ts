// Runs one saved task again, alone, on this thread: with the views, arguments and random numbers that it had.
import { UsageError } from '../errors.js';
import { guardBut } from '../execution/guard.js';
import type { Leaf, Resource, TaskContext } from '../execution/leaf.js';
import { randomAt } from '../execution/random.js';
import { Resources } from '../execution/resources.js';
import { decodeView, elements, type Partial } from '../execution/view.js';
import { importLeaf } from '../executors/load-task.js';
import { createGraph } from '../graph/layout.js';
import { Heap } from '../memory/heap.js';
import { type SavedTask, SavedTaskFile, type SavedView } from '../memory/saved-task.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import { ELEMENT_KINDS, type TypedArray } from '../privileges/element.js';
import { fillIdentity } from '../privileges/reduction.js';
import { REDUCTIONS } from '../privileges/usage.js';

/** A task and a point as they are typed: `fit@3`, `fit@3,0`. @throws UsageError for anything else */
export function taskPoint(text: string): { task: string; point: number[] } {
  const match = /^(.+)@(-?\d+(?:,-?\d+)*)$/.exec(text);
  if (match === null) {
    throw new UsageError(`${text} names no point of a task: expected NAME@POINT, such as fit@3 or fit@3,0.`);
  }
  return { task: match[1]!, point: match[2]!.split(',').map(Number) };
}

/** What a task left in a field that it may write, or gave to one that it reduces: the values at its points, in order. */
export interface SavedOutput {
  readonly requirement: string;
  readonly field: string;
  readonly lanes: number;
  readonly values: TypedArray;
}

/** What became of a saved task. */
export interface SavedRun {
  readonly saved: SavedTask;
  /** What it returned, if it ended well. */
  readonly value: unknown;
  /** What it threw, if it did. */
  readonly thrown: { readonly error: unknown } | null;
  readonly outputs: readonly SavedOutput[];
}

export interface SavedRunOptions {
  /** Guards around what the body gets (--check). */
  readonly check?: boolean;
  /** The module that has the task now, given the one it was saved from. */
  readonly moduleOf?: (module: string) => string;
  /** A debugger is attached: stop right before the body. */
  readonly stop?: boolean;
  /** Where `context.log` goes; default the error stream. */
  readonly log?: (line: string) => void;
}

/** A field of a view that was brought back. */
interface LoadedField {
  readonly name: string;
  readonly kind: number;
  readonly lanes: number;
  readonly access: number;
  readonly unit: number;
}

interface LoadedView {
  readonly saved: SavedView;
  readonly unit: number;
  readonly partial: Partial;
  readonly fields: readonly LoadedField[];
}

class AloneContext implements TaskContext {
  readonly point: readonly number[];
  readonly domain: TaskContext['domain'];
  readonly lane = 0;
  readonly attempt = 0;
  readonly aborted = false;
  readonly gang = null;
  readonly #saved: SavedTask;
  readonly #log: (line: string) => void;
  readonly #resources = new Resources();
  #draws = 0;

  constructor(saved: SavedTask, log: (line: string) => void) {
    this.#saved = saved;
    this.#log = log;
    this.point = saved.point;
    this.domain = saved.domain;
  }

  random(): number {
    const { key0, key1, index } = this.#saved;
    return randomAt(key0, key1, index, this.#draws++);
  }

  log(...words: unknown[]): void {
    this.#log(`${this.#saved.task} ${this.point.join(',')}: ${words.map(String).join(' ')}`);
  }

  use<T>(resource: Resource<T>): T {
    return this.#resources.use(resource);
  }

  dispose(): void {
    this.#resources.dispose();
  }
}

function fieldsOf({ view, fields }: SavedView): Omit<LoadedField, 'unit'>[] {
  return fields.map((name, f) => {
    const at = ViewWord.data + FieldWord.size * f;
    return {
      name,
      kind: view[at + FieldWord.kind]!,
      lanes: view[at + FieldWord.lanes]!,
      access: view[at + FieldWord.access]!,
    };
  });
}

/** Positions from the first point of a view to the last. */
function spanOf({ space }: SavedView): number {
  return space[SpaceWord.last]! - space[SpaceWord.first]!;
}

function strideOf({ kind, lanes }: { kind: number; lanes: number }): number {
  return ELEMENT_ARRAYS[kind]!.BYTES_PER_ELEMENT * lanes;
}

/** Address space for all fields, each from the first point of its view to the last. */
function heapFor(views: readonly SavedView[]): Heap {
  let bytes = 2 ** 20;
  for (const view of views) {
    bytes += 4 * (view.space.length + view.view.length);
    for (const field of fieldsOf(view)) bytes += 64 + spanOf(view) * strideOf(field);
  }
  const { control, lanes } = createGraph({ records: 16, edges: 16, launches: 2, tasks: 1, workers: 1 });
  return Heap.reserve(bytes, control, lanes);
}

/** Puts a view and the contents of its fields into the heap. */
function load(heap: Heap, saved: SavedView, file: SavedTaskFile): LoadedView {
  const put = (words: Int32Array): number => {
    const unit = Math.abs(heap.allocate(4 * words.length));
    heap.int32(unit, words.length).set(words);
    return unit;
  };
  const first = saved.space[SpaceWord.first]!;
  const last = saved.space[SpaceWord.last]!;
  const words = saved.view.slice();
  words[ViewWord.space] = put(saved.space);
  const fields = fieldsOf(saved).map((field, f): LoadedField => {
    const reduces = field.access >= Access.reduce;
    const stride = strideOf(field);
    const unit = Math.abs(heap.allocate(Math.max(1, spanOf(saved) * stride)));
    if (reduces) {
      const all = elements(heap, field.kind, unit, 0, spanOf(saved) * field.lanes);
      fillIdentity(ELEMENT_KINDS[field.kind]!, REDUCTIONS[field.access - Access.reduce]!, all);
    } else {
      const at = ViewWord.data + FieldWord.size * f;
      words[at + FieldWord.unit] = unit;
      words[at + FieldWord.first] = first;
    }
    const bytes = saved.bytes[f]!;
    if (bytes > 0) {
      const { buffer, byte } = heap.locate(unit);
      file.next(new Uint8Array(buffer, byte, bytes), `${saved.name}.${field.name}`);
    }
    return { ...field, unit };
  });
  const units = fields.map(({ access, unit }) => (access >= Access.reduce ? unit : 0));
  return { saved, unit: put(words), fields, partial: { first, last, units } };
}

/** The values of a field at the points of its view. */
function valuesOf(heap: Heap, { saved }: LoadedView, { lanes, kind, unit }: LoadedField): TypedArray {
  const all = elements(heap, kind, unit, 0, spanOf(saved) * lanes);
  const pieces = saved.space[SpaceWord.runs]!;
  if (pieces <= 1) return all.slice();
  const values = new (all.constructor as new (length: number) => TypedArray)(
    saved.space[SpaceWord.volume]! * lanes,
  );
  let at = 0;
  for (let p = 0; p < pieces; p++) {
    const from = saved.space[SpaceWord.data + 2 * p]! * lanes;
    const length = saved.space[SpaceWord.data + 2 * p + 1]! * lanes;
    // Both arrays are of one kind, which their common type does not say.
    (values as Float64Array).set(all.subarray(from, from + length) as Float64Array, at);
    at += length;
  }
  return values;
}

/** Calls the body; the place where a debugger stops. */
function call(
  leaf: Leaf,
  views: Readonly<Record<string, unknown>>,
  args: unknown,
  context: TaskContext,
  stop: boolean,
) {
  if (stop) {
    // biome-ignore lint/suspicious/noDebugger: this is what was asked for; the next step leads into the task
    debugger;
  }
  return leaf.run(views, args, context);
}

/**
 * Runs a saved task alone. What its body throws is part of the result.
 * @throws DataError for a damaged file, UsageError where the task is not there any more or asks for something else now
 */
export async function runSaved(path: string, options: SavedRunOptions = {}): Promise<SavedRun> {
  const file = new SavedTaskFile(path);
  const { task: saved } = file;
  const heap = heapFor(saved.views);
  const loaded = saved.views.map((view) => load(heap, view, file));
  file.close();
  const module = (options.moduleOf ?? ((same) => same))(saved.module);
  const leaf = await importLeaf(module, saved.task).catch((error: Error) => {
    throw new UsageError(`${saved.task} cannot be run again: ${error.message}.`, { cause: error });
  });
  const shape = (names: readonly string[], fields: readonly (readonly string[])[]) =>
    names.map((name, r) => `${name} {${fields[r]!.join(', ')}}`).join(', ');
  const now = shape(leaf.requirements, leaf.fields);
  const then = shape(
    saved.views.map(({ name }) => name),
    saved.views.map(({ fields }) => fields),
  );
  if (now !== then) {
    throw new UsageError(
      `${saved.task} asked for ${then || 'no regions'} when it was saved, and now asks for ${now || 'none'}: save it again.`,
    );
  }
  const guard = (r: number) => (options.check ? guardBut(leaf.shared?.[r] ?? []) : undefined);
  const views = Object.fromEntries(
    loaded.map(({ saved: { name, fields }, unit, partial }, r) => [
      name,
      decodeView(heap, unit, fields, partial, guard(r)),
    ]),
  );
  const context = new AloneContext(saved, options.log ?? ((line) => process.stderr.write(`${line}\n`)));
  let value: unknown;
  let thrown: SavedRun['thrown'] = null;
  try {
    value = await call(leaf, views, saved.args, context, options.stop ?? false);
  } catch (error) {
    thrown = { error };
  } finally {
    context.dispose();
  }
  const outputs = loaded.flatMap((view) =>
    view.fields
      .filter(({ access }) => access !== Access.read)
      .map((field) => ({
        requirement: view.saved.name,
        field: field.name,
        lanes: field.lanes,
        values: valuesOf(heap, view, field),
      })),
  );
  return { saved, value, thrown, outputs };
}
