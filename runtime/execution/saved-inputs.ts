// Copies of what a task may update, made before its first attempt, so that another attempt finds what the first one found.
// Only the points of the views are copied: what lies between the pieces of a view may belong to tasks that run now.
import type { Heap } from '../memory/heap.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';

const HEADER = 8;

/** Calls `visit` with the bytes of every piece of every updated field of some views, always in the same order. */
function eachPiece(heap: Heap, views: readonly number[], visit: (bytes: Uint8Array) => void): void {
  for (const view of views) {
    const space = heap.load(view, ViewWord.space);
    const first = heap.load(space, SpaceWord.first);
    const pieces = heap.load(space, SpaceWord.runs);
    const list = pieces > 1 ? heap.int32(space, SpaceWord.data + 2 * pieces) : null;
    for (let f = 0; f < heap.load(view, ViewWord.fields); f++) {
      const at = ViewWord.data + FieldWord.size * f;
      if (heap.load(view, at + FieldWord.access) !== Access.write) continue;
      const stride =
        heap.load(view, at + FieldWord.lanes) *
        ELEMENT_ARRAYS[heap.load(view, at + FieldWord.kind)]!.BYTES_PER_ELEMENT;
      const { buffer, byte } = heap.locate(heap.load(view, at + FieldWord.unit));
      const start = heap.load(view, at + FieldWord.first);
      const piece = (from: number, length: number) =>
        visit(new Uint8Array(buffer, byte + (from - start) * stride, length * stride));
      if (list === null) {
        const length = heap.load(space, SpaceWord.last) - first;
        if (length > 0) piece(first, length);
      } else {
        for (let p = 0; p < pieces; p++) {
          piece(first + list[SpaceWord.data + 2 * p]!, list[SpaceWord.data + 2 * p + 1]!);
        }
      }
    }
  }
}

/** A heap block with what the views update. */
export function saveInputs(heap: Heap, views: readonly number[]): number {
  let bytes = HEADER;
  eachPiece(heap, views, (piece) => {
    bytes += piece.length;
  });
  const unit = Math.abs(heap.allocate(bytes));
  if (unit === 0) throw new RangeError(`there is no room for ${bytes} bytes that another attempt would need`);
  heap.store(unit, 0, bytes % 2 ** 30);
  heap.store(unit, 1, Math.floor(bytes / 2 ** 30));
  const { buffer, byte } = heap.locate(unit);
  let at = byte + HEADER;
  eachPiece(heap, views, (piece) => {
    new Uint8Array(buffer, at, piece.length).set(piece);
    at += piece.length;
  });
  return unit;
}

/** Puts back what was saved of the same views. */
export function restoreInputs(heap: Heap, views: readonly number[], unit: number): void {
  const { buffer, byte } = heap.locate(unit);
  let at = byte + HEADER;
  eachPiece(heap, views, (piece) => {
    piece.set(new Uint8Array(buffer, at, piece.length));
    at += piece.length;
  });
}

export function freeInputs(heap: Heap, unit: number): void {
  heap.free(unit, heap.load(unit, 0) + heap.load(unit, 1) * 2 ** 30);
}
