// Elements of regions between ranks. Who holds what follows from program order (`../../analysis/ownership.ts`), so both sides
// of a message know of it: the one issues an operation that reads the elements and sends them, the other one that waits for
// the message and writes them. Both take their place among the operations of their own rank like any other.

import { deserialize, serialize } from 'node:v8';
import { whole } from '../../analysis/equivalence-sets.js';
import { type Effect, type Needs, type Ownership, OwnershipTable } from '../../analysis/ownership.js';
import { Kind, Word } from '../../graph/layout.js';
import { poison } from '../../graph/poison.js';
import type { Shards } from '../../mapping/sharding.js';
import type { Instance, Spoilt } from '../../memory/instance.js';
import { blockStart } from '../../memory/launch-layout.js';
import { forEachPiece } from '../../memory/view-layout.js';
import { type Mail, Topic } from '../../nodes/mail.js';
import type { IndexPartition } from '../../regions/index.js';
import { IndexSpace, unionAll } from '../../spaces/index.js';
import type { Engine } from '../engine.js';
import { createHandle, type LaunchHandle, type ProgramScope } from '../handle.js';
import type { Resolved } from '../legality.js';
import type { FieldUse } from '../requirement.js';
import { forgetSpoilt } from '../spoils.js';
import type { Tree } from '../tree.js';
import { groupsOf, ONE, OVERWRITE, privilegeOf, READ, usesOf } from '../uses.js';
import { openOne, release } from './waiting-record.js';

/** Failures that have reached elements, as they are sent. */
interface SpoiltWire {
  readonly field: number;
  readonly runs: Int32Array;
  readonly operation: number;
  readonly root: number;
  readonly usage: number;
}

export class ElementMoves {
  readonly #engine: Engine;
  readonly #mail: Mail;
  readonly #scope: ProgramScope;
  readonly #table: OwnershipTable;
  /** Per tree the state of every field. */
  readonly #states = new WeakMap<Tree, Ownership[]>();
  readonly #needs = new WeakMap<IndexPartition, Map<Int32Array | null, Map<string, Needs>>>();
  /** Messages to and from every other rank so far: both sides count alike. */
  readonly #sent: Int32Array;
  readonly #received: Int32Array;
  /** Receives that wait for their message. */
  waiting = 0;

  constructor(engine: Engine, mail: Mail, scope: ProgramScope) {
    const { ranks } = mail.transport;
    this.#engine = engine;
    this.#mail = mail;
    this.#scope = scope;
    this.#table = new OwnershipTable(ranks);
    this.#sent = new Int32Array(ranks);
    this.#received = new Int32Array(ranks);
  }

  /** Moves what a requirement needs to the ranks that run its points, and notes who holds what afterwards. */
  bring({ tree, partition, colours }: Resolved, uses: readonly FieldUse[], shards: Shards): void {
    const needs = this.#needsOf(partition, colours, shards);
    const states = this.#statesOf(tree);
    for (const { usage, fields } of groupsOf(uses)) {
      const effect = effectOf(usage);
      // Fields with one state go together.
      const left = new Set(fields);
      for (const first of fields) {
        if (!left.has(first)) continue;
        const state = states[first]!;
        const same = fields.filter((field) => left.has(field) && states[field] === state);
        const { moves, next } = state.after(needs, effect);
        if (this.#engine.options.faults.stay !== true)
          for (const { from, to, space } of moves) this.#move(tree, same, space, from, to);
        for (const field of same) {
          states[field] = next;
          left.delete(field);
        }
      }
    }
  }

  /** Of a launch that one rank runs, how many bytes of what it touches every rank holds. */
  held(requirements: readonly Resolved[], shards: Shards): number[] {
    const bytes = new Array<number>(this.#table.ranks).fill(0);
    for (const { tree, partition, colours, uses } of requirements) {
      const space = this.#needsOf(partition, colours, shards)[0] ?? null;
      if (space === null) continue;
      const states = this.#statesOf(tree);
      for (const { field } of uses) {
        const { bytesPerElement } = tree.fields.fields[tree.fields.names[field]!]!;
        states[field]!.held(space).forEach((points, rank) => {
          bytes[rank]! += points * bytesPerElement;
        });
      }
    }
    return bytes;
  }

  #statesOf(tree: Tree): Ownership[] {
    let states = this.#states.get(tree);
    if (states === undefined) {
      states = tree.fields.names.map(() => this.#table.everywhere(tree.space));
      this.#states.set(tree, states);
    }
    return states;
  }

  /** What every rank touches of a partition. */
  #needsOf(partition: IndexPartition, colours: Int32Array | null, shards: Shards): Needs {
    let byColours = this.#needs.get(partition);
    if (byColours === undefined) this.#needs.set(partition, (byColours = new Map()));
    let byKey = byColours.get(colours);
    if (byKey === undefined) {
      if (byColours.size > 256) byColours.clear();
      byColours.set(colours, (byKey = new Map()));
    }
    let needs = byKey.get(shards.key);
    if (needs === undefined)
      byKey.set(shards.key, (needs = touched(partition, colours, shards, this.#table.ranks)));
    return needs;
  }

  #move(tree: Tree, fields: readonly number[], space: IndexSpace, from: number, to: number): void {
    const { rank } = this.#mail.transport;
    if (rank === from) this.#send(tree, fields, space, to);
    if (rank === to) this.#receive(tree, fields, space, from);
  }

  #send(tree: Tree, fields: readonly number[], space: IndexSpace, to: number): void {
    const number = this.#sent[to]!++;
    const handle = this.#open(tree, fields, space, READ, `${tree.name} to rank ${to}`);
    const { instances } = handle.uses[0]!;
    handle.host = () => {
      const { graph } = this.#engine;
      const spoilt = graph.control[Word.failures] === 0 ? [] : this.#spoiltOf(instances, space);
      this.#mail.send(to, Topic.elements, number, this.#pack(tree, fields, instances, space, spoilt));
    };
    this.#make(handle, tree, fields, space, READ, false);
  }

  #receive(tree: Tree, fields: readonly number[], space: IndexSpace, from: number): void {
    const number = this.#received[from]!++;
    const engine = this.#engine;
    const handle = this.#open(tree, fields, space, OVERWRITE, `${tree.name} from rank ${from}`);
    const { instances } = handle.uses[0]!;
    let message: Uint8Array | null = null;
    handle.host = () => {
      const spoilt = this.#unpack(tree, fields, instances, space, message!);
      // The marks go on to whoever takes the elements; what is spoilt is listed with the elements.
      for (const { root } of spoilt) poison(engine.graph, handle.records[0]!, root);
    };
    this.#make(handle, tree, fields, space, OVERWRITE, true);
    this.waiting++;
    this.#mail.receive(from, Topic.elements, number, (bytes) => {
      message = bytes;
      this.waiting--;
      release(engine, handle);
    });
  }

  #open(tree: Tree, fields: readonly number[], space: IndexSpace, usage: number, name: string): LaunchHandle {
    const engine = this.#engine;
    const handle = createHandle(this.#scope, name, ONE, {}, () => []);
    handle.moves = true;
    engine.openLaunch(handle, Kind.host, 0);
    const uses = usesOf(
      fields.map((field) => [field, String(field)]),
      usage,
    );
    const instances = fields.map((field) => tree.instance(field));
    for (const instance of instances) engine.use(handle, instance);
    handle.uses.push({ fields: uses, instances, partition: whole(space), colours: null });
    return handle;
  }

  #make(
    handle: LaunchHandle,
    tree: Tree,
    fields: readonly number[],
    space: IndexSpace,
    usage: number,
    waits: boolean,
  ): void {
    const { analysis } = this.#engine;
    const partition = whole(space);
    openOne(this.#engine, handle, waits, () => {
      for (const sets of tree.state.classes(fields))
        analysis.use(sets, sets.cover(partition), partition, 0, usage);
    });
  }

  #spoiltOf(instances: readonly Instance[], space: IndexSpace): SpoiltWire[] {
    this.#engine.takeEnded();
    return instances.flatMap(({ spoilt }, field) =>
      (spoilt ?? []).flatMap(({ space: where, operation, root, usage }) => {
        const part = where.intersect(space);
        return part.empty ? [] : [{ field, runs: part.runs, operation, root, usage }];
      }),
    );
  }

  // A message: bytes of the list of spoilt elements, padding, the elements field by field, the list.

  #pack(
    tree: Tree,
    fields: readonly number[],
    instances: readonly Instance[],
    space: IndexSpace,
    spoilt: readonly SpoiltWire[],
  ): Uint8Array {
    const list = spoilt.length === 0 ? new Uint8Array(0) : serialize(spoilt);
    const sizes = fields.map((field) => bytesPerPoint(tree, field));
    const bytes = new Uint8Array(HEAD + space.volume * sizes.reduce((a, b) => a + b, 0) + list.length);
    new DataView(bytes.buffer).setUint32(0, list.length, true);
    let at = HEAD;
    instances.forEach((instance, f) => {
      const memory = this.#bytesOf(instance);
      const size = sizes[f]!;
      forEachPiece(space, tree.box, (first, length) => {
        const from = (first - instance.first) * size;
        bytes.set(memory.subarray(from, from + length * size), at);
        at += length * size;
      });
    });
    bytes.set(list, at);
    return bytes;
  }

  #unpack(
    tree: Tree,
    fields: readonly number[],
    instances: readonly Instance[],
    space: IndexSpace,
    bytes: Uint8Array,
  ): readonly SpoiltWire[] {
    const listBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    let at = HEAD;
    instances.forEach((instance, f) => {
      const memory = this.#bytesOf(instance);
      const size = bytesPerPoint(tree, fields[f]!);
      forEachPiece(space, tree.box, (first, length) => {
        memory.set(bytes.subarray(at, at + length * size), (first - instance.first) * size);
        at += length * size;
      });
    });
    const { graph } = this.#engine;
    if (listBytes === 0 && graph.control[Word.failures] === 0) return [];
    this.#engine.takeEnded();
    for (const instance of instances) forgetSpoilt(instance, space);
    const spoilt = listBytes === 0 ? [] : (deserialize(bytes.subarray(at)) as SpoiltWire[]);
    for (const { field, runs, operation, root, usage } of spoilt) {
      const instance = instances[field]!;
      const entry: Spoilt = { space: IndexSpace.fromRuns(space.rank, runs), operation, root, usage };
      instance.spoilt = [...(instance.spoilt ?? []), entry];
    }
    return spoilt;
  }

  #bytesOf({ unit, bytes }: Instance): Uint8Array {
    const { buffer, byte } = this.#engine.heap.locate(unit);
    return new Uint8Array(buffer, byte, bytes);
  }
}

/** Bytes before the elements. */
const HEAD = 8;

function bytesPerPoint(tree: Tree, field: number): number {
  return tree.fields.fields[tree.fields.names[field]!]!.bytesPerElement;
}

function effectOf(usage: number): Effect {
  const privilege = privilegeOf(usage);
  return privilege === 'read' || privilege === 'overwrite' ? privilege : 'update';
}

/** The points that every rank touches. */
function touched(
  partition: IndexPartition,
  colours: Int32Array | null,
  { owners, points, total }: Shards,
  ranks: number,
): Needs {
  const union = (list: Iterable<number>): IndexSpace | null => {
    const spaces = [...new Set(list)].map((colour) => partition.subspaces[colour]!).filter((s) => !s.empty);
    return spaces.length === 0 ? null : spaces.length === 1 ? spaces[0]! : unionAll(spaces, spaces[0]!.rank);
  };
  const colourOf = (point: number) => (colours === null ? point : colours[point]!);
  if (owners === null) return new Array<IndexSpace | null>(ranks).fill(union(Array.from(points, colourOf)));
  const lists = Array.from({ length: ranks }, () => new Set<number>());
  owners.forEach((rank, block) => {
    const end = blockStart(block + 1, owners.length, total);
    for (let point = blockStart(block, owners.length, total); point < end; point++)
      lists[rank]!.add(colourOf(point));
  });
  return lists.map(union);
}
