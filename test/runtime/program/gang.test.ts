// Gangs: points that run at the same time and wait for each other, on every executor; what a member's failure does to the
// others; gangs among each other and among ordinary tasks; what is refused.
import t, { type Test } from 'tap';
import {
  type ExecutorName,
  InterferenceError,
  LaunchError,
  type RunOptions,
  run,
  TaskError,
  UpstreamError,
} from '../../../runtime/index.js';
import {
  addUp,
  atomicMember,
  busy,
  chain,
  collect,
  failingMember,
  Line,
  lonely,
  quarrel,
  relax,
  relaxInside,
  sleepy,
} from './gang.tasks.js';

const machines: { executor: ExecutorName; workers: number }[] = [
  { executor: 'inOrder', workers: 4 },
  { executor: 'virtual', workers: 4 },
  { executor: 'threads', workers: 4 },
  { executor: 'bulk', workers: 5 },
];
t.setTimeout(300_000);
const gang = { gang: true } as const;

function everywhere(name: string, body: (t: Test, options: RunOptions) => Promise<void>): void {
  for (const machine of machines) {
    t.test(`${name}: ${machine.executor} ${machine.workers}`, (t) => body(t, machine));
  }
}

/** What `relax` computes, on one array. */
function relaxed(n: number, steps: number): number[] {
  let x = new Array<number>(n).fill(0);
  for (let step = 0; step < steps; step++) {
    x = x.map((_, i) => 0.5 * ((i > 0 ? x[i - 1]! : 0) + (i < n - 1 ? x[i + 1]! : 1)));
  }
  return x;
}

everywhere(
  'instances of an inner task that launch gangs, of as many members as there are workers',
  async (t, options) => {
    const { x, changes } = await run(async (ctx) => {
      const v = ctx.region([120], Line);
      const changes = ctx.index([3], relaxInside, { v: v.partition.equal([3]).at() }, { steps: 15 });
      return { x: await v.read('x'), changes: await changes };
    }, options);
    t.same([...x], [...relaxed(40, 30), ...relaxed(40, 30), ...relaxed(40, 30)]);
    t.equal(new Set(changes).size, 1);
  },
);

everywhere('barriers and reductions between members', async (t, options) => {
  const { x, changes } = await run(async (ctx) => {
    const v = ctx.region([40], Line);
    const p = v.partition.equal([4]);
    const changes = ctx.index([4], relax, { own: p.at(), edges: v }, { steps: 30 }, gang);
    ctx.index([4], relax, { own: p.at(), edges: v }, { steps: 20 }, gang);
    return { x: await v.read('x'), changes: await changes };
  }, options);
  t.same([...x], relaxed(40, 50));
  t.equal(new Set(changes).size, 1);
  t.ok(changes[0]! > 0);
});

everywhere('all collectives', async (t, options) => {
  const results = await run(async (ctx) => {
    const three = ctx.index([3], collect, {}, { base: 1 }, gang);
    const square = ctx.index([2, 2], collect, {}, { base: 2 }, gang);
    const one = ctx.launch(collect, {}, { base: 3 }, gang);
    t.ok(await ctx.launch(lonely, {}), 'no gang where none was asked for');
    return { three: await three, square: await square, one: await one };
  }, options);
  const expected = (size: number, base: number, points: number[][]) => {
    const values = points.map((_, rank) => base + rank + 0.1);
    let level = values;
    while (level.length > 1) {
      level = Array.from({ length: (level.length + 1) >> 1 }, (_, i) =>
        2 * i + 1 < level.length ? level[2 * i]! + level[2 * i + 1]! : level[2 * i]!,
      );
    }
    return points.map((point, rank) => ({
      point,
      sum: level[0],
      largest: rank === size - 1 ? size - 1 : undefined,
      name: { from: `member ${1 % size}` },
      all: points.map((_, r) => (r % 2 === 0 ? r : `odd ${r}`)),
      size,
    }));
  };
  t.same(results.three, expected(3, 1, [[0], [1], [2]]));
  t.same(
    results.square,
    expected(4, 2, [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]),
  );
  t.same(results.one, expected(1, 3, [[0]])[0]);
});

everywhere('members that talk through memory, reduce, and hold elements atomically', async (t, options) => {
  const { sum, flag, ranks } = await run(async (ctx) => {
    const v = ctx.region([8], Line);
    const p = v.partition.equal([4]);
    ctx.fill(v, 'x', 0.5);
    ctx.index([4], addUp, { all: v, own: p.at() }, {}, gang);
    const ranks = ctx.index([4], chain, { flags: v }, {}, gang);
    for (let i = 0; i < 3; i++) {
      ctx.index([4], atomicMember, { own: p.at() }, {}, gang);
      ctx.index([2], atomicMember, { own: v.partition.equal([2]).at() }, {}, gang);
    }
    return { sum: await v.read('sum'), flag: await v.read('flag'), ranks: await ranks };
  }, options);
  t.same([...sum], new Array(8).fill(4 * 2 + 6));
  t.same([...flag], [7, 7, 7, 7, 6, 6, 6, 6]);
  t.same(ranks, [0, 1, 2, 3]);
});

everywhere('many gangs among ordinary tasks', async (t, options) => {
  const { y, sums } = await run(async (ctx) => {
    const v = ctx.region([64], Line);
    const p = v.partition.equal([16]);
    const sums = [];
    for (let i = 0; i < 40; i++) {
      ctx.index([16], busy, { v: p.at() }, { rounds: (i % 5) * 300 });
      sums.push(ctx.index([1 + (i % 4)], collect, {}, { base: i }, gang).at(0));
    }
    return { y: await v.read('y'), sums: await Promise.all(sums) };
  }, options);
  t.same([...y], new Array(64).fill(40));
  t.same(
    sums.map(({ size }) => size),
    Array.from({ length: 40 }, (_, i) => 1 + (i % 4)),
  );
});

everywhere('a member that fails releases the others, and the gang fails as a whole', async (t, options) => {
  for (const late of [false, true]) {
    await run(async (ctx) => {
      const v = ctx.region([8], Line, { name: 'line' });
      const p = v.partition.equal([4]);
      const failed = ctx.index([4], failingMember, { out: p.at() }, { fails: [3, 1], late }, gang);
      const after = ctx.index([4], busy, { v: p.at() }, { rounds: 1 }); // touches another field
      const error = await failed.at(0).then(
        () => null,
        (error) => error as TaskError,
      );
      t.type(error, TaskError);
      t.match(error?.message, /task failingMember, point 1, .*member 1 had enough/);
      for (let i = 0; i < 4; i++) await t.rejects(Promise.resolve(failed.at(i)), TaskError);
      await after;
      await t.rejects(v.read('x'), UpstreamError);
    }, options);
  }
});

everywhere('members that do not call the same are told so', async (t, options) => {
  const message = async (how: 'ends' | 'calls' | 'catches') =>
    run(async (ctx) => {
      await ctx.index([3], quarrel, {}, { how }, gang);
    }, options).then(
      () => 'nothing',
      (error) => (error as Error).message,
    );
  t.match(await message('ends'), /point 1, .*some of them have ended/);
  t.match(await message('calls'), /point 0, .*member 0 a reduction by sum to member 0, member 1 a barrier/);
  t.match(await message('catches'), /did not all call the same collectives/);
});

everywhere('a gang that a failure reaches is skipped as a whole', async (t, options) => {
  await run(async (ctx) => {
    const v = ctx.region([8], Line);
    const p = v.partition.equal([4]);
    const bad = ctx.launch(failingMember, { out: p[2]! }, { fails: [0], late: false }, gang);
    const skipped = ctx.index([4], addUp, { all: v, own: p.at() }, {}, gang);
    await t.rejects(Promise.resolve(bad), TaskError);
    for (let i = 0; i < 4; i++) await t.rejects(Promise.resolve(skipped.at(i)), UpstreamError);
  }, options);
});

everywhere('predicates decide for all members', async (t, options) => {
  const values = await run(async (ctx) => {
    const no = ctx.predicate(ctx.launch(lonely, {}).map((alone) => !alone));
    const yes = ctx.predicate(ctx.launch(lonely, {}));
    const never = ctx.index(
      [3],
      chain,
      { flags: ctx.region([8], Line) },
      {},
      { ...gang, when: no, otherwise: -1 },
    );
    const always = ctx.index([3], chain, { flags: ctx.region([8], Line) }, {}, { ...gang, when: yes });
    return [await never, await always];
  }, options);
  t.same(values, [
    [-1, -1, -1],
    [0, 1, 2],
  ]);
});

t.test('what cannot run as a gang is refused', async (t) => {
  for (const executor of ['inOrder', 'threads'] as const) {
    await run(
      async (ctx) => {
        const v = ctx.region([8], Line);
        t.throws(() => ctx.index([5], collect, {}, { base: 1 }, gang), LaunchError);
        t.throws(() => ctx.index([5], collect, {}, { base: 1 }, gang), {
          message: /a gang of 5 points needs as many workers, but there are 2/,
        });
        t.throws(() => ctx.launch(sleepy, {}, {}, gang), { message: /asynchronous/ });
        t.throws(() => ctx.index([2], collect, {}, { base: 1 }, { gang: 1 as never }), {
          message: /gang is true/,
        });
        // Members cannot take turns.
        try {
          ctx.index([2], atomicMember, { own: v }, {}, gang);
          t.fail('atomic members that share elements');
        } catch (error) {
          t.type(error, InterferenceError);
          t.match((error as InterferenceError).witnessPoint, [0]);
        }
      },
      { executor, workers: 2 },
    );
  }
});
