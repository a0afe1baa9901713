// Index spaces: immutable sets of integer points with one to three axes, dense (one box) or sparse (runs).
import { BoundsError, UsageError } from '../errors.js';
import { meetRuns, meetRunsBox } from './meeting.js';
import { checkCoordinate, checkPoint, checkRank, formatPoint, type Point, type Rank } from './point.js';
import { normalise, runsOfBox, runsOfPoints, seekRun } from './run-list.js';
import { intersectRuns, minusRuns, unionRuns } from './set-algebra.js';

const VOLUME_MAX = 2 ** 53;
const found = new Int32Array(3);

/**
 * An immutable set of points. Two spaces with the same points are structurally equal, however they were built: a
 * set that fills its bounding box is dense, every other one is the sorted list of its maximal runs along the last
 * axis. The order of points is lexicographic, the last axis fastest; `indexOf` and `at` count in that order.
 *
 * ```ts
 * const image = IndexSpace.extent([4, 6]);
 * const border = image.minus(IndexSpace.box([1, 1], [2, 4]));
 * border.volume;            // 16
 * border.witness(image);    // [0, 0]
 * ```
 */
export class IndexSpace {
  readonly rank: Rank;
  /** The number of points. */
  readonly volume: number;
  /** No points at all. */
  readonly empty: boolean;
  /** Whether the space is exactly its bounding box (the empty space is). */
  readonly dense: boolean;
  /** The smallest coordinate on each axis; zeros for the empty space. */
  readonly lo: Point;
  /** The greatest coordinate on each axis, inclusive; -1 for the empty space. */
  readonly hi: Point;

  // The bounding box once more as plain numbers, unused axes 0..0: the fast path of `overlaps` reads no arrays.
  private readonly lo0: number;
  private readonly hi0: number;
  private readonly lo1: number;
  private readonly hi1: number;
  private readonly lo2: number;
  private readonly hi2: number;

  private runList: Int32Array | null;
  private starts: Float64Array | null = null;
  private hashed = -1;

  private constructor(rank: Rank, lo: Point, hi: Point, volume: number, runs: Int32Array | null) {
    this.rank = rank;
    this.volume = volume;
    this.empty = volume === 0;
    this.dense = runs === null;
    this.lo = lo;
    this.hi = hi;
    this.lo0 = lo[0]!;
    this.hi0 = hi[0]!;
    this.lo1 = rank > 1 ? lo[1]! : 0;
    this.hi1 = rank > 1 ? hi[1]! : 0;
    this.lo2 = rank > 2 ? lo[2]! : 0;
    this.hi2 = rank > 2 ? hi[2]! : 0;
    this.runList = runs;
  }

  /** The space without points. */
  static empty(rank: number): IndexSpace {
    return EMPTY[checkRank(rank, 'The empty index space') - 1]!;
  }

  /** The box from the origin with the given number of points per axis: `extent([4, 6])` has 24 points. */
  static extent(sizes: readonly number[]): IndexSpace {
    const rank = checkRank(sizes.length, 'An index space extent');
    for (let axis = 0; axis < rank; axis++) {
      const size = sizes[axis]!;
      if (Number.isInteger(size) && size >= 0 && size <= 2 ** 31) continue;
      throw new BoundsError(
        `The extent (${sizes.join(', ')}) has ${String(size)} on axis ${axis}, but the number of points on an axis is an integer from 0 to 2^31.`,
      );
    }
    return IndexSpace.trustedBox(
      rank,
      new Array<number>(rank).fill(0),
      sizes.map((size) => size - 1),
    );
  }

  /** The box from `lo` to `hi`, both inclusive; empty when any hi < lo. */
  static box(lo: Point, hi: Point): IndexSpace {
    const rank = checkRank(lo.length, 'A box');
    if (hi.length !== rank) {
      throw new UsageError(
        `A box from ${formatPoint(lo)} to ${formatPoint(hi)} has corners of different rank.`,
      );
    }
    for (let axis = 0; axis < rank; axis++) {
      checkCoordinate(lo[axis]!, axis, `The box from ${formatPoint(lo)} to ${formatPoint(hi)}`);
      checkCoordinate(hi[axis]!, axis, `The box from ${formatPoint(lo)} to ${formatPoint(hi)}`);
    }
    // + 0 turns a negative zero into zero.
    return IndexSpace.trustedBox(
      rank,
      lo.map((value) => value + 0),
      hi.map((value) => value + 0),
    );
  }

  /** The set of the given points; repeated points count once. */
  static points(rank: number, points: Iterable<Point>): IndexSpace {
    const known = checkRank(rank, 'A list of points');
    const flat: number[] = [];
    for (const point of points) {
      checkPoint(point, known, 'The point');
      for (let axis = 0; axis < known; axis++) flat.push(point[axis]!);
    }
    return IndexSpace.fromNormal(known, runsOfPoints(known, Int32Array.from(flat)));
  }

  /** The set of points whose coordinates follow each other in `flat`, `rank` per point, in any order. */
  static fromCoordinates(rank: number, flat: Int32Array): IndexSpace {
    const known = checkRank(rank, 'A list of coordinates');
    if (flat.length % known !== 0) {
      throw new UsageError(
        `${flat.length} coordinates cannot be points of rank ${known}: the length must be a multiple of it.`,
      );
    }
    return IndexSpace.fromNormal(known, runsOfPoints(known, flat));
  }

  /** The union of boxes; each is `[lo, hi]`, inclusive, and may be empty. */
  static boxes(rank: number, boxes: Iterable<readonly [lo: Point, hi: Point]>): IndexSpace {
    const known = checkRank(rank, 'A list of boxes');
    const spaces: IndexSpace[] = [];
    for (const [lo, hi] of boxes) spaces.push(IndexSpace.box(lo, hi));
    return unionAll(spaces, known);
  }

  /**
   * The space with the given runs, each `rank + 1` integers (leading coordinates, then lo and hi on the last axis).
   * The runs may come in any order, overlap, touch or be empty.
   */
  static fromRuns(rank: number, runs: Int32Array): IndexSpace {
    const known = checkRank(rank, 'A run list');
    if (runs.length % (known + 1) !== 0) {
      throw new UsageError(
        `A run list of ${runs.length} integers does not fit rank ${known}: each run takes ${known + 1} of them.`,
      );
    }
    return IndexSpace.fromNormal(known, normalise(known, runs));
  }

  private static trustedBox(rank: Rank, lo: Point, hi: Point): IndexSpace {
    let volume = 1;
    for (let axis = 0; axis < rank; axis++) {
      if (hi[axis]! < lo[axis]!) return IndexSpace.empty(rank);
      volume *= hi[axis]! - lo[axis]! + 1;
    }
    if (volume > VOLUME_MAX) {
      throw new BoundsError(
        `The box from ${formatPoint(lo)} to ${formatPoint(hi)} has more than 2^53 points: make an axis shorter.`,
      );
    }
    return new IndexSpace(rank, lo, hi, volume, null);
  }

  /** Takes runs that are already in normal form, and finds the box, the volume and whether the set is dense. */
  private static fromNormal(rank: Rank, runs: Int32Array): IndexSpace {
    if (runs.length === 0) return IndexSpace.empty(rank);
    const stride = rank + 1;
    const last = rank - 1;
    const lo: number[] = [];
    const hi: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(runs[axis]!);
      hi.push(runs[axis === last ? rank : axis]!);
    }
    let volume = 0;
    for (let at = 0; at < runs.length; at += stride) {
      for (let axis = 0; axis < last; axis++) {
        const value = runs[at + axis]!;
        if (value < lo[axis]!) lo[axis] = value;
        if (value > hi[axis]!) hi[axis] = value;
      }
      if (runs[at + last]! < lo[last]!) lo[last] = runs[at + last]!;
      if (runs[at + rank]! > hi[last]!) hi[last] = runs[at + rank]!;
      volume += runs[at + rank]! - runs[at + last]! + 1;
    }
    let boxVolume = 1;
    for (let axis = 0; axis < rank; axis++) boxVolume *= hi[axis]! - lo[axis]! + 1;
    if (volume === boxVolume) return IndexSpace.trustedBox(rank, lo, hi);
    if (volume > VOLUME_MAX)
      throw new BoundsError('An index space has more than 2^53 points: make an axis shorter.');
    return new IndexSpace(rank, lo, hi, volume, runs);
  }

  /**
   * The normal form: maximal runs along the last axis in lexicographic order, `rank + 1` integers each (leading
   * coordinates, then lo and hi, inclusive). Built at the first use for dense spaces. Not to be written to.
   */
  get runs(): Int32Array {
    return (this.runList ??= this.empty ? new Int32Array(0) : runsOfBox(this.rank, this.lo, this.hi));
  }

  /** The number of maximal runs along the last axis. */
  get runCount(): number {
    if (this.runList !== null) return this.runList.length / (this.rank + 1);
    return this.empty ? 0 : this.volume / (this.hi[this.rank - 1]! - this.lo[this.rank - 1]! + 1);
  }

  /** A 32-bit hash of the points; equal spaces have equal hashes. */
  get hash(): number {
    if (this.hashed >= 0) return this.hashed;
    let hash = Math.imul(this.rank + 0x9e37, 0x01000193);
    const mix = (value: number): void => {
      hash = Math.imul(hash ^ value, 0x85ebca6b);
      hash ^= hash >>> 15;
    };
    if (this.dense) {
      this.lo.forEach(mix);
      this.hi.forEach(mix);
    } else {
      for (const value of this.runs) mix(value);
    }
    return (this.hashed = hash >>> 0);
  }

  /** The points of either. */
  union(other: IndexSpace): IndexSpace {
    this.sameRank(other, 'unite');
    if (other.empty || this.covers(other)) return this;
    if (this.empty || other.covers(this)) return other;
    return IndexSpace.fromNormal(this.rank, unionRuns(this.rank, this.runs, other.runs));
  }

  /** The points of both. */
  intersect(other: IndexSpace): IndexSpace {
    this.sameRank(other, 'intersect');
    if (!this.boxesMeet(other)) return IndexSpace.empty(this.rank);
    if (this.dense && other.dense) return this.boxWithin(other);
    if (this.dense && this.boxHolds(other)) return other;
    if (other.dense && other.boxHolds(this)) return this;
    // A dense space is clipped to the other's bounding box first, so that few of its runs are built.
    const a = this.dense ? this.boxWithin(other) : this;
    const b = other.dense ? other.boxWithin(this) : other;
    return IndexSpace.fromNormal(this.rank, intersectRuns(this.rank, a.runs, b.runs));
  }

  /** The points of this space that are not in the other. */
  minus(other: IndexSpace): IndexSpace {
    this.sameRank(other, 'subtract');
    if (!this.boxesMeet(other)) return this;
    if (other.dense && other.boxHolds(this)) return IndexSpace.empty(this.rank);
    const cut = other.dense ? other.boxWithin(this) : other;
    return IndexSpace.fromNormal(this.rank, minusRuns(this.rank, this.runs, cut.runs));
  }

  /** Whether the two have a common point. Allocates nothing; two dense spaces cost a few comparisons. */
  overlaps(other: IndexSpace): boolean {
    if (this.rank !== other.rank) this.sameRank(other, 'compare');
    if (!this.boxesMeet(other)) return false;
    return (this.dense && other.dense) || this.meet(other);
  }

  /** Whether every point of the other is in this space. */
  covers(other: IndexSpace): boolean {
    if (this.rank !== other.rank) this.sameRank(other, 'compare');
    if (other.empty || this === other) return true;
    if (this.volume < other.volume || !this.boxHolds(other)) return false;
    if (this.dense) return true;
    // Runs are maximal, so each run of the other must lie in one run of this space.
    const { rank, runs } = this;
    const stride = rank + 1;
    const theirs = other.runs;
    let at = 0;
    for (let start = 0; start < theirs.length; start += stride) {
      at = seekRun(rank, runs, at, theirs, start, theirs[start + rank]!);
      const mine = at * stride;
      if (mine >= runs.length) return false;
      for (let axis = 0; axis < rank - 1; axis++)
        if (runs[mine + axis] !== theirs[start + axis]) return false;
      if (runs[mine + rank - 1]! > theirs[start + rank - 1]!) return false;
    }
    return true;
  }

  /** The lexicographically first common point, or null when there is none. */
  witness(other: IndexSpace): Point | null {
    this.sameRank(other, 'compare');
    if (!this.boxesMeet(other)) return null;
    if (this.dense && other.dense) return this.lo.map((value, axis) => Math.max(value, other.lo[axis]!));
    return this.meet(other) ? Array.from(found.subarray(0, this.rank)) : null;
  }

  /** Whether the point is in the space. A point of another rank is an error. */
  contains(point: Point): boolean {
    if (point.length !== this.rank) this.wrongPoint(point);
    for (let axis = 0; axis < this.rank; axis++) {
      const value = point[axis]!;
      // Also false for NaN.
      if (!(value >= this.lo[axis]! && value <= this.hi[axis]!) || !Number.isInteger(value)) return false;
    }
    return this.dense || this.runOf(point) >= 0;
  }

  /** Whether both have exactly the same points (and rank). */
  equals(other: IndexSpace): boolean {
    if (this === other) return true;
    if (this.rank !== other.rank || this.volume !== other.volume || this.dense !== other.dense) return false;
    for (let axis = 0; axis < this.rank; axis++) {
      if (this.lo[axis] !== other.lo[axis] || this.hi[axis] !== other.hi[axis]) return false;
    }
    if (this.dense) return true;
    const a = this.runs;
    const b = other.runs;
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  }

  /** The position of the point in lexicographic order, or -1 when it is not in the space. */
  indexOf(point: Point): number {
    if (!this.contains(point)) return -1;
    const { rank } = this;
    if (this.dense) {
      let position = 0;
      for (let axis = 0; axis < rank; axis++) {
        position = position * (this.hi[axis]! - this.lo[axis]! + 1) + (point[axis]! - this.lo[axis]!);
      }
      return position;
    }
    const run = this.runOf(point);
    return this.runStarts[run]! + point[rank - 1]! - this.runs[run * (rank + 1) + rank - 1]!;
  }

  /** The point at a position of the lexicographic order, 0 to volume - 1. */
  at(position: number): Point {
    if (!(Number.isInteger(position) && position >= 0 && position < this.volume)) {
      throw new BoundsError(`Position ${position} is outside of an index space of ${this.volume} points.`);
    }
    const { rank } = this;
    const point = new Array<number>(rank).fill(0);
    if (this.dense) {
      let rest = position;
      for (let axis = rank - 1; axis >= 0; axis--) {
        const size = this.hi[axis]! - this.lo[axis]! + 1;
        point[axis] = this.lo[axis]! + (rest % size);
        rest = Math.floor(rest / size);
      }
      return point;
    }
    const starts = this.runStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    const at = low * (rank + 1);
    for (let axis = 0; axis < rank; axis++) point[axis] = this.runs[at + axis]!;
    point[rank - 1] = point[rank - 1]! + position - starts[low]!;
    return point;
  }

  /** The points in lexicographic order; each is a new array. */
  *[Symbol.iterator](): IterableIterator<Point> {
    const { rank, runs } = this;
    for (let at = 0; at < runs.length; at += rank + 1) {
      for (let value = runs[at + rank - 1]!; value <= runs[at + rank]!; value++) {
        const point = Array.from(runs.subarray(at, at + rank));
        point[rank - 1] = value;
        yield point;
      }
    }
  }

  /** Calls `visit` for every run in order. `lead` holds the leading rank - 1 coordinates and is used again. */
  forEachRun(visit: (lead: Int32Array, lo: number, hi: number) => void): void {
    if (this.empty) return;
    const { rank } = this;
    const lead = new Int32Array(rank - 1);
    if (this.runList !== null) {
      const runs = this.runList;
      for (let at = 0; at < runs.length; at += rank + 1) {
        for (let axis = 0; axis < rank - 1; axis++) lead[axis] = runs[at + axis]!;
        visit(lead, runs[at + rank - 1]!, runs[at + rank]!);
      }
      return;
    }
    // Dense: without building the list.
    const lo = this.lo[rank - 1]!;
    const hi = this.hi[rank - 1]!;
    const current = this.lo.slice(0, rank - 1);
    for (;;) {
      for (let axis = 0; axis < rank - 1; axis++) lead[axis] = current[axis]!;
      visit(lead, lo, hi);
      let axis = rank - 2;
      while (axis >= 0 && ++current[axis]! > this.hi[axis]!) {
        current[axis] = this.lo[axis]!;
        axis--;
      }
      if (axis < 0) return;
    }
  }

  /** A short text: `[0..9]`, `[0..3, 0..5]`, `17 points in 4 runs within [0..3, 0..5]`. */
  toString(): string {
    const box = `[${this.lo.map((value, axis) => `${value}..${this.hi[axis]!}`).join(', ')}]`;
    if (this.empty) return `empty (rank ${this.rank})`;
    return this.dense ? box : `${this.volume} points in ${this.runCount} runs within ${box}`;
  }

  /** The position of each run's first point. */
  private get runStarts(): Float64Array {
    if (this.starts !== null) return this.starts;
    const { rank, runs } = this;
    const starts = new Float64Array(runs.length / (rank + 1));
    let position = 0;
    for (let run = 0, at = 0; run < starts.length; run++, at += rank + 1) {
      starts[run] = position;
      position += runs[at + rank]! - runs[at + rank - 1]! + 1;
    }
    return (this.starts = starts);
  }

  /** The run of a sparse space that holds the point, or -1. */
  private runOf(point: Point): number {
    const { rank, runs } = this;
    const last = rank - 1;
    let low = 0;
    let high = runs.length / (rank + 1);
    search: while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * (rank + 1);
      for (let axis = 0; axis < last; axis++) {
        const value = runs[at + axis]!;
        if (value === point[axis]!) continue;
        if (value < point[axis]!) low = middle + 1;
        else high = middle;
        continue search;
      }
      if (runs[at + rank]! < point[last]!) low = middle + 1;
      else if (runs[at + last]! > point[last]!) high = middle;
      else return middle;
    }
    return -1;
  }

  private boxesMeet(other: IndexSpace): boolean {
    return (
      this.lo0 <= other.hi0 &&
      other.lo0 <= this.hi0 &&
      this.lo1 <= other.hi1 &&
      other.lo1 <= this.hi1 &&
      this.lo2 <= other.hi2 &&
      other.lo2 <= this.hi2 &&
      !this.empty &&
      !other.empty
    );
  }

  private boxHolds(other: IndexSpace): boolean {
    return (
      this.lo0 <= other.lo0 &&
      other.hi0 <= this.hi0 &&
      this.lo1 <= other.lo1 &&
      other.hi1 <= this.hi1 &&
      this.lo2 <= other.lo2 &&
      other.hi2 <= this.hi2
    );
  }

  /** The common box of the two bounding boxes, which must meet. */
  private boxWithin(other: IndexSpace): IndexSpace {
    if (this.boxHolds(other) && other.dense) return other;
    if (other.boxHolds(this) && this.dense) return this;
    return IndexSpace.trustedBox(
      this.rank,
      this.lo.map((value, axis) => Math.max(value, other.lo[axis]!)),
      this.hi.map((value, axis) => Math.min(value, other.hi[axis]!)),
    );
  }

  private meet(other: IndexSpace): boolean {
    if (this.dense) return meetRunsBox(this.rank, other.runs, this.lo, this.hi, found);
    if (other.dense) return meetRunsBox(this.rank, this.runs, other.lo, other.hi, found);
    return meetRuns(this.rank, this.runs, other.runs, found);
  }

  private sameRank(other: IndexSpace, what: string): void {
    if (this.rank !== other.rank) {
      throw new UsageError(`Cannot ${what} index spaces of rank ${this.rank} and ${other.rank}.`);
    }
  }

  private wrongPoint(point: Point): never {
    throw new UsageError(
      `The point ${formatPoint(point)} has ${point.length} axes, the index space has ${this.rank}.`,
    );
  }
}

const EMPTY = ([1, 2, 3] as const).map((rank) => {
  // The constructor is private to this file by intent: the three empty spaces are made once.
  const make = IndexSpace as unknown as new (
    rank: Rank,
    lo: Point,
    hi: Point,
    volume: number,
    runs: null,
  ) => IndexSpace;
  return new make(rank, new Array<number>(rank).fill(0), new Array<number>(rank).fill(-1), 0, null);
});

/**
 * The union of many spaces by one sort of all their runs, O(R log R) for R runs. An empty list needs the rank.
 */
export function unionAll(spaces: Iterable<IndexSpace>, rank?: number): IndexSpace {
  const list: IndexSpace[] = [];
  let total = 0;
  let known = rank;
  for (const space of spaces) {
    known ??= space.rank;
    if (space.rank !== known) {
      throw new UsageError(`Cannot unite index spaces of rank ${known} and ${space.rank}.`);
    }
    if (space.empty) continue;
    list.push(space);
    total += space.runCount * (space.rank + 1);
  }
  if (known === undefined)
    throw new UsageError('The union of no index spaces needs the rank as second argument.');
  if (list.length === 0) return IndexSpace.empty(known);
  if (list.length === 1) return list[0]!;
  const runs = new Int32Array(total);
  let at = 0;
  for (const space of list) {
    space.forEachRun((lead, lo, hi) => {
      for (const coordinate of lead) runs[at++] = coordinate;
      runs[at++] = lo;
      runs[at++] = hi;
    });
  }
  return IndexSpace.fromRuns(known, runs);
}
