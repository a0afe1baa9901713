// Run lists: the normal form of a set of points. A run is a maximal stretch of points along the last axis.
// A list of runs is an Int32Array with rank + 1 integers per run: the leading coordinates, then the first and
// the last coordinate on the last axis (both inclusive), in lexicographic order. Two sets are equal exactly
// when their run lists are equal, whatever way they came about.
import type { Rank } from './point.js';

/** Compares the leading coordinates of run `i` of `a` with those of run `j` of `b`. */
export function compareLead(rank: Rank, a: Int32Array, i: number, b: Int32Array, j: number): number {
  const stride = rank + 1;
  for (let axis = 0; axis < rank - 1; axis++) {
    const difference = a[i * stride + axis]! - b[j * stride + axis]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Collects runs that arrive in lexicographic order of their first points; joins runs that touch or overlap. */
export class RunBuilder {
  readonly rank: Rank;
  #runs: Int32Array;
  #length = 0;

  constructor(rank: Rank, expectedRuns = 8) {
    this.rank = rank;
    this.#runs = new Int32Array(Math.max(1, expectedRuns) * (rank + 1));
  }

  /** Adds lo..hi at the leading coordinates found in `lead` from `at` on. Runs must arrive in order. */
  push(lead: ArrayLike<number>, at: number, lo: number, hi: number): void {
    const { rank } = this;
    const last = this.#length - 1;
    let joins = this.#length > 0;
    for (let axis = 0; joins && axis < rank - 1; axis++) {
      joins = this.#runs[this.#length - rank - 1 + axis] === lead[at + axis];
    }
    if (joins && lo <= this.#runs[last]! + 1) {
      if (hi > this.#runs[last]!) this.#runs[last] = hi;
      return;
    }
    if (this.#length + rank + 1 > this.#runs.length) {
      const larger = new Int32Array(this.#runs.length * 2);
      larger.set(this.#runs);
      this.#runs = larger;
    }
    for (let axis = 0; axis < rank - 1; axis++) this.#runs[this.#length + axis] = lead[at + axis]!;
    this.#runs[this.#length + rank - 1] = lo;
    this.#runs[this.#length + rank] = hi;
    this.#length += rank + 1;
  }

  /** The runs so far, in an array of exactly their size. */
  finish(): Int32Array {
    return this.#runs.slice(0, this.#length);
  }
}

/** Brings runs in any order, overlapping or empty (hi < lo), into normal form. */
export function normalise(rank: Rank, runs: Int32Array): Int32Array {
  const stride = rank + 1;
  const count = runs.length / stride;
  const before = (i: number, j: number): number =>
    compareLead(rank, runs, i, runs, j) || runs[i * stride + rank - 1]! - runs[j * stride + rank - 1]!;
  let sorted = true;
  for (let i = 1; sorted && i < count; i++) sorted = before(i - 1, i) <= 0;
  const builder = new RunBuilder(rank, count);
  if (sorted) {
    for (let i = 0; i < count; i++) pushRun(builder, runs, i);
  } else {
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    order.sort(before);
    for (let k = 0; k < count; k++) pushRun(builder, runs, order[k]!);
  }
  return builder.finish();
}

function pushRun(builder: RunBuilder, runs: Int32Array, i: number): void {
  const at = i * (builder.rank + 1);
  const lo = runs[at + builder.rank - 1]!;
  const hi = runs[at + builder.rank]!;
  if (lo <= hi) builder.push(runs, at, lo, hi);
}

/** The runs of a box, one per combination of leading coordinates. */
export function runsOfBox(rank: Rank, lo: ArrayLike<number>, hi: ArrayLike<number>): Int32Array {
  const stride = rank + 1;
  let count = 1;
  for (let axis = 0; axis < rank - 1; axis++) count *= hi[axis]! - lo[axis]! + 1;
  const runs = new Int32Array(count * stride);
  const lead = Array.from({ length: rank - 1 }, (_, axis) => lo[axis]!);
  for (let i = 0, at = 0; i < count; i++, at += stride) {
    for (let axis = 0; axis < rank - 1; axis++) runs[at + axis] = lead[axis]!;
    runs[at + rank - 1] = lo[rank - 1]!;
    runs[at + rank] = hi[rank - 1]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      if (++lead[axis]! <= hi[axis]!) break;
      lead[axis] = lo[axis]!;
    }
  }
  return runs;
}

/** The runs of the points whose coordinates follow each other in `flat` (rank numbers per point, any order). */
export function runsOfPoints(rank: Rank, flat: Int32Array): Int32Array {
  const count = flat.length / rank;
  if (rank === 1) {
    const sorted = isSorted(flat) ? flat : flat.slice().sort();
    const builder = new RunBuilder(rank);
    for (let i = 0; i < count; i++) builder.push(sorted, i, sorted[i]!, sorted[i]!);
    return builder.finish();
  }
  const before = (i: number, j: number): number => {
    for (let axis = 0; axis < rank; axis++) {
      const difference = flat[i * rank + axis]! - flat[j * rank + axis]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const order = new Uint32Array(count);
  let sorted = true;
  for (let i = 0; i < count; i++) {
    order[i] = i;
    if (i > 0 && before(i - 1, i) > 0) sorted = false;
  }
  if (!sorted) order.sort(before);
  const builder = new RunBuilder(rank);
  for (let k = 0; k < count; k++) {
    const at = order[k]! * rank;
    builder.push(flat, at, flat[at + rank - 1]!, flat[at + rank - 1]!);
  }
  return builder.finish();
}

function isSorted(values: Int32Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i - 1]! > values[i]!) return false;
  return true;
}

/**
 * The first run, from run `from` on, that ends at or after the given place: its leading coordinates are
 * greater than those in `lead`, or equal with hi >= `coordinate`. The number of runs when there is none.
 */
export function seekRun(
  rank: Rank,
  runs: Int32Array,
  from: number,
  lead: ArrayLike<number>,
  at: number,
  coordinate: number,
): number {
  const stride = rank + 1;
  const count = runs.length / stride;
  // Gallop first: in merges the answer is usually near.
  let step = 1;
  let low = from;
  let high = from;
  while (high < count && endsBefore(rank, runs, high, lead, at, coordinate)) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  if (high > count) high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endsBefore(rank, runs, middle, lead, at, coordinate)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function endsBefore(
  rank: Rank,
  runs: Int32Array,
  run: number,
  lead: ArrayLike<number>,
  at: number,
  coordinate: number,
): boolean {
  const start = run * (rank + 1);
  for (let axis = 0; axis < rank - 1; axis++) {
    const difference = runs[start + axis]! - lead[at + axis]!;
    if (difference !== 0) return difference < 0;
  }
  return runs[start + rank]! < coordinate;
}
