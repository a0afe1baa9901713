// Where two sets first meet: searches that stop at the first common point and allocate nothing.
import type { Rank } from './point.js';
import { compareLead, seekRun } from './run-list.js';

/** The first common point of two run lists goes to `found`; false when they have none. */
export function meetRuns(rank: Rank, a: Int32Array, b: Int32Array, found: Int32Array): boolean {
  const stride = rank + 1;
  const countA = a.length / stride;
  const countB = b.length / stride;
  let i = 0;
  let j = 0;
  while (i < countA && j < countB) {
    const atA = i * stride;
    const atB = j * stride;
    const order = compareLead(rank, a, i, b, j);
    const loA = a[atA + rank - 1]!;
    const loB = b[atB + rank - 1]!;
    if (order < 0 || (order === 0 && a[atA + rank]! < loB)) {
      i = seekRun(rank, a, i + 1, b, atB, loB);
    } else if (order > 0 || b[atB + rank]! < loA) {
      j = seekRun(rank, b, j + 1, a, atA, loA);
    } else {
      for (let axis = 0; axis < rank - 1; axis++) found[axis] = a[atA + axis]!;
      found[rank - 1] = loA > loB ? loA : loB;
      return true;
    }
  }
  return false;
}

const target = new Int32Array(2);

/** The first point of a run list inside the box lo..hi goes to `found`; false when there is none. */
export function meetRunsBox(
  rank: Rank,
  runs: Int32Array,
  lo: ArrayLike<number>,
  hi: ArrayLike<number>,
  found: Int32Array,
): boolean {
  const stride = rank + 1;
  const count = runs.length / stride;
  const last = rank - 1;
  const loLast = lo[last]!;
  let i = seekRun(rank, runs, 0, lo, 0, loLast);
  while (i < count) {
    const at = i * stride;
    // The first axis that lies outside of the box decides how far to skip.
    let axis = 0;
    while (axis < last && runs[at + axis]! >= lo[axis]! && runs[at + axis]! <= hi[axis]!) axis++;
    if (axis === last && runs[at + last]! <= hi[last]! && runs[at + rank]! >= loLast) {
      for (let k = 0; k < last; k++) found[k] = runs[at + k]!;
      found[last] = runs[at + last]! > loLast ? runs[at + last]! : loLast;
      return true;
    }
    // Next candidate: the leading coordinates of this run, moved on at the offending axis and those after it.
    for (let k = 0; k < last; k++) target[k] = runs[at + k]!;
    if (axis < last && runs[at + axis]! < lo[axis]!) {
      for (let k = axis; k < last; k++) target[k] = lo[k]!;
    } else if (axis < last || runs[at + last]! > hi[last]!) {
      // Above the box on `axis`: carry into the axis before. (A run that ends below the box on the last axis
      // leaves the leading coordinates as they are.)
      let carry = axis - 1;
      while (carry >= 0 && target[carry]! >= hi[carry]!) carry--;
      if (carry < 0) return false;
      target[carry] = target[carry]! + 1;
      for (let k = carry + 1; k < last; k++) target[k] = lo[k]!;
    }
    i = seekRun(rank, runs, i + 1, target, 0, loLast);
  }
  return false;
}
