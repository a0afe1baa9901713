// Fills and copies: every kind of field, points, order, pointers, reductions, chunks, and what is refused.
import t from 'tap';
import {
  BoundsError,
  type Ctx,
  c64,
  f64,
  fieldSpace,
  IndexSpace,
  InterferenceError,
  i32,
  i64,
  LaunchError,
  type ManipleError,
  type RunOptions,
  run,
  TaskError,
  UpstreamError,
  vec,
} from '../../../runtime/index.js';

const Data = fieldSpace({ x: f64, y: f64, n: i64, z: c64, zs: vec(c64, 2), v: vec(f64, 3) });
const Table = fieldSpace({ x: f64, key: i32, place: vec(i32, 2) });

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual', chunkBytes: 32 },
  { executor: 'threads', workers: 2, chunkBytes: 64 },
];

/** What a program returns on every machine: all must agree. */
async function everywhere<T>(main: (ctx: Ctx) => Promise<T>): Promise<T> {
  const seen: T[] = [];
  for (const options of machines) seen.push(await run(main, options));
  for (const other of seen) t.same(other, seen[0]);
  return seen[0]!;
}

async function refused(main: (ctx: Ctx) => unknown): Promise<ManipleError> {
  return run(async (ctx) => main(ctx), { executor: 'inOrder' }).then(
    () => {
      throw new Error('nothing was refused');
    },
    (error) => error as ManipleError,
  );
}

const ramp = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

t.test('fills: lanes, complex numbers, bigints, through partitions, with futures', async (t) => {
  const got = await everywhere(async (ctx) => {
    const d = ctx.region([4], Data);
    ctx.fill(d, 'v', [1, 2, 3]);
    ctx.fill(d, 'z', 5);
    ctx.fill(d.partition.equal([2])[1]!, 'z', [1, -1]);
    ctx.fill(d, 'zs', [2, 3]);
    ctx.fill(d, 'n', 2n ** 40n);
    ctx.indexFill(
      [2],
      d.partition.equal([4]).at(([i]) => 2 * i!),
      'n',
      7,
    );
    ctx.indexFill([2], d.partition.equal([2]).at(), 'y', 0.5);
    return Promise.all(
      (['v', 'z', 'zs', 'n', 'y'] as const).map(async (field) => [...(await d.read(field))]),
    );
  });
  t.same(got, [
    [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],
    [5, 0, 5, 0, 1, -1, 1, -1],
    [2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3],
    [7n, 2n ** 40n, 7n, 2n ** 40n],
    [0.5, 0.5, 0.5, 0.5],
  ]);
});

t.test('a big fill takes the shape of the last write, or is cut', async (t) => {
  const waits: number[] = [];
  await run(
    async (ctx) => {
      const d = ctx.region([64, 64], Data);
      const p = d.partition.equal([4, 2]);
      ctx.indexFill([4, 2], p.at(), 'x', 1);
      ctx.events.on('launch', (_, __, points) => waits.push(points));
      ctx.fill(d, 'x', 2);
      ctx.fill(d, 'y', 2);
      ctx.copy({ from: d, to: d, fields: { x: 'y' } });
      await ctx.fence();
    },
    { executor: 'virtual', chunkBytes: 1024 },
  );
  t.same(waits, [8, 32, 8]);
});

t.test('point by point: parts, other regions, several fields, other boxes, sparse spaces', async (t) => {
  const got = await everywhere(async (ctx) => {
    const a = ctx.region(IndexSpace.box([-1, 2], [5, 8]), Data);
    const b = ctx.region([4, 6], Data);
    a.write('x', ramp(49));
    a.write('v', ramp(147, 0.5));
    const inner = b.partition.byDomain([1], [IndexSpace.box([0, 2], [3, 5])])[0]!;
    ctx.copy({ from: a, to: inner, fields: ['x', 'v'] });
    ctx.copy({ from: inner, to: inner, fields: { y: 'x' } });
    const dots = IndexSpace.points(2, [
      [0, 3],
      [2, 2],
      [3, 5],
    ]);
    const s = ctx.region(dots, Data);
    ctx.copy({ from: b, to: s, fields: ['x'] });
    return Promise.all([b.read('y'), b.read('v'), s.read('x')].map(async (values) => [...(await values)]));
  });
  const x = ([i, j]: [number, number]) => 7 * (i + 1) + j - 2;
  const y = ramp(24).map((k) => (k % 6 >= 2 ? x([Math.floor(k / 6), k % 6]) : 0));
  t.same(got[0], y);
  t.same(
    got[1],
    ramp(24).flatMap((k) => (k % 6 >= 2 ? ramp(3, 0.5 + 3 * x([Math.floor(k / 6), k % 6])) : [0, 0, 0])),
  );
  t.same(got[2], [x([0, 3]), x([2, 2]), x([3, 5])]);
});

t.test('by order: equal numbers of points, shifted, within one field', async (t) => {
  const got = await everywhere(async (ctx) => {
    const a = ctx.region([40], Data);
    const b = ctx.region(IndexSpace.box([100], [139]), Data);
    const tall = ctx.region([20, 2], Data);
    a.write('x', ramp(40));
    ctx.copy({ from: a, to: b, fields: ['x'], by: 'order' });
    ctx.copy({ from: b, to: tall, fields: { y: 'x' }, by: 'order' });
    const [left, right] = [a.partition.equal([2])[0]!, a.partition.equal([2])[1]!];
    ctx.copy({ from: left, to: right, fields: ['x'], by: 'order', reduce: 'sum' });
    return Promise.all([b.read('x'), tall.read('y'), a.read('x')].map(async (values) => [...(await values)]));
  });
  t.same(got, [ramp(40), ramp(40), ramp(40).map((i) => (i < 20 ? i : 2 * i - 20))]);
});

t.test('gather and scatter, dropped pointers, duplicates, sums', async (t) => {
  const keys = [3, 0, 3, 9, 1, -2, 4, 4];
  const got = await everywhere(async (ctx) => {
    const table = ctx.region([5], Table);
    const rows = ctx.region([8], Table);
    const counts = ctx.region([5], Table);
    const last = ctx.region([5], Table);
    table.write('x', [10, 11, 12, 13, 14]);
    rows.write('key', keys);
    ctx.fill(rows, 'x', -1);
    const key = { region: rows, field: 'key' };
    ctx.copy({ from: table, to: rows, fields: ['x'], gather: key, outOfRange: 'drop' });
    ctx.copy({ from: rows, to: counts, fields: ['x'], scatter: key, reduce: 'sum', outOfRange: 'drop' });
    ctx.copy({ from: rows, to: last, fields: { key: 'key' }, scatter: key, outOfRange: 'drop' });
    const plane = ctx.region([3, 3], Table);
    const flat = ctx.region([9], Table);
    plane.write('x', ramp(9));
    flat.write(
      'place',
      ramp(9).flatMap((k) => [k % 3, Math.floor(k / 3)]),
    );
    ctx.copy({ from: plane, to: flat, fields: ['x'], gather: { region: flat, field: 'place' } });
    return Promise.all(
      [rows.read('x'), counts.read('x'), last.read('key'), flat.read('x')].map(async (values) => [
        ...(await values),
      ]),
    );
  });
  t.same(got, [
    [13, 10, 13, -1, 11, -1, 14, 14],
    [10, 11, 0, 26, 28],
    [0, 1, 0, 3, 4],
    [0, 3, 6, 1, 4, 7, 2, 5, 8],
  ]);
});

t.test('complex products, through chunks', async (t) => {
  const got = await everywhere(async (ctx) => {
    const a = ctx.region([6], Data);
    const b = ctx.region([6], Data);
    ctx.fill(a, 'z', [1, 1]);
    ctx.fill(b, 'z', [0, 2]);
    ctx.copy({ from: b, to: a, fields: ['z'], reduce: 'prod' });
    return [...(await a.read('z'))].slice(0, 4);
  });
  t.same(got, [-2, 2, -2, 2]);
});

t.test('index copies: one operation, one record for each point', async (t) => {
  const [x, points] = await everywhere(async (ctx) => {
    const a = ctx.region([12], Data);
    const b = ctx.region([12], Data);
    a.write('x', ramp(12));
    let points = 0;
    ctx.events.on('launch', (_, __, count) => (points = count));
    const thirds = b.partition.equal([3]);
    ctx.indexCopy([3], {
      from: a.partition.equal([3]).at(([i]) => (i! + 1) % 3),
      to: thirds.at(),
      fields: ['x'],
      by: 'order',
    });
    const launched = points;
    return [[...(await b.read('x'))], launched] as const;
  });
  t.same(x, [...ramp(8, 4), ...ramp(4)]);
  t.equal(points, 3);
});

const refusals: [string, (ctx: Ctx) => unknown, new (...args: never[]) => ManipleError, RegExp][] = [
  [
    'a point that the source lacks',
    (ctx) => {
      const a = ctx.region([4], Data, { name: 'a' });
      ctx.copy({ from: a, to: ctx.region([6], Data, { name: 'b' }), fields: ['x'] });
    },
    BoundsError,
    /to \(b\) has the point 4, which from \(a\) does not have: copy to a subregion, or by: 'order'/,
  ],
  [
    'a copy onto itself',
    (ctx) => {
      const a = ctx.region([4], Data, { name: 'a' });
      const p = a.partition.restrict({ colors: [2], transform: [[1]], extent: [3] });
      ctx.copy({ from: p[0]!, to: p[1]!, fields: ['x'], by: 'order' });
    },
    InterferenceError,
    /to \(overwrite of a\.x\) .* and from \(read of a\.x\) .* both hold point 1/,
  ],
  [
    'points of an index copy that meet',
    (ctx) => {
      const a = ctx.region([4], Data, { name: 'a' });
      const p = a.partition.restrict({ colors: [2], transform: [[1]], extent: [3] });
      ctx.indexCopy([2], { from: a, to: p.assertDisjoint().at(), fields: { x: 'y' } });
    },
    Error as never,
    /disjoint/,
  ],
  [
    'other types',
    (ctx) => {
      const a = ctx.region([4], Data);
      ctx.copy({ from: a, to: a, fields: { x: 'v' } });
    },
    LaunchError,
    /field v is f64 in 3 lanes, but field x is f64: copies convert nothing/,
  ],
  [
    'pointers with too many lanes',
    (ctx) => {
      const a = ctx.region([4], Table);
      ctx.copy({ from: ctx.region([4], Table), to: a, fields: ['x'], gather: { region: a, field: 'place' } });
    },
    LaunchError,
    /the pointers gather have 2 lanes, but points of the region they lead into have 1 coordinates/,
  ],
  [
    'other numbers of points by order',
    (ctx) => ctx.copy({ from: ctx.region([4], Data), to: ctx.region([5], Data), fields: ['x'], by: 'order' }),
    BoundsError,
    /has 4 points and to .* has 5/,
  ],
  [
    'no bits in floats',
    (ctx) =>
      ctx.copy({ from: ctx.region([4], Data), to: ctx.region([4], Data), fields: ['x'], reduce: 'xor' }),
    LaunchError,
    /field x: The reduction xor works on bits/,
  ],
  [
    'a fill with too many numbers',
    (ctx) => ctx.fill(ctx.region([4], Data), 'v', [1, 2]),
    LaunchError,
    /has 3 lanes, so it is filled with one number or with 3, not with 2/,
  ],
  [
    'a pointer that leads nowhere',
    async (ctx) => {
      const table = ctx.region([5], Table, { name: 'table' });
      const rows = ctx.region([3], Table, { name: 'rows' });
      rows.write('key', [0, 7, 1]);
      ctx.copy({ from: table, to: rows, fields: ['x'], gather: { region: rows, field: 'key' } });
      await rows.read('key');
      const lost = await rows.read('x').then(
        () => null,
        (error) => error as Error,
      );
      if (!(lost instanceof UpstreamError)) throw new Error('what was not copied could be read');
      throw lost.root;
    },
    TaskError,
    /task copy.*copy\.test.*the pointer rows\.key at \(1\) is \(7\), which is no point of table: mend it, or pass outOfRange: 'drop'/,
  ],
];

for (const [what, main, kind, message] of refusals) {
  t.test(what, async (t) => {
    const error = await refused(main);
    t.type(error, kind);
    t.match(error.message, message);
  });
}
