// How a task's view of a requirement lies in shared memory: which points (a space), which fields, where they are.
// The launching thread writes these once per (partition, colour, fields, instance); the lanes read them once each.
import type { IndexSpace } from '../spaces/index-space.js';
import type { Heap } from './heap.js';

/** The typed array that holds an element kind, in the order of ELEMENT_KINDS: the position is the code in shared memory. */
export const ELEMENT_ARRAYS = [
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
  Uint8Array,
] as const;

/**
 * Access codes of a field: -1 overwrite, 0 read, 1 write (after reading, maybe), 2 + position of the operator in
 * REDUCTIONS for a reduction.
 */
export const Access = { overwrite: -1, read: 0, write: 1, reduce: 2 } as const;

/** Row-major layout of every instance of a region tree: the bounding box of its root, padded to three axes. */
export interface Box {
  readonly rank: number;
  readonly lo: readonly number[];
  readonly extent: readonly number[];
}

export function boxOf(space: IndexSpace): Box {
  const lo = [0, 0, 0];
  const extent = [1, 1, 1];
  for (let axis = 0; axis < space.rank; axis++) {
    lo[axis] = space.empty ? 0 : space.lo[axis]!;
    extent[axis] = space.empty ? 0 : space.hi[axis]! - space.lo[axis]! + 1;
  }
  return { rank: space.rank, lo, extent };
}

/** Points in a box. */
export function boxVolume(box: Box): number {
  return box.extent[0]! * box.extent[1]! * box.extent[2]!;
}

export const SpaceWord = {
  rank: 0,
  volume: 1,
  low: 2,
  extent: 5,
  runs: 8,
  first: 9,
  last: 10,
  data: 16,
} as const;

/** Calls back with the stretches of a box's layout that a space takes (first position, points), in lexicographic order. */
export function forEachPiece(
  space: IndexSpace,
  { lo, extent }: Box,
  visit: (first: number, points: number) => void,
): void {
  const last = space.rank - 1;
  space.forEachRun((lead, from, to) => {
    let at = 0;
    for (let axis = 0; axis <= last; axis++)
      at = at * extent[axis]! + (axis < last ? lead[axis]! : from) - lo[axis]!;
    visit(at, to - from + 1);
  });
}

/**
 * Writes a space as seen from instances of `box`: its bounds, and its maximal contiguous pieces in the layout of the
 * box as (offset from its first element, length). One piece has no list: the view is contiguous.
 */
export function writeSpace(heap: Heap, space: IndexSpace, box: Box): { unit: number; bytes: number } {
  const starts: number[] = [];
  const lengths: number[] = [];
  forEachPiece(space, box, (start, length) => {
    const last = starts.length - 1;
    if (last >= 0 && starts[last]! + lengths[last]! === start) lengths[last]! += length;
    else {
      starts.push(start);
      lengths.push(length);
    }
  });
  const pieces = starts.length;
  const first = starts[0] ?? 0;
  const last = pieces === 0 ? 0 : starts[pieces - 1]! + lengths[pieces - 1]!;
  const bytes = 4 * (SpaceWord.data + (pieces > 1 ? 2 * pieces : 0));
  const unit = Math.abs(heap.allocate(bytes));
  const words = heap.int32(unit, bytes / 4);
  words[SpaceWord.rank] = space.rank;
  words[SpaceWord.volume] = space.volume;
  const bounds = boxOf(space);
  for (let axis = 0; axis < 3; axis++) {
    words[SpaceWord.low + axis] = bounds.lo[axis]!;
    words[SpaceWord.extent + axis] = bounds.extent[axis]!;
  }
  words[SpaceWord.runs] = pieces;
  words[SpaceWord.first] = first;
  words[SpaceWord.last] = last;
  if (pieces > 1) {
    for (let i = 0; i < pieces; i++) {
      words[SpaceWord.data + 2 * i] = starts[i]! - first;
      words[SpaceWord.data + 2 * i + 1] = lengths[i]!;
    }
  }
  return { unit, bytes };
}

export const ViewWord = { serial: 0, space: 1, fields: 2, box: 4, data: 10 } as const;
export const FieldWord = { kind: 0, lanes: 1, access: 2, unit: 3, first: 4, size: 5 } as const;

/**
 * One field of a view. `unit` is where its instance is, and `first` the position in the layout of the first point that
 * the instance holds.
 */
export interface FieldOfView {
  readonly kind: number;
  readonly lanes: number;
  readonly access: number;
  readonly unit: number;
  readonly first: number;
}

let serials = 0;

/** Writes a view; its serial number tells a lane whether what it cached for this block is still meant. */
export function writeView(
  heap: Heap,
  spaceUnit: number,
  box: Box,
  fields: readonly FieldOfView[],
): { unit: number; bytes: number } {
  const bytes = 4 * (ViewWord.data + FieldWord.size * fields.length);
  const unit = Math.abs(heap.allocate(bytes));
  const words = heap.int32(unit, bytes / 4);
  words[ViewWord.serial] = serials = (serials + 1) | 0;
  words[ViewWord.space] = spaceUnit;
  words[ViewWord.fields] = fields.length;
  for (let axis = 0; axis < 3; axis++) {
    words[ViewWord.box + axis] = box.lo[axis]!;
    words[ViewWord.box + 3 + axis] = box.extent[axis]!;
  }
  fields.forEach((field, i) => {
    const at = ViewWord.data + FieldWord.size * i;
    words[at + FieldWord.kind] = field.kind;
    words[at + FieldWord.lanes] = field.lanes;
    words[at + FieldWord.access] = field.access;
    words[at + FieldWord.unit] = field.unit;
    words[at + FieldWord.first] = field.first;
  });
  return { unit, bytes };
}
