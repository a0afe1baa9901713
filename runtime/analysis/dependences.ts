// Dependence analysis: whom must the record being built wait for? For every requirement the equivalence sets it meets
// are looked up, their users are tested against it with THE interference function, and it becomes a user itself.
// Nothing is allocated on the way but list entries, which are pooled.
//
// An order is imposed between two records only if their requirements interfere and share a point, apart from joins:
// a record that many readers (or all writers) run into stands for them towards whoever needs all of them. Users that are
// merely atomic or simultaneous towards each other get no order; reservations.ts keeps atomic ones apart.
import { type Graph, NONE } from '../graph/layout.js';
import { EXECUTION_INTERFERENCE, isOrder, USAGE_CODES, usageOf } from '../privileges/index.js';
import { type IndexPartition, overlapTable } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import { type Cover, EquivalenceSets } from './equivalence-sets.js';
import type { AnalysisFaults, AnalysisProbe, Path } from './faults.js';
import type { RecordBuilder } from './record-builder.js';
import { NIL, Users } from './users.js';

/** Readers of one set before they are joined. */
const JOIN_READERS = 64;
/** Sets a reader of everything meets before their writers are joined. */
const JOIN_WRITERS = 16;

const READS = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).privilege === 'read' ? 1 : 0,
);
const REDUCES = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).privilege === 'reduce' ? 1 : 0,
);
/** Ordered with everybody that conflicts with it: it may stand for those that it was ordered after. */
const EXCLUSIVE = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).coherence === 'exclusive' ? 1 : 0,
);
/** Old values reach the user: a failure of who wrote them does too. */
const TAKES_DATA = Uint8Array.from({ length: USAGE_CODES }, (_, code) => {
  const { privilege } = usageOf(code);
  return privilege === 'read' || privilege === 'update' || privilege === 'reduce' ? 1 : 0;
});

/** The state of one region tree: its fields in classes that have been used together so far. */
export class TreeState {
  readonly root: IndexSpace;
  readonly #classOf: EquivalenceSets[];
  readonly #probe: AnalysisProbe | null;
  /** Counts the splits, so that who cached `classes` knows when to ask again. */
  version = 0;

  constructor(root: IndexSpace, fields: number, users: Users, probe: AnalysisProbe | null) {
    this.root = root;
    this.#probe = probe;
    const all = new EquivalenceSets(
      root,
      Array.from({ length: fields }, (_, i) => i),
      users,
      probe,
    );
    this.#classOf = Array.from({ length: fields }, () => all);
  }

  /** All classes. */
  get all(): ReadonlySet<EquivalenceSets> {
    return new Set(this.#classOf);
  }

  /** The classes whose union is exactly `fields`; classes that only partly belong are split. */
  classes(fields: readonly number[]): EquivalenceSets[] {
    const found = new Set<EquivalenceSets>();
    for (const field of fields) {
      const sets = this.#classOf[field]!;
      if (found.has(sets)) continue;
      const inside = sets.fields.filter((f) => fields.includes(f));
      if (inside.length === sets.fields.length) found.add(sets);
      else {
        const part = sets.split(inside);
        if (this.#probe?.forgets(false, 'split') === true) part.forget();
        for (const f of inside) this.#classOf[f] = part;
        this.version++;
        found.add(part);
      }
    }
    return [...found];
  }
}

export class Analysis {
  readonly #graph: Graph;
  readonly #builder: RecordBuilder;
  readonly #users = new Users();
  readonly #interference: Uint8Array;
  readonly #probe: AnalysisProbe | null;
  /** Makes a launch slot for a join of `records`, and the record; the join is sealed by this class. */
  readonly #openJoin: () => number;
  readonly #joinReady: (record: number) => void;
  readonly #alive: (record: number, generation: number) => boolean;
  /** The record that folds what the launch of the record being built reduces: it waits for that one, not the other way. */
  fold = NONE;

  constructor(
    builder: RecordBuilder,
    openJoin: () => number,
    joinReady: (record: number) => void,
    faults: AnalysisFaults = {},
  ) {
    this.#builder = builder;
    this.#graph = builder.graph;
    this.#openJoin = openJoin;
    this.#joinReady = joinReady;
    this.#interference = faults.interference ?? EXECUTION_INTERFERENCE;
    const probe = faults.probe ?? null;
    this.#probe = probe;
    // With failures about, a retired record still matters: it may have poisoned what it wrote.
    const alive = (record: number, generation: number) =>
      this.#graph.generation[record] === generation || builder.isPoisoned(record, generation);
    this.#alive =
      probe === null ? alive : (record, generation) => !probe.forgets(!alive(record, generation), 'reshape');
  }

  tree(root: IndexSpace, fields: number): TreeState {
    return new TreeState(root, fields, this.#users, this.#probe);
  }

  /** Before a launch uses `sets` through `partition`: should its colours become the sets? */
  prepare(sets: EquivalenceSets, partition: IndexPartition, writesAll: boolean): void {
    if (partition === sets.shape || partition.subspaces.length < 2) return;
    if ((sets.count === 1 || writesAll) && partition.disjoint) sets.reshape(partition, this.#alive);
  }

  /** The record being built uses `colour` of `partition`, on the fields of `sets`. */
  use(sets: EquivalenceSets, cover: Cover, partition: IndexPartition, colour: number, usage: number): void {
    if (partition.subspaces[colour]!.empty) return;
    const reads = READS[usage] === 1;
    if (cover.identity) {
      if (reads) this.#read(sets, colour, partition, colour, usage, true, 'fast');
      else this.#write(sets, colour, partition, colour, usage, true, 'fast');
      return;
    }
    const from = cover.start[colour]!;
    const to = cover.start[colour + 1]!;
    if (reads && to - from === sets.count && sets.count > 1 && allOnes(cover.covers, from, to)) {
      this.#readAll(sets, partition, colour, usage);
      return;
    }
    for (let k = from; k < to; k++) {
      const set = cover.sets[k]!;
      if (reads) this.#read(sets, set, partition, colour, usage, cover.covers[k] === 1, 'table');
      else this.#write(sets, set, partition, colour, usage, cover.covers[k] === 1, 'table');
    }
  }

  /** Whether anybody who has not ended yet uses these sets. */
  busy(sets: EquivalenceSets): boolean {
    const users = this.#users;
    const graph = this.#graph;
    if (sets.wide.some(({ record, generation }) => graph.generation[record] === generation)) return true;
    for (const heads of [sets.writers, sets.readers]) {
      for (const head of heads) {
        for (let at = head; at !== NIL; at = users.next[at]!) {
          if (graph.generation[users.record[at]!] === users.generation[at]) return true;
        }
      }
    }
    return false;
  }

  /** A tree is not used any more. */
  forget(state: TreeState): void {
    for (const sets of state.all) sets.forget();
  }

  /** The fields get a fresh instance that the record being built writes whole: nobody has to be waited for. */
  rename(sets: EquivalenceSets): void {
    if (this.#probe === null || this.#probe.forgets(true, 'rename')) sets.forget();
  }

  #read(
    sets: EquivalenceSets,
    set: number,
    partition: IndexPartition,
    colour: number,
    usage: number,
    covers: boolean,
    found: Path,
  ): void {
    this.#after(sets.writers, set, partition, colour, usage, covers, false, found);
    if (sets.readerCount[set]! >= JOIN_READERS) this.#pruneReaders(sets, set);
    const { current } = this.#builder;
    sets.readers[set] = this.#users.add(
      current,
      this.#graph.generation[current]!,
      usage,
      partition,
      colour,
      sets.readers[set]!,
    );
    sets.readerCount[set]!++;
  }

  #write(
    sets: EquivalenceSets,
    set: number,
    partition: IndexPartition,
    colour: number,
    usage: number,
    covers: boolean,
    found: Path,
  ): void {
    const dominates = EXCLUSIVE[usage] === 1;
    this.#after(sets.writers, set, partition, colour, usage, covers, dominates, found);
    sets.readerCount[set] = this.#after(
      sets.readers,
      set,
      partition,
      colour,
      usage,
      covers,
      dominates,
      found,
    );
    this.#afterWide(sets, set, usage, covers);
    sets.writersJoin = null;
    const { current } = this.#builder;
    sets.writers[set] = this.#users.add(
      current,
      this.#graph.generation[current]!,
      usage,
      partition,
      colour,
      sets.writers[set]!,
    );
  }

  /** Orders the current record after the users in a list that it conflicts with; drops those it makes superfluous. Returns how many are left. */
  #after(
    heads: Int32Array,
    set: number,
    partition: IndexPartition,
    colour: number,
    usage: number,
    covers: boolean,
    dominates: boolean,
    found: Path,
  ): number {
    const probe = this.#probe;
    const users = this.#users;
    const graph = this.#graph;
    const builder = this.#builder;
    const { current } = builder;
    const { fold } = this;
    let left = 0;
    let previous = NIL;
    for (let at = heads[set]!; at !== NIL; ) {
      const record = users.record[at]!;
      const generation = users.generation[at]!;
      const earlier = users.usage[at]!;
      let drop = false;
      if (graph.generation[record] !== generation && !builder.isPoisoned(record, generation)) drop = true;
      else if ((record !== current && record !== fold) || graph.generation[record] !== generation) {
        const conflict =
          isOrder(this.#interference[earlier * USAGE_CODES + usage]!) ||
          // Two reductions by one operator do not conflict, but what they fold in is folded in program order.
          (REDUCES[earlier] === 1 && REDUCES[usage] === 1);
        if (conflict) {
          const other = users.partition[at]!;
          const same = other === partition && users.colour[at] === colour;
          // In a set that the new user covers, every user listed shares a point with it.
          const meets = same || covers || overlap(other, users.colour[at]!, partition, colour);
          if (
            probe === null
              ? meets
              : probe.orders(meets, earlier, usage, pathOf(found, covers, same, other, partition))
          )
            builder.after(record, generation, READS[earlier] === 0 && TAKES_DATA[usage] === 1);
          // Whoever conflicts with that one later, in this set, also conflicts with the new one.
          drop =
            meets &&
            dominates &&
            (covers || same || partition.subspaces[colour]!.covers(other.subspaces[users.colour[at]!]!));
          if (probe !== null) drop = probe.forgets(drop, 'superfluous');
        }
      }
      const next = users.next[at]!;
      if (drop) {
        users.drop(at);
        if (previous === NIL) heads[set] = next;
        else users.next[previous] = next;
      } else {
        previous = at;
        left++;
      }
      at = next;
    }
    return left;
  }

  /** A reader of every set: kept once for all of them, and ordered after one join of all writers. */
  #readAll(sets: EquivalenceSets, partition: IndexPartition, colour: number, usage: number): void {
    const builder = this.#builder;
    const graph = this.#graph;
    if (sets.count > JOIN_WRITERS && EXCLUSIVE[usage] === 1) {
      let join = sets.writersJoin;
      if (join === null || graph.generation[join.record] !== join.generation) {
        const { current, unmet } = builder;
        const record = this.#openJoin();
        for (let set = 0; set < sets.count; set++)
          this.#after(sets.writers, set, partition, colour, usage, true, false, 'writers join');
        join = { record, generation: graph.generation[record]! };
        if (builder.seal()) this.#joinReady(record);
        builder.resume(current, unmet);
        sets.writersJoin = join;
      }
      if (this.#probe === null || this.#probe.orders(true, -1, usage, 'joined writers'))
        builder.after(join.record, join.generation, true);
      // A join passes failures on while it lives; afterwards the writers themselves tell.
      if (builder.anyPoison) {
        for (let set = 0; set < sets.count; set++)
          this.#after(sets.writers, set, partition, colour, usage, true, false, 'all');
      }
    } else {
      for (let set = 0; set < sets.count; set++)
        this.#after(sets.writers, set, partition, colour, usage, true, false, 'all');
    }
    const { current } = builder;
    if (sets.wide.length >= JOIN_READERS) this.#joinWide(sets);
    sets.wide.push({ record: current, generation: graph.generation[current]!, usage, partition });
  }

  /** A writer in one set waits for the readers of all sets that no earlier writer of this set has waited for. */
  #afterWide(sets: EquivalenceSets, set: number, usage: number, covers: boolean): void {
    const { wide, wideDropped } = sets;
    const builder = this.#builder;
    const graph = this.#graph;
    const { current } = builder;
    const from = Math.max(0, sets.wideSeen[set]! - wideDropped);
    if (from >= wide.length) return;
    const probe = this.#probe;
    for (let i = from; i < wide.length; i++) {
      const { record, generation, usage: earlier } = wide[i]!;
      if (record === current && graph.generation[record] === generation) continue;
      if (!isOrder(this.#interference[earlier * USAGE_CODES + usage]!)) continue;
      if (probe === null || probe.orders(true, earlier, usage, 'wide'))
        builder.after(record, generation, false);
    }
    const seen = covers && EXCLUSIVE[usage] === 1;
    if (probe === null ? seen : probe.forgets(seen, 'wide seen'))
      sets.wideSeen[set] = wideDropped + wide.length;
  }

  /** Replaces the wide readers by those that are alive, and those by a join when there are many. */
  #joinWide(sets: EquivalenceSets): void {
    const graph = this.#graph;
    const builder = this.#builder;
    const alive = sets.wide.filter(({ record, generation }) => graph.generation[record] === generation);
    const { current, unmet } = builder;
    sets.wideDropped += sets.wide.length;
    // A join stands for readers that conflict with the same users.
    const joined = alive.find(({ record }) => record !== current)?.usage;
    const others = alive.filter(({ record, usage }) => record !== current && usage === joined);
    const own = alive.filter(({ record, usage }) => record === current || usage !== joined);
    if (others.length > JOIN_READERS / 2) {
      const { usage, partition } = others[0]!;
      const record = this.#openJoin();
      for (const reader of others) {
        if (this.#probe === null || this.#probe.orders(true, usage, usage, 'wide join'))
          builder.after(reader.record, reader.generation, false);
      }
      const join = { record, generation: graph.generation[record]!, usage, partition };
      if (builder.seal()) this.#joinReady(record);
      builder.resume(current, unmet);
      sets.wide = [join, ...own];
    } else sets.wide = [...others, ...own];
    // Sets whose writers waited for the earlier ones wait for the rest once more: harmless, they are ordered already.
    sets.wideSeen.fill(sets.wideDropped);
  }

  /** Drops readers that have ended; if many are left, joins them. */
  #pruneReaders(sets: EquivalenceSets, set: number): void {
    const users = this.#users;
    const graph = this.#graph;
    const builder = this.#builder;
    const { current } = builder;
    const base = sets.base;
    let left = NIL;
    let count = 0;
    const all: number[] = [];
    for (let at = sets.readers[set]!; at !== NIL; at = users.next[at]!) all.push(at);
    for (const at of all) {
      if (graph.generation[users.record[at]!] !== users.generation[at]!) users.drop(at);
      else {
        users.next[at] = left;
        left = at;
        count++;
      }
    }
    if (count >= JOIN_READERS) {
      const { unmet } = builder;
      const record = this.#openJoin();
      const usage = users.usage[left]!;
      let kept = NIL;
      let keptCount = 0;
      for (let at = left; at !== NIL; ) {
        const next = users.next[at]!;
        if (users.record[at] === current || users.usage[at] !== usage) {
          users.next[at] = kept;
          kept = at;
          keptCount++;
        } else {
          if (this.#probe === null || this.#probe.orders(true, usage, usage, 'readers join'))
            builder.after(users.record[at]!, users.generation[at]!, false);
          users.drop(at);
        }
        at = next;
      }
      const generation = graph.generation[record]!;
      if (builder.seal()) this.#joinReady(record);
      builder.resume(current, unmet);
      left = users.add(record, generation, usage, base, set, kept);
      count = keptCount + 1;
    }
    sets.readers[set] = left;
    // Lists of many live readers of parts of a set are looked through again only when they have doubled.
    sets.readerCount[set] = count >= JOIN_READERS / 2 ? 0 : count;
  }
}

/** How two users were found to share a point, of which one was listed in a set. */
function pathOf(
  found: Path,
  covers: boolean,
  same: boolean,
  other: IndexPartition,
  partition: IndexPartition,
): Path {
  if (found !== 'table') return found;
  if (covers) return 'covered';
  if (same) return 'same';
  return other.subspaces.length === 1 && partition.subspaces.length === 1 ? 'geometry' : 'table';
}

function allOnes(bits: Uint8Array, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (bits[k] !== 1) return false;
  return true;
}

/** Do two colours share a point? */
export function overlap(a: IndexPartition, i: number, b: IndexPartition, j: number): boolean {
  if (a === b && a.disjoint) return i === j;
  if (a.subspaces.length === 1 && b.subspaces.length === 1) return a.subspaces[0]!.overlaps(b.subspaces[0]!);
  const { start, colours } = overlapTable(a, b);
  let low = start[i]!;
  let high = start[i + 1]! - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const colour = colours[middle]!;
    if (colour === j) return true;
    if (colour < j) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
