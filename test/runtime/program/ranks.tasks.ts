// Tasks and programs for the tests of runs on several ranks. Programs are exported, as each rank finds its own.
import { workerData } from 'node:worker_threads';
import {
  type Context,
  DataError,
  f64,
  fieldSpace,
  IndexSpace,
  i32,
  overwrites,
  reads,
  reduces,
  task,
  updates,
} from '../../../runtime/index.js';

export const Cells = fieldSpace({ x: f64, y: f64, n: i32 });

export const start = task({
  module: import.meta.url,
  name: 'start',
  regions: { v: overwrites(Cells, 'x', 'n') },
  run({ v }, _: object, ctx) {
    for (const i of v.points) {
      v.x[i] = 1 + ctx.random() + v.coord(i)[0]! / 7;
      v.n[i] = v.coord(i)[0]!;
    }
  },
});

export const smooth = task({
  module: import.meta.url,
  name: 'smooth',
  regions: { from: reads(Cells, 'x'), to: overwrites(Cells, 'y') },
  run({ from, to }) {
    for (const i of to.points) {
      const [at] = to.coord(i) as [number];
      let sum = 0;
      for (const j of from.points) if (Math.abs(from.coord(j)[0]! - at) <= 1) sum += from.x[j]!;
      to.y[i] = sum / 3;
    }
    return to.points[Symbol.iterator]().next().value ?? -1;
  },
});

export const back = task({
  module: import.meta.url,
  name: 'back',
  regions: { v: reads(Cells, 'y').and(updates(Cells, 'x')) },
  run({ v }, { scale }: { scale: number }) {
    let sum = 0;
    for (const i of v.points) {
      v.x[i] = v.x[i]! * 0.5 + scale * v.y[i]!;
      sum += v.x[i]!;
    }
    return sum;
  },
});

export const deposit = task({
  module: import.meta.url,
  name: 'deposit',
  regions: { v: reads(Cells, 'x'), sums: reduces(Cells, 'sum', 'y') },
  run({ v, sums }, _: object, ctx) {
    for (const i of v.points) sums.y.fold(i, v.x[i]! / (3 + ctx.point[0]!));
  },
});

/** Into another part; later points take longer. */
export const depositLate = task({
  module: import.meta.url,
  name: 'depositLate',
  regions: { v: reads(Cells, 'x'), sums: reduces(Cells, 'sum', 'y') },
  run({ v, sums }, _: object, ctx) {
    let sum = 0;
    for (const i of v.points) sum += v.x[i]!;
    for (let i = 0; i < 40_000 * ctx.point[0]!; i++) sum += Math.sqrt(i) * 1e-300;
    for (const i of sums.points) sums.y.fold(i, sum / (3 + ctx.point[0]!));
  },
});

export const count = task({
  module: import.meta.url,
  name: 'count',
  regions: { v: updates(Cells, 'n').atomic() },
  run({ v }, _: object, ctx) {
    for (const i of v.points) v.n[i] = v.n[i]! + 1 + ctx.point[0]!;
  },
});

export const value = task({
  module: import.meta.url,
  name: 'value',
  run(_: object, { of }: { of: number }, ctx) {
    return of + ctx.point[0]!;
  },
});

export const fails = task({
  module: import.meta.url,
  name: 'fails',
  regions: { v: overwrites(Cells, 'x') },
  run({ v }, { at }: { at: readonly number[] }, ctx) {
    if (at.includes(ctx.point[0]!)) throw new Error(`point ${ctx.point[0]} was to fail`);
    for (const i of v.points) v.x[i] = 5;
    return ctx.point[0]!;
  },
});

export const reader = task({
  module: import.meta.url,
  name: 'reader',
  run(_: object, __: object, ctx) {
    if (ctx.point[0] === 5) throw new DataError('x.h5', 'byte 7', 'it is damaged');
  },
});

export const meet = task({
  module: import.meta.url,
  name: 'meet',
  run(_: object, __: object, ctx) {
    return ctx.gang!.allreduce('sum', 1 + ctx.point[0]!);
  },
});

export const twice = task({
  module: import.meta.url,
  name: 'twice',
  leaf: false,
  regions: { v: reads(Cells, 'y').and(updates(Cells, 'x')) },
  async run({ v }, { scale }: { scale: number }, ctx) {
    const parts = v.partition.equal([2]);
    for (let i = 0; i < 2; i++) ctx.index([2], back, { v: parts.at() }, { scale });
    return (await v.read('x')).reduce((a, b) => a + b, 0);
  },
});

const values = (array: ArrayLike<number>) => Array.from(array);

/** A stencil with halos, a sum that goes into the next step, reads in between. */
export async function stencil(ctx: Context): Promise<unknown> {
  using cells = ctx.region([60], Cells);
  const parts = cells.partition.equal([6]);
  const halos = cells.partition.byDomain(
    [6],
    parts.index.subspaces.map((space) =>
      IndexSpace.box([Math.max(0, space.lo[0]! - 1)], [Math.min(59, space.hi[0]! + 1)]),
    ),
  );
  ctx.index([6], start, { v: parts.at() });
  const sums = [];
  let scale = 0.25;
  for (let step = 0; step < 6; step++) {
    ctx.index([6], smooth, { from: halos.at(), to: parts.at() });
    const sum = ctx.index([6], back, { v: parts.at() }, { scale }).reduce('sum');
    sums.push(sum);
    if (step === 3) scale = (await sum) / 1000;
  }
  const all = values(await cells.read('x'));
  return { all, sums: await Promise.all(sums) };
}

/** Regions that are freed while partial reductions into them are on their way, and others that get their memory. */
export async function freed(ctx: Context): Promise<unknown> {
  using kept = ctx.region([60], Cells);
  ctx.index([12], start, { v: kept.partition.equal([12]).at() });
  for (let round = 0; round < 8; round++) {
    const cells = ctx.region([60], Cells);
    const parts = cells.partition.equal([12]);
    ctx.copy({ from: kept, to: cells, fields: ['x'] });
    ctx.index([12], smooth, { from: parts.at(), to: parts.at() });
    ctx.index([12], depositLate, { v: parts.at(), sums: parts.at(([p]) => [11 - (p! % 3)]) });
    cells.free();
    for (let i = 0; i < 10; i++) {
      using other = ctx.region([60], Cells);
      ctx.fill(other, 'y', i);
      ctx.fill(other, 'x', i);
    }
  }
  return values(await kept.read('x'));
}

/** Everything else that moves data or values. */
export async function features(ctx: Context): Promise<unknown> {
  using cells = ctx.region([40], Cells);
  using others = ctx.region([40], Cells);
  const parts = cells.partition.equal([8]);
  const wide = cells.partition.equal([3]);
  const out: unknown[] = [];
  ctx.fill(cells, 'y', 2);
  ctx.index([8], start, { v: parts.at() });
  ctx.indexFill([3], wide.at(), 'y', 0.5);
  ctx.index([8], deposit, { v: parts.at(), sums: parts.at((p) => [(p[0]! * 3) % 8]) as never });
  ctx.index([5], count, { v: cells });
  out.push(values(await cells.read('y')), values(await cells.read('n')));
  ctx.copy({ from: cells, to: others, fields: ['x', 'n'] });
  ctx.indexCopy([8], { from: parts.at(), to: others.partition.equal([8]).at(), fields: { y: 'x' } });
  const one = ctx.launch(value, {}, { of: 3 });
  const many = ctx.index([7], value, {}, { of: one });
  const next = ctx.launch(value, {}, { of: many.at(5) });
  out.push(await many, await next, await many.reduce('max'), await many.at(2).map((v) => v * 2));
  out.push(await ctx.index([2], meet, {}, {}, { gang: true }));
  const small = ctx.predicate(many.reduce('max').map((v) => v < 5));
  ctx.index([8], back, { v: parts.at() }, { scale: 2 }, { when: small });
  ctx.index([8], back, { v: parts.at() }, { scale: 3 }, { when: small.not() });
  out.push(values(await cells.read('x')));
  cells.write(
    'n',
    Array.from({ length: 40 }, (_, i) => (i * 7) % 4),
  );
  const byField = cells.partition.byField('n', [4]);
  ctx.index([4], back, { v: byField.at() }, { scale: many.at(1) });
  out.push(byField.index.subspaces.map(String));
  {
    using lease = await cells.lease(reads(Cells, 'n').and(updates(Cells, 'x')));
    for (const i of lease.view.points) lease.view.x[i]! += lease.view.n[i]!;
  }
  out.push(await ctx.index([3], twice, { v: wide.at() }, { scale: many.at(0) }));
  out.push(values(await cells.read('x')), values(await others.read('x')), values(await others.read('y')));
  await ctx.fence();
  return out;
}

/** What the program is told of failures. */
export async function failures(ctx: Context): Promise<unknown> {
  const told = async (promise: PromiseLike<unknown>) => {
    try {
      return await promise;
    } catch (error) {
      const { name, message } = error as Error;
      return `${name}: ${message.replace(/launched at \S+/, 'launched here')}`;
    }
  };
  using cells = ctx.region([24], Cells);
  const parts = cells.partition.equal([6]);
  ctx.fill(cells, 'x', 1);
  ctx.fill(cells, 'y', 1);
  const failing = ctx.index([6], fails, { v: parts.at() }, { at: [2, 4] });
  const after = ctx.index([6], back, { v: parts.at() }, { scale: 1 });
  const out = [
    await told(failing.at(0)),
    await told(after.at(5)),
    await told(after.at(4)),
    await told(after),
    await told(failing),
    await told(after.reduce('sum')),
    await told(ctx.launch(value, {}, { of: failing.at(4) })),
    await told(parts[1]!.read('x')),
    await told(parts[2]!.read('x')),
    await told(cells.read('x')),
  ];
  ctx.index([6], fails, { v: parts.at() }, { at: [5] });
  out.push(await told(ctx.fence()), await told(ctx.fence()));
  ctx.index([6], start, { v: parts.at() });
  out.push(values(await cells.read('x')));
  try {
    ctx.index([6], fails, { v: parts.at() }, { at: [3] });
    cells.partition.byField('x' as never, [2]);
  } catch (error) {
    out.push(`${(error as Error).name}`);
  }
  out.push(await told(ctx.fence()), await told(ctx.fence()));
  return out;
}

/** Ends with an error that nobody was told of. */
export async function untold(ctx: Context): Promise<void> {
  const cells = ctx.region([24], Cells);
  ctx.index([6], fails, { v: cells.partition.equal([6]).at() }, { at: [1, 5] });
}

/** The ranks part at the third call. */
export async function parted(ctx: Context, { how }: { how: string }): Promise<unknown> {
  using cells = ctx.region([24], Cells);
  const parts = cells.partition.equal([6]);
  ctx.index([6], start, { v: parts.at() });
  ctx.fill(cells, 'y', 1);
  const own = process.pid + Math.random();
  if (how === 'argument') ctx.index([6], back, { v: parts.at() }, { scale: own });
  if (how === 'task') ctx.launch(value, {}, { of: own });
  if (how === 'write')
    cells.write(
      'y',
      Array.from({ length: 24 }, () => own),
    );
  return values(await cells.read('x'));
}

/** One rank alone throws. */
export async function alone(ctx: Context): Promise<unknown> {
  const cells = ctx.region([24], Cells);
  ctx.fill(cells, 'y', 1);
  await cells.read('y');
  if ((workerData as { rank?: number }).rank === 1) throw new Error('this rank alone has had enough');
  return values(await cells.read('y'));
}

/** The thread of one rank ends. */
export async function drops(ctx: Context): Promise<unknown> {
  const cells = ctx.region([24], Cells);
  ctx.fill(cells, 'y', 1);
  await cells.read('y');
  if ((workerData as { rank?: number }).rank === 1) process.exit(3);
  // The others come to what they need of it.
  return ctx.index([6], back, { v: cells.partition.equal([6]).at() }, { scale: 1 });
}

/** A task finds its data damaged. */
export async function damaged(ctx: Context): Promise<unknown> {
  return ctx.index([6], reader, {});
}

export async function attaches(ctx: Context): Promise<void> {
  const cells = ctx.region([24], Cells);
  ctx.attach(cells, { x: new Float64Array(24) });
}
