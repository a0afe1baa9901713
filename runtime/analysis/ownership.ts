// Which ranks hold the valid elements of a field, and what must move before a launch can run where it is to run. A function
// of program order alone: every rank computes it for all ranks, and so both sides of a message know of it without a word.
//
// A state is a division of the root space into pieces, each with the set of ranks that hold it. States are values: equal
// ones are the same object, and what a launch does to a state is looked up once it was computed. Programs that repeat
// themselves come back to the same states, and then a launch costs one look-up, whatever its partitions look like.
import { type IndexSpace, unionAll } from '../spaces/index.js';

/** Elements that some ranks hold, as bits of a word. */
export interface Piece {
  readonly holders: number;
  readonly space: IndexSpace;
}

/** Elements that go from one rank to another. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly space: IndexSpace;
}

/** Which points every rank touches through a requirement: null where it touches none. Told apart by identity. */
export type Needs = readonly (IndexSpace | null)[];

/** What a launch does with the elements: old values are wanted, or not; what it leaves is valid where it ran, or also elsewhere. */
export type Effect = 'read' | 'update' | 'overwrite';

export interface Transition {
  readonly moves: readonly Move[];
  readonly next: Ownership;
}

/** Transitions kept of one state, and states of one kind, before they are forgotten. */
const KEPT_MAX = 1024;

export class Ownership {
  readonly pieces: readonly Piece[];
  readonly #table: OwnershipTable;
  readonly #kept = new Map<Needs, Map<Effect, Transition>>();
  readonly #held = new WeakMap<IndexSpace, readonly number[]>();

  /** @internal made by the table */
  constructor(table: OwnershipTable, pieces: readonly Piece[]) {
    this.#table = table;
    this.pieces = pieces;
  }

  /** What must move before ranks use what they need, and who holds what afterwards. */
  after(needs: Needs, effect: Effect): Transition {
    let byEffect = this.#kept.get(needs);
    if (byEffect === undefined) {
      if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
      this.#kept.set(needs, (byEffect = new Map()));
    }
    let transition = byEffect.get(effect);
    if (transition === undefined) byEffect.set(effect, (transition = this.#compute(needs, effect)));
    return transition;
  }

  /** How many of some points every rank holds. */
  held(space: IndexSpace): readonly number[] {
    const known = this.#held.get(space);
    if (known !== undefined) return known;
    const counts = new Array<number>(this.#table.ranks).fill(0);
    for (const piece of this.pieces) {
      const volume = piece.space.intersect(space).volume;
      for (let rank = 0; rank < counts.length; rank++)
        if (((piece.holders >> rank) & 1) === 1) counts[rank]! += volume;
    }
    this.#held.set(space, counts);
    return counts;
  }

  #compute(needs: Needs, effect: Effect): Transition {
    // The pieces, divided further by who needs what of them.
    let parts = this.pieces.map(({ holders, space }) => ({ holders, space, used: 0 }));
    for (const [rank, need] of needs.entries()) {
      if (need === null || need.empty) continue;
      parts = parts.flatMap((part) => {
        if (!part.space.overlaps(need)) return [part];
        const used = part.used | (1 << rank);
        if (need.covers(part.space)) return [{ ...part, used }];
        return [
          { ...part, space: part.space.intersect(need), used },
          { ...part, space: part.space.minus(need) },
        ];
      });
    }
    const { ranks } = this.#table;
    const moved = new Map<number, IndexSpace[]>();
    const next: Piece[] = [];
    for (const { holders, space, used } of parts) {
      if (effect !== 'overwrite') {
        for (let to = 0; to < ranks; to++) {
          if ((((used & ~holders) >> to) & 1) === 0) continue;
          const key = sourceOf(holders, to, ranks) * ranks + to;
          const spaces = moved.get(key);
          if (spaces === undefined) moved.set(key, [space]);
          else spaces.push(space);
        }
      }
      next.push({ space, holders: effect === 'read' || used === 0 ? holders | used : used });
    }
    const moves = [...moved]
      .sort(([a], [b]) => a - b)
      .map(([key, spaces]) => ({
        from: Math.floor(key / ranks),
        to: key % ranks,
        space: unionAll(spaces, spaces[0]!.rank),
      }));
    return { moves, next: this.#table.of(next) };
  }
}

/** The rank that sends: the nearest holder below the receiver, so that not all is asked of one. */
function sourceOf(holders: number, to: number, ranks: number): number {
  for (let distance = 1; distance < ranks; distance++) {
    const rank = (to - distance + ranks) % ranks;
    if (((holders >> rank) & 1) === 1) return rank;
  }
  throw new Error(`elements that rank ${to} needs are held by nobody`);
}

/** The states of a run. */
export class OwnershipTable {
  readonly ranks: number;
  readonly #states = new Map<string, Ownership[]>();
  #size = 0;

  constructor(ranks: number) {
    this.ranks = ranks;
  }

  /** Every rank holds everything: what a region of zeros begins with. */
  everywhere(root: IndexSpace): Ownership {
    return this.of([{ holders: 2 ** this.ranks - 1, space: root }]);
  }

  /** The state with these pieces. */
  of(pieces: readonly Piece[]): Ownership {
    const byHolders = new Map<number, IndexSpace[]>();
    for (const { holders, space } of pieces) {
      if (space.empty) continue;
      const spaces = byHolders.get(holders);
      if (spaces === undefined) byHolders.set(holders, [space]);
      else spaces.push(space);
    }
    const normal = [...byHolders]
      .sort(([a], [b]) => a - b)
      .map(([holders, spaces]) => ({
        holders,
        space: spaces.length === 1 ? spaces[0]! : unionAll(spaces, spaces[0]!.rank),
      }));
    const key = normal.map(({ holders, space }) => `${holders}:${space.hash}`).join(' ');
    const found = this.#states
      .get(key)
      ?.find((state) => state.pieces.every(({ space }, i) => space.equals(normal[i]!.space)));
    if (found !== undefined) return found;
    if (this.#size >= KEPT_MAX) {
      this.#states.clear();
      this.#size = 0;
    }
    this.#size++;
    const state = new Ownership(this, normal);
    const others = this.#states.get(key);
    if (others === undefined) this.#states.set(key, [state]);
    else others.push(state);
    return state;
  }
}
