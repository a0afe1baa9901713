// The equivalence sets of one field class of a region tree: disjoint subspaces that together are the whole tree, each
// with the tasks that later ones may have to wait for. The sets are the colours of one partition (the base), so that
// a launch over that partition finds its set by one array look-up; any other partition meets them through a cached
// overlap table. A launch that writes everything through another partition makes that one the base (ray casting,
// Bauer et al., PPoPP'23: sets take the shape of the last write).
import { IndexPartition, overlapTable } from '../regions/index.js';
import { IndexSpace, unionAll } from '../spaces/index.js';
import type { AnalysisProbe, MeetingTable } from './faults.js';
import { NIL, type Users } from './users.js';

/** How the colours of a partition meet the sets. */
export interface Cover extends MeetingTable {
  /** Colour c is exactly set c; the table is empty. */
  readonly identity: boolean;
}

/** A partition with one colour, the whole of a space. One object per space object, so that tables are found again. */
export function whole(space: IndexSpace): IndexPartition {
  let partition = wholes.get(space);
  if (partition === undefined) {
    partition = new IndexPartition(space, IndexSpace.extent([1]), [space], {
      disjoint: true,
      complete: true,
    });
    wholes.set(space, partition);
  }
  return partition;
}
const wholes = new WeakMap<IndexSpace, IndexPartition>();

export class EquivalenceSets {
  /** Fields of the tree that share these sets: they have been used together so far. */
  fields: readonly number[];
  readonly #root: IndexSpace;
  readonly #users: Users;
  readonly #probe: AnalysisProbe | null;
  /** Colours that are sets, one to one. */
  #shape: IndexPartition;
  /** The same, and one more colour for what the shape leaves out. */
  #base: IndexPartition;
  readonly #covers = new Map<IndexPartition, Cover>();
  count = 1;
  /** Heads of the lists of users that wrote or reduced, and that read. */
  writers: Int32Array = new Int32Array(1);
  readers: Int32Array = new Int32Array(1);
  /** Entries in `readers` since it was last pruned. */
  readerCount: Int32Array = new Int32Array(1);
  /** Readers of all sets at once, kept here and not in every set. */
  wide: { record: number; generation: number; usage: number; partition: IndexPartition }[] = [];
  /** Per set, how many wide readers (counted since the beginning) a writer of the whole set has already waited for. */
  wideSeen: Float64Array = new Float64Array(1);
  /** Number of wide readers that were dropped from the front of `wide`. */
  wideDropped = 0;
  /** Joins all current writers for readers of everything; valid while no write came after. */
  writersJoin: { record: number; generation: number } | null = null;

  constructor(root: IndexSpace, fields: readonly number[], users: Users, probe: AnalysisProbe | null = null) {
    this.#root = root;
    this.#users = users;
    this.#probe = probe;
    this.#shape = this.#base = whole(root);
    this.fields = fields;
  }

  /** The sets themselves, as a partition of the root. */
  get base(): IndexPartition {
    return this.#base;
  }

  get shape(): IndexPartition {
    return this.#shape;
  }

  /** How the colours of a partition meet the sets. */
  cover(partition: IndexPartition): Cover {
    let cover = this.#covers.get(partition);
    if (cover === undefined) {
      if (partition === this.#shape) {
        cover = { identity: true, start: EMPTY, sets: EMPTY, covers: NO_BITS };
      } else {
        const table = overlapTable(partition, this.#base);
        const rows = { start: table.start, sets: table.colours, covers: table.covers };
        cover = { identity: false, ...(this.#probe === null ? rows : this.#probe.meets(rows)) };
      }
      this.#covers.set(partition, cover);
    }
    return cover;
  }

  /** Sets of the shape of `partition`, which is disjoint. `alive` says whether an entry still means anything. */
  reshape(partition: IndexPartition, alive: (record: number, generation: number) => boolean): void {
    const users = this.#users;
    // What is in the lists now, each entry once.
    const kept: { at: number; reads: boolean }[] = [];
    const seen = new Set<string>();
    const collect = (heads: Int32Array, reads: boolean) => {
      for (const head of heads) {
        for (let at = head; at !== NIL; at = users.next[at]!) {
          const record = users.record[at]!;
          const generation = users.generation[at]!;
          if (!alive(record, generation)) continue;
          const key = `${record} ${generation} ${users.usage[at]} ${users.partition[at]!.id} ${users.colour[at]}`;
          if (!seen.has(key)) {
            seen.add(key);
            kept.push({ at, reads });
          }
        }
      }
    };
    collect(this.writers, false);
    collect(this.readers, true);
    const entries = kept.map(({ at, reads }) => ({
      reads,
      record: users.record[at]!,
      generation: users.generation[at]!,
      usage: users.usage[at]!,
      partition: users.partition[at]!,
      colour: users.colour[at]!,
    }));
    for (const head of this.writers) users.dropList(head);
    for (const head of this.readers) users.dropList(head);

    this.#shape = partition;
    this.#base = partition;
    if (partition.parent !== this.#root || !partition.complete) {
      const rest = this.#root.minus(unionAll(partition.subspaces, this.#root.rank));
      if (!rest.empty)
        this.#base = new IndexPartition(
          this.#root,
          IndexSpace.extent([partition.subspaces.length + 1]),
          [...partition.subspaces, rest],
          { disjoint: true, complete: true },
        );
    }
    this.#covers.clear();
    this.count = this.#base.subspaces.length;
    this.writers = new Int32Array(this.count);
    this.readers = new Int32Array(this.count);
    this.readerCount = new Int32Array(this.count);
    // Wide readers stay wide: none of the new sets has waited for any that is still listed.
    this.wideSeen = new Float64Array(this.count).fill(this.wideDropped);
    this.writersJoin = null;
    for (const entry of entries) {
      const cover = this.cover(entry.partition);
      const heads = entry.reads ? this.readers : this.writers;
      const put = (set: number) => {
        heads[set] = users.add(
          entry.record,
          entry.generation,
          entry.usage,
          entry.partition,
          entry.colour,
          heads[set]!,
        );
        if (entry.reads) this.readerCount[set]!++;
      };
      if (cover.identity) put(entry.colour);
      else
        for (let k = cover.start[entry.colour]!; k < cover.start[entry.colour + 1]!; k++) put(cover.sets[k]!);
    }
  }

  /** Forgets all users: the fields have a fresh instance that nobody has touched. */
  forget(): void {
    for (const head of this.writers) this.#users.dropList(head);
    for (const head of this.readers) this.#users.dropList(head);
    this.writers.fill(NIL);
    this.readers.fill(NIL);
    this.readerCount.fill(0);
    this.wideDropped += this.wide.length;
    this.wide = [];
    this.wideSeen.fill(this.wideDropped);
    this.writersJoin = null;
  }

  /** The same sets and users for a part of the fields. */
  split(fields: readonly number[]): EquivalenceSets {
    const users = this.#users;
    const copy = new EquivalenceSets(this.#root, fields, users, this.#probe);
    copy.#shape = this.#shape;
    copy.#base = this.#base;
    copy.count = this.count;
    const duplicate = (heads: Int32Array) =>
      heads.map((head) => {
        const chain: number[] = [];
        for (let at = head; at !== NIL; at = users.next[at]!) chain.push(at);
        let first = NIL;
        for (const at of chain.reverse()) {
          first = users.add(
            users.record[at]!,
            users.generation[at]!,
            users.usage[at]!,
            users.partition[at]!,
            users.colour[at]!,
            first,
          );
        }
        return first;
      });
    copy.writers = duplicate(this.writers);
    copy.readers = duplicate(this.readers);
    copy.readerCount = this.readerCount.slice();
    copy.wide = [...this.wide];
    copy.wideSeen = this.wideSeen.slice();
    copy.wideDropped = this.wideDropped;
    copy.writersJoin = this.writersJoin;
    this.fields = this.fields.filter((field) => !fields.includes(field));
    return copy;
  }
}

const EMPTY = new Int32Array(0);
const NO_BITS = new Uint8Array(0);
