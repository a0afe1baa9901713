// Privileges as types: what a body may do with its views, what a launch accepts, what may be handed on. Compiled with
// the project, and checked by types.test.ts; never run.
import {
  type Context,
  f32,
  fieldSpace,
  i32,
  overwrites,
  type Partition,
  type Projected,
  type Region,
  type RegionRef,
  reads,
  reduces,
  task,
  updates,
  vec,
} from '../../../runtime/index.js';

const Vec = fieldSpace({ x: f32, y: f32, owner: i32, q: vec(f32, 4) });
const Other = fieldSpace({ x: i32 });
const module = import.meta.url;

// ---- views: what was asked for is what there is ----

export const saxpy = task({
  module,
  name: 'saxpy',
  regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
  run({ v }, { a }: { a: number }) {
    for (const i of v.points) v.y[i] = a * v.x[i]! + v.y[i]!;
    // @ts-expect-error TS2542: only permits reading
    v.x[0] = 1;
    // @ts-expect-error TS2339: Property 'set' does not exist
    v.x.set([1]);
    // @ts-expect-error TS2339: Property 'fill' does not exist
    v.x.fill(0);
    // @ts-expect-error TS2339: Property 'owner' does not exist
    v.owner;
    // @ts-expect-error TS2540: Cannot assign to 'y'
    v.y = new Float32Array(1);
    // @ts-expect-error TS2740: Type 'ReadView<Float32Array
    const written: Float32Array = v.x;
    return written;
  },
});

export const dot = task({
  module,
  name: 'dot',
  regions: { v: reads(Vec, 'x', 'y') },
  run({ v }): number {
    let sum = 0;
    for (const i of v.points) sum += v.x[i]! * v.y[i]!;
    return sum;
  },
});

export const accumulate = task({
  module,
  name: 'accumulate',
  regions: { v: reduces(Vec, 'sum', 'y') },
  run({ v }) {
    v.y.fold(0, 2);
    // @ts-expect-error TS7053: expression of type '0' can't be used to index
    v.y[0];
    // @ts-expect-error TS7053: expression of type '0' can't be used to index
    v.y[0] = 1;
    // @ts-expect-error TS2345: Argument of type 'string' is not assignable to parameter of type 'number'
    v.y.fold(0, 'much');
  },
});

export const reset = task({
  module,
  name: 'reset',
  regions: { v: overwrites(Vec, 'x', 'q') },
  run({ v }, { value }: { value: number }) {
    v.x.fill(value);
    v.q.set([1, 2, 3, 4], 0);
  },
});

export const tally = task({
  module,
  name: 'tally',
  regions: { v: updates(Vec, 'owner').simultaneous().and(reads(Vec, 'x')) },
  run({ v }) {
    Atomics.add(v.owner, 0, 1);
    // @ts-expect-error TS2542: only permits reading
    v.x[0] = 1;
    // @ts-expect-error TS2769: No overload matches this call
    Atomics.load(v.x.unsafeRaw(), 0);
  },
});

export const relax = task({
  module,
  name: 'relax',
  regions: { v: updates(Vec, 'x', 'y').atomic() },
  run({ v }) {
    v.x[0] = v.y[0]!;
  },
});

export const halfShared = task({
  module,
  name: 'halfShared',
  regions: { v: updates(Vec, 'x').atomic().and(updates(Vec, 'y')) },
  run({ v }) {
    v.x[0] = v.y[0]!;
  },
});

export const gather = task({
  module,
  name: 'gather',
  regions: { from: reads(Vec, 'x'), to: updates(Vec, 'y') },
  run({ from, to }) {
    to.y[0] = from.x[0]!;
    // @ts-expect-error TS2542: only permits reading
    from.x[0] = 1;
    // @ts-expect-error TS2339: Property 'x' does not exist
    to.x;
  },
});

// ---- requirements name fields and operators that there are ----

// @ts-expect-error TS2345: '"z"' is not assignable to parameter of type
reads(Vec, 'z');
// @ts-expect-error TS2345: '"mean"' is not assignable to parameter of type
reduces(Vec, 'mean', 'y');
// @ts-expect-error TS2345: is not assignable to parameter of type
reads(Vec, 'x').and(reads(Other, 'x'));

// ---- launches ----

export async function launches(context: Context) {
  const region = context.region([1 << 20], Vec);
  const blocks = region.partition.equal([16]);
  const ghosts = region.partition.image(blocks, 'owner');

  context.fill(region, 'y', 0);
  // @ts-expect-error TS2345: '"z"' is not assignable to parameter of type
  context.fill(region, 'z', 0);

  context.index([16], saxpy, { v: blocks.at() }, { a: 0.5 });
  context.index([16], saxpy, { v: ghosts.assertDisjoint().at() }, { a: 0.5 });
  // @ts-expect-error TS2322: Type '"unknown"' is not assignable to type '"disjoint"'
  context.index([16], saxpy, { v: ghosts.at() }, { a: 0.5 });
  // @ts-expect-error TS2741: Property 'disjoint' is missing
  context.index([16], saxpy, { v: region }, { a: 0.5 });

  // Reading and reducing may alias, and may take a whole region.
  context.index([16], accumulate, { v: ghosts.at() }, {});
  context.index([16], dot, { v: ghosts.at() }, {});
  context.index([16], dot, { v: region }, {});

  // So may atomic and simultaneous writes; an exclusive one beside them may not.
  context.index([16], tally, { v: ghosts.at() });
  context.index([16], relax, { v: region });
  // @ts-expect-error TS2322: Type '"unknown"' is not assignable to type '"disjoint"'
  context.index([16], halfShared, { v: ghosts.at() });

  // One subregion, and no arguments where the task takes none.
  context.launch(accumulate, { v: blocks[3]! });
  context.launch(dot, { v: blocks.sub([3]) });
  const values: Float32Array = await region.read('x');
  const owners: Int32Array = await blocks[0]!.read('owner');
  // @ts-expect-error TS2554: Expected 3-4 arguments, but got 2
  context.launch(saxpy, { v: region });

  // Futures are arguments, and values have the type of the task.
  const total = context.index([16], dot, { v: blocks.at() }, {}).reduce('sum');
  context.launch(saxpy, { v: region }, { a: total });
  context.launch(saxpy, { v: region }, { a: context.launch(dot, { v: region }, {}) });
  const value: number = await total;
  // @ts-expect-error TS2322: Type 'number' is not assignable to type 'string'
  const text: string = await context.launch(dot, { v: region }, {});
  // @ts-expect-error TS2322: Type 'void' is not assignable to type 'number'
  const nothing: number = await context.launch(accumulate, { v: region }, {});
  // @ts-expect-error TS2322: Type 'TaskFuture<void>' is not assignable to type
  context.launch(saxpy, { v: region }, { a: context.launch(accumulate, { v: region }, {}) });

  // Arguments and regions are those that were declared.
  // @ts-expect-error TS2322: Type 'string' is not assignable to type
  context.launch(saxpy, { v: region }, { a: 'no' });
  // @ts-expect-error TS2345: Property 'a' is missing
  context.launch(saxpy, { v: region }, {});
  // @ts-expect-error TS2345: Property 'v' is missing
  context.launch(saxpy, {}, { a: 1 });
  // @ts-expect-error TS2353: 'w' does not exist in type
  context.launch(saxpy, { v: region, w: region }, { a: 1 });
  // @ts-expect-error TS2322: y, owner, q
  context.launch(saxpy, { v: context.region([4], Other) }, { a: 1 });
  // @ts-expect-error TS2345: '"z"' is not assignable to parameter of type
  region.partition.byField('z', [4]);
  return [value, text, nothing, values, owners];
}

// ---- containment: who holds more may hand on less, never the other way ----

type F = typeof Vec.fields;
type Reading = RegionRef<F, { x: 'R'; y: 'R' }>;
type Adding = RegionRef<F, { y: 'A:sum' }>;

export function contained(context: Context, reading: Reading, adding: Adding) {
  context.launch(dot, { v: reading }, {});
  context.launch(accumulate, { v: adding }, {});
  // @ts-expect-error TS2322: Type '"W"' is not assignable to type '"R"'
  context.launch(saxpy, { v: reading }, { a: 1 });
  // @ts-expect-error TS2322: Property 'x' is missing in type
  context.launch(dot, { v: adding }, {});
  // @ts-expect-error TS2322: Type '"A:sum"' is not assignable to type '"R"'
  context.launch(accumulate, { v: reading }, {});
  // @ts-expect-error TS2322: Property 'q' is missing in type
  context.launch(reset, { v: reading }, { value: 0 });

  const whole = context.region([8], Vec);
  const less: Reading = whole;
  const sum: Adding = whole;
  // @ts-expect-error TS2322: Type '"A:prod"' is not assignable to type '"A:sum"'
  const product: RegionRef<F, { y: 'A:prod' }> = adding;
  // @ts-expect-error TS2322: Type '"W"' is not assignable to type '"R"'
  const more: RegionRef<F, { x: 'R' | 'W' }> = reading;
  // @ts-expect-error TS2322: Property 'owner' is missing in type
  const other: RegionRef<F, { owner: 'R' }> = reading;
  return [less, sum, product, more, other];
}

/** A part of a partition that was handed over for reading. */
export function handedOver(context: Context, part: Partition<F, { x: 'R'; y: 'R' }, 'disjoint'>) {
  const whole = context.region([8], Vec);
  context.index([4], dot, { v: part.at() });
  context.launch(dot, { v: part[0]! });
  // @ts-expect-error TS2322: Type '"W"' is not assignable to type '"R"'
  context.index([4], saxpy, { v: part.at() }, { a: 1 });
  // @ts-expect-error TS2322: Type '"W"' is not assignable to type '"R"'
  context.launch(saxpy, { v: part[0]! }, { a: 1 });
  // @ts-expect-error TS2345: Property 'owner' is missing in type
  whole.partition.image(part, 'owner');
}

// ---- what constructors say of overlaps ----

export function constructors(context: Context) {
  const region = context.region([8], Vec);
  const { partition } = region;
  const disjoint = [
    partition.equal([2]),
    partition.weights([2], [1, 2]),
    partition.blocks([4]),
    partition.byField('owner', [2]),
    partition.intersect(partition.equal([2]), partition.image(partition.equal([2]), 'owner')),
    partition.minus(partition.equal([2]), partition.image(partition.equal([2]), 'owner')),
  ];
  const known: Projected<F, { x: 'R' }, 'disjoint'>[] = disjoint.map((one) => one.at());
  // @ts-expect-error TS2345: Type '"unknown"' is not assignable to type '"disjoint"'
  known.push(partition.restrict({ colors: [2], transform: [[4]], extent: [5] }).at());
  // @ts-expect-error TS2345: Type '"unknown"' is not assignable to type '"disjoint"'
  known.push(partition.union(partition.equal([2]), partition.equal([2])).at());
  return known;
}

// ---- options of a launch ----

export function guarded(ctx: Context, v: RegionRef<typeof Vec.fields, { x: 'R'; y: 'R' }>): void {
  const total = ctx.launch(dot, { v }, {});
  const when = ctx.predicate(total.map((value) => value > 1));
  ctx.launch(dot, { v }, {}, { when, otherwise: 0, signal: AbortSignal.abort() });
  ctx.predicate(total);
  // @ts-expect-error TS2322: Type 'string' is not assignable to type 'number'
  ctx.launch(dot, { v }, {}, { when, otherwise: 'none' });
  // @ts-expect-error TS2739: is missing the following properties from type 'Predicate'
  ctx.launch(dot, { v }, {}, { when: total });
  // @ts-expect-error TS2345: Argument of type 'TaskFuture<string>' is not assignable
  ctx.predicate(total.map(String));
}

// ---- inner tasks: what is declared is what can be handed on ----

export const inner = task({
  module,
  name: 'inner',
  leaf: false,
  regions: {
    ro: reads(Vec, 'x', 'y'),
    rw: reads(Vec, 'x').and(updates(Vec, 'y')),
    red: reduces(Vec, 'sum', 'y'),
  },
  async run({ ro, rw, red }, { times }: { times: number }, ctx): Promise<number> {
    const parts = rw.partition.equal([4]);
    for (let i = 0; i < times; i++) ctx.index([4], saxpy, { v: parts.at() }, { a: i });
    ctx.launch(dot, { v: ro }, {});
    ctx.launch(dot, { v: rw }, {});
    ctx.launch(accumulate, { v: red });
    ctx.launch(inner, { ro: parts[0]!, rw: parts[1]!, red: parts[2]! }, { times: 0 });
    // @ts-expect-error TS2322: is not assignable to type
    ctx.launch(saxpy, { v: ro }, { a: 1 });
    // @ts-expect-error TS2322: is not assignable to type
    ctx.launch(dot, { v: red }, {});
    // @ts-expect-error TS2322: is not assignable to type
    ctx.launch(saxpy, { v: red }, { a: 1 });
    // @ts-expect-error TS2322: is not assignable to type
    ctx.index([4], saxpy, { v: ro.partition.equal([4]).at() }, { a: 1 });
    // @ts-expect-error TS2345: is not assignable to parameter of type
    ctx.fill(ro, 'x', 1);
    const own = ctx.region([4], Vec);
    ctx.launch(saxpy, { v: own }, { a: 1 });
    return ctx.launch(dot, { v: rw }, {});
  },
});

export async function launchInner(
  ctx: Context,
  all: RegionRef<typeof Vec.fields, { x: 'R'; y: 'R' }>,
): Promise<void> {
  const region = ctx.region([8], Vec);
  const blocks = region.partition.equal([4]);
  const value: number = await ctx.launch(inner, { ro: region, rw: blocks[0]!, red: region }, { times: 2 });
  ctx.index([4], inner, { ro: blocks.at(), rw: blocks.at(), red: region }, { times: value });
  // @ts-expect-error TS2322: is not assignable to type
  ctx.launch(inner, { ro: region, rw: all, red: region }, { times: 2 });
}

// ---- leases ----

export async function leased(v: Region<typeof Vec.fields, { x: 'R'; y: 'R' }>): Promise<number> {
  const lease = await v.lease(reads(Vec, 'x'));
  // @ts-expect-error TS2684: The 'this' context of type
  await v.lease(updates(Vec, 'x'));
  // @ts-expect-error TS2542: Index signature in type
  lease.view.x[0] = 1;
  return lease.view.x[0]!;
}
