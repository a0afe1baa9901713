// Launches, from the call to the last record: resolve, check, bind, expand.
import type { Cover, EquivalenceSets } from '../analysis/equivalence-sets.js';
import { whole } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import { BUILTIN, builtinLeaf } from '../execution/builtin.js';
import type { Leaf } from '../execution/leaf.js';
import { treeBytes, writeTree } from '../execution/reduction-tree.js';
import { Again, Kind, MAX_REQUIREMENTS } from '../graph/layout.js';
import { place } from '../mapping/place.js';
import { blockStart, reductionBlocks, writeArgs, writeValue } from '../memory/launch-layout.js';
import { usageOf } from '../privileges/index.js';
import type { IndexPartition } from '../regions/index.js';
import { IndexSpace, unionAll } from '../spaces/index.js';
import { type SplitArgs, splitArgs } from './arguments.js';
import { checkContainment, checkScope } from './containment.js';
import type { Engine } from './engine.js';
import { FutureMap, TaskFuture } from './future.js';
import { checkGang, GangRoll } from './gangs.js';
import { type Guard, guardOf, guardUses, openGate } from './guarded.js';
import { createHandle, type LaunchHandle, type ProgramScope, type RegionUse, recordOf } from './handle.js';
import { checkOptions, type LaunchOptions } from './launch-options.js';
import { checkInterference, checkRestrictions, type Resolved } from './legality.js';
import { resolveUse } from './place.js';
import type { FuturePort, InnerPort } from './ports.js';
import type { PredicatePort, PredicateRule } from './predicate.js';
import type { Projections } from './projections.js';
import type { FieldUse } from './requirement.js';
import { prepareReservations, reserve } from './reserving.js';
import type { Issue } from './scope.js';
import type { InnerBody, Task } from './task.js';
import {
  bringAttached,
  groupsOf,
  innerUses,
  makeInstances,
  ONE,
  privilegeOf,
  reducesAny,
  rename,
  touchesAll,
  usesTogether,
} from './uses.js';

// biome-ignore lint/suspicious/noExplicitAny: any task
type AnyTask = Task<any, any, any>;

/** What a launch must know of its task. */
export interface LaunchedTask {
  readonly name: string;
  readonly module: string;
  readonly leaf: Leaf;
}

/** One use of equivalence sets that every record of a launch makes. */
interface Step {
  readonly sets: EquivalenceSets;
  readonly cover: Cover;
  readonly partition: IndexPartition;
  readonly colours: Int32Array | null;
  readonly usage: number;
}

/** What a launch reduces through one requirement: where the fold goes, and whom it conflicts with there. */
interface Reduction {
  readonly requirement: number;
  readonly target: number;
  readonly steps: Step[];
  readonly use: RegionUse;
  /** The fields, and through what they are reduced. */
  readonly used: Pick<Resolved, 'tree' | 'partition' | 'uses' | 'colours'>;
}

/** A launch as it was called, checked. */
interface Call {
  readonly domain: IndexSpace;
  readonly name: string;
  readonly leaf: Leaf;
  readonly kindName: { readonly module: string; readonly name: string };
  readonly kind: number;
  readonly inner: InnerBody | null;
  readonly resolved: readonly Resolved[];
  readonly args: Readonly<Record<string, unknown>>;
  readonly site: { readonly stack?: string };
  readonly words: () => string[];
  readonly options: LaunchOptions | undefined;
}

export class Launcher implements PredicatePort {
  readonly engine: Engine;
  readonly projections: Projections;
  readonly #futures: FuturePort;
  readonly scope: ProgramScope;
  readonly #inner: InnerPort;
  readonly #keys: Map<string, number>;
  readonly #domains: Map<string, IndexSpace>;
  readonly #legal: Map<string, true>;
  readonly #unions: WeakMap<IndexPartition, Map<Int32Array | number, IndexPartition>>;

  /** `parent`: the launcher of another context of this run, whose tables serve this one too. */
  constructor(
    engine: Engine,
    scope: ProgramScope,
    projections: Projections,
    futures: FuturePort,
    inner: InnerPort,
    parent: Launcher | null,
  ) {
    this.engine = engine;
    this.scope = scope;
    this.projections = projections;
    this.#futures = futures;
    this.#inner = inner;
    this.#keys = parent === null ? new Map() : parent.#keys;
    this.#domains = parent === null ? new Map() : parent.#domains;
    this.#legal = parent === null ? new Map() : parent.#legal;
    this.#unions = parent === null ? new WeakMap() : parent.#unions;
  }

  // ---- launches ----

  /** Launches a task for every point of a domain. */
  index(
    domain: readonly number[] | IndexSpace,
    task: AnyTask,
    regions: Readonly<Record<string, unknown>>,
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
    options?: LaunchOptions,
  ): FutureMap<unknown> {
    return new FutureMap(
      this.#futures,
      this.#launch(this.domain(domain), task, regions, args, site, options),
    );
  }

  /** Launches a task once. */
  single(
    task: AnyTask,
    regions: Readonly<Record<string, unknown>>,
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
    options?: LaunchOptions,
  ): TaskFuture<unknown> {
    return new TaskFuture(this.#futures, this.#launch(ONE, task, regions, args, site, options), 0);
  }

  domain(domain: readonly number[] | IndexSpace): IndexSpace {
    if (domain instanceof IndexSpace) {
      if (!domain.dense)
        throw new LaunchError(
          'A launch domain must be a box: partition by domain, or launch over its bounding box.',
        );
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
    options?: LaunchOptions,
  ): LaunchHandle {
    if (typeof task !== 'object' || task === null || !('leaf' in task)) {
      throw new LaunchError(
        typeof task === 'function'
          ? 'A function was launched, but functions cannot be sent to workers: declare it with task({ module: import.meta.url, name, run }) and export it.'
          : `What was launched is no task: declare it with task({ ... }), and pass what that returns.`,
      );
    }
    const { engine } = this;
    if (options !== undefined) checkOptions(options, `task ${task.name}`);
    let resolved = this.#resolve(domain, task, regions);
    if (options?.when !== undefined) resolved = guardUses(resolved);
    const gang = options?.gang === true;
    this.checkLegal(task, domain, resolved, '', gang);
    if (gang) checkGang(this.engine, task, domain.volume, reducesAny(resolved));
    const name = task.name;
    const words = () =>
      resolved.map((r) => `${r.name}: ${r.tree.name} {${r.uses.map((use) => use.name).join(', ')}}`);
    if (task.inner !== null) engine.window.checkDepth(this.scope, name);
    return this.#call({
      domain,
      name,
      leaf: task.leaf,
      kindName: task,
      kind:
        task.inner !== null
          ? Kind.inner
          : gang
            ? Kind.gang
            : task.async
              ? Kind.io
              : task.atomic
                ? Kind.atomic
                : Kind.task,
      inner: task.inner,
      resolved,
      args,
      site,
      words,
      options,
    });
  }

  #resolve(domain: IndexSpace, task: AnyTask, regions: Readonly<Record<string, unknown>>): Resolved[] {
    const names: readonly string[] = task.leaf.requirements;
    for (const name of Object.keys(regions)) {
      if (!names.includes(name)) {
        throw new LaunchError(
          `task ${task.name} has no requirement called ${name}: it has ${names.join(', ') || 'none'}.`,
        );
      }
    }
    const where = `task ${task.name}`;
    return names.map((name) => {
      const { space, uses } = task.regions[name]!;
      return resolveUse(this.engine, this.projections, regions[name], space, uses, domain, name, where);
    });
  }

  /**
   * Throws an InterferenceError where points of the launch, or requirements, may not share what they share. `uses`
   * tells launches of a built-in task apart, whose fields and privileges change from call to call.
   */
  checkLegal(
    task: LaunchedTask,
    domain: IndexSpace,
    resolved: readonly Resolved[],
    uses = '',
    gang = false,
  ): void {
    let key = `${this.engine.taskId(task.leaf, task)} ${uses} ${domain.volume}${gang ? ' gang' : ''}`;
    for (const { tree, partition, colours } of resolved) {
      key += ` ${idOf(tree.root)}.${partition.id}.${colours === null ? 0 : idOf(colours)}`;
    }
    if (this.#legal.has(key)) return;
    checkInterference(task.leaf.name, domain, resolved, gang);
    if (this.#legal.size > 4096) this.#legal.clear();
    this.#legal.set(key, true);
  }

  /** Makes a launch of a built-in task, and all its records. */
  issue(
    domain: IndexSpace,
    name: string,
    leaf: Leaf,
    kindName: { module: string; name: string },
    kind: number,
    resolved: readonly Resolved[],
    args: Readonly<Record<string, unknown>>,
    site: { stack?: string },
    words: () => string[],
    options?: LaunchOptions,
  ): LaunchHandle {
    return this.#call({
      domain,
      name,
      leaf,
      kindName,
      kind,
      inner: null,
      resolved,
      args,
      site,
      words,
      options,
    });
  }

  /** A launch that is legal: issued now, or when there is room for it. */
  #call(call: Call): LaunchHandle {
    const { engine, scope } = this;
    const { name, site, resolved } = call;
    engine.checkRunning(scope, name, site);
    for (const { name: requirement, tree } of resolved)
      checkScope(tree, scope, `task ${name}, requirement ${requirement}`);
    if (resolved.some(({ tree }) => tree.grants !== null))
      checkContainment(name, scope.task, call.domain, resolved);
    for (const requirement of resolved)
      if (requirement.tree.restricted) checkRestrictions(requirement, call.domain.volume, name);
    // Arguments are looked at before anything is made, so that a refused launch leaves no trace.
    let split: SplitArgs | null = splitArgs(call.args, `task ${name}`, scope);
    if (call.options?.when !== undefined) guardOf(call.options.when, scope);
    if (call.kind === Kind.io) engine.executor.startIo();
    const handle = createHandle(scope, name, call.domain, site, call.words);
    let expand: Issue | null = null;
    let late = false;
    engine.window.submit(scope, () => {
      try {
        // What was a future may have become a value meanwhile.
        expand ??= this.#begin(call, handle, split ?? splitArgs(call.args, `task ${name}`, scope));
        return expand();
      } catch (error) {
        if (!late) throw error;
        engine.abandon(handle, error);
        return true;
      }
    });
    late = true;
    split = null;
    return handle;
  }

  /** Gives a launch its place in program order; what it returns makes the records, as far as there is room. */
  #begin(call: Call, handle: LaunchHandle, split: SplitArgs): Issue {
    const { engine, scope } = this;
    const { domain, name, kind, resolved, site, options } = call;
    const { graph, heap, builder, analysis } = engine;
    engine.memory.prepare();
    const taskId = engine.taskId(call.leaf, call.kindName);
    const points = domain.volume;
    bringAttached(resolved, points);
    // So is memory: what does not fit is refused before the launch exists.
    this.#prepare(resolved, points);
    for (const requirement of resolved) makeInstances(requirement, points);
    for (const requirement of resolved) rename(engine, requirement, points);
    const sources = split.futures.map(({ source }) => source);
    const guard: Guard | null = options?.when === undefined ? null : guardOf(options.when, scope);
    if (guard?.live === true) sources.push(guard.source);
    if (call.inner !== null) handle.inner = this.#inner.open(handle, call.inner, resolved);
    engine.openLaunch(handle, kind, taskId, sources);
    handle.futures = [...split.futures, ...split.failed, ...(guard === null ? [] : [guard])];
    const { slot } = handle;
    graph.requirements[slot] = resolved.length;
    engine.runLog?.requires(handle, resolved);
    for (const { source, index } of handle.futures) engine.runLog?.takes(handle, source, index, 1);
    if (options?.priority === 'background') graph.background[slot] = 1;
    const { leaf } = call;
    // Members of a gang have met the others; and what others change meanwhile cannot be put back.
    if (options?.gang !== true && !sharesUpdates(leaf, resolved)) {
      graph.again[slot] =
        (harmless(leaf, resolved) ? Again.harmless : 0) +
        (engine.options.saves?.which === 'failed' ? Again.keeps : 0) +
        Again.retries * (options?.retry ?? leaf.retry ?? engine.options.retry);
    }
    if (guard !== null) openGate(engine, handle, guard, options!.otherwise);
    if (options?.signal !== undefined) engine.cancellation.watch(handle, options.signal);
    const reserves = kind !== Kind.task && kind !== Kind.inner;
    if (reserves) prepareReservations(engine, handle, resolved);
    const gang = kind === Kind.gang && points > 0 ? new GangRoll(engine, handle) : null;
    if (scope.cancelled !== null) engine.cancellation.cancel(handle, scope.cancelled.reason);

    const steps: Step[] = [];
    const reductions: Reduction[] = [];
    resolved.forEach((requirement, r) => {
      const { tree, partition, colours } = requirement;
      const uses = kind === Kind.inner ? innerUses(requirement.uses) : requirement.uses;
      const reduced: FieldUse[] = [];
      for (const { usage: code, fields } of groupsOf(uses)) {
        if (privilegeOf(code) === 'reduce') {
          reduced.push(...uses.filter((use) => use.usage === code));
          continue;
        }
        for (const sets of tree.state.classes(fields)) {
          steps.push({ sets, cover: sets.cover(partition), partition, colours, usage: code });
        }
      }
      tree.use(handle, uses);
      if (kind === Kind.inner) {
        tree.lend(handle, requirement);
        const instances = uses.map(({ field }) => tree.instance(field));
        handle.uses.push({ fields: uses, instances, partition, colours });
        return;
      }
      const binding = tree.bind(partition, uses, colours, points);
      engine.hold(handle, binding);
      handle.uses.push({ fields: uses, instances: binding.instances, partition, colours });
      graph.bindings[slot * MAX_REQUIREMENTS + r] = binding.unit;
      graph.projections[slot * MAX_REQUIREMENTS + r] =
        colours === null ? 0 : this.projections.unit(colours, handle);
      if (reduced.length > 0) {
        // In the order of the requirement, which is the order of the view's fields.
        reduced.sort((a, b) => uses.indexOf(a) - uses.indexOf(b));
        const union = this.#union(partition, colours, points);
        const target = tree.bind(union, reduced, null);
        engine.hold(handle, target);
        const applySteps: Step[] = [];
        for (const { usage: code, fields } of groupsOf(reduced)) {
          for (const sets of tree.state.classes(fields)) {
            applySteps.push({ sets, cover: sets.cover(union), partition: union, colours: null, usage: code });
          }
        }
        reductions.push({
          requirement: r,
          target: heap.load(target.unit, 0),
          steps: applySteps,
          use: { fields: reduced, instances: target.instances, partition: union, colours: null },
          used: { tree, partition: union, uses: reduced, colours: null },
        });
      }
    });

    this.#writeArgs(handle, split);
    const apply = reductions.length > 0 ? this.#openApply(handle, name, resolved, reductions, site) : null;

    const blocks = reductions.length > 0 ? reductionBlocks(points) : points;
    const records = new Int32Array(blocks);
    const generations = new Int32Array(blocks);
    const { workers } = graph.limits;
    const places = engine.options.placement?.deal(name, points, blocks) ?? null;
    handle.records = records;
    handle.generations = generations;
    if (kind === Kind.inner && engine.sequential) scope.hold = handle;
    const { window } = engine;
    let block = 0;
    return () => {
      for (; block < blocks; block++) {
        if (window.innerOpen > 0 && !window.room(scope)) return false;
        const first = blocks === points ? block : blockStart(block, blocks, points);
        const end = blocks === points ? block + 1 : blockStart(block + 1, blocks, points);
        const at = places === null ? place(block, blocks, workers) : places[block]!;
        const record = builder.open(slot, first, end - first, at);
        scope.live++;
        records[block] = record;
        generations[block] = graph.generation[record]!;
        gang?.enlist(block, record);
        // The first of a gang reserves for all.
        if (reserves && (gang === null || block === 0))
          reserve(engine, handle, record, resolved, first, gang === null ? end : points);
        for (const { sets, cover, partition, colours, usage: code } of steps) {
          for (let point = first; point < end; point++) {
            analysis.use(sets, cover, partition, colours === null ? point : colours[point]!, code);
          }
        }
        for (const { source, index } of handle.futures) this.#afterFuture(source, index);
        engine.seal();
      }
      engine.sealLaunch(handle);
      if (handle.inner === null) engine.barrier(handle);
      if (apply !== null) engine.barrier(apply);
      return true;
    };
  }

  /** Lets the shape of the equivalence sets follow the launch, before anybody looks up how it meets them. */
  #prepare(resolved: readonly Resolved[], points: number): void {
    const { analysis } = this.engine;
    // Classes are split first, all of them: a split changes which sets a field has.
    for (const { tree, uses } of resolved)
      for (const { fields } of groupsOf(uses)) tree.state.classes(fields);
    for (const requirement of resolved) {
      const { tree, partition, uses } = requirement;
      for (const { usage: code, fields } of groupsOf(uses)) {
        const privilege = privilegeOf(code);
        const writesAll =
          (privilege === 'update' || privilege === 'overwrite') &&
          usageOf(code).coherence === 'exclusive' &&
          touchesAll(requirement, points);
        for (const sets of tree.state.classes(fields)) analysis.prepare(sets, partition, writesAll);
      }
    }
  }

  /** All points that a reducing launch touches, as a partition of one colour. */
  #union(partition: IndexPartition, colours: Int32Array | null, points: number): IndexPartition {
    let byColours = this.#unions.get(partition);
    if (byColours === undefined) this.#unions.set(partition, (byColours = new Map()));
    const key = colours ?? points;
    let union = byColours.get(key);
    if (union === undefined) {
      const all = colours === null && points === partition.subspaces.length;
      const space =
        all && partition.complete
          ? partition.parent
          : unionAll(
              all
                ? partition.subspaces
                : [...new Set(colours ?? range(points))].map((c) => partition.subspaces[c]!),
              partition.parent.rank,
            );
      union = whole(space);
      byColours.set(key, union);
    }
    return union;
  }

  /** The record that folds the root of the reduction tree into the regions; it waits for whoever uses them. */
  #openApply(
    handle: LaunchHandle,
    name: string,
    resolved: readonly Resolved[],
    reductions: readonly Reduction[],
    site: { stack?: string },
  ): LaunchHandle {
    const { engine } = this;
    const { graph, builder, analysis } = engine;
    const bytes = treeBytes(handle.points, reductions.length);
    const unit = engine.allocate(bytes, `reductions of ${name}`, false);
    const shared = reductions.some(({ used }) => usesTogether(used.uses));
    writeTree(engine.heap, unit, handle.points, reductions, shared);
    const apply = engine.openSingle(this.scope, Kind.apply, `${name} (fold)`, site);
    apply.blocks.push({ unit, bytes });
    apply.reduces = handle;
    graph.tree[handle.slot] = unit;
    graph.tree[apply.slot] = unit;
    engine.runLog?.folds(apply, handle);
    const record = builder.open(apply.slot, 0, 1, 0);
    this.scope.live++;
    builder.expect(1); // the root of the tree
    const used = reductions.map((reduction) => reduction.used);
    prepareReservations(engine, apply, used);
    reserve(engine, apply, record, used, 0, 1, true);
    for (const { requirement, steps, use } of reductions) {
      apply.uses.push(use);
      const { tree, uses } = resolved[requirement]!;
      tree.use(apply, uses);
      for (const { sets, cover, partition, usage: code } of steps)
        analysis.use(sets, cover, partition, 0, code);
    }
    for (const held of handle.held) engine.hold(apply, held);
    graph.applyRecord[handle.slot] = record;
    engine.seal();
    engine.sealLaunch(apply);
    return apply;
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
  }

  /** The record being built takes the value of a point of another launch. */
  #afterFuture(source: LaunchHandle, index: number): void {
    const record = recordOf(source, index);
    this.engine.builder.after(source.records[record]!, source.generations[record]!, true);
  }

  /** A condition made of others, computed on a worker. */
  combine(how: PredicateRule, operands: readonly TaskFuture<unknown>[]): TaskFuture<boolean> {
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, this.combine);
    const args: Record<string, unknown> = { how };
    operands.forEach((operand, i) => {
      args[i === 0 ? 'a' : 'b'] = operand;
    });
    const handle = this.#call({
      domain: ONE,
      name: 'predicate',
      leaf: builtinLeaf('predicate')!,
      kindName: { module: BUILTIN, name: 'predicate' },
      kind: Kind.task,
      inner: null,
      resolved: [],
      args,
      site,
      words: () => [],
      options: undefined,
    });
    return new TaskFuture<boolean>(this.#futures, handle, 0);
  }
}

/** Whether others may change at the same time what a task updates: then what it updates cannot be put back. */
function sharesUpdates(leaf: Leaf, resolved: readonly Resolved[]): boolean {
  if (leaf.harmless === true) return false;
  return resolved.some(({ uses }) =>
    uses.some((use) => usesTogether([use]) && privilegeOf(use.usage) === 'update'),
  );
}

/** Whether a task may be begun again, however far it came: it says so, or updates nothing. */
function harmless(leaf: Leaf, resolved: readonly Resolved[]): boolean {
  if (leaf.harmless === true) return true;
  return resolved.every(({ uses }) => groupsOf(uses).every(({ usage }) => privilegeOf(usage) !== 'update'));
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
