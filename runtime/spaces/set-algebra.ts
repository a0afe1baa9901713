// Union, intersection and difference of sets in normal form: merges of two sorted run lists, O(runs of both).
import type { Rank } from './point.js';
import { compareLead, RunBuilder, seekRun } from './run-list.js';

/** The runs of a ∪ b. */
export function unionRuns(rank: Rank, a: Int32Array, b: Int32Array): Int32Array {
  const stride = rank + 1;
  const countA = a.length / stride;
  const countB = b.length / stride;
  const builder = new RunBuilder(rank, countA + countB);
  let i = 0;
  let j = 0;
  while (i < countA || j < countB) {
    let takeA = j >= countB;
    if (i < countA && j < countB) {
      const order = compareLead(rank, a, i, b, j) || a[i * stride + rank - 1]! - b[j * stride + rank - 1]!;
      takeA = order <= 0;
    }
    const from = takeA ? a : b;
    const at = (takeA ? i++ : j++) * stride;
    builder.push(from, at, from[at + rank - 1]!, from[at + rank]!);
  }
  return builder.finish();
}

/** The runs of a ∩ b. */
export function intersectRuns(rank: Rank, a: Int32Array, b: Int32Array): Int32Array {
  const stride = rank + 1;
  const countA = a.length / stride;
  const countB = b.length / stride;
  const builder = new RunBuilder(rank, Math.min(countA, countB));
  let i = 0;
  let j = 0;
  while (i < countA && j < countB) {
    const atA = i * stride;
    const atB = j * stride;
    const order = compareLead(rank, a, i, b, j);
    const loA = a[atA + rank - 1]!;
    const loB = b[atB + rank - 1]!;
    const hiA = a[atA + rank]!;
    const hiB = b[atB + rank]!;
    if (order < 0 || (order === 0 && hiA < loB)) {
      i = seekRun(rank, a, i + 1, b, atB, loB);
    } else if (order > 0 || hiB < loA) {
      j = seekRun(rank, b, j + 1, a, atA, loA);
    } else {
      builder.push(a, atA, Math.max(loA, loB), Math.min(hiA, hiB));
      if (hiA <= hiB) i++;
      else j++;
    }
  }
  return builder.finish();
}

/** The runs of a ∖ b. */
export function minusRuns(rank: Rank, a: Int32Array, b: Int32Array): Int32Array {
  const stride = rank + 1;
  const countA = a.length / stride;
  const countB = b.length / stride;
  const builder = new RunBuilder(rank, countA);
  let j = 0;
  for (let i = 0; i < countA; i++) {
    const atA = i * stride;
    let lo = a[atA + rank - 1]!;
    const hi = a[atA + rank]!;
    j = seekRun(rank, b, j, a, atA, lo);
    // A run of b may reach over several runs of a, so j itself stays; k walks over those that cut this run.
    for (let k = j; k < countB && lo <= hi; k++) {
      const atB = k * stride;
      if (compareLead(rank, b, k, a, i) !== 0 || b[atB + rank - 1]! > hi) break;
      const loB = b[atB + rank - 1]!;
      if (loB > lo) builder.push(a, atA, lo, loB - 1);
      lo = b[atB + rank]! + 1;
    }
    if (lo <= hi) builder.push(a, atA, lo, hi);
  }
  return builder.finish();
}
