// What tasks get besides views: points, arguments, random numbers, resources; and what comes back.
import t from 'tap';
import { type RunOptions, type RunStatistics, run, type Timeline } from '../../../runtime/index.js';
import { describe, Grid, identity, sum, useCounter, write } from './odd.tasks.js';
import { empty } from './vector.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 3 },
];

t.test('points, arguments and random numbers are the same everywhere', async (t) => {
  const program = (options: RunOptions) =>
    run(
      async (ctx) => {
        const one = ctx.launch(identity, {}, { value: 40 });
        return ctx.index(
          [2, 3],
          describe,
          {},
          {
            a: one as never,
            words: ['a', 'b'],
            data: Float64Array.of(1, 1),
            more: true,
          },
        );
      },
      { ...options, seed: 7 },
    );
  const first = await program(machines[0]!);
  t.match(first[5], { point: [1, 2], hi: [1, 2], sum: 42, words: 'a b', more: true });
  const randoms = first.flatMap((value) => value.random);
  t.equal(new Set(randoms).size, 12, 'every point has its own random numbers');
  for (const options of machines.slice(1)) t.same(await program(options), first);
  t.notSame(
    await run(async (ctx) => ctx.index([2, 3], describe, {}, { a: 1, words: [], data: new Float64Array() }), {
      executor: 'inOrder',
      seed: 8,
    }),
    first,
  );
});

t.test('values of every kind come back', async (t) => {
  const values = [
    1.5,
    -0,
    Number.NaN,
    true,
    false,
    null,
    undefined,
    'text',
    [1, [2]],
    { a: new Float32Array([1, 2]) },
    12n,
  ];
  for (const options of machines) {
    const got = await run(
      async (ctx) => Promise.all(values.map((value) => ctx.launch(identity, {}, { value }))),
      options,
    );
    t.same(got, values);
  }
});

t.test('futures: map, reduce, and as arguments of arguments', async (t) => {
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const map = ctx.index([100], identity, {}, { value: 0.1 });
      const total = map.reduce('sum');
      const twice = total.map((value) => 2 * value);
      const echoed = await ctx.launch(identity, {}, { value: twice });
      await ctx.fence();
      return [await total, await twice, echoed, await map.reduce('max'), (await map).length];
    }, options);
    t.same(got, [got[0], 2 * (got[0] as number), 2 * (got[0] as number), 0.1, 100]);
    t.ok(Math.abs((got[0] as number) - 10) < 1e-12);
  }
});

t.test('a function of a future that throws fails that future alone', async (t) => {
  for (const options of machines) {
    const [message, value] = await run(async (ctx) => {
      const one = ctx.launch(identity, {}, { value: 1 });
      const bad = one.map(() => {
        throw new Error('no such map');
      });
      const seen = await bad.then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      return [seen, await one];
    }, options);
    t.match(message, /map of identity, point 0.*no such map/);
    t.equal(value, 1);
  }
});

t.test('resources are made once per lane', async (t) => {
  const numbers = await run(async (ctx) => ctx.index([50], useCounter, {}), {
    executor: 'threads',
    workers: 2,
  });
  t.ok(
    numbers.every((number) => number === 1),
    'each worker has its own module and makes one',
  );
});

t.test('float sums have the same bits for any number of workers', async (t) => {
  const bits = new Set<string>();
  for (const options of [...machines, { executor: 'threads' as const, workers: 2, steal: false }]) {
    const y = await run(async (ctx) => {
      const v = ctx.region([33], Grid);
      for (let i = 0; i < 5; i++) ctx.index([200], sum, { v }, { by: 0.1 + i });
      return v.read('y');
    }, options);
    bits.add(Buffer.from(y.buffer).toString('hex'));
  }
  t.equal(bits.size, 1);
});

t.test('many tasks in few records, and memory that comes back', async (t) => {
  const statistics: RunStatistics[] = [];
  const tasks = 200_000;
  await run(
    async (ctx) => {
      const v = ctx.region([400], Grid);
      const p = v.partition.equal([100]);
      for (let i = 0; i < tasks / 200; i++) {
        ctx.index([100], write, { v: p.at() });
        ctx.index([100], empty, {});
      }
      await ctx.fence();
    },
    { executor: 'threads', workers: 2, window: { records: 1024 }, onStatistics: (s) => statistics.push(s) },
  );
  t.equal(statistics[0]!.operations, tasks / 100);
  t.ok(statistics[0]!.peakBytes < 2 ** 21, `the heap peaked at ${statistics[0]!.peakBytes} bytes`);
});

t.test('regions come and go within the budget', async (t) => {
  const x = await run(
    async (ctx) => {
      let last = 0;
      for (let i = 0; i < 40; i++) {
        using v = ctx.region([2 ** 17], Grid); // 1 MiB of x each, 8 MiB allowed
        ctx.fill(v, 'x', i);
        ctx.index([8], write, { v: v.partition.equal([8]).at() });
        if (i === 39) last = (await v.read('x'))[5]!;
      }
      return last;
    },
    { executor: 'threads', workers: 2, memory: 8 * 2 ** 20 },
  );
  t.equal(x, 40);
});

t.test('overwriting a region that is still being read takes new memory, not time', async (t) => {
  const peaks = await Promise.all(
    [true, false].map(async (rename) => {
      let peak = 0;
      await run(
        async (ctx) => {
          const v = ctx.region([1000], Grid);
          for (let i = 0; i < 20; i++) {
            ctx.fill(v, 'x', i);
            ctx.launch(write, { v });
          }
          await ctx.fence();
        },
        { executor: 'virtual', rename, onStatistics: (s) => (peak = s.peakBytes) },
      );
      return peak;
    }),
  );
  t.ok(peaks[0]! > peaks[1]!, `with renaming ${peaks[0]} bytes, without ${peaks[1]}`);
});

t.test('the timeline has every task once', async (t) => {
  let timeline: Timeline | null = null;
  await run(
    async (ctx) => {
      const v = ctx.region([40], Grid);
      for (let i = 0; i < 10; i++) ctx.index([4], write, { v: v.partition.equal([4]).at() });
      await ctx.fence();
    },
    { executor: 'threads', workers: 2, onTimeline: (seen) => (timeline = seen) },
  );
  const { entries, taskNames, lost } = timeline as unknown as Timeline;
  t.equal(lost, 0);
  t.equal(entries.length, 40);
  t.ok(entries.every(({ task, start, end }) => taskNames[task] === 'write' && end >= start));
  t.equal(new Set(entries.map(({ operation, first }) => `${operation} ${first}`)).size, 40);
});
