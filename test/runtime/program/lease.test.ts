// Leases: the program on a region's own memory, and what is refused meanwhile.
import t from 'tap';
import {
  type Ctx,
  LaunchError,
  overwrites,
  type RunOptions,
  reads,
  reduces,
  run,
  UpstreamError,
  updates,
} from '../../../runtime/index.js';
import { add, growingInside, leasing, scratch, Vec } from './inner.tasks.js';
import { conflicting, failingLease, forgetful, forgotten, greedy, plan, trial } from './lease.tasks.js';
import { failing, Grid, write } from './odd.tasks.js';

t.setTimeout(600_000);
const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'bulk', workers: 2 },
  { executor: 'threads', workers: 2 },
  { executor: 'threads', workers: 2, window: { records: 64, launches: 32 } },
  { executor: 'threads', workers: 2, check: true },
];

t.test('a lease sees what was written before, and others what it wrote', async (t) => {
  for (const options of machines) {
    const x = await run(async (ctx) => {
      const v = ctx.region([8], Grid);
      const p = v.partition.equal([2]);
      ctx.index([2], write, { v: p.at() });
      {
        using lease = await v.lease(updates(Grid, 'x'));
        for (const i of lease.view.points) lease.view.x[i]! += 10 * lease.view.coord(i)[0]!;
      }
      ctx.index([2], write, { v: p.at() });
      using part = await p[1]!.lease(reads(Grid, 'x'));
      return [...part.view.x];
    }, options);
    t.same(x, [42, 52, 62, 72]);
  }
});

t.test(
  'readers beside readers; what does not conflict goes on; a fence does not wait for the program',
  async (t) => {
    for (const options of machines) {
      await run(async (ctx) => {
        const v = ctx.region([8], Grid);
        const p = v.partition.equal([2]);
        using one = await v.lease(reads(Grid, 'x'));
        using two = await p[0]!.lease(reads(Grid, 'x').and(overwrites(Grid, 'y')));
        ctx.fill(p[1]!, 'y', 3);
        await ctx.fence();
        t.equal((await v.read('x')).length, 8);
        t.equal(one.view.volume + two.view.volume, 12);
      }, options);
    }
  },
);

const misuses: [string, (ctx: Ctx) => Promise<unknown>, RegExp][] = [
  [
    'a launch that conflicts',
    async (ctx) => {
      const v = ctx.region([8], Grid, { name: 'grid' });
      const p = v.partition.equal([4]);
      using _ = await p[2]!.lease(reads(Grid, 'x'));
      ctx.index([2], write, { v: p.at() });
      ctx.index([4], write, { v: p.at() });
    },
    /write: v \(update of grid\.x\) and the lease taken at .*lease\.test\S* \(read of grid\.x\) both hold point 4: end the lease first/,
  ],
  [
    'a read of what is being written',
    async (ctx) => {
      const v = ctx.region([8], Grid, { name: 'grid' });
      using _ = await v.lease(updates(Grid, 'x'));
      await v.read('x');
    },
    /read of grid\.x: x \(read of grid\.x\) and the lease .* \(update of grid\.x\) both hold point 0/,
  ],
  [
    'a lease that conflicts with a lease',
    async (ctx) => {
      const v = ctx.region([8], Grid, { name: 'grid' });
      using _ = await v.lease(updates(Grid, 'x'));
      using __ = await v.partition.equal([2])[1]!.lease(reads(Grid, 'x'));
    },
    /lease: lease \(read of grid\.x\) and the lease taken/,
  ],
  [
    'a view after the end',
    async (ctx) => {
      const lease = await ctx.region([8], Grid, { name: 'grid' }).lease(updates(Grid, 'x'));
      lease.end();
      lease.end();
      return lease.view;
    },
    /The lease of region grid has ended/,
  ],
  [
    'a region freed under its lease',
    async (ctx) => {
      const v = ctx.region([8], Grid, { name: 'grid' });
      using _ = await v.lease(reads(Grid, 'x'));
      v.free();
    },
    /Region grid cannot be freed while a lease of it is open/,
  ],
  [
    'a lease for a reduction',
    async (ctx) => ctx.region([8], Grid).lease(reduces(Grid, 'sum', 'y')),
    /cannot be leased for a reduction/,
  ],
];

for (const [what, main, message] of misuses) {
  t.test(what, async (t) => {
    const error = await run(main, { executor: 'threads', workers: 1 }).then(
      () => null,
      (error) => error as Error,
    );
    t.type(error, LaunchError);
    t.match(error?.message, message);
  });
}

t.test('data that a failed task should have written cannot be leased', async (t) => {
  await run(
    async (ctx) => {
      const v = ctx.region([8], Grid);
      const failed = ctx.launch(failing, { v });
      await t.rejects(v.lease(reads(Grid, 'x')), UpstreamError);
      await t.rejects(Promise.resolve(failed));
      using lease = await v.lease(overwrites(Grid, 'x'));
      t.equal(lease.view.volume, 8);
    },
    { executor: 'threads', workers: 2 },
  );
});

t.test('a lease that is never ended does not hold up the end of the run', async (t) => {
  for (const options of machines) {
    t.equal(
      await run(async (ctx) => {
        const v = ctx.region([8], Grid);
        await v.lease(updates(Grid, 'x'));
        ctx.fill(v, 'y', 1);
        return 5;
      }, options),
      5,
    );
  }
});

t.test('leases beside inner tasks: held while they run, and taken behind them', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([8], Vec, { name: 'v' });
      const w = ctx.region([8], Vec, { name: 'w' });
      using held = await v.lease(updates(Vec, 'x'));
      for (let i = 0; i < 3; i++) ctx.launch(scratch, { v: w });
      for (let i = 0; i < 50; i++) ctx.launch(add, { v: w }, { by: 1 });
      t.throws(() => ctx.launch(scratch, { v }), LaunchError);
      t.throws(() => ctx.launch(leasing, { v }), LaunchError);
      using behind = await w.lease(reads(Vec, 'x'));
      t.same([...behind.view.x].slice(0, 4), [51, 154, 57, 160], JSON.stringify(options));
      held.view.x[0] = 7;
      held.end();
      ctx.launch(add, { v }, { by: 1 });
      t.equal((await v.read('x'))[0], 8);
    }, options);
  }
});

/** What `trial` does to its points, one operation after the other. */
function tried(x: number[], seed: number, parts: number, depth: number): void {
  const size = x.length / parts;
  for (const { what, part, by } of plan(seed, parts)) {
    if (what === 'inner' && depth > 0) {
      const own = x.slice(part * size, (part + 1) * size);
      tried(own, seed + by, 2, depth - 1);
      x.splice(part * size, size, ...own);
    } else if (what !== 'read') {
      for (let i = part * size; i < (part + 1) * size; i++) x[i] = 3 * x[i]! + by;
    }
  }
}

t.test('leases, launches and inner tasks in the bodies of inner tasks, against plain arrays', async (t) => {
  for (const options of machines) {
    for (let seed = 1; seed <= 6; seed++) {
      const x = await run(async (ctx) => {
        const v = ctx.region([32], Vec);
        ctx.fill(v, 'x', seed);
        ctx.index([2], trial, { v: v.partition.equal([2]).at() }, { seed, depth: 2 });
        ctx.launch(add, { v }, { by: 1 });
        return [...(await v.read('x'))];
      }, options);
      const expected = new Array<number>(32).fill(seed);
      const [a, b] = [expected.slice(0, 16), expected.slice(16)];
      tried(a, seed, 4, 2);
      tried(b, seed, 4, 2);
      t.same(
        x,
        [...a, ...b].map((value) => value + 1),
        `${JSON.stringify(options)} seed ${seed}`,
      );
    }
  }
});

t.test('what a body leaves leased ends with it, reached or not', async (t) => {
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const v = ctx.region([8], Vec, { name: 'v' });
      ctx.fill(v, 'x', 1);
      const said = await ctx.launch(forgetful, { v }, {});
      return [said, [...(await v.read('x'))]];
    }, options);
    t.same(got, ['held 4', [5, 1, 1, 1, 1, 1, 3, 3]], JSON.stringify(options));
  }
  t.equal(forgotten.length, 2 * machines.length);
  for (const lease of forgotten)
    t.throws(() => lease.view, /The lease of region v has ended: take another one/);
});

t.test('what conflicts with a lease of a body is refused in that body', async (t) => {
  for (const options of machines) {
    await t.rejects(
      run(async (ctx) => {
        await ctx.launch(conflicting, { v: ctx.region([8], Vec, { name: 'v' }) }, {});
      }, options),
      /conflicting.*add: v \(update of v\.x\) and the lease taken at .*lease\.tasks\S* \(update of v\.x\) both hold point 4: end the lease first/s,
    );
  }
});

t.test('an inner task leases no more than it holds', async (t) => {
  for (const options of machines) {
    await t.rejects(
      run(async (ctx) => {
        await ctx.launch(greedy, { v: ctx.region([8], Vec, { name: 'v' }) }, {});
      }, options),
      /lease of v: requirement lease asks to update v\.x at point 0, but task greedy may only read it \(through v\)/,
    );
  }
});

t.test('a body that fails gives its lease back, and what it wrote is spoilt', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([8], Vec, { name: 'v' });
      await t.rejects(Promise.resolve(ctx.launch(failingLease, { v }, {})), /it broke while it leased/);
      await t.rejects(v.read('x'), UpstreamError);
      ctx.fill(v, 'x', 2);
      t.equal((await v.read('x'))[3], 2);
    }, options);
  }
});

t.test('growing data within an inner task', async (t) => {
  for (const options of machines) {
    t.equal(await run((ctx) => ctx.launch(growingInside, {}), options), '7 BoundsError');
  }
});
