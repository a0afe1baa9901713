// The operations a program can issue, from the call to the last record: resolve, check, bind, expand.
import type { EquivalenceSets, Cover } from '../analysis/equivalence-sets.js';
import { whole } from '../analysis/equivalence-sets.js';
import { BoundsError, formatPoint, LaunchError } from '../errors.js';
import { BUILTIN, builtinLeaves } from '../execution/builtin.js';
import { foldNumbers, FoldWord } from '../execution/fold-results.js';
import type { Leaf } from '../execution/leaf.js';
import { treeBytes, writeTree } from '../execution/reduction-tree.js';
import { elements } from '../execution/view.js';
import { Kind, MAX_REQUIREMENTS } from '../graph/layout.js';
import { blockStart, reductionBlocks, Results, writeArgs, writeValue } from '../memory/launch-layout.js';
import { place } from '../mapping/place.js';
import { ELEMENT_KINDS, REDUCTIONS, type ReductionName, type TypedArray, usage, usageCode, usageOf } from '../privileges/index.js';
import { fieldIndex, type Fields, type FieldSpace, type IndexPartition } from '../regions/index.js';
import { IndexSpace, type Point, unionAll } from '../spaces/index.js';
import type { Caps } from './capabilities.js';
import type { Engine } from './engine.js';
import { FutureMap, TaskFuture } from './future.js';
import { type LaunchHandle, recordOf } from './handle.js';
import { checkInterference, type Resolved } from './legality.js';
import { Partition, type Projection, ProjectedPartition, Region } from './region.js';
import type { FieldUse } from './requirement.js';
import type { Task } from './task.js';
import type { Tree } from './tree.js';

// biome-ignore lint/suspicious/noExplicitAny: any region of any fields
type AnyRegion = Region<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: any projected partition
type AnyProjected = ProjectedPartition<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: any task
type AnyTask = Task<any, any, any>;

/** One use of equivalence sets that every record of a launch makes. */
interface Step {
  readonly sets: EquivalenceSets;
  readonly cover: Cover;
  readonly partition: IndexPartition;
  readonly colours: Int32Array | null;
  readonly usage: number;
}

/** Uses of a requirement with the same usage. */
interface Group {
  readonly usage: number;
  readonly fields: number[];
}

const ONE = IndexSpace.extent([1]);
const READ = usageCode(usage('read'));
const UPDATE = usageCode(usage('update'));
const OVERWRITE = usageCode(usage('overwrite'));
const privilegeOf = (code: number) => usageOf(code).privilege;

export class Operations {
  readonly engine: Engine;
  readonly #keys = new Map<string, number>();
  readonly #domains = new Map<string, IndexSpace>();
  readonly #legal = new Map<string, true>();
  readonly #projected = new WeakMap<IndexPartition, Map<unknown, Map<IndexSpace, Int32Array>>>();
  readonly #projectionUnits = new WeakMap<Int32Array, number>();
  readonly #unions = new WeakMap<IndexPartition, Map<Int32Array | null, IndexPartition>>();
  readonly #groups = new WeakMap<readonly FieldUse[], Group[]>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  // ---- launches ----

  /** Launches a task for every point of a domain. */
  index(
    domain: readonly number[] | IndexSpace,
    task: AnyTask,
    regions: Readonly<Record<string, unknown>>,
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
  ): FutureMap<unknown> {
    return new FutureMap(this, this.#launch(this.#domain(domain), task, regions, args, site));
  }

  /** Launches a task once. */
  single(
    task: AnyTask,
    regions: Readonly<Record<string, unknown>>,
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
  ): TaskFuture<unknown> {
    return new TaskFuture(this, this.#launch(ONE, task, regions, args, site), 0);
  }

  #domain(domain: readonly number[] | IndexSpace): IndexSpace {
    if (domain instanceof IndexSpace) {
      if (!domain.dense) throw new LaunchError('A launch domain must be a box: partition by domain, or launch over its bounding box.');
      return domain;
    }
    if (!Array.isArray(domain)) {
      throw new LaunchError(`A launch domain is a list of sizes such as [16], not ${typeof domain}.`);
    }
    const key = domain.join(',');
    let space = this.#domains.get(key);
    if (space === undefined) this.#domains.set(key, (space = IndexSpace.extent(domain)));
    return space;
  }

  #launch(
    domain: IndexSpace,
    task: AnyTask,
    regions: Readonly<Record<string, unknown>>,
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
  ): LaunchHandle {
    if (typeof task !== 'object' || task === null || !('leaf' in task)) {
      throw new LaunchError(
        typeof task === 'function'
          ? 'A function was launched, but functions cannot be sent to workers: declare it with task({ module: import.meta.url, name, run }) and export it.'
          : `What was launched is no task: declare it with task({ ... }), and pass what that returns.`,
      );
    }
    const resolved = this.#resolve(domain, task, regions);
    this.#checkLegal(task, domain, resolved);
    const name = task.name;
    const words = () => resolved.map((r) => `${r.name}: ${r.tree.name} {${r.uses.map((use) => use.name).join(', ')}}`);
    return this.#issue(domain, name, task.leaf, task, task.async ? Kind.io : Kind.task, resolved, args, site, words);
  }

  #resolve(domain: IndexSpace, task: AnyTask, regions: Readonly<Record<string, unknown>>): Resolved[] {
    const names: readonly string[] = task.leaf.requirements;
    for (const name of Object.keys(regions)) {
      if (!names.includes(name)) {
        throw new LaunchError(`task ${task.name} has no requirement called ${name}: it has ${names.join(', ') || 'none'}.`);
      }
    }
    return names.map((name) => {
      const given = regions[name];
      const requirement = task.regions[name]!;
      if (given === undefined) throw new LaunchError(`task ${task.name}: no region was given for its requirement ${name}.`);
      const isRegion = given instanceof Region;
      if (!isRegion && !(given instanceof ProjectedPartition)) {
        throw new LaunchError(
          `task ${task.name}: what was given for ${name} is ${given instanceof Partition ? 'a partition: say partition.at()' : 'no region'}.`,
        );
      }
      if ((given as AnyRegion | AnyProjected).space !== requirement.space) {
        throw new LaunchError(
          `task ${task.name}: the region given for ${name} has other fields than the task declares (${requirement.space.names.join(', ')}): use the same fieldSpace object.`,
        );
      }
      const tree: Tree = isRegion ? (given as AnyRegion).tree : (given as AnyProjected).partition.tree;
      if (tree.engine !== this.engine) throw new LaunchError(`task ${task.name}: the region given for ${name} belongs to another run.`);
      tree.check();
      if (isRegion) {
        const { place: partition, colour } = given as AnyRegion;
        return { name, tree, partition, uses: requirement.uses, colours: this.#constant(partition, domain, colour) };
      }
      const { partition, project } = given as AnyProjected;
      return {
        name,
        tree,
        partition: partition.index,
        uses: requirement.uses,
        colours: this.#project(partition.index, domain, project, `task ${task.name}, requirement ${name}`),
      };
    });
  }

  /** The same colour for every point. */
  #constant(partition: IndexPartition, domain: IndexSpace, colour: number): Int32Array | null {
    if (domain.volume === 1 && colour === 0) return null;
    return this.#projection(partition, colour, domain, () => new Int32Array(domain.volume).fill(colour));
  }

  #project(partition: IndexPartition, domain: IndexSpace, project: Projection | null, where: string): Int32Array | null {
    const { colours } = partition;
    if (project === null && colours.equals(domain)) return null;
    return this.#projection(partition, project, domain, () => {
      const positions = new Int32Array(domain.volume);
      let i = 0;
      for (const point of domain) {
        const to = project === null ? point : project(point);
        const colour: Point = typeof to === 'number' ? [to] : to;
        const position = colours.indexOf(colour);
        if (position < 0) {
          throw new BoundsError(
            `${where}: point ${formatPoint(point)} of the launch is projected to colour ${formatPoint(colour)}, but the partition has the colours ${colours}.`,
            point,
          );
        }
        positions[i++] = position;
      }
      return positions;
    });
  }

  #projection(partition: IndexPartition, key: unknown, domain: IndexSpace, make: () => Int32Array): Int32Array {
    let byKey = this.#projected.get(partition);
    if (byKey === undefined) this.#projected.set(partition, (byKey = new Map()));
    let byDomain = byKey.get(key);
    if (byDomain === undefined) {
      // Projections written in the loop are new functions every time: keep few.
      if (byKey.size > 256) byKey.clear();
      byKey.set(key, (byDomain = new Map()));
    }
    let positions = byDomain.get(domain);
    if (positions === undefined) byDomain.set(domain, (positions = make()));
    return positions;
  }

  #checkLegal(task: AnyTask, domain: IndexSpace, resolved: readonly Resolved[]): void {
    let key = `${this.engine.taskId(task.leaf, task)} ${domain.volume}`;
    for (const { tree, partition, colours } of resolved) {
      key += ` ${idOf(tree)}.${partition.id}.${colours === null ? 0 : idOf(colours)}`;
    }
    if (this.#legal.has(key)) return;
    checkInterference(task.name, domain, resolved);
    if (this.#legal.size > 4096) this.#legal.clear();
    this.#legal.set(key, true);
  }

  /** Makes the launch and all its records. */
  #issue(
    domain: IndexSpace,
    name: string,
    leaf: Leaf,
    kindName: { module: string; name: string },
    kind: number,
    resolved: readonly Resolved[],
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
    words: () => string[],
  ): LaunchHandle {
    const { engine } = this;
    const { graph, heap, builder, analysis } = engine;
    const taskId = engine.taskId(leaf, kindName);
    // Arguments are looked at before anything is made, so that a refused launch leaves no trace.
    const split = splitArgs(args, `task ${name}`);
    if (kind === Kind.io) engine.executor.startIo();
    const handle = engine.openLaunch(kind, taskId, name, domain, site, words);
    const { slot, points } = handle;
    graph.requirements[slot] = resolved.length;

    const steps: Step[] = [];
    const reductions: { requirement: number; target: number; steps: Step[] }[] = [];
    this.#prepare(resolved, points);
    resolved.forEach((requirement, r) => {
      const { tree, partition, colours, uses } = requirement;
      const reduced: FieldUse[] = [];
      for (const { usage: code, fields } of this.#groupsOf(uses)) {
        if (privilegeOf(code) === 'reduce') {
          reduced.push(...uses.filter((use) => use.usage === code));
          continue;
        }
        for (const sets of tree.state.classes(fields)) {
          this.#maybeRename(requirement, code, sets, points);
          steps.push({ sets, cover: sets.cover(partition), partition, colours, usage: code });
        }
      }
      tree.use(handle, uses);
      const binding = tree.bind(partition, uses, colours);
      engine.hold(handle, binding);
      graph.bindings[slot * MAX_REQUIREMENTS + r] = binding.unit;
      graph.projections[slot * MAX_REQUIREMENTS + r] = colours === null ? 0 : this.#projectionUnit(colours);
      if (reduced.length > 0) {
        const union = this.#union(partition, colours, points);
        const target = tree.bind(union, reduced, null);
        engine.hold(handle, target);
        const applySteps: Step[] = [];
        for (const { usage: code, fields } of this.#groupsOf(reduced)) {
          for (const sets of tree.state.classes(fields)) {
            applySteps.push({ sets, cover: sets.cover(union), partition: union, colours: null, usage: code });
          }
        }
        reductions.push({ requirement: r, target: heap.load(target.unit, 0), steps: applySteps });
      }
    });

    this.#writeArgs(handle, split);
    if (reductions.length > 0) this.#openApply(handle, name, resolved, reductions, site);

    const blocks = reductions.length > 0 ? reductionBlocks(points) : points;
    const records = new Int32Array(blocks);
    const generations = new Int32Array(blocks);
    const { workers } = graph.limits;
    for (let block = 0; block < blocks; block++) {
      const first = blocks === points ? block : blockStart(block, blocks, points);
      const end = blocks === points ? block + 1 : blockStart(block + 1, blocks, points);
      const record = builder.open(slot, first, end - first, place(block, blocks, workers));
      records[block] = record;
      generations[block] = graph.generation[record]!;
      for (const { sets, cover, partition, colours, usage: code } of steps) {
        for (let point = first; point < end; point++) {
          analysis.use(sets, cover, partition, colours === null ? point : colours[point]!, code);
        }
      }
      for (const { source, index } of split.futures) this.#afterFuture(source, index);
      engine.seal();
    }
    handle.records = records;
    handle.generations = generations;
    engine.sealLaunch(handle);
    return handle;
  }

  /** Lets the shape of the equivalence sets follow the launch, before anybody looks up how it meets them. */
  #prepare(resolved: readonly Resolved[], points: number): void {
    const { analysis } = this.engine;
    // Classes are split first, all of them: a split changes which sets a field has.
    for (const { tree, uses } of resolved) for (const { fields } of this.#groupsOf(uses)) tree.state.classes(fields);
    for (const requirement of resolved) {
      const { tree, partition, uses } = requirement;
      for (const { usage: code, fields } of this.#groupsOf(uses)) {
        const privilege = privilegeOf(code);
        const writesAll =
          (privilege === 'update' || privilege === 'overwrite') && this.#touchesAll(requirement, points);
        for (const sets of tree.state.classes(fields)) analysis.prepare(sets, partition, writesAll);
      }
    }
  }

  /** Whether the points of a launch together touch the whole tree through a requirement. */
  #touchesAll({ tree, partition, colours }: Resolved, points: number): boolean {
    if (partition.parent !== tree.space || !partition.complete) return false;
    if (colours === null) return points === partition.subspaces.length;
    if (points < partition.subspaces.length) return false;
    return new Set(colours).size === partition.subspaces.length;
  }

  #maybeRename(requirement: Resolved, code: number, sets: EquivalenceSets, points: number): void {
    if (code !== OVERWRITE || !this.#touchesAll(requirement, points)) return;
    const { tree } = requirement;
    if (!this.engine.analysis.busy(sets)) {
      for (const field of sets.fields) tree.instance(field, true);
      return;
    }
    tree.rename(sets);
  }

  #groupsOf(uses: readonly FieldUse[]): Group[] {
    let groups = this.#groups.get(uses);
    if (groups === undefined) {
      groups = [];
      for (const { field, usage: code } of uses) {
        const group = groups.find((g) => g.usage === code);
        if (group === undefined) groups.push({ usage: code, fields: [field] });
        else group.fields.push(field);
      }
      this.#groups.set(uses, groups);
    }
    return groups;
  }

  /** All points that a reducing launch touches, as a partition of one colour. */
  #union(partition: IndexPartition, colours: Int32Array | null, points: number): IndexPartition {
    let byColours = this.#unions.get(partition);
    if (byColours === undefined) this.#unions.set(partition, (byColours = new Map()));
    let union = byColours.get(colours);
    if (union === undefined) {
      const all = colours === null && points === partition.subspaces.length;
      const space =
        all && partition.complete
          ? partition.parent
          : unionAll(
              all ? partition.subspaces : [...new Set(colours ?? range(points))].map((c) => partition.subspaces[c]!),
              partition.parent.rank,
            );
      union = whole(space);
      byColours.set(colours, union);
    }
    return union;
  }

  /** The record that folds the root of the reduction tree into the regions; it waits for whoever uses them. */
  #openApply(
    handle: LaunchHandle,
    name: string,
    resolved: readonly Resolved[],
    reductions: readonly { requirement: number; target: number; steps: Step[] }[],
    site: { stack?: string },
  ): void {
    const { engine } = this;
    const { graph, builder, analysis } = engine;
    const bytes = treeBytes(handle.points, reductions.length);
    const unit = engine.allocate(bytes, `reductions of ${name}`, false);
    writeTree(engine.heap, unit, handle.points, reductions);
    const apply = engine.openSingle(Kind.apply, `${name} (fold)`, site);
    apply.blocks.push({ unit, bytes });
    graph.tree[handle.slot] = unit;
    graph.tree[apply.slot] = unit;
    const record = builder.open(apply.slot, 0, 1, 0);
    builder.expect(1); // the root of the tree
    for (const { requirement, steps } of reductions) {
      const { tree, uses } = resolved[requirement]!;
      tree.use(apply, uses);
      for (const { sets, cover, partition, usage: code } of steps) analysis.use(sets, cover, partition, 0, code);
    }
    for (const held of handle.held) engine.hold(apply, held);
    graph.applyRecord[handle.slot] = record;
    engine.seal();
    engine.sealLaunch(apply);
  }

  #projectionUnit(colours: Int32Array): number {
    let unit = this.#projectionUnits.get(colours);
    if (unit === undefined) {
      unit = this.engine.allocate(4 * colours.length, 'projections', false);
      this.engine.heap.int32(unit, colours.length).set(colours);
      this.#projectionUnits.set(colours, unit);
    }
    return unit;
  }

  // ---- arguments ----

  #writeArgs(handle: LaunchHandle, split: SplitArgs): void {
    const { engine } = this;
    const { numberKeys, numbers, rest, futures } = split;
    if (numberKeys.length === 0 && rest === undefined && futures.length === 0) return;
    const names = [...numberKeys, ...futures.map(({ key }) => key)];
    const joined = names.join('\n');
    let keys = this.#keys.get(joined);
    if (keys === undefined) {
      keys = names.length === 0 ? 0 : writeValue(engine.heap, names);
      this.#keys.set(joined, keys);
    }
    handle.args = writeArgs(
      engine.heap,
      keys,
      numbers,
      rest,
      futures.map(({ key, source, index }) => ({
        key,
        results: engine.graph.results[source.slot]!,
        count: source.points,
        index,
      })),
    );
    engine.graph.args[handle.slot] = handle.args.unit;
    for (const { source } of futures) engine.depend(handle, source);
  }

  /** The record being built takes the value of a point of another launch. */
  #afterFuture(source: LaunchHandle, index: number): void {
    const record = recordOf(source, index);
    this.engine.builder.after(source.records[record]!, source.generations[record]!, true);
  }

  // ---- futures ----

  async valuesOf(handle: LaunchHandle): Promise<unknown[]> {
    const values = await this.engine.values(handle);
    return values ?? new Array<unknown>(handle.points).fill(undefined);
  }

  async valueOf(handle: LaunchHandle, index: number): Promise<unknown> {
    return (await this.engine.values(handle))?.[index];
  }

  /** A future of all results of a launch, folded on a worker. */
  foldFutures(source: LaunchHandle, operator: ReductionName): TaskFuture<number> {
    const { engine } = this;
    if (source.slot < 0) return this.#foldClosed(source, operator);
    const { graph, builder } = engine;
    const handle = engine.openSingle(Kind.foldResults, `${source.task} (${operator})`, source.site);
    const bytes = 4 * FoldWord.words;
    const unit = engine.allocate(bytes, 'arguments', false);
    handle.blocks.push({ unit, bytes });
    engine.heap.store(unit, FoldWord.results, graph.results[source.slot]!);
    engine.heap.store(unit, FoldWord.points, source.points);
    engine.heap.store(unit, FoldWord.op, REDUCTIONS.indexOf(operator));
    graph.args[handle.slot] = unit;
    engine.depend(handle, source);
    this.#one(handle, () => {
      for (let i = 0; i < source.records.length; i++) builder.after(source.records[i]!, source.generations[i]!, true);
    });
    return new TaskFuture<number>(this, handle, 0);
  }

  /** The launch is over and its results are ours: a host record keeps the fold in program order. */
  #foldClosed(source: LaunchHandle, operator: ReductionName): TaskFuture<number> {
    return this.#host(`${source.task} (${operator})`, source, () => {
      const values = source.values ?? [];
      const odd = values.findIndex((value) => typeof value !== 'number' && typeof value !== 'boolean');
      if (odd >= 0 || values.length === 0) {
        throw new TypeError(`point number ${Math.max(0, odd)} of task ${source.task} returned no number, so the results cannot be reduced`);
      }
      return foldNumbers(values.map(Number), operator);
    }) as TaskFuture<number>;
  }

  /** A future of a function of another, computed on the launching thread when that one is there. */
  mapFuture(source: LaunchHandle, index: number, pure: (value: unknown) => unknown): TaskFuture<unknown> {
    return this.#host(`map of ${source.task}`, source, () => {
      if (source.closed) return pure(source.values?.[index]);
      const { heap, graph } = this.engine;
      return pure(new Results(heap, graph.results[source.slot]!, source.points).get(index));
    });
  }

  #host(name: string, source: LaunchHandle, run: () => unknown): TaskFuture<unknown> {
    const { engine } = this;
    const handle = engine.openSingle(Kind.host, name, source.site);
    handle.host = () => {
      const value = run();
      new Results(engine.heap, engine.graph.results[handle.slot]!, 1).set(0, value);
    };
    if (source.slot >= 0) engine.depend(handle, source);
    this.#one(handle, () => {
      for (let i = 0; i < source.records.length; i++) {
        engine.builder.after(source.records[i]!, source.generations[i]!, true);
      }
    });
    return new TaskFuture<unknown>(this, handle, 0);
  }

  /** Makes the one record of an internal launch; `edges` says whom it waits for. */
  #one(handle: LaunchHandle, edges: () => void): void {
    const { engine } = this;
    const record = engine.builder.open(handle.slot, 0, 1, 0);
    handle.records = Int32Array.of(record);
    handle.generations = Int32Array.of(engine.graph.generation[record]!);
    edges();
    engine.seal();
    engine.sealLaunch(handle);
  }

  // ---- fills, reads and writes by the program ----

  /** Sets one field of all points of a region to one number (or to that of a future). */
  fill(region: AnyRegion, field: string, value: unknown, site: { stack?: string }): void {
    const { tree, place: partition, colour } = region;
    tree.check();
    const index = fieldIndex(region.space as FieldSpace, field);
    const type = tree.fields.fields[field]!;
    const big = type.kind === 'i64' || type.kind === 'u64';
    if (!(value instanceof TaskFuture)) {
      const given = typeof value;
      if (big && given === 'number' && Number.isInteger(value)) value = BigInt(value as number);
      else if (given !== (big ? 'bigint' : 'number')) {
        throw new LaunchError(`fill: field ${field} is ${type.kind}, so it cannot be filled with ${String(value)} (${given}).`);
      }
    }
    const leaf = builtinLeaves.get('fill')!;
    const resolved: Resolved = {
      name: 'region',
      tree,
      partition,
      uses: this.#useOf(index, field, OVERWRITE),
      colours: this.#constant(partition, ONE, colour),
    };
    this.#issue(ONE, 'fill', leaf, { module: BUILTIN, name: 'fill' }, Kind.task, [resolved], { value }, site, () => [
      `${tree.name} {${field}}`,
    ]);
  }

  readonly #uses = new Map<string, readonly FieldUse[]>();
  #useOf(field: number, name: string, code: number): readonly FieldUse[] {
    const key = `${field} ${name} ${code}`;
    let uses = this.#uses.get(key);
    if (uses === undefined) this.#uses.set(key, (uses = [{ field, name, usage: code }]));
    return uses;
  }

  /** A host record that uses one field of a region. */
  #hostUse(region: AnyRegion, field: string, code: number, name: string, run: () => void): LaunchHandle {
    const { engine } = this;
    const { tree, place: partition, colour } = region;
    tree.check();
    const index = fieldIndex(region.space as FieldSpace, field);
    const uses = this.#useOf(index, field, code);
    const requirement: Resolved = { name: field, tree, partition, uses, colours: this.#constant(partition, ONE, colour) };
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, this.#hostUse);
    const handle = engine.openSingle(Kind.host, `${name} ${tree.name}.${field}`, site);
    handle.host = run;
    for (const sets of tree.state.classes([index])) this.#maybeRename(requirement, code, sets, 1);
    tree.use(handle, uses);
    this.#one(handle, () => {
      for (const sets of tree.state.classes([index])) {
        engine.analysis.use(sets, sets.cover(partition), partition, colour, code);
      }
    });
    return handle;
  }

  async read(region: AnyRegion, field: string): Promise<TypedArray> {
    let values: TypedArray | null = null;
    const handle = this.#hostUse(region, field, READ, 'read of', () => {
      values = this.#copyOut(region.tree, field, region.indexSpace);
    });
    await this.engine.values(handle);
    return values!;
  }

  /** The same, waiting here and now. */
  readNow(region: AnyRegion, field: string): TypedArray {
    let values: TypedArray | null = null;
    const handle = this.#hostUse(region, field, READ, 'read of', () => {
      values = this.#copyOut(region.tree, field, region.indexSpace);
    });
    this.engine.waitFor(handle);
    if (values === null) throw handle.error ?? new LaunchError(`field ${field} could not be read.`);
    return values;
  }

  /** A field of the region that a partition cuts. */
  readParent(tree: Tree, partition: IndexPartition, field: string): TypedArray {
    const parent = new Region<Fields, Caps>(this, tree, tree.fields, whole(partition.parent), 0);
    return this.readNow(parent, field);
  }

  write(region: AnyRegion, field: string, values: ArrayLike<number> | ArrayLike<bigint>): void {
    const lanes = region.tree.fields.fields[field]?.lanes ?? 1;
    const wanted = region.indexSpace.volume * lanes;
    if (values.length !== wanted) {
      throw new LaunchError(
        `write: field ${field} of region ${region.tree.name} takes ${wanted} numbers (${region.indexSpace.volume} points, ${lanes} each), not ${values.length}.`,
      );
    }
    const all = region.indexSpace === region.tree.space;
    const handle = this.#hostUse(region, field, all ? OVERWRITE : UPDATE, 'write of', () => {
      this.#pieces(region.tree, field, region.indexSpace, (array, at, length, from) => {
        for (let i = 0; i < length; i++) (array as { [i: number]: unknown })[at + i] = values[from + i];
      });
    });
    this.engine.waitFor(handle);
    if (handle.error !== null) throw handle.error;
  }

  #copyOut(tree: Tree, field: string, space: IndexSpace): TypedArray {
    const type = tree.fields.fields[field]!;
    const out = new type.array(space.volume * type.lanes) as TypedArray;
    this.#pieces(tree, field, space, (array, at, length, to) => {
      (out as Float64Array).set(array.subarray(at, at + length) as Float64Array, to);
    });
    return out;
  }

  /** Calls `each(array, at, length, position)` for the contiguous pieces of a space in a field's instance. */
  #pieces(
    tree: Tree,
    field: string,
    space: IndexSpace,
    each: (array: TypedArray, at: number, length: number, position: number) => void,
  ): void {
    const type = tree.fields.fields[field]!;
    const instance = tree.instance(fieldIndex(tree.fields, field));
    const { lo, extent } = tree.box;
    const array = elements(
      this.engine.heap,
      ELEMENT_KINDS.indexOf(type.kind),
      instance.unit,
      0,
      extent[0]! * extent[1]! * extent[2]! * type.lanes,
    );
    let position = 0;
    space.forEachRun((lead, from, to) => {
      let at = 0;
      for (let axis = 0; axis < space.rank; axis++) {
        at = at * extent[axis]! + (axis < space.rank - 1 ? lead[axis]! : from) - lo[axis]!;
      }
      const length = (to - from + 1) * type.lanes;
      each(array, at * type.lanes, length, position);
      position += length;
    });
  }
}

interface SplitArgs {
  readonly numberKeys: string[];
  readonly numbers: number[];
  readonly rest: Record<string, unknown> | undefined;
  readonly futures: { key: string; source: LaunchHandle; index: number }[];
}

/** Numbers, futures that are not there yet, and everything else. Refuses what cannot be sent. */
function splitArgs(args: Readonly<Record<string, unknown>>, where: string): SplitArgs {
  const split = { numberKeys: [] as string[], numbers: [] as number[], futures: [] as SplitArgs['futures'] };
  let rest: Record<string, unknown> | undefined;
  for (const [key, given] of Object.entries(args)) {
    let value = given;
    if (value instanceof FutureMap) {
      throw new LaunchError(`${where}: argument ${key} is a future map: pass one of its values, .at(point), or .reduce(operator).`);
    }
    if (value instanceof TaskFuture) {
      const { handle, index } = value;
      if (handle.slot >= 0) {
        split.futures.push({ key, source: handle, index });
        continue;
      }
      if (handle.error !== null) throw handle.error;
      value = handle.values?.[index];
    }
    if (typeof value === 'number') {
      split.numberKeys.push(key);
      split.numbers.push(value);
    } else {
      refuseFunctions(value, `${where}: argument ${key}`, 0);
      rest ??= {};
      rest[key] = value;
    }
  }
  return { ...split, rest };
}

function refuseFunctions(value: unknown, where: string, depth: number): void {
  if (typeof value === 'function') {
    throw new LaunchError(`${where} is a function, and functions cannot be sent to workers: pass data, or declare a task.`);
  }
  if (value instanceof Region || value instanceof Partition || value instanceof ProjectedPartition) {
    throw new LaunchError(`${where} is a region or partition: tasks get those through their requirements.`);
  }
  if (value instanceof Promise) throw new LaunchError(`${where} is a promise: await it, or pass a future of this runtime.`);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > 8) return;
  for (const [key, inner] of Object.entries(value)) refuseFunctions(inner, `${where}.${key}`, depth + 1);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const ids = new WeakMap<object, number>();
let lastId = 0;
function idOf(object: object): number {
  let id = ids.get(object);
  if (id === undefined) ids.set(object, (id = ++lastId));
  return id;
}
