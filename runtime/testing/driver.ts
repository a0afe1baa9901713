// Runs program descriptions on the real runtime, through its public interface, and shows what their user would see.

import { TaskError, UpstreamError, WorkerLostError } from '../errors.js';
import type { TypedArray } from '../privileges/index.js';
import type { Attachment } from '../program/attachment.js';
import type { Context } from '../program/context.js';
import type { FutureMap, TaskFuture } from '../program/future.js';
import type { Partition, ProjectedPartition, Region } from '../program/region.js';
import { type RunOptions, run } from '../program/run.js';
import type { Fields } from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { Executor } from './differential.js';
import {
  type AnyView,
  accessTo,
  declare,
  fieldSpaceOf,
  type GeneratedTask,
  generatedTasks,
  type TaskShape,
} from './generated-tasks.js';
import { genericBody, mapped, programValue } from './generic-body.js';
import { project } from './launch-points.js';
import { failedIn, type Observed, type Result } from './observed.js';
import type {
  Copy,
  CreatePartition,
  Domain,
  FieldDescription,
  Fill,
  Launch,
  Operation,
  Place,
  Point,
  PointerField,
  Program,
  TakeLease,
  Target,
  Write,
} from './program-description.js';
import type { Value } from './values.js';

// biome-ignore lint/suspicious/noExplicitAny: fields and capabilities are known at run time alone
type AnyRegion = Region<Fields, any>;
// biome-ignore lint/suspicious/noExplicitAny: likewise
type AnyPartition = Partition<Fields, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: likewise
type AnyProjected = ProjectedPartition<Fields, any, any>;

function indexSpaceOf(domain: Domain): IndexSpace {
  switch (domain.kind) {
    case 'box':
      return boxSpace(domain.box.lo, domain.box.hi);
    case 'boxes':
      return IndexSpace.boxes(
        domain.rank,
        domain.boxes
          .filter(({ lo, hi }) => lo.every((x, a) => x <= hi[a]!))
          .map(({ lo, hi }) => [lo, hi] as const),
      );
    case 'points':
      return IndexSpace.points(domain.rank, domain.points);
  }
}

const boxSpace = (lo: Point, hi: Point): IndexSpace =>
  lo.some((x, a) => x > hi[a]!) ? IndexSpace.empty(lo.length) : IndexSpace.box(lo, hi);

const valuesOf = (array: TypedArray): Value[] => [...(array as Iterable<Value>)];

/** The shape of every launch of a program, each once. */
function shapesOf(program: Program): { shapes: TaskShape[]; numberOf: ReadonlyMap<string, number> } {
  const fieldsOf = new Map<string, readonly FieldDescription[]>();
  const shapes: TaskShape[] = [];
  const known = new Map<string, number>();
  const numberOf = new Map<string, number>();
  for (const operation of program.operations) {
    if (operation.kind === 'region') fieldsOf.set(operation.name, operation.fields);
    if (operation.kind === 'partition') {
      const { of } = operation;
      fieldsOf.set(operation.name, fieldsOf.get('region' in of ? of.region : of.partition)!);
    }
    if (operation.kind !== 'launch') continue;
    const shape: TaskShape = {
      single: operation.domain === null,
      requirements: operation.requirements.map(({ target, fields: uses }) => ({
        fields: fieldsOf.get('region' in target ? target.region : target.partition)!,
        uses,
      })),
    };
    const key = JSON.stringify(shape);
    let number = known.get(key);
    if (number === undefined) known.set(key, (number = shapes.push(shape) - 1));
    numberOf.set(operation.name, number);
  }
  return { shapes, numberOf };
}

/** How many kinds of task a program has: one run of the runtime takes 1024 at most. */
export const countShapes = (program: Program): number => shapesOf(program).shapes.length;

/** How the runtime runs, and whether every region is attached to data outside. */
export type DriverOptions = RunOptions & { readonly attached?: boolean };

/** One program on one context, operation by operation. */
export class Session {
  readonly #ctx: Context;
  readonly #tasks: readonly GeneratedTask[];
  readonly #numberOf: ReadonlyMap<string, number>;
  readonly #regions = new Map<string, AnyRegion>();
  readonly #fields = new Map<string, readonly FieldDescription[]>();
  readonly #partitions = new Map<string, AnyPartition>();
  readonly #singles = new Map<string, TaskFuture<number>>();
  readonly #maps = new Map<string, FutureMap<number>>();
  readonly #leases = new Map<string, Disposable & { end(): void }>();
  readonly #leaseResults = new Map<string, readonly Result[]>();
  readonly #reads = new Map<string, readonly (Value | string)[]>();
  /** Which operation of the program each operation of the runtime belongs to. */
  readonly #owners = new Map<number, string>();
  readonly #attached: boolean;
  readonly #attachments = new Map<string, Attachment>();
  #issuing = '';

  /** `attached`: every region is attached to an array of zeros, so that its elements come and go with the memory. */
  constructor(ctx: Context, program: Program, attached = false) {
    this.#attached = attached;
    const { shapes, numberOf } = shapesOf(program);
    this.#ctx = ctx;
    this.#tasks = generatedTasks(shapes);
    this.#numberOf = numberOf;
    ctx.events.on('launch', (_, operation) => this.#owners.set(operation, this.#issuing));
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
      return [failedIn(this.#owners.get(root.operation)!)];
    }
  }

  /** Issues one operation; waits only where the program itself waits. */
  async issue(operation: Operation): Promise<void> {
    const { name } = operation;
    this.#issuing = name;
    switch (operation.kind) {
      case 'region': {
        const space = fieldSpaceOf(operation.fields);
        this.#regions.set(
          name,
          this.#ctx.region(indexSpaceOf(operation.domain), space, { name }) as AnyRegion,
        );
        this.#fields.set(name, operation.fields);
        if (this.#attached) this.#attach(name);
        break;
      }
      case 'partition':
        this.#partitions.set(name, this.#partition(operation));
        break;
      case 'launch':
        this.#launch(operation);
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
      case 'fence':
        await this.#settled(this.#ctx.fence(), () => []);
        break;
      case 'free':
        this.#free(operation.region);
        this.#fields.delete(operation.region);
        break;
    }
  }

  /** Everything the program made, once all of it is there; frees the regions. */
  async observed(): Promise<Observed> {
    for (const lease of this.#leases.values()) lease.end();
    const results: Record<string, readonly Result[]> = Object.fromEntries(this.#leaseResults);
    const one = (value: number) => [value];
    for (const [name, future] of this.#singles)
      results[name] = (await this.#settled(future, one)) as Result[];
    for (const [name, futures] of this.#maps) {
      const all = (await this.#settled(futures, (values) => values)) as Result[];
      results[name] = typeof all[0] === 'string' ? await this.#byPoint(futures) : all;
    }
    const contents: Record<string, Record<string, readonly (Value | string)[]>> = {};
    for (const [name, fields] of this.#fields) {
      const region = this.#regions.get(name)!;
      const values: Record<string, readonly (Value | string)[]> = {};
      for (const { name: field } of fields) values[field] = await this.#settled(region.read(field), valuesOf);
      contents[name] = values;
      this.#free(name);
    }
    // Failures of which no value told: a run would end with them.
    while ((await this.#settled(this.#ctx.fence(), () => [])).length > 0);
    return { results, reads: Object.fromEntries(this.#reads), contents };
  }

  #attach(name: string): void {
    const region = this.#regions.get(name)!;
    const { indexSpace } = region;
    if (indexSpace.empty) return;
    const box = indexSpace.lo.reduce((product, low, axis) => product * (indexSpace.hi[axis]! - low + 1), 1);
    const sources = Object.entries(region.space.fields).map(([field, { array, lanes }]) => [
      field,
      new array(box * lanes),
    ]);
    this.#attachments.set(name, this.#ctx.attach(region, Object.fromEntries(sources), { mode: 'update' }));
  }

  #free(name: string): void {
    // A leased region cannot be freed, and says so.
    if (this.#regions.get(name)!.tree.leases.length === 0) void this.#attachments.get(name)?.detach();
    this.#regions.get(name)!.free();
  }

  /** The results of a launch that failed in part. */
  async #byPoint(futures: FutureMap<number>): Promise<Result[]> {
    const results: Result[] = [];
    for (const point of futures.handle.domain) {
      results.push(...((await this.#settled(futures.at(point), (value) => [value])) as Result[]));
    }
    return results;
  }

  #place(place: Place): AnyRegion {
    if ('region' in place) return this.#regions.get(place.region)!;
    return this.#partitions.get(place.partition)!.sub(place.colour);
  }

  #partition({ of, by }: CreatePartition): AnyPartition {
    const { partition: make } = this.#place(of);
    const earlier = (name: string) => this.#partitions.get(name)!;
    switch (by.rule) {
      case 'equal':
        return make.equal(by.colours);
      case 'weights':
        return make.weights(by.colours, by.weights);
      case 'blocks':
        return make.blocks(by.block);
      case 'restriction': {
        const extent = boxSpace(by.extent.lo, by.extent.hi);
        return make.restrict({ colors: by.colours, transform: by.transform, extent });
      }
      case 'byDomain':
        return make.byDomain(by.colours, by.domains.map(indexSpaceOf));
      case 'byField':
        return make.byField(by.field, by.colours);
      case 'image':
        return make.image(earlier(by.source), by.field);
      case 'preimage':
        return make.preimage(earlier(by.target), by.field);
      case 'imageRange':
        return make.imageRange(earlier(by.source), [by.field, by.upper]);
      case 'preimageRange':
        return make.preimageRange(earlier(by.target), [by.field, by.upper]);
      case 'mirrored':
        return make.mirrored(earlier(by.target));
      case 'cross': {
        const { partition, colour } = of as { partition: string; colour: Point };
        const left = earlier(partition);
        const cross = this.#regions.get(left.tree.name)!.partition.cross(left, earlier(by.right));
        return cross[left.index.colours.indexOf(colour)]!;
      }
      case 'pending':
        return make.pending(by.colours, (pending) => {
          let position = 0;
          for (const colour of pending.colours) {
            const { how, domains } = by.sets[position++]!;
            const [first, ...rest] = domains.map(indexSpaceOf) as [IndexSpace, ...IndexSpace[]];
            if (how === 'difference') pending.difference(colour, first, rest);
            else pending[how](colour, [first, ...rest]);
          }
        });
      case 'union':
        return make.union(earlier(by.left), earlier(by.right));
      case 'intersection':
        return make.intersect(earlier(by.left), earlier(by.right));
      case 'difference':
        return make.minus(earlier(by.left), earlier(by.right));
    }
  }

  async #lease({ name, target, fields: uses, salt }: TakeLease): Promise<void> {
    const region = this.#place(target);
    const shape = { fields: this.#fields.get(region.tree.name)!, uses };
    const result = await this.#settled(region.lease(declare(shape)), (lease) => {
      this.#leases.set(name, lease as never);
      const access = accessTo(lease.view as unknown as AnyView, shape);
      return [genericBody({ salt, point: [], argument: 0 }, [access])];
    });
    this.#leaseResults.set(name, result as Result[]);
  }

  #fill(fill: Fill): void {
    const { domain = null, field, value } = fill;
    const target = this.#target(fill, { domain });
    if (domain === null) this.#ctx.fill(target as AnyRegion, field, value);
    else this.#ctx.indexFill(domain, target as AnyProjected, field, value);
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
    if (domain === null) this.#ctx.copy(given as never);
    else this.#ctx.indexCopy(domain, given as never);
  }

  #target(
    { target }: { readonly target: Target },
    launch: Pick<Launch, 'domain' | 'origin'>,
  ): AnyRegion | AnyProjected {
    if (!('projection' in target)) return this.#place(target);
    const partition = this.#partitions.get(target.partition)!;
    const { projection } = target;
    if (projection.kind === 'identity') return partition.at();
    const { lo, hi } = partition.index.colours;
    const colours = lo.map((_, a) => hi[a]! + 1);
    return partition.at((point) => project(projection, point, launch, colours)!);
  }

  #launch(launch: Launch): void {
    const task = this.#tasks[this.#numberOf.get(launch.name)!]!;
    const regions = Object.fromEntries(
      launch.requirements.map((requirement, r) => [`r${r}`, this.#target(requirement, launch)]),
    );
    const { salt, fails } = launch;
    const args = { salt, argument: this.#argument(launch), ...(fails && { fails }) };
    const { name, domain, origin } = launch;
    const options = launch.gang ? { gang: true } : {};
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

  #argument({ argument }: Launch): number | TaskFuture<number> {
    return typeof argument === 'number' ? argument : this.#future(argument.future, argument.point);
  }

  #future(name: string, point: Point | undefined): TaskFuture<number> {
    return point ? this.#maps.get(name)!.at(point) : this.#singles.get(name)!;
  }

  #write({ target, field, salt }: Write): void {
    const region = this.#place(target);
    const { kind, lanes, range } = this.#fields.get(region.tree.name)!.find(({ name }) => name === field)!;
    const values: Value[] = [];
    for (const point of region.indexSpace) {
      for (let lane = 0; lane < lanes; lane++) values.push(programValue(salt, point, lane, kind, range));
    }
    region.write(field, values as number[]);
  }
}

/** Runs a program on a context of the runtime. Throws what the runtime throws. */
export async function execute(ctx: Context, program: Program, attached = false): Promise<Observed> {
  const session = new Session(ctx, program, attached);
  for (const operation of program.operations) await session.issue(operation);
  return session.observed();
}

/** The runtime as an executor, with a run of its own for every program. */
export const runtimeExecutor =
  ({ attached, ...options }: DriverOptions): Executor =>
  (program) =>
    run((ctx) => execute(ctx, program, attached), options);

/** Runs many programs one after the other on one context, whose threads and tables are used again and again. */
export const observeAll = (
  programs: readonly Program[],
  { attached, ...options }: DriverOptions,
): Promise<Observed[]> =>
  run(async (ctx) => {
    const observed: Observed[] = [];
    for (const program of programs) observed.push(await execute(ctx, program, attached));
    return observed;
  }, options);
