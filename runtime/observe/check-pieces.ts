// The points of a region tree cut into pieces, so fine that every subspace that was used so far is a union of some. A
// piece is what the checker keeps users for: two subspaces share a point if they share a piece, and no geometry is needed
// once the pieces are there. They are cut when a partition is first used, and never joined again, so there are at most
// as many as the region has points.
import { type IndexSpace, unionAll } from '../spaces/index.js';

/** Colours of a partition that follow each other along the first axis without touching. */
interface Layer {
  readonly lo: number[];
  readonly hi: number[];
  readonly spaces: IndexSpace[];
}

/** Subspaces in layers, so that those that meet a piece are found by bisection. */
function layersOf(spaces: readonly IndexSpace[]): Layer[] {
  const sorted = [...new Set(spaces)].filter((space) => !space.empty).sort((a, b) => a.lo[0]! - b.lo[0]!);
  const layers: Layer[] = [];
  // Layers by where they end: the one that ends first takes the next space, if that begins later.
  const heap: { end: number; layer: Layer }[] = [];
  for (const space of sorted) {
    const first = heap[0];
    let layer: Layer;
    if (first !== undefined && first.end < space.lo[0]!) {
      layer = first.layer;
      first.end = space.hi[0]!;
      sink(heap);
    } else {
      layer = { lo: [], hi: [], spaces: [] };
      layers.push(layer);
      heap.push({ end: space.hi[0]!, layer });
      rise(heap);
    }
    layer.lo.push(space.lo[0]!);
    layer.hi.push(space.hi[0]!);
    layer.spaces.push(space);
  }
  return layers;
}

function sink(heap: { end: number }[]): void {
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    if (left >= heap.length) return;
    const least = left + 1 < heap.length && heap[left + 1]!.end < heap[left]!.end ? left + 1 : left;
    if (heap[least]!.end >= heap[i]!.end) return;
    [heap[i], heap[least]] = [heap[least]!, heap[i]!];
    i = least;
  }
}

function rise(heap: { end: number }[]): void {
  for (let i = heap.length - 1; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (heap[parent]!.end <= heap[i]!.end) return;
    [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
    i = parent;
  }
}

/** Calls `visit` for the spaces of a layer whose extent along the first axis meets that of a space. */
function visitLayer(layer: Layer, space: IndexSpace, visit: (other: IndexSpace) => void): void {
  const { lo, hi, spaces } = layer;
  let from = 0;
  let to = hi.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (hi[middle]! < space.lo[0]!) from = middle + 1;
    else to = middle;
  }
  for (; from < lo.length && lo[from]! <= space.hi[0]!; from++) visit(spaces[from]!);
}

export class Pieces<T> {
  /** The points of every piece; empty where it was cut into others. */
  readonly spaces: IndexSpace[];
  /** What is kept for every piece. */
  readonly kept: T[];
  /** The pieces that a piece was cut into. */
  readonly #parts: (readonly number[] | null)[] = [null];
  readonly #empty: () => T;
  readonly #copy: (kept: T) => T;
  /** The pieces of every subspace used, and how many there were in all when they were found. */
  readonly #found = new Map<IndexSpace, { pieces: number[]; cuts: number }>();
  #cuts = 0;

  /** `copy` makes what is kept for a part of a piece from what was kept for the piece. */
  constructor(root: IndexSpace, empty: () => T, copy: (kept: T) => T) {
    this.spaces = [root];
    this.kept = [empty()];
    this.#empty = empty;
    this.#copy = copy;
  }

  /** The pieces of a subspace of a partition (all of whose subspaces are cut out at the first use). */
  of(space: IndexSpace, partition: readonly IndexSpace[]): readonly number[] {
    let found = this.#found.get(space);
    if (found === undefined) {
      this.#cut(partition);
      found = this.#found.get(space)!;
    }
    if (found.cuts !== this.#cuts) {
      found.pieces = this.#refined(found.pieces);
      found.cuts = this.#cuts;
    }
    return found.pieces;
  }

  /** Numbers of the pieces that were not cut. */
  *whole(): IterableIterator<number> {
    for (let piece = 0; piece < this.spaces.length; piece++) if (this.#parts[piece] === null) yield piece;
  }

  #refined(pieces: readonly number[]): number[] {
    const refined: number[] = [];
    const visit = (piece: number): void => {
      const parts = this.#parts[piece]!;
      if (parts === null) refined.push(piece);
      else for (const part of parts) visit(part);
    };
    for (const piece of pieces) visit(piece);
    return refined;
  }

  #cut(partition: readonly IndexSpace[]): void {
    const fresh = partition.filter((space) => !this.#found.has(space));
    const layers = layersOf(fresh);
    for (const layer of layers) {
      const end = this.spaces.length;
      for (let piece = 0; piece < end; piece++) {
        if (this.#parts[piece] === null) this.#cutPiece(piece, layer);
      }
    }
    this.#cuts++;
    for (const space of fresh) this.#found.set(space, { pieces: [], cuts: this.#cuts });
    for (const piece of this.whole()) {
      const points = this.spaces[piece]!;
      const visit = (space: IndexSpace): void => {
        if (points.overlaps(space)) this.#found.get(space)!.pieces.push(piece);
      };
      for (const layer of layers) visitLayer(layer, points, visit);
    }
  }

  #cutPiece(piece: number, layer: Layer): void {
    const points = this.spaces[piece]!;
    if (points.empty) return;
    const meeting: IndexSpace[] = [];
    let covered = false;
    visitLayer(layer, points, (space) => {
      if (!points.overlaps(space)) return;
      meeting.push(space);
      covered = space.covers(points);
    });
    if (meeting.length === 0 || covered) return;
    const parts = meeting.map((space) => points.intersect(space));
    const rest = points.minus(unionAll(parts, points.rank));
    if (!rest.empty) parts.push(rest);
    this.#parts[piece] = parts.map((part) => {
      this.spaces.push(part);
      this.kept.push(this.#copy(this.kept[piece]!));
      this.#parts.push(null);
      return this.spaces.length - 1;
    });
    this.kept[piece] = this.#empty();
  }
}
