// Sweep over labelled boxes: finds the first point that two labels share, and the volume of the union. Boxes are
// cut into slabs between neighbouring box edges, axis by axis; on the last axis it is a merge of sorted intervals.
import type { IndexSpace, Point, Rank } from '../spaces/index.js';

/** Boxes with a label each: rank numbers lo, rank numbers hi (inclusive) per box. */
export interface LabelledBoxes {
  readonly rank: Rank;
  readonly bounds: Int32Array;
  readonly labels: Int32Array;
}

/** Dense spaces give one box, sparse ones a box per run; the label is the position in the list. */
export function labelledBoxes(rank: Rank, spaces: readonly IndexSpace[]): LabelledBoxes {
  let count = 0;
  for (const space of spaces) count += space.dense ? (space.empty ? 0 : 1) : space.runCount;
  const bounds = new Int32Array(count * 2 * rank);
  const labels = new Int32Array(count);
  let box = 0;
  for (const [label, space] of spaces.entries()) {
    if (space.empty) continue;
    if (space.dense) {
      bounds.set(space.lo, box * 2 * rank);
      bounds.set(space.hi, box * 2 * rank + rank);
      labels[box++] = label;
      continue;
    }
    space.forEachRun((lead, lo, hi) => {
      const at = box * 2 * rank;
      bounds.set(lead, at);
      bounds[at + rank - 1] = lo;
      bounds.set(lead, at + rank);
      bounds[at + 2 * rank - 1] = hi;
      labels[box++] = label;
    });
  }
  return { rank, bounds, labels };
}

/** A point that two labels share; `null` when no two do. */
export interface SharedPoint {
  readonly labels: readonly [number, number];
  readonly point: Point;
}

/**
 * The lexicographically first point that lies in boxes of two different labels, with the labels. Boxes of one
 * label must not overlap each other. O(R log R) for boxes that tile a space; slabs that cut many boxes cost more.
 */
export function firstSharedPoint(boxes: LabelledBoxes): SharedPoint | null {
  const state = { shared: null as SharedPoint | null, stopAtShared: true };
  sweepAxis(boxes, 0, allBoxes(boxes), [], state);
  return state.shared;
}

/** The number of points in the union of the boxes. */
export function unionVolume(boxes: LabelledBoxes): number {
  return sweepAxis(boxes, 0, allBoxes(boxes), [], { shared: null, stopAtShared: false });
}

interface SweepState {
  shared: SharedPoint | null;
  readonly stopAtShared: boolean;
}

function allBoxes(boxes: LabelledBoxes): Int32Array {
  const all = new Int32Array(boxes.labels.length);
  for (let i = 0; i < all.length; i++) all[i] = i;
  return all;
}

/** Returns the volume (from `axis` on) of the union of `members`; stops early when a shared point is wanted. */
function sweepAxis(
  boxes: LabelledBoxes,
  axis: number,
  members: Int32Array,
  lead: readonly number[],
  state: SweepState,
): number {
  const { rank, bounds, labels } = boxes;
  const lo = (box: number): number => bounds[box * 2 * rank + axis]!;
  const hi = (box: number): number => bounds[box * 2 * rank + rank + axis]!;
  members.sort((a, b) => lo(a) - lo(b) || labels[a]! - labels[b]!);
  let volume = 0;

  if (axis === rank - 1) {
    // `end` is the greatest end so far and `holder` its box.
    let end = Number.NEGATIVE_INFINITY;
    let holder = -1;
    for (const box of members) {
      const start = lo(box);
      if (start <= end && state.stopAtShared && labels[holder] !== labels[box]) {
        const pair = [labels[holder]!, labels[box]!].sort((a, b) => a - b) as [number, number];
        state.shared = { labels: pair, point: [...lead, start] };
        return 0;
      }
      if (hi(box) > end) {
        volume += hi(box) - Math.max(start - 1, end);
        end = hi(box);
        holder = box;
      }
    }
    return volume;
  }

  let active: number[] = [];
  let next = 0;
  let from = members.length > 0 ? lo(members[0]!) : 0;
  while (next < members.length || active.length > 0) {
    if (active.length === 0) from = lo(members[next]!);
    while (next < members.length && lo(members[next]!) === from) active.push(members[next++]!);
    // The slab runs up to the next edge: the start of another box, or just past the end of an active one.
    let until = next < members.length ? lo(members[next]!) : Number.POSITIVE_INFINITY;
    for (const box of active) until = Math.min(until, hi(box) + 1);
    if (!(state.stopAtShared && active.length < 2)) {
      volume += (until - from) * sweepAxis(boxes, axis + 1, Int32Array.from(active), [...lead, from], state);
      if (state.shared !== null) return 0;
    }
    from = until;
    active = active.filter((box) => hi(box) >= from);
  }
  return volume;
}
