// A budget below what a program holds: what nobody uses goes to disk and comes back, and the answer is the same.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  type Ctx,
  OutOfMemoryError,
  type RunOptions,
  type RunStatistics,
  run,
} from '../../../runtime/index.js';
import { add, Cell, copy, grow, seed } from './recovery.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 2 },
];

/** Eight regions of 1.5 MiB in turn: 12 MiB. */
async function program(ctx: Ctx): Promise<number[]> {
  const regions = Array.from({ length: 8 }, (_, r) => ctx.region([65536], Cell, { name: `region${r}` }));
  const parts = regions.map((region) => region.partition.equal([4]));
  for (let round = 0; round < 3; round++) {
    for (const [r, part] of parts.entries()) {
      ctx.index([4], seed, { v: part.at() }, { by: r + round });
      ctx.index([4], copy, { from: parts[(r + 3) % 8]!.at(), to: part.at() });
      ctx.index([4], grow, { v: part.at() });
      ctx.launch(add, { v: part[1]!, sum: regions[r]! });
    }
  }
  const sums: number[] = [];
  for (const region of regions) {
    for (const field of ['a', 'b', 'sum'] as const) {
      sums.push((await region.read(field)).reduce((total, value) => total + value, 0));
    }
  }
  return sums;
}

for (const options of machines) {
  t.test(`half of what a program holds is enough: ${options.executor}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'maniple-test-'));
    let ample: RunStatistics | undefined;
    let tight: RunStatistics | undefined;
    const right = await run(program, { ...options, onStatistics: (s) => (ample = s) });
    const memory = 6 * 2 ** 20;
    const got = await run(program, { ...options, memory, spill: folder, onStatistics: (s) => (tight = s) });
    t.same(got, right);
    t.equal(ample!.spilledBytes, 0);
    t.ok(ample!.peakBytes > 12 * 2 ** 20, `${ample!.peakBytes} bytes at most without a cap`);
    t.ok(tight!.spilledBytes > 6 * 2 ** 20, `${tight!.spilledBytes} bytes went to disk`);
    t.ok(tight!.fetchedBytes > 0);
    // What tasks themselves take (partial reductions) comes on top of the budget.
    t.ok(tight!.peakBytes < 1.2 * memory, `${tight!.peakBytes} bytes at most with one`);
    t.same(readdirSync(folder), [], 'nothing is left behind');
    rmSync(folder, { recursive: true });
  });
}

t.test('what does not fit even so is refused, with who holds what', async (t) => {
  const attempt = (options: RunOptions) =>
    run(
      async (ctx) => {
        const first = ctx.region([65536], Cell, { name: 'first' });
        ctx.fill(first, 'a', 1);
        await ctx.fence();
        const large = ctx.region([2 ** 18], Cell, { name: 'large' });
        ctx.fill(large, 'a', 1);
        ctx.fill(large, 'b', 1);
        return (await large.read('b'))[0];
      },
      { executor: 'inOrder', memory: 3 * 2 ** 20, ...options },
    );
  t.equal(await attempt({}), 1, 'on disk there is room');
  const error = (await attempt({ spill: false }).catch((error: unknown) => error)) as OutOfMemoryError;
  t.type(error, OutOfMemoryError);
  t.match(error.message, /large\.b needs 2\.0 MiB, .*Held now: large\.a: 2\.0 MiB/);
  const nowhere = (await attempt({ spill: '/no/such/folder' }).catch((e: unknown) => e)) as OutOfMemoryError;
  t.type(nowhere, OutOfMemoryError);
  t.match(nowhere.message, /Nothing can be written to disk: ENOENT/);
  const tooLarge = (await attempt({ memory: 2 ** 20 }).catch((e: unknown) => e)) as OutOfMemoryError;
  t.type(tooLarge, OutOfMemoryError);
  t.match(tooLarge.message, /large\.a needs 2\.0 MiB, .*512\.0 KiB more are on disk/);
});

t.test(
  'a launch that is refused for want of memory keeps nothing of the results that it was to take',
  async (t) => {
    const main = async (ctx: Ctx) => {
      const small = ctx.region([64], Cell);
      const large = ctx.region([2 ** 20], Cell);
      ctx.fill(small, 'b', 1);
      ctx.fill(small, 'sum', 0);
      // Slots of launches that stay in use are used up soon.
      for (let i = 0; i < 16; i++) {
        const by = ctx.launch(add, { v: small, sum: small });
        t.throws(() => ctx.launch(seed, { v: large }, { by }), OutOfMemoryError);
      }
      return (await small.read('sum'))[0];
    };
    const tight: RunOptions = { memory: 2 ** 22, spill: false, window: { launches: 8 } };
    t.equal(await run(main, { executor: 'virtual', eagerness: 0, ...tight }), 16 * 64);
  },
);

t.test('placement at random changes nothing but places', async (t) => {
  const right = await run(program, { workers: 3 });
  t.same(await run(program, { workers: 3, mapper: 'random', steal: false, seed: 3 }), right);
});
