// A search tree over labelled boxes: which boxes meet a given box. Balanced, built by median splits, O(R log R).
import type { LabelledBoxes } from './sweep.js';

const LEAF_SIZE = 8;

/** Answers which of many labelled boxes meet a query box, in O(log R + hits) for boxes that hardly overlap. */
export class BoxIndex {
  readonly #boxes: LabelledBoxes;
  /** The boxes in the order of the leaves. */
  readonly #order: Uint32Array;
  /** Bounds of the nodes in depth-first order: rank numbers lo, rank numbers hi. */
  readonly #nodeBounds: Int32Array;
  /** The node after the whole subtree of a node, and for leaves the range of `order`. */
  readonly #skip: Int32Array;
  readonly #first: Int32Array;
  readonly #until: Int32Array;
  readonly #nodes: number;

  constructor(boxes: LabelledBoxes) {
    const { rank, bounds, labels } = boxes;
    const count = labels.length;
    this.#boxes = boxes;
    this.#order = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.#order[i] = i;
    const capacity = Math.max(1, 4 * Math.ceil(count / LEAF_SIZE));
    this.#nodeBounds = new Int32Array(capacity * 2 * rank);
    this.#skip = new Int32Array(capacity);
    this.#first = new Int32Array(capacity);
    this.#until = new Int32Array(capacity);
    let nodes = 0;

    const build = (from: number, until: number): void => {
      const node = nodes++;
      const at = node * 2 * rank;
      for (let axis = 0; axis < rank; axis++) {
        let lo = Number.POSITIVE_INFINITY;
        let hi = Number.NEGATIVE_INFINITY;
        for (let k = from; k < until; k++) {
          const box = this.#order[k]! * 2 * rank;
          lo = Math.min(lo, bounds[box + axis]!);
          hi = Math.max(hi, bounds[box + rank + axis]!);
        }
        this.#nodeBounds[at + axis] = lo;
        this.#nodeBounds[at + rank + axis] = hi;
      }
      if (until - from <= LEAF_SIZE) {
        this.#first[node] = from;
        this.#until[node] = until;
      } else {
        let widest = 0;
        let width = -1;
        for (let axis = 0; axis < rank; axis++) {
          const extent = this.#nodeBounds[at + rank + axis]! - this.#nodeBounds[at + axis]!;
          if (extent > width) {
            width = extent;
            widest = axis;
          }
        }
        const middle = (from + until) >>> 1;
        this.#select(from, until - 1, middle, widest);
        build(from, middle);
        build(middle, until);
      }
      this.#skip[node] = nodes;
    };
    if (count > 0) build(0, count);
    this.#nodes = nodes;
  }

  /** Puts the box with the median centre on `axis` at `middle`, smaller ones before it (Hoare's selection). */
  #select(low: number, high: number, middle: number, axis: number): void {
    const { rank, bounds } = this.#boxes;
    const order = this.#order;
    // Twice the centre.
    const key = (k: number): number => {
      const at = order[k]! * 2 * rank + axis;
      return bounds[at]! + bounds[at + rank]!;
    };
    while (low < high) {
      const pivot = key((low + high) >>> 1);
      let i = low;
      let j = high;
      while (i <= j) {
        while (key(i) < pivot) i++;
        while (key(j) > pivot) j--;
        if (i <= j) {
          const swap = order[i]!;
          order[i++] = order[j]!;
          order[j--] = swap;
        }
      }
      if (middle <= j) high = j;
      else if (middle >= i) low = i;
      else return;
    }
  }

  /**
   * Calls `visit` with the label of every box that meets the box lo..hi, read from `lo[at]` and `hi[hiAt]` on. A
   * label comes once per box of it that meets.
   */
  visitMeeting(
    lo: ArrayLike<number>,
    at: number,
    hi: ArrayLike<number>,
    hiAt: number,
    visit: (label: number) => void,
  ): void {
    const { rank, bounds, labels } = this.#boxes;
    for (let node = 0; node < this.#nodes; ) {
      if (!meets(rank, this.#nodeBounds, node * 2 * rank, lo, at, hi, hiAt)) {
        node = this.#skip[node]!;
        continue;
      }
      for (let k = this.#first[node]!; k < this.#until[node]!; k++) {
        const box = this.#order[k]!;
        if (meets(rank, bounds, box * 2 * rank, lo, at, hi, hiAt)) visit(labels[box]!);
      }
      node++;
    }
  }
}

function meets(
  rank: number,
  bounds: Int32Array,
  box: number,
  lo: ArrayLike<number>,
  at: number,
  hi: ArrayLike<number>,
  hiAt: number,
): boolean {
  for (let axis = 0; axis < rank; axis++) {
    if (bounds[box + axis]! > hi[hiAt + axis]! || bounds[box + rank + axis]! < lo[at + axis]!) return false;
  }
  return true;
}
