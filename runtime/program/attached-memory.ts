// The memory of attached fields, for all regions of a run: operations bring in what they need before they are issued, and
// what can be read again is given up when memory runs short, longest unused first.
import { whole } from '../analysis/equivalence-sets.js';
import { ATTACHED, type FileArguments } from '../execution/attached-file.js';
import { BUILTIN, builtinLeaf } from '../execution/builtin.js';
import { decodeView, type TaskView } from '../execution/view.js';
import { Again, Kind, MAX_REQUIREMENTS } from '../graph/layout.js';
import { runsOf } from '../memory/attach/runs.js';
import { writeArgs } from '../memory/launch-layout.js';
import { type TypedArray, usageOf } from '../privileges/index.js';
import { type IndexSpace, unionAll } from '../spaces/index.js';
import type { Engine } from './engine.js';
import { createHandle, type LaunchHandle } from './handle.js';
import type { Resolved } from './legality.js';
import { makeOne } from './one-record.js';
import type { ArrayStore, AttachedPart, Place, Residence, ResidencePort, Tile } from './residence.js';
import type { Tree } from './tree.js';
import { ONE, OVERWRITE, READ, UPDATE, useOf } from './uses.js';

/** Tiles fill no more of the budget than this: launches need some memory, too. */
const SHARE = 15 / 16;

interface Owner {
  readonly tree: Tree;
  readonly residence: Residence;
}

export class AttachedMemory {
  readonly #engine: Engine;
  /** Whose tiles can be given up. */
  readonly #owners = new Set<Owner>();

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.memory.relief = this;
  }

  /** What a residence of a tree asks for. */
  portOf(tree: Tree): ResidencePort {
    const engine = this.#engine;
    return {
      whole,
      allocate: (residence, first, until) => this.#allocate(tree, residence, first, until),
      touch: (tile) => {
        tile.touched = engine.memory.preparing;
        tile.fresh = true;
      },
      release: (tile) => engine.memory.release(tile),
      load: (residence, part, tile, place) => {
        // Elements that are read once more into a tile may have been spoilt meanwhile, and stay so.
        const usage = residence.tiled ? UPDATE : OVERWRITE;
        this.#move('load', tree, residence, part, tile, place, usage, residence.tiled);
      },
      store: (residence, part, tile, space, last) => {
        const place = { partition: whole(space), colour: 0 };
        // Where the tile is given up, elements that could not be written are lost.
        const what = last ? 'evict' : 'store';
        return this.#move(what, tree, residence, part, tile, place, last ? UPDATE : READ, last);
      },
    };
  }

  watch(tree: Tree, residence: Residence): void {
    if (residence.tiled) this.#owners.add({ tree, residence });
  }

  forget(residence: Residence): void {
    for (const owner of this.#owners) if (owner.residence === residence) this.#owners.delete(owner);
  }

  // ---- before an operation is issued ----

  /** Brings in what an operation needs of attached fields. */
  bring(requirements: readonly Resolved[], points: number): void {
    const together = new Map<Residence, { spaces: IndexSpace[]; usage: number }>();
    for (const { tree, partition, uses, colours } of requirements) {
      if (tree.residences === null) continue;
      for (const { field, usage } of uses) {
        const residence = tree.residences.get(field);
        if (residence === undefined) continue;
        for (const sets of tree.state.classes([field])) this.#engine.analysis.prepare(sets, partition, false);
        const { privilege, coherence } = usageOf(usage);
        // Reductions are folded at once; those that take turns or run beside each other need one copy.
        const once = residence.tiled && (privilege === 'reduce' || coherence !== 'exclusive');
        const seen = new Set<number>();
        for (let point = 0; point < points; point++) {
          const colour = colours === null ? point : colours[point]!;
          if (seen.has(colour)) continue;
          seen.add(colour);
          const space = partition.subspaces[colour]!;
          if (space.empty) continue;
          if (!once) residence.bring({ partition, colour }, usage);
          else {
            const entry = together.get(residence);
            if (entry === undefined) together.set(residence, { spaces: [space], usage });
            else {
              entry.spaces.push(space);
              if (usageOf(entry.usage).privilege !== privilege) entry.usage = UPDATE;
            }
          }
        }
      }
    }
    for (const [residence, { spaces, usage }] of together)
      residence.bring({ partition: whole(unionAll(spaces)), colour: 0 }, usage);
  }

  #allocate(tree: Tree, residence: Residence, first: number, until: number): Tile {
    const engine = this.#engine;
    const name = tree.fields.names[residence.field]!;
    const bytes = Math.max(1, (until - first) * tree.fields.fields[name]!.bytesPerElement);
    this.#makeRoom(bytes);
    const what = residence.instance.what;
    const unit = engine.allocate(bytes, what, false);
    const none = residence.covered.minus(residence.covered);
    const tile: Tile = {
      unit,
      bytes,
      what,
      of: residence.instance,
      first,
      until,
      users: 0,
      dead: false,
      spoilt: null,
      held: none,
      dirty: none,
      place: -1,
      touched: engine.memory.preparing,
      attached: true,
      fresh: true,
    };
    engine.memory.instances.add(tile);
    return tile;
  }

  #tiles(which: (tile: Tile) => boolean): (Owner & { readonly tile: Tile })[] {
    const found: (Owner & { readonly tile: Tile })[] = [];
    for (const owner of this.#owners) {
      for (const tile of owner.residence.tiles)
        if (!tile.fresh && which(tile)) found.push({ ...owner, tile });
    }
    return found.sort((a, b) => a.tile.touched - b.tile.touched);
  }

  /** Gives up tiles until so many bytes are free, or will be when their operations have ended. */
  #makeRoom(bytes: number): void {
    const { heap, options } = this.#engine;
    const budget = SHARE * options.memory;
    if (heap.usedBytes + bytes <= budget) return;
    this.drop(bytes);
    let over = heap.usedBytes + bytes - budget;
    if (over <= 0) return;
    const dirtyLast = (tile: Tile) => (tile.dirty.empty ? 0 : 1);
    const victims = this.#tiles(({ touched }) => touched < this.#engine.memory.preparing).sort(
      (a, b) => dirtyLast(a.tile) - dirtyLast(b.tile),
    );
    for (const { residence, tile } of victims) {
      if (over <= 0) return;
      residence.store(tile, tile.dirty, true);
      residence.drop(tile);
      over -= tile.bytes;
    }
  }

  /**
   * Memory is short, and this is no time to issue operations: gives up tiles that nobody uses and that hold nothing which the
   * source lacks.
   */
  drop(bytes: number): boolean {
    const { heap, options } = this.#engine;
    let dropped = false;
    for (const { residence, tile } of this.#tiles(({ users, dirty }) => users === 0 && dirty.empty)) {
      if (heap.usedBytes + bytes <= options.memory) break;
      residence.drop(tile);
      dropped = true;
    }
    return dropped;
  }

  // ---- operations ----

  /** Issues an operation of one record on points of one part. */
  #move(
    what: 'load' | 'store' | 'evict' | 'publish',
    tree: Tree,
    residence: Residence,
    part: AttachedPart,
    tile: Tile | null,
    { partition, colour }: Place,
    usage: number,
    moves: boolean,
    sources: readonly LaunchHandle[] = [],
  ): LaunchHandle {
    const engine = this.#engine;
    const { graph, heap } = engine;
    const { field, source, origin } = part;
    const full = `${tree.name}.${tree.fields.names[field]}`;
    const handle = createHandle(tree.scope, `${what} ${full}`, ONE, part.site, () => [full]);
    const host = 'array' in source;
    const leaf = builtinLeaf(what)!;
    if (!host) engine.executor.startIo();
    engine.openLaunch(
      handle,
      host ? Kind.host : Kind.io,
      host ? 0 : engine.taskId(leaf, { module: BUILTIN, name: what }),
      sources,
    );
    handle.moves = moves;
    this.#takes(handle, sources);
    const uses = useOf(field, ATTACHED, usage);
    const colours = colour === 0 ? null : Int32Array.of(colour);
    handle.uses.push({ fields: uses, instances: [residence.instance], partition, colours });
    engine.use(handle, residence.instance);
    engine.runLog?.requires(handle, [{ tree, partition, uses, colours }]);
    const { slot } = handle;
    // What is read or written is the same however often. A file whose name could not be given is another matter: it may be gone.
    graph.again[slot] = Again.harmless + (what === 'publish' ? 0 : Again.retries * engine.options.retry);
    if (what !== 'publish') {
      const place = { partition, colour };
      const binding = tile === null ? tree.bind(partition, uses, [colour]) : tree.bindOn(tile, place, uses);
      engine.hold(handle, binding);
      if (host) {
        handle.host = () => {
          const view = decodeView(heap, heap.load(binding.unit, colour), [ATTACHED], null);
          moveArray(view, view[ATTACHED] as TypedArray, source, origin, what === 'load' ? 'load' : 'store');
        };
      }
      graph.requirements[slot] = 1;
      graph.bindings[slot * MAX_REQUIREMENTS] = binding.unit;
      // One point, which takes this colour.
      graph.projections[slot * MAX_REQUIREMENTS] = 0;
      if (colour !== 0) {
        const unit = engine.allocate(4, 'projections', false);
        heap.store(unit, 0, colour);
        handle.blocks.push({ unit, bytes: 4 });
        graph.projections[slot * MAX_REQUIREMENTS] = unit;
      }
    }
    if (!host) {
      const args: FileArguments = { store: source, origin };
      handle.args = writeArgs(heap, 0, [], args, []);
      graph.args[slot] = handle.args.unit;
    }
    makeOne(engine, handle, () => {
      this.#after(tree, field, { partition, colour }, usage);
      this.#afterAll(sources);
    });
    return handle;
  }

  /** An operation fails where others fail that it comes after. */
  #takes(handle: LaunchHandle, sources: readonly LaunchHandle[]): void {
    handle.futures = sources.map((source) => ({ source, index: 0 }));
    for (const source of sources) this.#engine.runLog?.takes(handle, source, 0, 1);
  }

  #afterAll(sources: readonly LaunchHandle[]): void {
    for (const { records, generations } of sources)
      this.#engine.builder.afterValue(records[0]!, generations[0]!);
  }

  #after(tree: Tree, field: number, { partition, colour }: Place, usage: number): void {
    for (const sets of tree.state.classes([field]))
      this.#engine.analysis.use(sets, sets.cover(partition), partition, colour, usage);
  }

  /** Issues what gives a file that was made new its name. */
  publish(
    tree: Tree,
    residence: Residence,
    part: AttachedPart,
    sources: readonly LaunchHandle[],
  ): LaunchHandle {
    const place = { partition: whole(part.space), colour: 0 };
    return this.#move('publish', tree, residence, part, null, place, UPDATE, false, sources);
  }

  /** Issues the operation that ends what was called: `run` once all that uses some points of the fields has ended. */
  end(
    handle: LaunchHandle,
    tree: Tree,
    ended: readonly { residence: Residence; space: IndexSpace }[],
    usage: number,
    sources: readonly LaunchHandle[],
    run: () => void,
  ): void {
    const engine = this.#engine;
    engine.openLaunch(handle, Kind.host, 0, sources);
    this.#takes(handle, sources);
    handle.host = run;
    for (const { residence, space } of ended) {
      const { field, instance } = residence;
      const partition = whole(space);
      const uses = useOf(field, ATTACHED, usage);
      handle.uses.push({ fields: uses, instances: [instance], partition, colours: null });
      engine.use(handle, instance);
      engine.runLog?.requires(handle, [{ tree, partition, uses, colours: null }]);
    }
    makeOne(engine, handle, () => {
      for (const { residence, space } of ended)
        this.#after(tree, residence.field, { partition: whole(space), colour: 0 }, usage);
      this.#afterAll(sources);
    });
  }

  /** Issues zeros for points of a field that lies in memory. */
  clear(tree: Tree, field: number, space: IndexSpace, site: { readonly stack?: string }): void {
    const engine = this.#engine;
    const { heap } = engine;
    const name = tree.fields.names[field]!;
    const handle = createHandle(tree.scope, `clear ${tree.name}.${name}`, ONE, site, () => [name]);
    engine.openLaunch(handle, Kind.host, 0);
    const partition = whole(space);
    const uses = useOf(field, ATTACHED, OVERWRITE);
    const binding = tree.bind(partition, uses, null);
    engine.hold(handle, binding);
    handle.uses.push({ fields: uses, instances: binding.instances, partition, colours: null });
    tree.use(handle, uses);
    engine.runLog?.requires(handle, [{ tree, partition, uses, colours: null }]);
    handle.host = () => {
      const view = decodeView(heap, heap.load(binding.unit, 0), [ATTACHED], null);
      const array = view[ATTACHED] as TypedArray;
      const { lanes, kind } = tree.fields.fields[name]!;
      for (const { offset, length } of view.pieces) {
        const part = array.subarray(offset * lanes, (offset + length) * lanes);
        if (kind === 'i64' || kind === 'u64') (part as BigInt64Array).fill(0n);
        else (part as Float64Array).fill(0);
      }
    };
    makeOne(engine, handle, () => this.#after(tree, field, { partition, colour: 0 }, OVERWRITE));
  }
}

/** Copies the points of a view between it and an array of the program. */
function moveArray(
  view: TaskView,
  inside: TypedArray,
  { array, strides }: ArrayStore,
  origin: readonly number[],
  what: 'load' | 'store',
): void {
  const last = view.pieces.at(-1);
  if (last === undefined) return;
  const lanes = inside.length / (last.offset + last.length);
  // Both are of one kind; the compiler sees a union.
  const [memory, outside] = [inside as Float64Array, array as Float64Array];
  for (const { at, from, atStep, fromStep, count } of runsOf(view, origin, strides)) {
    const even = atStep === 1 && fromStep === 1;
    const length = (even ? count : 1) * lanes;
    for (let k = 0; k < (even ? 1 : count); k++) {
      const a = (at + k * atStep) * lanes;
      const b = (from + k * fromStep) * lanes;
      if (what === 'store') outside.set(memory.subarray(a, a + length), b);
      else memory.set(outside.subarray(b, b + length), a);
    }
  }
}
