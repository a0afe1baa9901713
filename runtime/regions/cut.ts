// Cuts of a space into consecutive pieces along one line: the first axis of a dense space, or the lexicographic
// order of the points of a sparse one.
import { IndexSpace } from '../spaces/index.js';

/** The number of places on the line: coordinates on the first axis, or points. */
export function lineLength(space: IndexSpace): number {
  if (space.empty) return 0;
  return space.dense ? space.hi[0]! - space.lo[0]! + 1 : space.volume;
}

/** The pieces between neighbouring cuts; cuts ascend from 0 to the length of the line. */
export function cutPositions(space: IndexSpace, cuts: readonly number[]): IndexSpace[] {
  const pieces: IndexSpace[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const from = cuts[i]!;
    const until = cuts[i + 1]!;
    if (until <= from) pieces.push(IndexSpace.empty(space.rank));
    else if (space.dense) {
      const lo = space.lo.slice();
      const hi = space.hi.slice();
      lo[0] = space.lo[0]! + from;
      hi[0] = space.lo[0]! + until - 1;
      pieces.push(IndexSpace.box(lo, hi));
    } else pieces.push(positionRange(space, from, until));
  }
  return pieces;
}

/** The points of a sparse space at positions from <= p < until. */
function positionRange(space: IndexSpace, from: number, until: number): IndexSpace {
  const { rank, runs } = space;
  const stride = rank + 1;
  const first = runOfPosition(space, from);
  const last = runOfPosition(space, until - 1);
  const part = runs.slice(first.run * stride, (last.run + 1) * stride);
  // The first and the last run are cut where the range begins and ends.
  part[rank - 1] = first.coordinate;
  part[part.length - 1] = last.coordinate;
  return IndexSpace.fromRuns(rank, part);
}

function runOfPosition(space: IndexSpace, position: number): { run: number; coordinate: number } {
  const point = space.at(position);
  const { rank, runs } = space;
  let low = 0;
  let high = runs.length / (rank + 1) - 1;
  search: while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const at = middle * (rank + 1);
    for (let axis = 0; axis < rank; axis++) {
      if (runs[at + axis]! === point[axis]!) continue;
      if (runs[at + axis]! < point[axis]!) low = middle;
      else high = middle - 1;
      continue search;
    }
    low = middle;
    break;
  }
  return { run: low, coordinate: point[rank - 1]! };
}
