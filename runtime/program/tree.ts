// One region tree at run time: the state of its analysis, the instances of its fields, and the views that were written
// for them.
import type { TreeState } from '../analysis/dependences.js';
import type { EquivalenceSets } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import type { Instance } from '../memory/instance.js';
import { Access, type Box, boxOf, boxVolume, writeSpace, writeView } from '../memory/view-layout.js';
import { ELEMENT_KINDS } from '../privileges/element.js';
import { REDUCTIONS, usageOf } from '../privileges/usage.js';
import type { FieldSpace, IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { Engine } from './engine.js';
import type { LaunchHandle, ProgramScope } from './handle.js';
import { launchSite } from './launch-site.js';
import type { FieldUse } from './requirement.js';

/** Views of one requirement through one partition, on one set of instances. */
export interface Binding {
  /** Table of views by colour, in the heap. */
  readonly unit: number;
  readonly colours: number;
  readonly views: { readonly unit: number; readonly bytes: number; readonly space: IndexSpace }[];
  /** How many colours have a view. */
  made: number;
  /** Launches that use it and have not ended. */
  users: number;
  readonly key: string;
  /** The instances of now, in the order of the fields. */
  instances: readonly Instance[];
}

/** What a lease holds, from the call to its end. */
export interface OpenLease {
  readonly partition: IndexPartition;
  readonly colour: number;
  readonly uses: readonly FieldUse[];
  readonly site: { readonly stack?: string };
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
  /** What the inner task may do with it; null for who made the region. */
  readonly grants: readonly Grant[] | null;
  readonly #instances: (Instance | null)[];
  /** The spaces that views of living bindings point to. */
  readonly #spaces: Map<IndexSpace, { readonly unit: number; readonly bytes: number; views: number }>;
  readonly #bindings: Map<string, Binding>;
  /** Of growing data, the points that operations may touch; null where all may be. What an inner task is lent is valid. */
  valid: IndexSpace | null = null;
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
    if (lent === null) {
      this.root = this;
      this.grants = null;
      this.#instances = new Array<Instance | null>(fields.names.length).fill(null);
      this.#spaces = new Map();
      this.#bindings = new Map();
      if (scope.depth > 0) scope.owned.add(this);
    } else {
      this.root = lent.from.root;
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
  within(scope: ProgramScope, grants: readonly Grant[], instances: readonly (Instance | null)[]): Tree {
    return new Tree(this.engine, scope, this.space, this.fields, this.name, {
      from: this,
      grants,
      instances,
    });
  }

  check(): void {
    this.scope.check(`region ${this.name}`);
    if (this.freed)
      throw new LaunchError(`Region ${this.name} was freed: nothing can be launched on it any more.`);
  }

  /** Whether something must be looked at before an operation may touch the region. */
  get restricted(): boolean {
    return this.leases.length > 0 || this.valid !== null;
  }

  /** Memory of its fields. */
  get bytes(): number {
    return this.#instances.reduce((sum, instance) => sum + (instance?.bytes ?? 0), 0);
  }

  /** The instance of a field; made of zeros at first use, unless all of it is about to be overwritten. */
  instance(field: number, overwritten = false): Instance {
    const instance = (this.#instances[field] ??= this.#create(field, !overwritten));
    instance.touched = this.engine.preparing;
    if (instance.place >= 0) this.engine.fetch(instance, !overwritten);
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
      users: 0,
      dead: false,
      place: -1,
      touched: engine.preparing,
      spoilt: null,
    };
    engine.instances.add(instance);
    return instance;
  }

  /**
   * Fresh instances for fields that a launch writes whole while others still use the old ones: nobody has to wait.
   * False when the memory budget does not allow for a second copy now.
   */
  rename(sets: EquivalenceSets): boolean {
    // Who lent the region goes on with these instances.
    if (this.grants !== null) return false;
    const { engine } = this;
    const bytes = sets.fields.reduce((sum, field) => sum + (this.#instances[field]?.bytes ?? 0), 0);
    if (engine.heap.usedBytes + bytes > engine.options.memory) return false;
    for (const field of sets.fields) {
      const old = this.#instances[field];
      if (old === null || old === undefined) continue;
      const fresh = this.#create(field, false);
      this.#instances[field] = fresh;
      engine.release(old);
    }
    engine.analysis.rename(sets);
    engine.runLog?.renames(engine.operations, this, sets.fields);
    return true;
  }

  /** The views of a requirement for the colours of a partition; `touched` colours get theirs now. */
  bind(partition: IndexPartition, uses: readonly FieldUse[], touched: ArrayLike<number> | null): Binding {
    const instances = uses.map(({ field }) => this.instance(field));
    const fields = uses.map(({ field, usage }, i) => {
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
        unit: instances[i]!.unit,
      };
    });
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
      const count = touched === null ? binding.colours : touched.length;
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
    this.engine.analysis.forget(this.state);
  }

  #free(): void {
    this.engine.runLog?.frees(this);
    for (const instance of this.#instances) if (instance !== null) this.engine.release(instance);
    this.#instances.fill(null);
    this.engine.afterAll(this.scope, () => {
      for (const binding of [...this.#bindings.values()]) this.#drop(binding);
      this.engine.analysis.forget(this.state);
    });
  }
}
