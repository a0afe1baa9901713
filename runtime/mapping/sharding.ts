// Which rank runs which point of a launch: a sharding functor, in Legion's words. A function of the launch alone, so that all
// ranks agree on it without a message.
import { blockStart } from '../memory/launch-layout.js';

/** The rank that runs a record, of `blocks` records of a launch. */
export type Sharding = (block: number, blocks: number, ranks: number) => number;

/** Consecutive records go to one rank. */
export const blockSharding: Sharding = (block, blocks, ranks) => Math.floor((block * ranks) / blocks);

/** A launch as it is shared out; seen from one rank. */
export interface Shards {
  /** Tells shares apart that run different points somewhere. */
  readonly key: string;
  /** Points of the launch. */
  readonly total: number;
  /** The rank of every record; null where every rank runs all of them. */
  readonly owners: Uint8Array | null;
  /** The records and the points that this rank runs, ascending. */
  readonly blocks: Int32Array;
  readonly points: Int32Array;
}

export class Sharder {
  readonly rank: number;
  readonly ranks: number;
  readonly #kept = new Map<string, Shards>();

  constructor(rank: number, ranks: number) {
    this.rank = rank;
    this.ranks = ranks;
  }

  /** Shares `points` points in `blocks` records out among the ranks. */
  shared(points: number, blocks: number, sharding: Sharding = blockSharding): Shards {
    return this.#keep(`shared ${points} ${blocks} ${sharding.name}`, points, blocks, (block) =>
      sharding(block, blocks, this.ranks),
    );
  }

  /** One rank runs all. */
  single(owner: number, points: number, blocks: number): Shards {
    return this.#keep(`single ${owner} ${points} ${blocks}`, points, blocks, () => owner);
  }

  /** Every rank runs all. */
  everywhere(points: number, blocks: number): Shards {
    return this.#keep(`everywhere ${points} ${blocks}`, points, blocks, null);
  }

  #keep(key: string, points: number, blocks: number, ownerOf: ((block: number) => number) | null): Shards {
    let shards = this.#kept.get(key);
    if (shards === undefined) {
      if (this.#kept.size > 1024) this.#kept.clear();
      const owners = ownerOf === null ? null : Uint8Array.from({ length: blocks }, (_, b) => ownerOf(b));
      const mine: number[] = [];
      const own: number[] = [];
      for (let block = 0; block < blocks; block++) {
        if (owners !== null && owners[block] !== this.rank) continue;
        mine.push(block);
        const end = blockStart(block + 1, blocks, points);
        for (let point = blockStart(block, blocks, points); point < end; point++) own.push(point);
      }
      shards = { key, total: points, owners, blocks: Int32Array.from(mine), points: Int32Array.from(own) };
      this.#kept.set(key, shards);
    }
    return shards;
  }
}

/** What another rank runs alone. */
export const NOTHING: Shards = {
  key: 'nothing',
  total: 1,
  owners: null,
  blocks: new Int32Array(0),
  points: new Int32Array(0),
};

const coloursKept = new WeakMap<Shards, WeakMap<Int32Array, Int32Array>>();

/** The colours of the points that this rank runs; `colours` is null where point i has colour i. */
export function coloursOf(shards: Shards, colours: Int32Array | null): Int32Array {
  if (colours === null) return shards.points;
  let kept = coloursKept.get(shards);
  if (kept === undefined) coloursKept.set(shards, (kept = new WeakMap()));
  let own = kept.get(colours);
  if (own === undefined) kept.set(colours, (own = shards.points.map((point) => colours[point]!)));
  return own;
}
