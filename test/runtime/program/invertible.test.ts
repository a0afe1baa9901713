// Invertible projections: points of one launch that share a subregion, in their order; and inverses that are wrong.
import { join } from 'node:path';
import t from 'tap';
import {
  type Ctx,
  IndexSpace,
  InterferenceError,
  invertible,
  LaunchError,
  type Point,
  type RunOptions,
  run,
  TaskError,
  UpstreamError,
} from '../../../runtime/index.js';
import { checkLog } from '../../../runtime/observe/check.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';
import { scratchFolder } from '../../support/command.js';
import { both, breaking, Cell, inner, last, replacing, turn } from './invertible.tasks.js';

t.setTimeout(600_000);
const folder = scratchFolder();
const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual', seed: 5 },
  { executor: 'virtual', seed: 6, window: { records: 64, launches: 32 } },
  { executor: 'bulk', workers: 2 },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 3 },
];

/** A projection by a table, and its inverse. */
function byTable(table: readonly number[]) {
  return invertible(
    (point) => table[point[0]!]!,
    ([colour]) => table.flatMap((to, point) => (to === colour ? [point] : [])),
  );
}

t.test('random pipelines, against plain arrays', async (t) => {
  let orders = 0;
  for (const [m, options] of machines.entries()) {
    for (let seed = 1; seed <= 6; seed++) {
      const draw = keyedDraw(seed);
      const parts = draw.between(1, 5);
      const x = new Array<number>(20).fill(1);
      const sum = [0];
      const sizes = Array.from(
        { length: parts },
        (_, c) => [Math.floor((20 * c) / parts), Math.floor((20 * (c + 1)) / parts)] as const,
      );
      const profile = join(folder, `pipe${m}-${seed}.mprof`);
      const got = await run(
        async (ctx) => {
          const v = ctx.region([20], Cell);
          const w = ctx.region([3], Cell);
          ctx.fill(v, 'x', 1);
          const p = v.partition
            .byDomain(
              [parts],
              sizes.map(([from, to]) => IndexSpace.box([from], [to - 1])),
            )
            .assertDisjoint();
          for (let step = 0; step < 5; step++) {
            const points = draw.between(1, 9);
            const table = Array.from({ length: points }, () => draw.between(0, parts - 1));
            const what = draw.between(0, 2);
            const at = p.at(byTable(table));
            if (what === 0) ctx.index([points], turn, { v: at }, { by: step });
            else if (what === 1) ctx.index([points], both, { v: at, all: w });
            else ctx.index([points], inner, { v: at });
            table.forEach((colour, point) => {
              const [from, to] = sizes[colour]!;
              const half = from + Math.floor((to - from) / 2);
              for (let i = from; i < to; i++) {
                const by = what === 0 ? point + step : what === 1 ? point : point + (i < half ? 0 : 1);
                x[i] = 3 * x[i]! + by;
              }
              if (what === 1) sum[0]! += point;
            });
          }
          return [[...(await v.read('x'))], (await w.read('sum'))[0]];
        },
        { ...options, profile },
      );
      t.same(got, [x, sum[0]], `${JSON.stringify(options)} seed ${seed}`);
      const report = checkLog(profile);
      t.match(report, { clean: true, needless: 0 }, JSON.stringify(report));
      orders += report.conflicts;
    }
  }
  t.ok(orders > 100, `${orders} conflicts`);
});

t.test('points of two dimensions, and the last of several that overwrite', async (t) => {
  const rows = invertible(
    ([i]) => [i!],
    ([i]) => [0, 1, 2].map((j) => [i!, j]),
  );
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const v = ctx.region([8], Cell);
      const p = v.partition.equal([4]);
      ctx.index([4, 3], turn, { v: p.at(rows) });
      ctx.index([6], last, { v: p.at(byTable([3, 1, 1, 3, 0, 2])), w: p.at(byTable([0, 0, 1, 2, 3, 3])) });
      return [[...(await v.read('x'))], [...(await v.read('y'))]];
    }, options);
    const x = [0, 1, 2, 3].map((i) => [0, 1, 2].reduce((at, j) => 3 * at + i + 10 * j, 0));
    [0, 0, 1, 2, 3, 3].forEach((c, point) => {
      x[c] = 2 * x[c]! + point;
    });
    t.same(got, [x.flatMap((it) => [it, it]), [4, 4, 2, 2, 5, 5, 3, 3]], JSON.stringify(options));
  }
});

t.test('a point that fails skips those of its subregion that come after it, and no others', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([6], Cell);
      const p = v.partition.equal([3]);
      const table = [0, 1, 2, 0, 1, 2, 0];
      const failed = ctx.index([7], breaking, { v: p.at(byTable(table)) }, { bad: 3 });
      await t.rejects(Promise.resolve(failed), { constructor: TaskError, message: /point 3 broke/ });
      await t.rejects(p[0]!.read('x'), UpstreamError);
      t.same([...(await p[1]!.read('x'))], [3 * 1 + 4, 7], JSON.stringify(options));
      // Whoever overwrites what the failed one left makes it good, within one launch too.
      const replaced = ctx.index([3], replacing, { v: p.at(byTable([0, 0, 1])) }, { bad: 0 });
      await t.rejects(Promise.resolve(replaced), /point 0 broke/);
      t.same([...(await p[0]!.read('x'))], [1, 1], JSON.stringify(options));
    }, options);
  }
});

const wrong: [string, (ctx: Ctx) => unknown, RegExp][] = [
  [
    'an inverse that leaves out a point',
    (ctx) =>
      pipeline(
        ctx,
        invertible(
          ([i]) => i! >> 1,
          ([c]) => [2 * c!],
        ),
      ),
    /task turn, requirement v: the projection takes point 1 to colour 0, but its inverse does not list that point there/,
  ],
  [
    'an inverse that lists a point of another colour',
    (ctx) =>
      pipeline(
        ctx,
        invertible(
          ([i]) => i! >> 1,
          ([c]) => [2 * c!, 2 * c! + 2],
        ),
      ),
    /the inverse of its projection lists point 2 for colour 0, but the projection takes that point to colour 1/,
  ],
  [
    'different subregions that overlap',
    (ctx) => {
      const v = ctx.region([8], Cell, { name: 'v' });
      const halos = v.partition.byDomain([2], [IndexSpace.box([0], [4]), IndexSpace.box([4], [7])]);
      // The types ask for a disjoint partition; this one is none.
      ctx.index([4], turn as never, { v: halos.at(byTable([0, 0, 1, 1])) } as never);
    },
    /points 0 and 2 of the launch both hold point 4 through v/,
  ],
  [
    'a gang, whose points run at the same time',
    (ctx) => {
      const v = ctx.region([8], Cell, { name: 'v' });
      ctx.index([2], turn, { v: v.partition.equal([2]).at(byTable([1, 1])) }, {}, { gang: true });
    },
    /points 0 and 1 of the launch both hold point 4/,
  ],
  [
    'no inverse',
    (ctx) => pipeline(ctx, ([i]: Point) => i! >> 1),
    /points 0 and 1 of the launch both hold point 0.*or if the projection is invertible/,
  ],
];

function pipeline(ctx: Ctx, projection: unknown) {
  const v = ctx.region([8], Cell, { name: 'v' });
  return ctx.index([8], turn, { v: v.partition.equal([4]).at(projection as never) });
}

for (const [what, main, message] of wrong) {
  t.test(`refused: ${what}`, async (t) => {
    const error = await run(async (ctx) => main(ctx), { executor: 'threads', workers: 2 }).then(
      () => null,
      (error) => error as Error,
    );
    t.ok(error instanceof LaunchError || error instanceof InterferenceError, String(error));
    t.match(error?.message, message);
    t.notMatch(error?.message, /\n/);
  });
}

t.test(
  'points outside of the domain do not count, and a gang may have a projection that is one to one',
  async (t) => {
    const shifted = invertible(
      ([i]) => i! - 2,
      ([c]) => [c! - 100, c! + 2, c! + 2],
    );
    const x = await run(
      async (ctx) => {
        const v = ctx.region([4], Cell);
        ctx.index(
          IndexSpace.box([2], [3]),
          turn,
          { v: v.partition.equal([2]).at(shifted) },
          {},
          { gang: true },
        );
        return [...(await v.read('x'))];
      },
      { executor: 'threads', workers: 2 },
    );
    t.same(x, [2, 2, 3, 3]);
    t.throws(() => invertible(5 as never, (() => []) as never), LaunchError);
  },
);
