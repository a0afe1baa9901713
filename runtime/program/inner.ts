// Inner tasks: their bodies are coroutines on the launching thread, each with a context, operation numbers and an analysis
// of its own. A body starts when the record of its point is ready, so that its children need not look at anything outside;
// the record ends when the body and all that it launched have ended, so that nobody outside need look inside.
import { CancelledError, LaunchError, type ManipleError, UpstreamError } from '../errors.js';
import { cancel, takeOtherwise, verdict } from '../execution/gate.js';
import { replicable } from '../execution/replicable.js';
import { poison } from '../graph/poison.js';
import type { Instance } from '../memory/instance.js';
import { Results, readArgs, readValue } from '../memory/launch-layout.js';
import { IndexSpace } from '../spaces/index.js';
import { Context } from './context.js';
import type { Engine } from './engine.js';
import { failedTask } from './failed-task.js';
import type { InnerRun, LaunchHandle, ProgramScope } from './handle.js';
import type { Resolved } from './legality.js';
import type { InnerPort } from './ports.js';
import { Projections } from './projections.js';
import { Partition, Region } from './region.js';
import { forgetSpoilt, isSpoilt } from './spoils.js';
import type { InnerBody } from './task.js';
import type { Grant, Tree } from './tree.js';
import { privilegeOf } from './uses.js';

/** The context of the main function. */
export function rootContext(engine: Engine): Context {
  const projections = new Projections(engine);
  const inner = new InnerTasks(engine, projections);
  inner.root = new Context({
    engine,
    scope: engine.root,
    projections,
    inner,
    parent: null,
    point: [],
    domain: IndexSpace.empty(1),
  });
  return inner.root;
}

/** What all contexts of a run share. */
class InnerTasks implements InnerPort {
  readonly engine: Engine;
  readonly projections: Projections;
  root: Context | null = null;

  constructor(engine: Engine, projections: Projections) {
    this.engine = engine;
    this.projections = projections;
  }

  open(handle: LaunchHandle, body: InnerBody, requirements: readonly Resolved[]): InnerRun {
    return new Instances(this, handle, body, requirements);
  }
}

/** The instances of one launch. */
class Instances implements InnerRun {
  readonly scopes = new Set<ProgramScope>();
  failure: InnerRun['failure'] = null;
  readonly #tasks: InnerTasks;
  readonly #handle: LaunchHandle;
  readonly #body: InnerBody;
  readonly #requirements: readonly Resolved[];
  /** The instances of the fields, as the launch found or made them: later launches may get others. */
  readonly #found = new Map<Tree, readonly (Instance | null)[]>();
  /** In executors that run one operation after the other, the end of the last instance. */
  #last: Promise<void> = Promise.resolve();

  constructor(tasks: InnerTasks, handle: LaunchHandle, body: InnerBody, requirements: readonly Resolved[]) {
    this.#tasks = tasks;
    this.#handle = handle;
    this.#body = body;
    this.#requirements = requirements;
    for (const { tree } of requirements) this.#found.set(tree, tree.snapshot);
  }

  start(record: number): void {
    // Not here and now: the program may be in the middle of a launch.
    if (this.#tasks.engine.sequential) this.#last = this.#last.then(() => this.#run(record));
    else queueMicrotask(() => void this.#run(record));
  }

  async #run(record: number): Promise<void> {
    const { engine } = this.#tasks;
    const { graph, heap } = engine;
    const handle = this.#handle;
    const { slot, points } = handle;
    if (Atomics.load(graph.poison, record) !== 0) {
      engine.finishInner(record, false);
      return;
    }
    const point = graph.first[record]!;
    const results = new Results(heap, graph.results[slot]!, points);
    const what = graph.gate[slot] === 0 ? 'run' : verdict(graph, heap, slot);
    if (what === 'cancelled') cancel(graph, record);
    if (what === 'otherwise') takeOtherwise(graph, heap, record, results);
    if (what !== 'run') {
      engine.finishInner(record, what === 'cancelled');
      return;
    }
    engine.startInner(record);
    const error = await this.#instance(point, results);
    if (error !== null) {
      poison(graph, record, handle.operation + 1);
      if (this.failure === null || point < this.failure.point) this.failure = { point, error };
    }
    engine.finishInner(record, error !== null, true);
  }

  /** Runs the body for one point, and waits for its children; the error that it failed with, or null. */
  async #instance(point: number, results: Results): Promise<ManipleError | null> {
    const { engine, projections, root } = this.#tasks;
    const handle = this.#handle;
    const scope: ProgramScope = handle.scope.inner(handle.task, handle.number, {
      operation: handle.operation,
      point,
    });
    const context = new Context({
      engine,
      scope,
      projections,
      inner: this.#tasks,
      parent: root,
      point: handle.domain.at(point),
      domain: handle.domain,
    });
    this.scopes.add(scope);
    const trees = this.#trees(scope, point);
    // What it overwrites is undefined to its children, and not spoilt.
    this.#written(point, (instance, space, privilege) => {
      if (privilege === 'overwrite') forgetSpoilt(instance, space);
    });
    let thrown: { readonly error: unknown } | null = null;
    try {
      const body = () => this.#body(this.#regions(trees, context, point), this.#args(), context);
      const value = await (engine.options.check ? replicable('it', body) : body());
      if (value instanceof Region || value instanceof Partition) {
        throw new LaunchError('it returned a region, but regions that an inner task makes end with it');
      }
      results.set(point, value);
    } catch (error) {
      thrown = { error };
    }
    for (const end of [...scope.leases]) end();
    while (scope.open.size > 0 || scope.queue.length > 0) await engine.fence(scope);
    scope.ended = true;
    this.scopes.delete(scope);
    const error = this.#errorOf(scope, point, thrown);
    // From here on it is the instance as a whole that has failed or not.
    this.#written(point, forgetSpoilt);
    for (const owned of [...scope.owned]) owned.free();
    for (const tree of trees.values()) tree.release();
    return error;
  }

  /** The trees of the requirements as the instance holds them. */
  #trees(scope: ProgramScope, point: number): ReadonlyMap<Tree, Tree> {
    const grants = new Map<Tree, Grant[]>();
    for (const { name, tree, partition, uses, colours } of this.#requirements) {
      const space = partition.subspaces[colours === null ? point : colours[point]!]!;
      const held = grants.get(tree);
      if (held === undefined) grants.set(tree, [{ name, space, uses }]);
      else held.push({ name, space, uses });
    }
    return new Map(
      [...grants].map(([tree, held]) => [
        tree,
        tree.within(scope, held, this.#found.get(tree)!, this.#handle.instances),
      ]),
    );
  }

  #regions(
    trees: ReadonlyMap<Tree, Tree>,
    { port }: Context,
    point: number,
  ): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.#requirements.map(({ name, tree, partition, colours }) => [
        name,
        new Region(
          port,
          trees.get(tree)!,
          tree.fields,
          partition,
          colours === null ? point : colours[point]!,
        ),
      ]),
    );
  }

  /** Visits what an instance may write. */
  #written(point: number, visit: (instance: Instance, space: IndexSpace, privilege: string) => void): void {
    for (const { fields, instances, partition, colours } of this.#handle.uses) {
      const space = partition.subspaces[colours === null ? point : colours[point]!]!;
      fields.forEach(({ usage }, i) => {
        const privilege = privilegeOf(usage);
        if (privilege !== 'read' && !space.empty) visit(instances[i]!, space, privilege);
      });
    }
  }

  #args(): Readonly<Record<string, unknown>> {
    const { graph, heap } = this.#tasks.engine;
    const unit = graph.args[this.#handle.slot]!;
    if (unit === 0) return {};
    const keys = heap.load(unit, 0);
    return readArgs(heap, unit, keys === 0 ? [] : (readValue(heap, keys) as string[]));
  }

  /**
   * An instance fails when its body throws, when an operation of it failed that the body was not told of, or when what it
   * may have written is still spoiled at its end. Its error is that of the operation that failed first in program order.
   */
  #errorOf(
    scope: ProgramScope,
    point: number,
    thrown: { readonly error: unknown } | null,
  ): ManipleError | null {
    const untold = scope.untold();
    if (untold !== null) return untold;
    if (thrown !== null) {
      const { error } = thrown;
      const root = error instanceof UpstreamError ? error.root : error;
      const own = [...scope.failures.values()].includes(root as ManipleError);
      if (own || root instanceof CancelledError) return root as ManipleError;
      return failedTask(this.#handle, point, error);
    }
    if (scope.failures.size === 0) return null;
    let spoilt = false;
    this.#written(point, (instance, space) => {
      spoilt ||= isSpoilt(instance, space);
    });
    if (!spoilt) return null;
    return scope.failures.get(Math.min(...scope.failures.keys()))!;
  }
}
