// Growing data and leaks.
import t from 'tap';
import { BoundsError, LaunchError, type Leak, type RunOptions, reads, run } from '../../../runtime/index.js';
import { Grid, readAndWrite, write } from './odd.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 2 },
];

t.test('batches come in, and the valid prefix is what there is', async (t) => {
  for (const options of machines) {
    const seen = await run(async (ctx) => {
      using live = ctx.growing([10, 2], Grid, { name: 'live' });
      const sizes = [live.length, live.valid.volume, live.capacity];
      const first = live.grow(3);
      ctx.fill(first, 'x', 1);
      const second = live.grow(4);
      ctx.fill(second, 'x', 2);
      ctx.launch(write, { v: live.valid });
      const rows = live.region.partition.blocks([1, 2]);
      ctx.index([7, 1], write, { v: rows.at() });
      return [sizes, live.length, [...(await live.valid.read('x'))]];
    }, options);
    t.same(seen, [[0, 0, 10], 7, [3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]]);
  }
});

t.test('a new batch waits for no reader of the ones before', async (t) => {
  const edges: string[] = [];
  await run(
    async (ctx) => {
      const live = ctx.growing([8], Grid);
      ctx.fill(live.grow(4), 'x', 1);
      const copies = ctx.region([4], Grid);
      ctx.copy({ from: live.valid, to: copies, fields: ['x'] });
      ctx.fill(live.grow(4), 'x', 2);
      ctx.launch(write, { v: live.valid });
    },
    {
      executor: 'virtual',
      eagerness: 0,
      onEdge: (a, b) => edges.push(`${a.operation}-${b.operation}`),
    },
  );
  t.same(edges.sort(), ['0-1', '0-3', '1-3', '2-3'].filter((edge) => edges.includes(edge)).sort());
  t.notOk(edges.includes('1-2'), 'the fill of the new batch does not wait for the copy');
  t.ok(edges.includes('2-3'));
});

t.test('what is past the prefix is refused', async (t) => {
  const refused = (main: Parameters<typeof run>[0]) =>
    run(main, { executor: 'inOrder' }).then(
      () => null,
      (error) => error as Error,
    );
  const whole = await refused((ctx) => {
    const live = ctx.growing([8], Grid, { name: 'live' });
    live.grow(5);
    ctx.launch(write, { v: live.region });
  });
  t.type(whole, BoundsError);
  t.match(
    whole?.message,
    /write: v holds point 5 of region live, which is past its valid prefix \[0\.\.4\]: grow it first/,
  );
  const part = await refused((ctx) => {
    const live = ctx.growing([8], Grid, { name: 'live' });
    live.grow(3);
    const p = live.region.partition.equal([4]);
    ctx.index([2], readAndWrite, { from: ctx.region([8], Grid).partition.equal([4]).at(), to: p.at() });
  });
  t.match(part?.message, /readAndWrite: to holds point 3 of region live/);
  const read = await refused((ctx) => ctx.growing([8], Grid, { name: 'live' }).region.read('x'));
  t.match(read?.message, /read of live\.x: x holds point 0/);
  const lease = await refused((ctx) =>
    ctx.growing([8], Grid, { name: 'live' }).region.lease(reads(Grid, 'x')),
  );
  t.match(lease?.message, /lease: lease holds point 0/);
  const full = await refused((ctx) => ctx.growing([8], Grid, { name: 'live' }).grow(9));
  t.type(full, LaunchError);
  t.match(full?.message, /has 0 of 8 rows, so it cannot grow by 9/);
});

t.test('what was not given back is told, with its place', async (t) => {
  for (const options of machines) {
    let leaks: readonly Leak[] = [];
    await run(
      async (ctx) => {
        using freed = ctx.region([10], Grid, { name: 'freed' });
        const kept = ctx.region([10], Grid, { name: 'kept' });
        ctx.fill(freed, 'x', 1);
        ctx.fill(kept, 'x', 1);
        await kept.lease(reads(Grid, 'x'));
      },
      { ...options, leaks: (found) => (leaks = found) },
    );
    t.same(
      leaks.map(({ what, name, bytes }) => [what, name, bytes]),
      [
        ['region', 'kept', 80],
        ['lease', 'kept', 0],
      ],
    );
    t.ok(
      leaks.every(({ site }) => /growing\.test\.\S+:\d+:\d+$/.test(site)),
      leaks.map(({ site }) => site).join(' '),
    );
  }
});
