// Operations that run on the launching thread: reading and writing regions, folding and mapping futures. They are
// records of the graph like any task, so they keep their place in program order.
import { whole } from '../analysis/equivalence-sets.js';
import { LaunchError } from '../errors.js';
import { FoldWord, foldNumbers } from '../execution/fold-results.js';
import { elements } from '../execution/view.js';
import { Kind } from '../graph/layout.js';
import type { Instance } from '../memory/instance.js';
import { Results } from '../memory/launch-layout.js';
import { forEachPiece } from '../memory/view-layout.js';
import { ELEMENT_KINDS, REDUCTIONS, type ReductionName, type TypedArray } from '../privileges/index.js';
import { type Fields, fieldIndex, type IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { Caps } from './capabilities.js';
import { checkHostUse } from './containment.js';
import type { Engine } from './engine.js';
import { createHandle, type LaunchHandle, type ProgramScope, recordOf, runsElsewhere } from './handle.js';
import type { Lease } from './lease.js';
import { checkRestrictions, type Resolved } from './legality.js';
import { makeOne } from './one-record.js';
import { openLease } from './open-lease.js';
import type { FuturePort, RegionPlace, RegionPort } from './ports.js';
import type { Projections } from './projections.js';
import { type Replication, replicationOf } from './ranks/replication.js';
import type { Requirement } from './requirement.js';
import type { Tree } from './tree.js';
import { bringAttached, makeInstances, ONE, OVERWRITE, READ, rename, useOf } from './uses.js';

export class HostOperations implements RegionPort, FuturePort {
  readonly #engine: Engine;
  readonly #projections: Projections;
  readonly #scope: ProgramScope;

  constructor(engine: Engine, projections: Projections, scope: ProgramScope) {
    this.#scope = scope;
    this.#engine = engine;
    this.#projections = projections;
  }

  /** The other ranks, for operations that concern them: those of the main program. */
  get #ranks(): Replication | null {
    return replicationOf(this.#engine, this.#scope);
  }

  /** Why a blocked operation failed. */
  #errorOf(handle: LaunchHandle): Error | null {
    if (handle.root !== 0) this.#ranks?.agreeNow(handle);
    return handle.error;
  }

  // ---- futures ----

  async valuesOf(handle: LaunchHandle): Promise<unknown[]> {
    const values = await this.#engine.values(handle);
    return values ?? new Array<unknown>(handle.points).fill(undefined);
  }

  async valueOf(handle: LaunchHandle, index: number): Promise<unknown> {
    return (await this.#engine.values(handle, index))?.[index];
  }

  /** A future of all results of a launch, folded on a worker. */
  fold(source: LaunchHandle, operator: ReductionName): LaunchHandle {
    const engine = this.#engine;
    const handle = this.#create(`${source.task} (${operator})`, source.site);
    this.#ranks?.called('reduce', source.site, [source], [['operator', operator]]);
    return this.#submit(handle, () => {
      if (this.#ranks?.share(source) === true) {
        engine.openLaunch(handle, Kind.host, 0);
        this.#gives(handle, this.#foldOf(source, operator));
        this.#ranks.openWaiting(handle, source, null);
        return;
      }
      if (source.slot < 0) {
        this.#foldClosed(handle, source, operator);
        return;
      }
      const { graph, builder } = engine;
      engine.openLaunch(handle, Kind.foldResults, 0, [source]);
      const bytes = 4 * FoldWord.words;
      const unit = engine.allocate(bytes, 'arguments', false);
      handle.blocks.push({ unit, bytes });
      engine.heap.store(unit, FoldWord.results, graph.results[source.slot]!);
      engine.heap.store(unit, FoldWord.points, source.points);
      engine.heap.store(unit, FoldWord.op, REDUCTIONS.indexOf(operator));
      graph.args[handle.slot] = unit;
      engine.runLog?.takes(handle, source, 0, source.points);
      makeOne(engine, handle, () => {
        for (let i = 0; i < source.records.length; i++)
          builder.afterValue(source.records[i]!, source.generations[i]!);
      });
    });
  }

  /** The launch is over and its results are ours: a host record keeps the fold in program order. */
  #foldClosed(handle: LaunchHandle, source: LaunchHandle, operator: ReductionName): void {
    this.#host(handle, source, [0, source.records.length], this.#foldOf(source, operator));
  }

  #foldOf(source: LaunchHandle, operator: ReductionName): () => number {
    return () => {
      const values = source.values ?? [];
      const odd = values.findIndex((value) => typeof value !== 'number' && typeof value !== 'boolean');
      if (odd >= 0 || values.length === 0) {
        throw new TypeError(
          `point number ${Math.max(0, odd)} of task ${source.task} returned no number, so the results cannot be reduced`,
        );
      }
      return foldNumbers(values.map(Number), operator);
    };
  }

  /** What a host record is for: a value. */
  #gives(handle: LaunchHandle, run: () => unknown): void {
    const engine = this.#engine;
    handle.host = () => {
      const value = run();
      new Results(engine.heap, engine.graph.results[handle.slot]!, 1).set(0, value);
    };
  }

  #create(name: string, site: { readonly stack?: string }): LaunchHandle {
    this.#engine.checkRunning(this.#scope, name, site);
    return createHandle(this.#scope, name, ONE, site, () => []);
  }

  /** Issues an operation of one record, now or when there is room. */
  #submit(handle: LaunchHandle, issue: () => void, urgent = false): LaunchHandle {
    let late = false;
    const now = () => {
      try {
        issue();
      } catch (error) {
        if (!late) throw error;
        this.#engine.abandon(handle, error);
      }
      return true;
    };
    this.#engine.window.submit(this.#scope, now, urgent);
    late = true;
    return handle;
  }

  /** A future of a function of another, computed on the launching thread when that one is there. */
  map(source: LaunchHandle, index: number, pure: (value: unknown) => unknown): LaunchHandle {
    const handle = this.#create(`map of ${source.task}`, source.site);
    const ranks = this.#ranks;
    ranks?.called('map', source.site, [source], [['point', String(index)]]);
    return this.#submit(handle, () => {
      if (ranks?.share(source) === true && runsElsewhere(source, index, ranks.rank)) {
        this.#engine.openLaunch(handle, Kind.host, 0);
        this.#gives(handle, () => pure(ranks.valueOf(source, index)));
        ranks.openWaiting(handle, source, index);
        return;
      }
      const record = source.records.length === 0 ? 0 : recordOf(source, index);
      this.#host(handle, source, [record, record + 1], () => {
        if (source.closed) return pure(source.values?.[index]);
        const { heap, graph } = this.#engine;
        return pure(new Results(heap, graph.results[source.slot]!, source.points).get(index));
      });
    });
  }

  /** A value that the launching thread computes after the records `from` up to `to` of another launch. */
  #host(
    handle: LaunchHandle,
    source: LaunchHandle,
    [from, to]: readonly [number, number],
    run: () => unknown,
  ): void {
    const engine = this.#engine;
    engine.openLaunch(handle, Kind.host, 0, [source]);
    this.#gives(handle, run);
    const records = source.records.length;
    if (records > 0) {
      const first = Math.floor((from * source.points) / records);
      const end = Math.floor((Math.min(to, records) * source.points) / records);
      engine.runLog?.takes(handle, source, first, end - first);
    }
    makeOne(engine, handle, () => {
      for (let i = from; i < Math.min(to, records); i++) {
        engine.builder.afterValue(source.records[i]!, source.generations[i]!);
      }
    });
  }

  /** A host record that uses one field of a region. */
  #hostUse(
    region: RegionPlace,
    field: string,
    code: number,
    name: string,
    run: (instance: Instance) => void,
    urgent = false,
  ): LaunchHandle {
    const engine = this.#engine;
    const { tree, place: partition, colour } = region;
    tree.check();
    engine.memory.prepare();
    const index = fieldIndex(tree.fields, field);
    const uses = useOf(index, field, code);
    const requirement: Resolved = {
      name: field,
      tree,
      partition,
      uses,
      colours: this.#projections.constant(partition, ONE, colour),
    };
    const what = `${name} ${tree.name}.${field}`;
    checkHostUse(what, this.#scope, tree, ONE, requirement);
    if (tree.restricted) checkRestrictions(requirement, 1, what);
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, this.#hostUse);
    const handle = this.#create(what, site);
    this.#ranks?.calledOn(what, site, requirement);
    const issue = () => {
      bringAttached([requirement], 1);
      this.#ranks?.bringEverywhere(requirement);
      makeInstances(requirement, 1);
      rename(engine, requirement, 1);
      engine.openLaunch(handle, Kind.host, 0);
      // The instance of now: a later launch may rename the field before this record's turn comes.
      const instance = tree.instance(index);
      const memory = tree.memoryOf(index, { partition, colour });
      engine.use(handle, memory);
      handle.host = () => run(memory);
      handle.uses.push({ fields: uses, instances: [instance], partition, colours: requirement.colours });
      tree.use(handle, uses);
      engine.runLog?.requires(handle, [requirement]);
      makeOne(engine, handle, () => {
        for (const sets of tree.state.classes([index])) {
          engine.analysis.use(sets, sets.cover(partition), partition, colour, code);
        }
      });
    };
    return this.#submit(handle, issue, urgent);
  }

  async read(region: RegionPlace, field: string): Promise<TypedArray> {
    let values: TypedArray | null = null;
    const handle = this.#hostUse(region, field, READ, 'read of', (instance) => {
      values = this.#copyOut(region.tree, instance, field, region.indexSpace);
    });
    await this.#engine.values(handle);
    return values!;
  }

  /** The same, waiting here and now. */
  readNow(region: RegionPlace, field: string): TypedArray {
    let values: TypedArray | null = null;
    const copyOut = (instance: Instance) => {
      values = this.#copyOut(region.tree, instance, field, region.indexSpace);
    };
    const handle = this.#hostUse(region, field, READ, 'read of', copyOut, true);
    if (!this.#engine.waitFor(handle)) {
      throw new LaunchError(
        `field ${field} of region ${region.tree.name} is wanted now, but it waits for an inner task, which goes on only while the program awaits: await ctx.fence() first.`,
      );
    }
    if (values === null) throw this.#errorOf(handle) ?? new LaunchError(`field ${field} could not be read.`);
    return values;
  }

  /** A field of the region that a partition cuts. */
  readParent(tree: Tree, partition: IndexPartition, field: string): TypedArray {
    return this.readNow(
      { tree, place: whole(partition.parent), colour: 0, indexSpace: partition.parent },
      field,
    );
  }

  lease(
    region: RegionPlace,
    requirement: Requirement<Fields, Caps>,
    site: { readonly stack?: string },
  ): Promise<Lease<Fields, Caps>> {
    return openLease(this.#engine, this.#scope, this.#projections, region, requirement, site);
  }

  write(region: RegionPlace, field: string, values: ArrayLike<number> | ArrayLike<bigint>): void {
    const lanes = region.tree.fields.fields[field]?.lanes ?? 1;
    const wanted = region.indexSpace.volume * lanes;
    if (values.length !== wanted) {
      throw new LaunchError(
        `write: field ${field} of region ${region.tree.name} takes ${wanted} numbers (${region.indexSpace.volume} points, ${lanes} each), not ${values.length}.`,
      );
    }
    this.#ranks?.called('values to write', {}, [], [['values', values]]);
    const { window } = this.#engine;
    // With inner tasks about, the write must not wait: it keeps the values until its turn comes.
    const waits = window.innerOpen > 0 || window.waits(this.#scope);
    if (waits) values = Array.from(values as ArrayLike<number>);
    const handle = this.#hostUse(region, field, OVERWRITE, 'write of', (instance) => {
      this.#pieces(region.tree, instance, field, region.indexSpace, (array, at, length, from) => {
        for (let i = 0; i < length; i++) (array as { [i: number]: unknown })[at + i] = values[from + i];
      });
    });
    if (waits) return;
    this.#engine.waitFor(handle);
    const error = this.#errorOf(handle);
    if (error !== null) throw error;
  }

  #copyOut(tree: Tree, instance: Instance, field: string, space: IndexSpace): TypedArray {
    const type = tree.fields.fields[field]!;
    const out = new type.array(space.volume * type.lanes) as TypedArray;
    this.#pieces(tree, instance, field, space, (array, at, length, to) => {
      (out as Float64Array).set(array.subarray(at, at + length) as Float64Array, to);
    });
    return out;
  }

  /** Calls `each(array, at, length, position)` for the contiguous pieces of a space in a field's instance. */
  #pieces(
    tree: Tree,
    instance: Instance,
    field: string,
    space: IndexSpace,
    each: (array: TypedArray, at: number, length: number, position: number) => void,
  ): void {
    const type = tree.fields.fields[field]!;
    const points = Math.floor(instance.bytes / type.bytesPerElement);
    const kind = ELEMENT_KINDS.indexOf(type.kind);
    const array = elements(this.#engine.heap, kind, instance.unit, 0, points * type.lanes);
    let position = 0;
    forEachPiece(space, tree.box, (at, count) => {
      const length = count * type.lanes;
      each(array, (at - instance.first) * type.lanes, length, position);
      position += length;
    });
  }
}
