// One region tree at run time: the state of its analysis, the instances of its fields, and the views that were written
// for them.
import type { TreeState } from '../analysis/dependences.js';
import type { EquivalenceSets } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import type { Instance } from '../memory/instance.js';
import {
  Access,
  type Box,
  boxOf,
  boxVolume,
  type FieldOfView,
  writeSpace,
  writeView,
} from '../memory/view-layout.js';
import { ELEMENT_KINDS, type TypedArray } from '../privileges/element.js';
import { REDUCTIONS, usageOf } from '../privileges/usage.js';
import type { FieldSpace, IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import { type Binding, isTile, isTiled, TileBinding } from './binding.js';
import type { Engine } from './engine.js';
import type { LaunchHandle, ProgramScope } from './handle.js';
import { launchSite } from './launch-site.js';
import type { FieldUse } from './requirement.js';
import { holds, type Place, type Residence, stretchOf, type Tile } from './residence.js';

/** What a lease holds, from the call to its end. */
export interface OpenLease {
  readonly partition: IndexPartition;
  readonly colour: number;
  readonly uses: readonly FieldUse[];
  readonly site: { readonly stack?: string };
}

/** Elements that are attached to something outside. */
export interface Claim {
  readonly field: number;
  readonly space: IndexSpace;
  /** Operations may write them. */
  readonly writes: boolean;
  readonly site: { readonly stack?: string };
}

/** What an operation uses of a region. */
export interface TreeUse {
  readonly tree: Tree;
  readonly partition: IndexPartition;
  readonly uses: readonly FieldUse[];
  readonly colours: Int32Array | null;
}

/** What an inner task holds of a tree through one of its requirements. */
export interface Grant {
  readonly name: string;
  readonly space: IndexSpace;
  readonly uses: readonly FieldUse[];
}

/** Where a tree within an inner task comes from. */
interface Lent {
  readonly from: Tree;
  readonly grants: readonly Grant[];
  readonly instances: readonly (Instance | null)[];
  /** What its launch uses: the tiles of attached fields among it. */
  readonly tiles: readonly Instance[];
}

/** Bindings kept of one tree before those of replaced instances are given back. */
const BINDINGS_KEPT = 64;

export class Tree {
  readonly engine: Engine;
  readonly space: IndexSpace;
  readonly fields: FieldSpace;
  readonly name: string;
  readonly box: Box;
  readonly state: TreeState;
  /** Whose operations use it. */
  readonly scope: ProgramScope;
  /** The tree that this is, or in an inner task the one that it stands for. */
  readonly root: Tree;
  /** The tree that lent it to the inner task; null for who made the region. */
  readonly from: Tree | null;
  /** What the inner task may do with it; null for who made the region. */
  readonly grants: readonly Grant[] | null;
  readonly #instances: (Instance | null)[];
  /** The spaces that views of living bindings point to. */
  readonly #spaces: Map<IndexSpace, { readonly unit: number; readonly bytes: number; views: number }>;
  readonly #bindings: Map<string, Binding>;
  /** Of growing data, the points that operations may touch; null where all may be. What an inner task is lent is valid. */
  valid: IndexSpace | null = null;
  /** What is attached, in the order of the calls. */
  readonly claims: Claim[] = [];
  /** The fields that are attached, as far as operations were issued; null where none is. */
  residences: Map<number, Residence> | null = null;
  /** Who brings in what operations need of them. */
  attached: {
    bring(requirements: readonly TreeUse[], points: number): void;
    forget(residence: Residence): void;
  } | null = null;
  readonly #lent: readonly Tile[];
  /** Leases that have not ended. */
  readonly leases: OpenLease[] = [];
  freed = false;
  /** Told when the region is freed. */
  onFree: ((tree: Tree) => void) | null = null;

  constructor(
    engine: Engine,
    scope: ProgramScope,
    space: IndexSpace,
    fields: FieldSpace,
    name: string,
    lent: Lent | null = null,
  ) {
    this.engine = engine;
    this.scope = scope;
    this.space = space;
    this.fields = fields;
    this.name = name;
    this.box = boxOf(space);
    this.state = engine.analysis.tree(space, fields.names.length);
    this.#lent = lent === null ? [] : lent.tiles.filter(isTile);
    if (lent === null) {
      this.root = this;
      this.from = null;
      this.grants = null;
      this.#instances = new Array<Instance | null>(fields.names.length).fill(null);
      this.#spaces = new Map();
      this.#bindings = new Map();
      if (scope.depth > 0) scope.owned.add(this);
    } else {
      this.root = lent.from.root;
      this.from = lent.from;
      this.grants = lent.grants;
      this.#instances = [...lent.instances];
      // Views are those of the instances, whoever works on them.
      this.#spaces = lent.from.#spaces;
      this.#bindings = lent.from.#bindings;
    }
  }

  /** The instances of now, for a launch whose children will work on them. */
  get snapshot(): readonly (Instance | null)[] {
    return [...this.#instances];
  }

  /**
   * The same data within an instance of an inner task: an analysis of its own, as its children are ordered among
   * themselves, on the instances that the launch found.
   */
  within(
    scope: ProgramScope,
    grants: readonly Grant[],
    instances: readonly (Instance | null)[],
    tiles: readonly Instance[],
  ): Tree {
    return new Tree(this.engine, scope, this.space, this.fields, this.name, {
      from: this,
      grants,
      instances,
      tiles,
    });
  }

  check(): void {
    this.scope.check(`region ${this.name}`);
    if (this.freed)
      throw new LaunchError(`Region ${this.name} was freed: nothing can be launched on it any more.`);
  }

  /** Whether something must be looked at before an operation may touch the region. */
  get restricted(): boolean {
    return this.leases.length > 0 || this.valid !== null || this.claims.length > 0;
  }

  /** Memory of its fields. */
  get bytes(): number {
    return this.#instances.reduce((sum, instance) => sum + (instance?.bytes ?? 0), 0);
  }

  /** The instance of a field; made of zeros at first use, unless all of it is about to be overwritten. */
  instance(field: number, overwritten = false): Instance {
    const instance = (this.#instances[field] ??= this.#create(field, !overwritten));
    instance.touched = this.engine.memory.preparing;
    if (instance.place >= 0) this.engine.memory.fetch(instance, !overwritten);
    return instance;
  }

  #create(field: number, zeroed: boolean): Instance {
    const { engine } = this;
    const name = this.fields.names[field]!;
    const type = this.fields.fields[name]!;
    const bytes = Math.max(1, boxVolume(this.box) * type.bytesPerElement);
    const what = `${this.name}.${name}`;
    const unit = engine.allocate(bytes, what, zeroed);
    const instance: Instance = {
      unit,
      bytes,
      what,
      first: 0,
      users: 0,
      dead: false,
      place: -1,
      touched: engine.memory.preparing,
      spoilt: null,
      attached: false,
    };
    engine.memory.instances.add(instance);
    return instance;
  }

  /**
   * Fresh instances for fields that a launch writes whole while others still use the old ones: nobody has to wait.
   * False when the memory budget does not allow for a second copy now.
   */
  rename(sets: EquivalenceSets): boolean {
    // Who lent the region goes on with these instances.
    if (this.grants !== null) return false;
    const { engine, residences } = this;
    // What is attached is not just anywhere.
    if (residences !== null && sets.fields.some((field) => residences.has(field))) return false;
    const bytes = sets.fields.reduce((sum, field) => sum + (this.#instances[field]?.bytes ?? 0), 0);
    if (engine.heap.usedBytes + bytes > engine.options.memory) return false;
    for (const field of sets.fields) {
      const old = this.#instances[field];
      if (old === null || old === undefined) continue;
      const fresh = this.#create(field, false);
      this.#instances[field] = fresh;
      engine.memory.release(old);
    }
    engine.analysis.rename(sets);
    engine.runLog?.renames(engine.operations, this, sets.fields);
    return true;
  }

  /** The views of a requirement for the colours of a partition; `touched` colours (null: the first ones) get theirs now. */
  bind(
    partition: IndexPartition,
    uses: readonly FieldUse[],
    touched: ArrayLike<number> | null,
    first = partition.subspaces.length,
  ): Binding {
    const instances = uses.map(({ field }) => this.instance(field));
    if (instances.some(isTiled))
      return this.#bindTiles(partition, uses, touched ?? { length: first }, (field, space) =>
        this.#tileOf(field, space),
      );
    const fields = this.#fieldsOf(uses, instances);
    let key = `${partition.id}`;
    for (const { unit, access } of fields) key += ` ${unit}:${access}`;
    // Lanes keep views by their block, names and all: the same fields under other names are another view.
    for (const { field, name } of uses)
      key += name === this.fields.names[field] ? ` ${field}` : ` ${field}=${name}`;
    let binding = this.#bindings.get(key);
    const { heap } = this.engine;
    if (binding === undefined) {
      this.#trim();
      const colours = partition.subspaces.length;
      const unit = this.engine.allocate(4 * colours, `views of ${this.name}`, true);
      binding = { unit, colours, views: [], made: 0, users: 0, key, instances };
      this.#bindings.set(key, binding);
    }
    // The memory may be that of an earlier instance, which has ended.
    binding.instances = instances;
    if (binding.made < binding.colours) {
      const count = touched === null ? first : touched.length;
      for (let i = 0; i < count; i++) {
        const colour = touched === null ? i : touched[i]!;
        if (heap.load(binding.unit, colour) !== 0) continue;
        const space = partition.subspaces[colour]!;
        const view = writeView(heap, this.#spaceUnit(space), this.box, fields);
        heap.store(binding.unit, colour, view.unit);
        binding.views.push({ ...view, space });
        binding.made++;
      }
    }
    return binding;
  }

  #fieldsOf(uses: readonly FieldUse[], memory: readonly Instance[]): FieldOfView[] {
    return uses.map(({ field, usage }, i) => {
      const type = this.fields.fields[this.fields.names[field]!]!;
      const { privilege, reduction } = usageOf(usage);
      const access =
        privilege === 'reduce'
          ? Access.reduce + REDUCTIONS.indexOf(reduction!)
          : privilege === 'read'
            ? Access.read
            : privilege === 'overwrite'
              ? Access.overwrite
              : Access.write;
      return {
        kind: ELEMENT_KINDS.indexOf(type.kind),
        lanes: type.lanes,
        access,
        unit: memory[i]!.unit,
        first: memory[i]!.first,
      };
    });
  }

  /** The same where some fields lie in tiles: for one launch, as tiles come and go. */
  #bindTiles(
    partition: IndexPartition,
    uses: readonly FieldUse[],
    touched: Partial<ArrayLike<number>> & { readonly length: number },
    tileOf: (field: number, space: IndexSpace) => Tile,
  ): Binding {
    const { engine } = this;
    const { heap } = engine;
    const colours = partition.subspaces.length;
    const unit = engine.allocate(4 * colours, `views of ${this.name}`, true);
    const instances = uses.map(({ field }) => this.instance(field));
    const binding = new TileBinding(
      unit,
      colours,
      instances,
      (tile) => engine.memory.release(tile),
      (ended) => this.#drop(ended),
    );
    for (let i = 0; i < touched.length; i++) {
      const colour = touched[i] ?? i;
      if (heap.load(unit, colour) !== 0) continue;
      const space = partition.subspaces[colour]!;
      const memory = uses.map(({ field }, f) => {
        const instance = instances[f]!;
        if (space.empty || !isTiled(instance)) return instance;
        const tile = tileOf(field, space);
        binding.tiles.add(tile);
        return tile;
      });
      const view = writeView(heap, this.#spaceUnit(space), this.box, this.#fieldsOf(uses, memory));
      heap.store(unit, colour, view.unit);
      binding.views.push({ ...view, space });
    }
    for (const tile of binding.tiles) tile.fresh = false;
    return binding;
  }

  /** A view of one colour on a certain tile. */
  bindOn(tile: Tile, { partition, colour }: Place, uses: readonly FieldUse[]): Binding {
    const { fresh } = tile;
    const binding = this.#bindTiles(partition, uses, [colour], () => tile);
    tile.fresh = fresh;
    return binding;
  }

  #tileOf(field: number, space: IndexSpace): Tile {
    if (this.grants === null) return this.residences!.get(field)!.tileOf(space);
    const [first, until] = stretchOf(this.box, space);
    const instance = this.instance(field);
    const tile = this.#lent.find((lent) => lent.of === instance && holds(lent, first, until));
    if (tile === undefined) throw new Error(`no tile of ${instance.what} was lent for ${space}`);
    return tile;
  }

  /** The memory of a field where an operation of the program itself uses it. */
  memoryOf(field: number, { partition, colour }: Place): Instance {
    const instance = this.instance(field);
    const space = partition.subspaces[colour]!;
    if (space.empty || !isTiled(instance)) return instance;
    const tile = this.#tileOf(field, space);
    tile.fresh = false;
    return tile;
  }

  /** An inner task uses some points: their tiles stay as long as it runs. */
  lend(handle: LaunchHandle, { partition, uses, colours }: TreeUse): void {
    for (const { field } of uses) {
      if (!isTiled(this.instance(field))) continue;
      for (let point = 0; point < handle.points; point++) {
        const place = { partition, colour: colours === null ? point : colours[point]! };
        this.engine.use(handle, this.memoryOf(field, place));
      }
    }
  }

  /**
   * Gives up the memory of a field, which is about to be attached as a whole. What stands for it is the memory of the array,
   * where that is shared memory of the program, or else none.
   */
  giveUp(field: number, array: TypedArray | null): Instance {
    const { engine } = this;
    const what = `${this.name}.${this.fields.names[field]}`;
    const old = this.#instances[field];
    if (old !== null && old !== undefined) engine.memory.release(old);
    const shared = array !== null && array.buffer instanceof SharedArrayBuffer ? array.buffer : null;
    const instance: Instance = {
      unit: shared === null ? 0 : engine.heap.outside.add(shared, array!.byteOffset),
      bytes: shared === null ? 0 : array!.byteLength,
      what,
      first: 0,
      users: 0,
      dead: false,
      place: -1,
      touched: 0,
      spoilt: null,
      attached: true,
    };
    this.#instances[field] = instance;
    return instance;
  }

  /** A field is attached. */
  reside(residence: Residence, attached: Tree['attached']): void {
    this.residences ??= new Map();
    this.residences.set(residence.field, residence);
    this.attached = attached;
  }

  /** A field is not attached any more. */
  leave({ field, tiled, direct }: Residence): void {
    if (tiled || direct) this.#instances[field] = null;
    this.residences!.delete(field);
    if (this.residences!.size === 0) this.residences = this.attached = null;
  }

  /** Where a space is in shared memory, for one more view. */
  #spaceUnit(space: IndexSpace): number {
    let block = this.#spaces.get(space);
    if (block === undefined) {
      block = { ...writeSpace(this.engine.heap, space, this.box), views: 0 };
      this.#spaces.set(space, block);
    }
    block.views++;
    return block.unit;
  }

  /** Gives back the oldest bindings that nobody uses, when there are many. */
  #trim(): void {
    if (this.#bindings.size < BINDINGS_KEPT) return;
    for (const binding of this.#bindings.values()) {
      if (binding.users > 0) continue;
      this.#drop(binding);
      if (this.#bindings.size < BINDINGS_KEPT / 2) return;
    }
  }

  #drop(binding: Binding): void {
    const { heap } = this.engine;
    for (const { unit, bytes, space } of binding.views) {
      heap.free(unit, bytes);
      const block = this.#spaces.get(space)!;
      if (--block.views > 0) continue;
      heap.free(block.unit, block.bytes);
      this.#spaces.delete(space);
    }
    heap.free(binding.unit, 4 * binding.colours);
    this.#bindings.delete(binding.key);
  }

  closeLease(lease: OpenLease): void {
    this.leases.splice(this.leases.indexOf(lease), 1);
  }

  /** A launch uses these fields until it ends. */
  use(handle: LaunchHandle, uses: readonly FieldUse[]): void {
    for (const { field } of uses) this.engine.use(handle, this.instance(field));
  }

  /** The region is not needed after the operations launched so far. */
  free(): void {
    if (this.freed) return;
    if (this.grants !== null) {
      throw new LaunchError(
        `Region ${this.name} was given to inner task ${this.scope.task}: only who made it can free it.`,
      );
    }
    if (this.leases.length > 0) {
      throw new LaunchError(
        `Region ${this.name} cannot be freed while a lease of it is open: end the lease taken at ${launchSite(this.leases[0]!.site)}.`,
      );
    }
    if (this.scope === this.engine.root) this.engine.ranks?.called(`free of ${this.name}`, {}, [], []);
    this.freed = true;
    this.onFree?.(this);
    this.scope.owned.delete(this);
    this.engine.window.submit(this.scope, () => {
      this.#free();
      return true;
    });
  }

  /** The inner task that it was lent to is over. */
  release(): void {
    this.engine.runLog?.frees(this);
    this.engine.analysis.forget(this.state);
  }

  #free(): void {
    this.engine.runLog?.frees(this);
    const residences = [...(this.residences?.values() ?? [])];
    for (const residence of residences) {
      residence.remove([...residence.parts], residence.covered);
      this.attached!.forget(residence);
    }
    this.residences = this.attached = null;
    for (const instance of this.#instances) if (instance !== null) this.engine.memory.release(instance);
    this.#instances.fill(null);
    this.engine.afterAll(this.scope, () => {
      for (const binding of [...this.#bindings.values()]) this.#drop(binding);
      for (const { direct, instance } of residences)
        if (direct) this.engine.heap.outside.remove(instance.unit);
      this.engine.analysis.forget(this.state);
    });
  }
}
