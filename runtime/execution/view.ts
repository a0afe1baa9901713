// The object a task body gets for one requirement: a typed array per field, and where the points are in it.

import type { Heap } from '../memory/heap.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import type { TypedArray } from '../privileges/element.js';
import type { ArrayConstructor } from '../regions/index.js';
import { reduceView } from './reduce-view.js';

/** A run of consecutive offsets. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/** Offsets 0 … n-1. */
class Offsets implements IterableIterator<number> {
  #next = 0;
  readonly #result = { done: false, value: 0 } as { done: boolean; value: number };
  readonly #end: number;
  constructor(end: number) {
    this.#end = end;
  }
  next(): IteratorResult<number> {
    if (this.#next < this.#end) this.#result.value = this.#next++;
    else this.#result.done = true;
    return this.#result as IteratorResult<number>;
  }
  [Symbol.iterator](): this {
    return this;
  }
}

class PieceOffsets implements IterableIterator<number> {
  readonly #pieces: Int32Array;
  readonly #result = { done: false, value: 0 } as { done: boolean; value: number };
  #piece = 0;
  #next = 0;
  #end = 0;
  constructor(pieces: Int32Array) {
    this.#pieces = pieces;
  }
  next(): IteratorResult<number> {
    if (this.#next === this.#end) {
      if (this.#piece === this.#pieces.length) {
        this.#result.done = true;
        return this.#result as IteratorResult<number>;
      }
      this.#next = this.#pieces[this.#piece]!;
      this.#end = this.#next + this.#pieces[this.#piece + 1]!;
      this.#piece += 2;
    }
    this.#result.value = this.#next++;
    return this.#result as IteratorResult<number>;
  }
  [Symbol.iterator](): this {
    return this;
  }
}

/** The points of a view, as offsets into its arrays (times the lanes of the field). Can be iterated again and again. */
export class Points implements Iterable<number> {
  readonly length: number;
  readonly #pieces: Int32Array | null;
  constructor(length: number, pieces: Int32Array | null) {
    this.length = length;
    this.#pieces = pieces;
  }
  [Symbol.iterator](): IterableIterator<number> {
    return this.#pieces === null ? new Offsets(this.length) : new PieceOffsets(this.#pieces);
  }
}

/** What every view has besides its fields. */
export interface Shape {
  /** Offsets of the points, in lexicographic order of their coordinates. */
  readonly points: Points;
  /** Number of points. */
  readonly volume: number;
  /** Inclusive bounds of the points. */
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  /** Offset between neighbours along each axis. */
  readonly strides: readonly number[];
  /** Maximal runs of consecutive offsets. */
  readonly pieces: readonly Piece[];
  /** Offset of the point with these coordinates. */
  at(x: number, y?: number, z?: number): number;
  /** Coordinates of the point at an offset. */
  coord(offset: number): number[];
}

/** A decoded view: `fields` in the order of the requirement. */
export class TaskView implements Shape {
  readonly points: Points;
  readonly volume: number;
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  readonly strides: readonly number[];
  readonly #pieces: Int32Array | null;
  readonly #origin: number;
  readonly #boxLow: readonly number[];
  [field: string]: unknown;

  constructor(heap: Heap, space: number, words: Int32Array) {
    const load = (index: number) => heap.load(space, index);
    const rank = load(SpaceWord.rank);
    const pieces = load(SpaceWord.runs);
    this.volume = load(SpaceWord.volume);
    const lo: number[] = [];
    const hi: number[] = [];
    const strides: number[] = [];
    const extent1 = words[ViewWord.box + 4]!;
    const extent2 = words[ViewWord.box + 5]!;
    const all = [extent1 * extent2, extent2, 1];
    const boxLow: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(load(SpaceWord.low + axis));
      hi.push(lo[axis]! + load(SpaceWord.extent + axis) - 1);
      strides.push(all[axis]!);
      boxLow.push(words[ViewWord.box + axis]!);
    }
    this.lo = lo;
    this.hi = hi;
    this.strides = strides;
    this.#boxLow = boxLow;
    this.#origin = load(SpaceWord.first);
    this.#pieces =
      pieces > 1 ? heap.int32(space, SpaceWord.data + 2 * pieces).subarray(SpaceWord.data) : null;
    this.points = new Points(this.volume, this.#pieces);
  }

  get pieces(): readonly Piece[] {
    const flat = this.#pieces;
    if (flat === null) return this.volume === 0 ? [] : [{ offset: 0, length: this.volume }];
    return Array.from({ length: flat.length / 2 }, (_, i) => ({
      offset: flat[2 * i]!,
      length: flat[2 * i + 1]!,
    }));
  }

  at(x: number, y = 0, z = 0): number {
    const { strides } = this;
    const low = this.#boxLow;
    let offset = (x - low[0]!) * strides[0]! - this.#origin;
    if (strides.length > 1) offset += (y - low[1]!) * strides[1]!;
    if (strides.length > 2) offset += (z - low[2]!) * strides[2]!;
    return offset;
  }

  coord(offset: number): number[] {
    let rest = offset + this.#origin;
    return this.strides.map((stride, axis) => {
      const steps = Math.floor(rest / stride);
      rest -= steps * stride;
      return steps + this.#boxLow[axis]!;
    });
  }
}

/** Names a view may not use for a field. */
export const RESERVED = ['points', 'volume', 'lo', 'hi', 'strides', 'pieces', 'at', 'coord'] as const;

/** A partial reduction: one contiguous stretch of the region tree's layout per reduced field. */
export interface Partial {
  /** First and one-past-last point, as positions in the layout. */
  readonly first: number;
  readonly last: number;
  /** Unit of the data of each reduced field, in the order of the view's fields (0 where the field is not reduced). */
  readonly units: readonly number[];
}

/**
 * Decodes the view at `unit`. A view with reductions needs the partial they go to. `guard` wraps what the body gets
 * in --check mode.
 */
export function decodeView(
  heap: Heap,
  unit: number,
  names: readonly string[],
  partial: Partial | null,
  guard?: (array: object, access: number, pieces: Int32Array | null, lanes: number, name: string) => object,
): TaskView {
  const fields = heap.load(unit, ViewWord.fields);
  const words = heap.int32(unit, ViewWord.data + FieldWord.size * fields);
  const space = words[ViewWord.space]!;
  const view = new TaskView(heap, space, words);
  const first = heap.load(space, SpaceWord.first);
  const span = heap.load(space, SpaceWord.last) - first;
  const pieceCount = heap.load(space, SpaceWord.runs);
  const pieces =
    pieceCount > 1 ? heap.int32(space, SpaceWord.data + 2 * pieceCount).subarray(SpaceWord.data) : null;
  for (let i = 0; i < fields; i++) {
    const at = ViewWord.data + FieldWord.size * i;
    const kind = words[at + FieldWord.kind]!;
    const lanes = words[at + FieldWord.lanes]!;
    const access = words[at + FieldWord.access]!;
    const reduces = access >= Access.reduce;
    const base = reduces ? partial!.units[i]! : words[at + FieldWord.unit]!;
    // A view of no points has no place in what holds the others: its first position may lie before it.
    const start = reduces ? partial!.first : words[at + FieldWord.first]!;
    const skip = span === 0 ? 0 : first - start;
    const array = elements(heap, kind, base, skip * lanes, span * lanes);
    const value = reduces ? reduceView(kind, access - Access.reduce, array) : array;
    view[names[i]!] = guard === undefined ? value : guard(value, access, pieces, lanes, names[i]!);
  }
  return view;
}

/** A typed array of `length` elements that starts `skip` elements into the block at `unit`. */
export function elements(heap: Heap, kind: number, unit: number, skip: number, length: number): TypedArray {
  // Shared memory everywhere; the list of constructors has no one signature that says so.
  const ArrayOfKind = ELEMENT_ARRAYS[kind]! as unknown as ArrayConstructor<TypedArray>;
  const { buffer, byte } = heap.locate(unit);
  return new ArrayOfKind(buffer, byte + skip * ArrayOfKind.BYTES_PER_ELEMENT, length);
}

// Views hand out plain typed arrays: an own class, or an own property, would make every kernel's loops see two kinds of
// object. The one method that views add to them is put on their common prototype instead, once per thread.
const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
if (!('unsafeRaw' in typedArrayPrototype)) {
  Object.defineProperty(typedArrayPrototype, 'unsafeRaw', {
    value(this: TypedArray) {
      return this;
    },
  });
}
