// The same small programs on every executor: same values, whatever ran where.
import t, { type Test } from 'tap';
import { type ExecutorName, type RunOptions, run, TaskError, UpstreamError } from '../../../runtime/index.js';
import { accumulate, dot, failing, init, later, saxpy, stencil, Vec } from './vector.tasks.js';

const machines: { executor: ExecutorName; workers?: number }[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  ...[1, 2, 3].map((workers) => ({ executor: 'threads', workers }) as const),
  ...[1, 2, 3].map((workers) => ({ executor: 'bulk', workers }) as const),
];

function everywhere(name: string, body: (t: Test, options: RunOptions) => Promise<void>): void {
  for (const machine of machines) {
    t.test(`${name}: ${machine.executor} ${machine.workers ?? ''}`, (t) => body(t, machine));
  }
}

everywhere('saxpy and a dot product', async (t, options) => {
  const result = await run(async (ctx) => {
    const v = ctx.region([1000], Vec);
    const p = v.partition.equal([16]);
    ctx.fill(v, 'y', 2);
    ctx.index([16], init, { v: p.at() }, { scale: 1 });
    ctx.index([16], saxpy, { v: p.at() }, { a: 0.5 });
    const total = ctx.index([16], dot, { v: p.at() }, {}).reduce('sum');
    ctx.launch(saxpy, { v }, { a: total });
    return { total: await total, y: await v.read('y') };
  }, options);
  const y = Array.from({ length: 1000 }, (_, i) => 0.5 * i + 2);
  const total = y.reduce((sum, value, i) => sum + i * value, 0);
  t.equal(result.total, total);
  t.same(
    [...result.y],
    y.map((value, i) => total * i + value),
  );
});

everywhere('reductions', async (t, options) => {
  const y = await run(async (ctx) => {
    const v = ctx.region([100], Vec);
    const p = v.partition.equal([10]);
    const overlapping = v.partition.restrict({ colors: [10], transform: [[10]], extent: [20] });
    ctx.index([10], accumulate, { v: overlapping.at() }, { by: 1 });
    ctx.index([10], accumulate, { v: p.at() }, { by: 0.5 });
    ctx.index([100], accumulate, { v }, { by: 0.25 });
    ctx.launch(accumulate, { v }, { by: 100 });
    return v.read('y');
  }, options);
  t.same(
    [...y],
    Array.from({ length: 100 }, (_, i) => (i < 10 ? 1 : 2) + 0.5 + 25 + 100),
  );
});

everywhere('a stencil loop', async (t, options) => {
  const x = await run(async (ctx) => {
    const v = ctx.region([64], Vec);
    const p = v.partition.equal([8]);
    const halo = v.partition.restrict({ colors: [8], transform: [[8]], extent: [10] });
    ctx.index([8], init, { v: p.at() }, { scale: 1 });
    for (let step = 0; step < 50; step++) {
      ctx.index([8], stencil, { halo: halo.at(), own: p.at() });
      ctx.index([8], init, { v: p.at() }, { scale: step });
    }
    return v.read('y');
  }, options);
  t.equal(x.length, 64);
});

everywhere('asynchronous tasks', async (t, options) => {
  const x = await run(async (ctx) => {
    const v = ctx.region([20], Vec);
    const p = v.partition.equal([4]);
    ctx.index([4], init, { v: p.at() }, { scale: 1 });
    const by = ctx.index([4], later, { v: p.at() }, { by: 10 });
    ctx.index([4], later, { v: p.at() }, { by: by.at(2) });
    return v.read('x');
  }, options);
  t.same(
    [...x],
    Array.from({ length: 20 }, (_, i) => i + 20),
  );
});

everywhere('the first failure in program order, and what it reaches', async (t, options) => {
  const outcome = await run(async (ctx) => {
    const v = ctx.region([40], Vec);
    const p = v.partition.equal([4]);
    ctx.index([4], failing, { v: p.at() }, { bad: 2 });
    const dots = ctx.index([4], dot, { v: p.at() }, {});
    const ran = await dots.at(0);
    const good = await dots.at(2).then(
      () => 'ran',
      (error: unknown) => error,
    );
    const reading = await v.read('x').then(
      () => 'read',
      (error: unknown) => error,
    );
    ctx.fill(v, 'x', 7);
    return { ran, good, reading, x: [...(await v.read('x'))] };
  }, options);
  t.equal(outcome.ran, 0, 'points beside the failed one keep their values');
  t.type(outcome.good, UpstreamError);
  const root = (outcome.good as UpstreamError).root as TaskError;
  t.type(root, TaskError);
  t.match(root, { task: 'failing', point: [2], operation: 0 });
  t.match(root.message, /point 2, launched at .*executors\.test\.js.*a detector panel is missing/);
  t.type(outcome.reading, UpstreamError);
  t.same(outcome.x, new Array(40).fill(7), 'an overwrite makes the region good again');
});

everywhere(
  'a launch given a future that failed is made and skipped, whenever that future ended',
  async (t, options) => {
    const outcome = await run(async (ctx) => {
      const v = ctx.region([8], Vec);
      const p = v.partition.equal([4]);
      ctx.fill(v, 'x', 1);
      const failed = ctx.index([4], failing, { v: p.at() }, { bad: 2 });
      const early = ctx.launch(saxpy, { v: p[0]! }, { a: failed.at(2) as never });
      await failed.then(undefined, () => undefined);
      const late = ctx.launch(saxpy, { v: p[1]! }, { a: failed.at(2) as never });
      const reasons = await Promise.all(
        [early, late].map((future) =>
          future.then(
            () => 'ran',
            (error: unknown) =>
              error instanceof UpstreamError && error.root instanceof TaskError ? 'skipped' : error,
          ),
        ),
      );
      return { reasons, untouched: [...(await p[2]!.read('y'))] };
    }, options);
    t.same(outcome.reasons, ['skipped', 'skipped']);
    t.same(outcome.untouched, [0, 0]);
  },
);
