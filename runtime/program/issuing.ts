// From a legal launch to its records: its slot, its views, its uses of the equivalence sets, one record for each point or block.
import { Kind, MAX_REQUIREMENTS, NONE } from '../graph/layout.js';
import { place } from '../mapping/place.js';
import { coloursOf, type Shards } from '../mapping/sharding.js';
import { blockStart, reductionBlocks } from '../memory/launch-layout.js';
import { usageOf } from '../privileges/index.js';
import { ArgumentKeys } from './argument-keys.js';
import type { SplitArgs } from './arguments.js';
import type { Engine } from './engine.js';
import { GangRoll } from './gangs.js';
import { guardOf, openGate } from './guarded.js';
import { type LaunchHandle, recordOf } from './handle.js';
import type { Call } from './launch-call.js';
import type { Resolved } from './legality.js';
import type { InnerPort } from './ports.js';
import type { Projections } from './projections.js';
import { replicationOf, type Taken } from './ranks/replication.js';
import { makeTree, openApply, openElsewhere, type Reduction, type Step, Unions } from './reducing.js';
import type { FieldUse } from './requirement.js';
import { rerunWord } from './rerun.js';
import { prepareReservations, reserve } from './reserving.js';
import type { Issue } from './scope.js';
import {
  asInner,
  bringAttached,
  groupsOf,
  innerUses,
  makeInstances,
  privilegeOf,
  reducesAny,
  rename,
  touchesAll,
} from './uses.js';

/** Issues launches of all contexts of a run: they share its tables. */
export class Issuing {
  readonly #engine: Engine;
  readonly #projections: Projections;
  readonly #inner: InnerPort;
  readonly #keys = new ArgumentKeys();
  readonly #unions = new Unions();

  constructor(engine: Engine, projections: Projections, inner: InnerPort) {
    this.#engine = engine;
    this.#projections = projections;
    this.#inner = inner;
  }

  /** Gives a launch its place in program order; what it returns makes the records, as far as there is room. */
  begin(call: Call, handle: LaunchHandle, given: SplitArgs): Issue {
    const engine = this.#engine;
    const { scope } = handle;
    const { domain, name, kind, resolved, site, options } = call;
    const { graph, heap, builder, analysis } = engine;
    engine.memory.prepare();
    const taskId = engine.taskId(call.leaf, call.kindName);
    const points = domain.volume;
    const ranks = replicationOf(engine, scope);
    let shards: Shards | null = null;
    /** Points that this rank runs. */
    let here = points;
    let split = given;
    let guard = options?.when === undefined ? null : guardOf(options.when, scope);
    let taken: Taken | null = null;
    // What moves before the launch has its place lets others end: the results that it takes stay.
    const kept = given.futures.map(({ source }) => source);
    if (guard?.live === true) kept.push(guard.source);
    for (const source of kept) source.dependents++;
    try {
      bringAttached(resolved, points);
      if (ranks !== null) {
        shards = ranks.deal(call, handle);
        here = shards.points.length;
      }
      // So is memory: what does not fit is refused before the launch exists.
      this.#prepare(resolved, points);
      if (here > 0) {
        for (const requirement of resolved) makeInstances(requirement, points);
        for (const requirement of resolved) rename(engine, requirement, points);
      }
      if (ranks !== null) {
        taken = ranks.take(call, handle, given, guard);
        ({ split, guard } = taken);
      }
      const sources = split.futures.map(({ source }) => source);
      if (guard?.live === true) sources.push(guard.source);
      if (call.inner !== null) handle.inner = this.#inner.open(handle, call.inner, resolved);
      engine.openLaunch(handle, kind, taskId, sources);
    } finally {
      taken?.letGo();
      for (const source of kept) {
        source.dependents--;
        engine.launches.remove(source);
      }
    }
    handle.futures = [...split.futures, ...split.failed, ...(guard === null ? [] : [guard])];
    const { slot } = handle;
    graph.requirements[slot] = resolved.length;
    engine.runLog?.requires(handle, kind === Kind.inner ? resolved.map(asInner) : resolved);
    for (const { source, index } of handle.futures) engine.runLog?.takes(handle, source, index, 1);
    if (options?.priority === 'background') graph.background[slot] = 1;
    graph.again[slot] = rerunWord(engine, call.leaf, resolved, options);
    if (guard !== null) openGate(engine, handle, guard, options!.otherwise);
    if (options?.signal !== undefined) engine.cancellation.watch(handle, options.signal);
    const reserves = kind !== Kind.task && kind !== Kind.inner;
    if (reserves) prepareReservations(engine, handle, resolved);
    const gang = kind === Kind.gang && here > 0 ? new GangRoll(engine, handle) : null;
    if (scope.cancelled !== null) engine.cancellation.cancel(handle, scope.cancelled.reason);

    const steps: Step[] = [];
    const reductions: Reduction[] = [];
    resolved.forEach((requirement, r) => {
      if (here === 0 && points > 0 && ranks?.foldsHere(handle) !== true) return;
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
      const touched = shards === null ? colours : coloursOf(shards, colours);
      const binding = tree.bind(partition, uses, touched, points);
      engine.hold(handle, binding);
      handle.uses.push({ fields: uses, instances: binding.instances, partition, colours });
      graph.bindings[slot * MAX_REQUIREMENTS + r] = binding.unit;
      graph.projections[slot * MAX_REQUIREMENTS + r] =
        colours === null ? 0 : this.#projections.unit(colours, handle);
      if (reduced.length > 0) {
        // In the order of the requirement, which is the order of the view's fields.
        reduced.sort((a, b) => uses.indexOf(a) - uses.indexOf(b));
        const union = this.#unions.of(partition, colours, points);
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

    if (here > 0 || points === 0) this.#keys.write(engine, handle, split);
    const reduces = kind !== Kind.inner && reducesAny(resolved);
    let apply: LaunchHandle | null = null;
    if (ranks?.foldsTogether(handle) === true)
      apply = ranks.openFold(handle, name, resolved, reductions, site);
    else if (reductions.length > 0) {
      const tree = makeTree(engine, handle, name, reductions);
      apply = openApply(engine, scope, handle, name, resolved, reductions, site, tree);
      apply.blocks.push(tree);
    } else if (reduces) openElsewhere(engine, scope, `${name} (fold)`, site);

    const blocks = reduces ? reductionBlocks(points) : points;
    const own = shards === null ? null : shards.blocks;
    const count = own === null ? blocks : own.length;
    // Records of other ranks are none here.
    const records = own === null ? new Int32Array(blocks) : new Int32Array(blocks).fill(NONE);
    const generations = own === null ? new Int32Array(blocks) : new Int32Array(blocks).fill(NONE);
    const { workers } = graph.limits;
    const places = engine.options.placement?.deal(name, points, blocks) ?? null;
    handle.records = records;
    handle.generations = generations;
    const { window } = engine;
    const fold = apply === null ? NONE : apply.records[0]!;
    let next = 0;
    return () => {
      for (; next < count; next++) {
        const block = own === null ? next : own[next]!;
        if (window.innerOpen > 0 && !window.roomForRecord(scope)) return false;
        const first = blocks === points ? block : blockStart(block, blocks, points);
        const end = blocks === points ? block + 1 : blockStart(block + 1, blocks, points);
        const at = places === null ? place(next, count, workers) : places[block]!;
        const record = builder.open(slot, first, end - first, at);
        scope.live++;
        records[block] = record;
        generations[block] = graph.generation[record]!;
        gang?.enlist(block, record);
        // The first of a gang reserves for all.
        if (reserves && (gang === null || block === 0))
          reserve(engine, handle, record, resolved, first, gang === null ? end : points);
        analysis.fold = fold;
        for (const { sets, cover, partition, colours, usage: code } of steps) {
          for (let point = first; point < end; point++) {
            analysis.use(sets, cover, partition, colours === null ? point : colours[point]!, code);
          }
        }
        analysis.fold = NONE;
        for (const { source, index } of handle.futures) this.#afterFuture(source, index);
        engine.seal();
      }
      // What follows waits for it; until now, its own records did the waiting.
      if (kind === Kind.inner && engine.sequential) scope.hold = handle;
      engine.sealLaunch(handle);
      if (handle.inner === null) engine.barrier(handle);
      if (apply !== null) engine.barrier(apply);
      return true;
    };
  }

  /** Lets the shape of the equivalence sets follow the launch, before anybody looks up how it meets them. */
  #prepare(resolved: readonly Resolved[], points: number): void {
    const { analysis } = this.#engine;
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

  /** The record being built takes the value of a point of another launch. */
  #afterFuture(source: LaunchHandle, index: number): void {
    const record = recordOf(source, index);
    this.#engine.builder.afterValue(source.records[record]!, source.generations[record]!);
  }
}
