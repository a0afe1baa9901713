// A program description on a context of the runtime, operation by operation through its public interface; and what its user
// would see.

import { TaskError, UpstreamError, WorkerLostError } from '../errors.js';
import type { TypedArray } from '../privileges/index.js';
import type { Context } from '../program/context.js';
import type { FutureMap, TaskFuture } from '../program/future.js';
import { invertible } from '../program/invertible.js';
import type { LaunchOptions } from '../program/launch-options.js';
import type { Predicate } from '../program/predicate.js';
import type { ProjectedPartition } from '../program/region.js';
import type { Fields } from '../regions/index.js';
import { keyOf } from './brute-points.js';
import { FailureNames } from './failure-names.js';
import {
  type AnyView,
  accessTo,
  type BodyArguments,
  bodies,
  declare,
  fieldSpaceOf,
  type GeneratedTask,
  generatedTasks,
  type TaskShape,
} from './generated-tasks.js';
import { bodyValue, genericBody, holds, instanceSalt, mapped, programValue } from './generic-body.js';
import { mix } from './keyed-random.js';
import { launchPoints, project } from './launch-points.js';
import { failedIn, type Observed, type Result } from './observed.js';
import {
  type Copy,
  type FieldDescription,
  type Fill,
  type Inner,
  isPrelude,
  type Launch,
  lentName,
  type MakePredicate,
  type Operation,
  type Place,
  type Point,
  type PointerField,
  type Program,
  type TakeLease,
  type Target,
  type Write,
} from './program-description.js';
import { type AnyPartition, type AnyRegion, makePartition } from './runtime-partition.js';
import { boxSpace, indexSpaceOf } from './runtime-spaces.js';
import { type Ended, SessionAttachments } from './session-attachments.js';
import { shapesOf } from './task-shapes.js';
import type { Value } from './values.js';

// biome-ignore lint/suspicious/noExplicitAny: fields and capabilities are known at run time alone
type AnyProjected = ProjectedPartition<Fields, any, any>;

const valuesOf = (array: TypedArray): Value[] => [...(array as Iterable<Value>)];

/** Which instance of an inner task a session runs. */
interface Instance {
  readonly inner: Inner;
  readonly outer: Session;
  readonly salt: number;
}

/** What all sessions of a program share. */
interface Shared {
  readonly sessions: number[];
  /** Told of operations that were refused; without it the program ends with them. */
  refused: ((operation: Operation, error: unknown) => void) | null;
  readonly shapes: readonly TaskShape[];
  readonly tasks: readonly GeneratedTask[];
  readonly numberOf: ReadonlyMap<string, number>;
  readonly failures: FailureNames;
}

/** Sessions whose operations have not all ended, by number: bodies find theirs here. */
const sessions = new Map<number, Session>();
let sessionsMade = 0;
/** Instances of inner tasks are numbered apart: where there are several ranks, each runs but some of them. */
let instancesMade = 0;

/** One program on one context, or one instance of an inner task, operation by operation. */
export class Session {
  readonly #ctx: Context;
  readonly #shared: Shared;
  readonly #instance: Instance | null;
  readonly #number: number;
  readonly #regions = new Map<string, AnyRegion>();
  readonly #fields = new Map<string, readonly FieldDescription[]>();
  readonly #freed = new Set<string>();
  readonly #partitions = new Map<string, AnyPartition>();
  readonly #singles = new Map<string, TaskFuture<number>>();
  readonly #maps = new Map<string, FutureMap<number>>();
  readonly #leases = new Map<string, Disposable & { end(): void }>();
  readonly #leaseResults = new Map<string, readonly Result[]>();
  readonly #reads = new Map<string, readonly (Value | string)[]>();
  readonly #predicates = new Map<string, Predicate>();
  readonly #inners = new Map<string, Inner>();
  /** The regions that partitions were made of. */
  readonly #held = new Map<string, string>();
  /** Inner tasks may be running: nobody may wait here and now for what they bring. */
  #innerOpen = false;
  readonly #attached: boolean;
  readonly #attachments: SessionAttachments;
  readonly #detached: Ended[] = [];

  /** `attached`: every region is attached to an array of zeros, so that its elements come and go with the memory. */
  constructor(ctx: Context, program: Program, attached = false, instance: Instance | null = null) {
    this.#attached = attached;
    this.#ctx = ctx;
    this.#instance = instance;
    this.#number = instance ? --instancesMade : sessionsMade++;
    sessions.set(this.#number, this);
    this.#attachments = new SessionAttachments(ctx, program);
    if (instance) {
      this.#shared = instance.outer.#shared;
      this.#shared.sessions.push(this.#number);
      return;
    }
    const { shapes, numberOf } = shapesOf(program);
    this.#shared = {
      sessions: [this.#number],
      refused: null,
      shapes,
      tasks: generatedTasks(shapes),
      numberOf,
      failures: new FailureNames(ctx.events),
    };
  }

  /** Runs an instance of an inner task that a session has launched. */
  static run(
    regions: Readonly<Record<string, unknown>>,
    { session, name, argument }: BodyArguments,
    ctx: Context,
  ): Promise<number> {
    const outer = sessions.get(session)!;
    return outer.#run(outer.#inners.get(name)!, regions, argument, ctx);
  }

  async #run(
    inner: Inner,
    regions: Readonly<Record<string, unknown>>,
    argument: number,
    ctx: Context,
  ): Promise<number> {
    const { name, body, requirements, fails, hasty } = inner;
    const point = inner.domain ? ctx.point : [];
    const salt = instanceSalt({ salt: this.#salt(inner.salt), point, argument });
    const session = new Session(ctx, { seed: 0, operations: body }, false, { inner, outer: this, salt });
    requirements.forEach(({ fields: uses }, r) => {
      const lent = lentName(name, r);
      const { shapes, numberOf } = this.#shared;
      session.#regions.set(lent, regions[`r${r}`] as AnyRegion);
      session.#fields.set(lent, shapes[numberOf.get(name)!]!.requirements[r]!.fields);
      for (const use of uses) if (isPrelude(use)) ctx.fill(session.#regions.get(lent)!, use.field, 1);
    });
    for (const operation of body) await session.issue(operation);
    const { results, reads } = hasty ? { results: {}, reads: {} } : await session.#shown();
    if (fails && keyOf(fails) === keyOf(point)) throw new Error(name);
    const seen = body.map((operation) => results[operation.name] ?? reads[operation.name] ?? null);
    return bodyValue(
      salt,
      seen.filter((values) => values !== null),
    );
  }

  #salt(salt: number): number {
    return this.#instance ? mix(salt, this.#instance.salt) : salt;
  }

  /** Values that are awaited, or the failure that spoiled them. What a lost run says is no failure of the program's. */
  async #settled<T>(
    values: PromiseLike<T>,
    show: (values: T) => readonly (Value | string)[],
  ): Promise<readonly (Value | string)[]> {
    try {
      return show(await values);
    } catch (error) {
      const root = error instanceof UpstreamError ? error.root : error;
      if (!(root instanceof TaskError) || root instanceof WorkerLostError) throw error;
      return [failedIn(this.#shared.failures.nameOf(root))];
    }
  }

  /** From now on operations that are refused, in bodies too, are told to somebody, and the program goes on without them. */
  onRefused(tell: (operation: Operation, error: unknown) => void): void {
    this.#shared.refused = tell;
  }

  /** Issues one operation; waits only where the program itself waits. */
  async issue(operation: Operation): Promise<void> {
    try {
      await this.#issue(operation);
    } catch (error) {
      if (this.#shared.refused === null) throw error;
      this.#shared.refused(operation, error);
    }
  }

  async #issue(operation: Operation): Promise<void> {
    const { name } = operation;
    switch (operation.kind) {
      case 'region': {
        const space = fieldSpaceOf(operation.fields);
        this.#regions.set(
          name,
          this.#ctx.region(indexSpaceOf(operation.domain), space, { name }) as AnyRegion,
        );
        this.#fields.set(name, operation.fields);
        if (this.#attached) this.#attachments.attachAll(this.#regions.get(name)!);
        break;
      }
      case 'partition':
        if ('field' in operation.by) await this.#awaitInner();
        this.#held.set(
          name,
          'region' in operation.of ? operation.of.region : this.#held.get(operation.of.partition)!,
        );
        this.#partitions.set(
          name,
          makePartition(
            this.#place(operation.of),
            operation,
            (other) => this.#partitions.get(other)!,
            (other) => this.#regions.get(this.#held.get(other)!)!,
          ),
        );
        break;
      case 'launch':
        this.#launch(operation);
        break;
      case 'inner':
        this.#inners.set(name, operation);
        this.#innerOpen = true;
        this.#launch(operation);
        break;
      case 'predicate':
        this.#predicates.set(name, this.#predicate(operation));
        break;
      case 'reduceFutures':
        this.#singles.set(name, this.#maps.get(operation.of)!.reduce(operation.operator));
        break;
      case 'fill':
        this.#fill(operation);
        break;
      case 'copy':
        this.#copy(operation);
        break;
      case 'lease':
        await this.#lease(operation);
        break;
      case 'release':
        this.#leases.get(operation.lease)?.end();
        this.#leases.delete(operation.lease);
        break;
      case 'read':
        this.#reads.set(
          name,
          await this.#settled(this.#place(operation.target).read(operation.field), valuesOf),
        );
        break;
      case 'write':
        this.#write(operation);
        break;
      case 'mapFuture':
        this.#singles.set(name, this.#future(operation.of, operation.point).map(mapped));
        break;
      case 'attach': {
        const description = this.#fieldsOf(operation.target).find(
          ({ name: field }) => field === operation.field,
        )!;
        this.#attachments.attach(operation, this.#place(operation.target), description);
        break;
      }
      case 'flush': {
        const { over, show } = this.#attachments.flush(operation);
        this.#reads.set(name, await this.#settled(over, show));
        break;
      }
      case 'detach':
        this.#detached.push(this.#attachments.detach(operation));
        break;
      case 'fence':
        await this.#settled(this.#ctx.fence(), () => []);
        break;
      case 'free':
        this.#free(operation.region);
        this.#freed.add(operation.region);
        break;
    }
  }

  /** Partitions by a field need its values here and now, which bodies of inner tasks could not bring meanwhile. */
  async #awaitInner(): Promise<void> {
    if (this.#innerOpen || this.#instance) await this.#settled(this.#ctx.fence(), () => []);
    this.#innerOpen = false;
  }

  /** Waits for everything, past failures of which no value told: a run would end with them. */
  async #drain(): Promise<void> {
    while ((await this.#settled(this.#ctx.fence(), () => [])).length > 0);
  }

  /** What was returned and read, once all of it is there. */
  async #shown(): Promise<Pick<Observed, 'results' | 'reads'>> {
    for (const lease of this.#leases.values()) lease.end();
    const results: Record<string, readonly Result[]> = Object.fromEntries(this.#leaseResults);
    const one = (value: number) => [value];
    for (const [name, future] of this.#singles)
      results[name] = (await this.#settled(future, one)) as Result[];
    for (const [name, futures] of this.#maps) {
      const all = (await this.#settled(futures, (values) => values)) as Result[];
      results[name] = typeof all[0] === 'string' ? await this.#byPoint(futures) : all;
    }
    for (const [name, { future }] of this.#predicates)
      results[name] = (await this.#settled(future, (holding) => [Number(holding)])) as Result[];
    for (const { name, over, show } of this.#detached) this.#reads.set(name, await this.#settled(over, show));
    await this.#drain();
    return { results, reads: Object.fromEntries(this.#reads) };
  }

  /** Everything the program made, once all of it is there; frees the regions. */
  async observed(): Promise<Observed> {
    const { results, reads } = await this.#shown();
    for (const number of this.#shared.sessions) sessions.delete(number);
    const contents: Record<string, Record<string, readonly (Value | string)[]>> = {};
    for (const [name, fields] of this.#fields) {
      if (this.#freed.has(name)) continue;
      const region = this.#regions.get(name)!;
      const values: Record<string, readonly (Value | string)[]> = {};
      for (const { name: field } of fields) values[field] = await this.#settled(region.read(field), valuesOf);
      contents[name] = values;
      this.#attachments.end(this.#regions.get(name)!);
      this.#free(name);
    }
    await this.#drain();
    this.#attachments.remove();
    return { results, reads, contents };
  }

  #free(name: string): void {
    const region = this.#regions.get(name)!;
    this.#attachments.leave(region);
    region.free();
  }

  /** The results of a launch that failed in part. */
  async #byPoint(futures: FutureMap<number>): Promise<Result[]> {
    const results: Result[] = [];
    for (const point of futures.handle.domain) {
      results.push(...((await this.#settled(futures.at(point), (value) => [value])) as Result[]));
    }
    return results;
  }

  #fieldsOf(place: Place): readonly FieldDescription[] {
    return this.#fields.get('region' in place ? place.region : this.#held.get(place.partition)!)!;
  }

  /** Something by its name; illegal bodies name what belongs to their outer program. */
  #known<T>(of: (session: Session) => ReadonlyMap<string, T>, name: string): T {
    const here = of(this).get(name);
    return here === undefined ? this.#instance!.outer.#known(of, name) : here;
  }

  #place(place: Place): AnyRegion {
    if ('region' in place) return this.#known((session) => session.#regions, place.region);
    return this.#known((session) => session.#partitions, place.partition).sub(place.colour);
  }

  async #lease({ name, target, fields: uses, salt }: TakeLease): Promise<void> {
    const region = this.#place(target);
    const shape = { fields: this.#fieldsOf(target), uses };
    const result = await this.#settled(region.lease(declare(shape)), (lease) => {
      this.#leases.set(name, lease as never);
      const access = accessTo(lease.view as unknown as AnyView, shape);
      return [genericBody({ salt: this.#salt(salt), point: [], argument: 0 }, [access])];
    });
    this.#leaseResults.set(name, result as Result[]);
  }

  #when({ when }: { readonly when?: string }): LaunchOptions<number> {
    return when === undefined ? {} : { when: this.#known((session) => session.#predicates, when) };
  }

  #predicate({ by }: MakePredicate): Predicate {
    if (by.rule === 'is') return this.#ctx.predicate(this.#future(by.of, by.point).map(holds));
    const known = (name: string) => this.#predicates.get(name)!;
    return by.rule === 'not' ? known(by.of).not() : known(by.left)[by.rule](known(by.right));
  }

  #fill(fill: Fill): void {
    const { domain = null, field, value } = fill;
    const target = this.#target(fill, { domain });
    const when = this.#when(fill);
    if (domain === null) this.#ctx.fill(target as AnyRegion, field, value, when);
    else this.#ctx.indexFill(domain, target as AnyProjected, field, value, when);
  }

  #copy(copy: Copy): void {
    const { domain, fields, byOrder, reduce, drop } = copy;
    const target = (target: Target) => this.#target({ target }, { domain });
    const pointers = (given: PointerField) => ({ region: target(given.target), field: given.field });
    const given = {
      to: target(copy.to),
      from: target(copy.from),
      fields: Object.fromEntries(fields),
      ...(byOrder && { by: 'order' }),
      ...(copy.gather && { gather: pointers(copy.gather) }),
      ...(copy.scatter && { scatter: pointers(copy.scatter) }),
      ...(reduce && { reduce }),
      ...(drop && { outOfRange: 'drop' }),
    };
    this.#shared.failures.copies(this.#ctx.path, copy.name);
    if (domain === null) this.#ctx.copy(given as never, this.#when(copy));
    else this.#ctx.indexCopy(domain, given as never, this.#when(copy));
  }

  #target(
    { target }: { readonly target: Target },
    launch: Pick<Launch, 'domain' | 'origin'>,
  ): AnyRegion | AnyProjected {
    if (!('projection' in target)) return this.#place(target);
    const partition = this.#known((session) => session.#partitions, target.partition);
    const { projection } = target;
    if (projection.kind === 'identity') return partition.at();
    const { lo, hi } = partition.index.colours;
    const colours = lo.map((_, a) => hi[a]! + 1);
    const to = (point: Point) => project(projection, point, launch, colours)!;
    if (!target.inverse) return partition.at(to);
    const points = launchPoints(launch);
    return partition.at(
      invertible(to, (colour) => points.filter((point) => keyOf(to(point)) === keyOf(colour))),
    );
  }

  #launch(launch: Launch | Inner): void {
    const { name, domain, origin, fails } = launch;
    const { tasks, numberOf } = this.#shared;
    const task = tasks[numberOf.get(name)!]!;
    const regions = Object.fromEntries(
      launch.requirements.map((requirement, r) => [`r${r}`, this.#target(requirement, launch)]),
    );
    const argument = this.#argument(launch);
    const args =
      launch.kind === 'inner'
        ? ({ session: this.#number, name, argument } as never)
        : { salt: this.#salt(launch.salt), argument, ...(fails && { fails, failure: name }) };
    const options = {
      ...('gang' in launch && { gang: true }),
      ...this.#when(launch),
      ...(launch.when !== undefined && { otherwise: launch.otherwise ?? 0 }),
    };
    if (domain === null) this.#singles.set(name, this.#ctx.launch(task, regions as never, args, options));
    else {
      const space =
        origin &&
        boxSpace(
          origin,
          domain.map((n, a) => origin[a]! + n - 1),
        );
      this.#maps.set(name, this.#ctx.index(space ?? domain, task, regions as never, args, options));
    }
  }

  #argument({ argument }: Launch | Inner): number | TaskFuture<number> {
    return typeof argument === 'number' ? argument : this.#future(argument.future, argument.point);
  }

  #future(name: string, point: Point | undefined): TaskFuture<number> {
    return point
      ? this.#known((session) => session.#maps, name).at(point)
      : this.#known((session) => session.#singles, name);
  }

  #write({ target, field, salt }: Write): void {
    const region = this.#place(target);
    const { kind, lanes, range } = this.#fieldsOf(target).find(({ name }) => name === field)!;
    const values: Value[] = [];
    for (const point of region.indexSpace) {
      for (let lane = 0; lane < lanes; lane++)
        values.push(programValue(this.#salt(salt), point, lane, kind, range));
    }
    region.write(field, values as number[]);
  }
}

bodies.run = (regions, args, ctx) => Session.run(regions, args, ctx);
