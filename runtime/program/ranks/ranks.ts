// This rank among the others: replicated control. Every rank runs the whole program and issues the same operations in the same
// order; of a launch it runs the points that are its share. The protocol is told in README.md.

import { setTimeout } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { type ManipleError, RankError } from '../../errors.js';
import { BUILTIN } from '../../execution/builtin.js';
import { Kind } from '../../graph/layout.js';
import { Sharder, type Shards } from '../../mapping/sharding.js';
import { Results, reductionBlocks } from '../../memory/launch-layout.js';
import { Mail, Topic } from '../../nodes/mail.js';
import type { Transport } from '../../nodes/transport.js';
import { usageOf } from '../../privileges/index.js';
import type { SplitArgs } from '../arguments.js';
import type { Engine } from '../engine.js';
import { TaskFuture } from '../future.js';
import type { Guard } from '../guarded.js';
import { createHandle, type LaunchHandle, type ProgramScope, runsElsewhere } from '../handle.js';
import type { Call } from '../launch-call.js';
import type { Resolved } from '../legality.js';
import type { Reduction } from '../reducing.js';
import type { FieldUse } from '../requirement.js';
import { Scope } from '../scope.js';
import { asInner, ONE, privilegeOf, reducesAny } from '../uses.js';
import { CallWords } from './call-words.js';
import { ElementMoves } from './element-moves.js';
import { type ErrorWire, fromWire, toWire } from './error-wire.js';
import { PartialMoves } from './partial-moves.js';
import type { Site } from './port.js';
import { ReplicaCheck } from './replica-check.js';
import type { Replication, Taken } from './replication.js';
import { SharedFailures } from './shared-failures.js';
import { SharedResults } from './shared-results.js';

/** How often a rank looks after its messages while its program waits for something else. */
const LOOK_MS = 5;
/** What a rank may take to come to the error that another has ended with, without any progress. */
const GRACE_MS = 3000;
/** How long a rank that has ended goes on sending what others wait for; less when it has failed alone. */
const PATIENCE_MS = 60_000;
const PATIENCE_FAILED_MS = 1500;

interface LeavingWire {
  readonly error: ErrorWire | null;
  readonly calls: number;
}

export class Ranks implements Replication {
  readonly rank: number;
  readonly scope: ProgramScope = new Scope('messages', 0, [], [0, 0], null);
  readonly #engine: Engine;
  readonly #mail: Mail;
  readonly #sharder: Sharder;
  readonly #moves: ElementMoves;
  readonly #partials: PartialMoves;
  readonly #results: SharedResults;
  readonly #failures: SharedFailures;
  readonly #check: ReplicaCheck;
  readonly #words = new CallWords();
  /** Rejects when the ranks cannot go on together. */
  readonly failing: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #fault: Error | null = null;
  #timer: NodeJS.Timeout | null = null;
  #leaving = false;
  #left = 0;
  /** A rank has ended with an error that this one has not met. */
  #gone: { readonly rank: number; readonly error: Error } | null = null;
  #ends = 0;
  #seen = 0;
  #seen_ms = 0;

  constructor(engine: Engine, transport: Transport) {
    const mail = new Mail(transport);
    this.rank = transport.rank;
    this.#engine = engine;
    this.#mail = mail;
    this.#sharder = new Sharder(transport.rank, transport.ranks);
    this.#moves = new ElementMoves(engine, mail, this.scope);
    this.#partials = new PartialMoves(engine, mail, this.scope);
    this.#results = new SharedResults(engine, mail);
    this.#failures = new SharedFailures(mail, engine.root);
    this.#check = new ReplicaCheck(mail, (error) => this.#fail(error));
    this.failing = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failing.catch(() => {});
  }

  get #ranks(): number {
    return this.#mail.transport.ranks;
  }

  /** Meets the others. */
  async connect(): Promise<void> {
    await this.#mail.transport.connect(this.#engine.graph.control);
    this.#check.begin();
    for (const other of this.#mail.others) {
      this.#mail.receive(other, Topic.leaving, 0, (bytes) =>
        this.#departed(other, deserialize(bytes) as LeavingWire),
      );
    }
    this.#timer = setInterval(() => {
      this.#watch();
      this.#engine.look();
    }, LOOK_MS);
  }

  // ---- waiting ----

  progress(): boolean {
    return this.#mail.progress();
  }

  arm(look: () => void): void {
    this.#mail.transport.arm(look);
  }

  waiting(): void {
    this.#check.flush();
  }

  check(): void {
    this.#watch();
    if (this.#fault !== null) throw this.#fault;
  }

  get expecting(): boolean {
    return this.#moves.waiting + this.#partials.waiting + this.#results.waiting + this.#failures.waiting > 0;
  }

  // ---- calls ----

  called(
    what: string,
    site: Site,
    sources: readonly LaunchHandle[],
    values: readonly (readonly [name: string, value: unknown])[],
  ): void {
    this.#check.call(what, site, this.#words.partsOf(sources, values));
  }

  launched(call: Call, handle: LaunchHandle): void {
    this.#check.call(`task ${call.name}`, call.site, this.#words.ofLaunch(call));
    this.#words.number(handle, this.#check.count);
  }

  calledOn(what: string, site: Site, requirement: Resolved): void {
    this.#check.call(what, site, [this.#words.ofRequirement(requirement)]);
  }

  // ---- issuing ----

  deal(call: Call, handle: LaunchHandle): Shards {
    const requirements = call.kind === Kind.inner ? call.resolved.map(asInner) : call.resolved;
    const shards = this.#shardsOf(call, requirements);
    handle.shards = shards;
    const reduces = call.kind !== Kind.inner && reducesAny(requirements);
    if (!reduces || shards.owners === null || !mixed(shards.owners)) {
      for (const requirement of requirements) this.#moves.bring(requirement, requirement.uses, shards);
      return shards;
    }
    // Partials go from rank to rank; what they are folded into goes to one.
    const targets = requirements.map((requirement) => ({
      ...requirement,
      uses: usesOfReduction(requirement.uses),
    }));
    const { total, owners } = shards;
    const folder = this.#ownerOf(targets, total, owners.length);
    const single = this.#sharder.single(folder, total, owners.length);
    for (const [r, requirement] of requirements.entries()) {
      this.#moves.bring(requirement, otherUses(requirement.uses), shards);
      this.#moves.bring(requirement, targets[r]!.uses, single);
    }
    this.#partials.begin(handle, folder);
    return shards;
  }

  foldsTogether(handle: LaunchHandle): boolean {
    return this.#partials.shared(handle);
  }

  foldsHere(handle: LaunchHandle): boolean {
    return this.#partials.foldsHere(handle);
  }

  openFold(
    handle: LaunchHandle,
    name: string,
    resolved: readonly Resolved[],
    reductions: readonly Reduction[],
    site: Site,
  ): LaunchHandle | null {
    return this.#partials.open(handle, name, resolved, reductions, site);
  }

  /** Who runs what of a launch. */
  #shardsOf({ kind, domain, resolved, kindName, options }: Call, requirements: readonly Resolved[]): Shards {
    const points = domain.volume;
    const reduces = reducesAny(resolved);
    const blocks = reduces && kind !== Kind.inner ? reductionBlocks(points) : points;
    // A value that every rank has is put everywhere by itself: nothing moves.
    const fills = kindName.module === BUILTIN && kindName.name === 'fill';
    if (fills && options?.when === undefined) return this.#sharder.everywhere(points, blocks);
    // What points share they share in one memory.
    const together =
      (reduces && kind === Kind.inner) ||
      kind === Kind.gang ||
      resolved.some(({ inverse }) => inverse !== undefined) ||
      resolved.some(({ uses }) => uses.some(({ usage }) => usageOf(usage).coherence !== 'exclusive'));
    if (points !== 1 && !together) return this.#sharder.shared(points, blocks);
    return this.#sharder.single(this.#ownerOf(requirements, points, blocks), points, blocks);
  }

  /** The rank that holds most of what a launch touches; of several the next in turn. */
  #ownerOf(requirements: readonly Resolved[], points: number, blocks: number): number {
    const held = this.#moves.held(requirements, this.#sharder.single(0, points, blocks));
    let owner = this.#engine.root.operations % this.#ranks;
    for (let distance = 1; distance < this.#ranks; distance++) {
      const rank = (this.#engine.root.operations + distance) % this.#ranks;
      if (held[rank]! > held[owner]!) owner = rank;
    }
    return owner;
  }

  bringEverywhere(requirement: Resolved): void {
    const points = requirement.colours?.length ?? 1;
    this.#moves.bring(requirement, requirement.uses, this.#sharder.everywhere(points, points));
  }

  take(call: Call, handle: LaunchHandle, split: SplitArgs, guard: Guard | null): Taken {
    for (const value of Object.values(call.args)) {
      if (value instanceof TaskFuture) this.#shareWith(handle, value.handle, value.index);
    }
    if (guard !== null) this.#shareWith(handle, guard.source, guard.index);
    if (handle.shards!.points.length === 0 && handle.points > 0)
      return { split: { ...split, futures: [], failed: [] }, guard: null, letGo: () => {} };
    const proxies: LaunchHandle[] = [];
    const here = (source: LaunchHandle, index: number): LaunchHandle | null => {
      if (!runsElsewhere(source, index, this.rank)) return null;
      const proxy = this.#proxy(source, index);
      proxies.push(proxy);
      return proxy;
    };
    const futures = split.futures.map((future) => {
      const proxy = here(future.source, future.index);
      return proxy === null ? future : { key: future.key, source: proxy, index: 0 };
    });
    const stands = guard === null ? null : here(guard.source, guard.index);
    return {
      split: { ...split, futures },
      guard: stands === null ? guard : { source: stands, index: 0, live: true },
      letGo: () => {
        for (const proxy of proxies) {
          proxy.dependents--;
          this.#engine.launches.remove(proxy);
        }
      },
    };
  }

  /** All ranks get the results of a launch, unless who takes one runs where it is. */
  #shareWith(taker: LaunchHandle, source: LaunchHandle, index: number): void {
    const { owners } = taker.shards!;
    const elsewhere = (rank: number) => runsElsewhere(source, index, rank);
    if (owners === null || owners.some(elsewhere)) this.#results.share(source);
  }

  /** An operation whose one result is a result of another rank. It stays until it is let go. */
  #proxy(source: LaunchHandle, index: number): LaunchHandle {
    const engine = this.#engine;
    const handle = createHandle(this.scope, `value of ${source.task}`, ONE, source.site, () => []);
    engine.openLaunch(handle, Kind.host, 0);
    handle.dependents++;
    handle.host = () => {
      const results = new Results(engine.heap, engine.graph.results[handle.slot]!, 1);
      results.set(0, this.#results.valueOf(source, index));
    };
    this.#results.openWaiting(handle, source, index);
    return handle;
  }

  share(source: LaunchHandle): boolean {
    return this.#results.share(source);
  }

  openWaiting(handle: LaunchHandle, source: LaunchHandle, index: number | null): void {
    this.#results.openWaiting(handle, source, index);
  }

  valueOf(source: LaunchHandle, index: number): unknown {
    return this.#results.valueOf(source, index);
  }

  // ---- ends ----

  ended(handle: LaunchHandle): void {
    this.#ends++;
    this.#results.ended(handle);
  }

  failed(handle: LaunchHandle, point: number, error: ManipleError): void {
    if (handle.scope === this.scope) this.#fail(error);
    else this.#failures.failed(handle, point, error);
  }

  async results(handle: LaunchHandle): Promise<void> {
    if (!this.#results.share(handle)) return;
    this.waiting();
    await new Promise<void>((resolve) => {
      this.#results.whenHere(handle, null, resolve);
      this.#engine.look();
    });
  }

  async agreed(handle: LaunchHandle): Promise<void> {
    this.waiting();
    await new Promise<void>((resolve) => {
      this.#failures.agree(handle.root - 1, resolve);
      this.#engine.look();
    });
    this.#failures.tell(handle);
  }

  agreeNow(handle: LaunchHandle): void {
    this.#engine.quietNow(handle.scope, handle.operation);
    let known = false;
    this.#failures.agree(handle.root - 1, () => {
      known = true;
    });
    this.waiting();
    this.#engine.waitUntil(() => known);
    this.#failures.tell(handle);
  }

  fence(): (operation: number) => Promise<void> {
    this.#check.call('fence', {}, []);
    const shared = this.#failures.fence();
    return async (operation) => {
      this.waiting();
      const known = shared(operation);
      this.#engine.look();
      await known;
    };
  }

  get fenced(): number {
    return this.#failures.fenced;
  }

  // ---- the end of the run ----

  #fail(error: Error): void {
    if (this.#fault !== null || this.#leaving) return;
    this.#fault = error;
    this.#reject(error);
  }

  #departed(rank: number, { error, calls }: LeavingWire): void {
    this.#left++;
    if (error === null || this.#leaving || this.#gone !== null) return;
    this.#gone = { rank, error: fromWire(error) };
    this.#seen_ms = performance.now();
    // It has called less than this rank: here there was no such error.
    if (this.#check.count > calls) this.#fail(new RankError(rank, this.#gone.error));
  }

  /** A rank that has ended with an error is waited for no longer than this one makes progress without it. */
  #watch(): void {
    if (this.#gone === null || this.#fault !== null) return;
    const now = performance.now();
    const seen = this.#ends + this.#check.count;
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#seen_ms = now;
    } else if (now - this.#seen_ms > GRACE_MS) this.#fail(new RankError(this.#gone.rank, this.#gone.error));
  }

  /** The program has come to its end here: what the others wait for of this rank still goes out. */
  async leave(error: unknown): Promise<void> {
    this.#leaving = true;
    this.#check.flush();
    const wire: LeavingWire = {
      error: error === undefined ? null : toWire(error),
      calls: this.#check.count,
    };
    const { others } = this.#mail;
    for (const other of others) this.#mail.send(other, Topic.leaving, 0, serialize(wire));
    const until = performance.now() + (this.#fault === null ? PATIENCE_MS : PATIENCE_FAILED_MS);
    while (this.#left < others.length || !this.#mail.sent) {
      if (performance.now() > until) break;
      this.#engine.look();
      await setTimeout(1);
    }
    clearInterval(this.#timer ?? undefined);
    this.#mail.transport.close();
  }
}

/** Whether several ranks run records. */
function mixed(owners: Uint8Array): boolean {
  return owners.some((owner) => owner !== owners[0]);
}

const reductionsKept = new WeakMap<readonly FieldUse[], readonly FieldUse[]>();
const othersKept = new WeakMap<readonly FieldUse[], readonly FieldUse[]>();

/** The uses that reduce; the same object every time. */
function usesOfReduction(uses: readonly FieldUse[]): readonly FieldUse[] {
  return part(uses, reductionsKept, true);
}

/** The uses that do not. */
function otherUses(uses: readonly FieldUse[]): readonly FieldUse[] {
  return part(uses, othersKept, false);
}

function part(
  uses: readonly FieldUse[],
  kept: WeakMap<readonly FieldUse[], readonly FieldUse[]>,
  reduces: boolean,
): readonly FieldUse[] {
  let own = kept.get(uses);
  if (own === undefined) {
    own = uses.filter(({ usage }) => (privilegeOf(usage) === 'reduce') === reduces);
    kept.set(uses, own);
  }
  return own;
}
