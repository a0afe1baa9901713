// Index partitions: a map from colours to subspaces of one parent, with what is known about overlaps and gaps.
import { PartitionError, UsageError } from '../errors.js';
import { formatPoint, IndexSpace, type Point, unionAll } from '../spaces/index.js';
import { firstSharedPoint, labelledBoxes, unionVolume } from './sweep.js';

/** Two colours that share a point, and the first such point. */
export interface OverlapWitness {
  readonly colours: readonly [Point, Point];
  readonly point: Point;
}

/** What a constructor knows without looking at the points. */
export interface KnownProperties {
  readonly disjoint?: boolean | undefined;
  readonly complete?: boolean | undefined;
}

/** A colour space: an index space, or its extent as for `IndexSpace.extent`. */
export type Colours = IndexSpace | readonly number[];

/** The index space of a `Colours` argument. */
export function colourSpace(colours: Colours): IndexSpace {
  return colours instanceof IndexSpace ? colours : IndexSpace.extent(colours);
}

let lastId = 0;

/**
 * Subspaces of `parent`, one per colour. Whether they are disjoint (no two share a point) and complete (together
 * they are the parent) is computed at the first question, by a sweep over all boxes, unless it is known by
 * construction. Made by the constructors of this folder.
 */
export class IndexPartition {
  /** Distinct for every partition made in this process, in the order of making. */
  readonly id: number;
  readonly parent: IndexSpace;
  readonly colours: IndexSpace;
  /** In the order of the colours: `subspaces[colours.indexOf(colour)]`. */
  readonly subspaces: readonly IndexSpace[];

  private knownDisjoint: boolean | null;
  private knownComplete: boolean | null;
  private overlap: OverlapWitness | null | undefined = undefined;
  private gap: Point | null | undefined = undefined;

  /** Subspaces must be subsets of the parent; constructors that are given foreign spaces clip them first. */
  constructor(
    parent: IndexSpace,
    colours: IndexSpace,
    subspaces: readonly IndexSpace[],
    known: KnownProperties = {},
  ) {
    if (subspaces.length !== colours.volume) {
      throw new UsageError(`A partition has ${colours.volume} colours but ${subspaces.length} subspaces.`);
    }
    this.id = ++lastId;
    this.parent = parent;
    this.colours = colours;
    this.subspaces = subspaces;
    this.knownDisjoint = known.disjoint ?? null;
    this.knownComplete = known.complete ?? null;
  }

  /** The subspace of a colour. */
  sub(colour: Point): IndexSpace {
    const position = this.colours.indexOf(colour);
    if (position < 0) {
      throw new PartitionError(
        `The partition has no colour ${formatPoint(colour)}: its colours are ${this.colours}.`,
      );
    }
    return this.subspaces[position]!;
  }

  /** What is known so far, without computing anything. */
  get known(): KnownProperties {
    return { disjoint: this.knownDisjoint ?? undefined, complete: this.knownComplete ?? undefined };
  }

  /** Whether no two subspaces share a point. */
  get disjoint(): boolean {
    return (this.knownDisjoint ??= this.overlapWitness === null);
  }

  /** Whether the subspaces together are the parent. */
  get complete(): boolean {
    return (this.knownComplete ??= this.unionIsParent());
  }

  /** The first point (in lexicographic order) that two subspaces share, with their colours; null when disjoint. */
  get overlapWitness(): OverlapWitness | null {
    if (this.overlap !== undefined) return this.overlap;
    const shared =
      this.knownDisjoint === true ? null : firstSharedPoint(labelledBoxes(this.parent.rank, this.subspaces));
    this.overlap =
      shared === null
        ? null
        : {
            colours: [this.colours.at(shared.labels[0]), this.colours.at(shared.labels[1])],
            point: shared.point,
          };
    this.knownDisjoint = this.overlap === null;
    return this.overlap;
  }

  /** The first point of the parent that is in no subspace; null when complete. */
  get gapWitness(): Point | null {
    if (this.gap !== undefined) return this.gap;
    if (this.complete) return (this.gap = null);
    const rest = this.parent.minus(unionAll(this.subspaces, this.parent.rank));
    return (this.gap = rest.empty ? null : rest.at(0));
  }

  private unionIsParent(): boolean {
    let total = 0;
    for (const subspace of this.subspaces) {
      if (subspace.volume === this.parent.volume) return true;
      total += subspace.volume;
    }
    if (total < this.parent.volume) return false;
    if (this.disjoint) return total === this.parent.volume;
    return unionVolume(labelledBoxes(this.parent.rank, this.subspaces)) === this.parent.volume;
  }
}

/** The partition itself, or a PartitionError that names two colours and a point they share. */
export function assertDisjoint(partition: IndexPartition): IndexPartition {
  const witness = partition.overlapWitness;
  if (witness === null) return partition;
  const [a, b] = witness.colours;
  throw new PartitionError(
    `The partition is not disjoint: colours ${formatPoint(a)} and ${formatPoint(b)} both hold the point ${formatPoint(witness.point)}.`,
    witness.point,
  );
}

/** The partition itself, or a PartitionError that names a point of the parent that no colour holds. */
export function assertComplete(partition: IndexPartition): IndexPartition {
  const point = partition.gapWitness;
  if (point === null) return partition;
  throw new PartitionError(
    `The partition is not complete: no colour holds the point ${formatPoint(point)} of the parent.`,
    point,
  );
}
