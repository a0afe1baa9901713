// Launches as they are called: resolved, checked, then issued when there is room.
import { LaunchError } from '../errors.js';
import { BUILTIN, builtinLeaf } from '../execution/builtin.js';
import type { Leaf } from '../execution/leaf.js';
import { Kind } from '../graph/layout.js';
import { IndexSpace } from '../spaces/index.js';
import { type SplitArgs, splitArgs } from './arguments.js';
import { checkContainment, checkScope } from './containment.js';
import type { Engine } from './engine.js';
import { FutureMap, TaskFuture } from './future.js';
import { checkGang } from './gangs.js';
import { guardOf, guardUses } from './guarded.js';
import { createHandle, type LaunchHandle, type ProgramScope } from './handle.js';
import { Issuing } from './issuing.js';
import type { Call } from './launch-call.js';
import { checkOptions, type LaunchOptions } from './launch-options.js';
import { checkInterference, checkRestrictions, type Resolved } from './legality.js';
import { resolveUse } from './place.js';
import type { FuturePort, InnerPort } from './ports.js';
import type { PredicatePort, PredicateRule } from './predicate.js';
import type { Projections } from './projections.js';
import { replicationOf } from './ranks/replication.js';
import type { Issue } from './scope.js';
import type { Task } from './task.js';
import { ONE, reducesAny } from './uses.js';

// biome-ignore lint/suspicious/noExplicitAny: any task
type AnyTask = Task<any, any, any>;

/** What a launch must know of its task. */
export interface LaunchedTask {
  readonly name: string;
  readonly module: string;
  readonly leaf: Leaf;
}

export class Launcher implements PredicatePort {
  readonly engine: Engine;
  readonly projections: Projections;
  readonly #futures: FuturePort;
  readonly scope: ProgramScope;
  readonly #issuing: Issuing;
  readonly #domains: Map<string, IndexSpace>;
  readonly #legal: Map<string, true>;

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
    this.#issuing = parent === null ? new Issuing(engine, projections, inner) : parent.#issuing;
    this.#domains = parent === null ? new Map() : parent.#domains;
    this.#legal = parent === null ? new Map() : parent.#legal;
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
    const ranks = replicationOf(engine, scope);
    const rank = ranks?.rank ?? null;
    // Arguments are looked at before anything is made, so that a refused launch leaves no trace.
    let split: SplitArgs | null = splitArgs(call.args, `task ${name}`, scope, rank);
    if (call.options?.when !== undefined) guardOf(call.options.when, scope);
    if (call.kind === Kind.io) engine.executor.startIo();
    const handle = createHandle(scope, name, call.domain, site, call.words);
    ranks?.launched(call, handle);
    let expand: Issue | null = null;
    let late = false;
    engine.window.submit(scope, () => {
      try {
        // What was a future may have become a value meanwhile.
        expand ??= this.#issuing.begin(
          call,
          handle,
          split ?? splitArgs(call.args, `task ${name}`, scope, rank),
        );
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

const ids = new WeakMap<object, number>();
let lastId = 0;
function idOf(object: object): number {
  let id = ids.get(object);
  if (id === undefined) ids.set(object, (id = ++lastId));
  return id;
}
