// Predicates: operations that happen or not by a value that nobody has waited for.
import t from 'tap';
import { LaunchError, type RunOptions, run, UpstreamError } from '../../../runtime/index.js';
import { Grid, identity, sum, write } from './odd.tasks.js';
import { accumulate, dot, failing, init, later, Vec } from './vector.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual', eagerness: 0 },
  { executor: 'virtual', eagerness: 1 },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 3 },
];

t.test('a launch happens where its predicate holds', async (t) => {
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const v = ctx.region([6], Vec);
      const p = v.partition.equal([3]);
      const one = ctx.launch(identity, {}, { value: 1 }) as never;
      const zero = ctx.launch(identity, {}, { value: 0 }) as never;
      const yes = ctx.predicate(one);
      const no = ctx.predicate(zero);
      const seen: unknown[] = [];
      for (const when of [yes, no, yes.not(), no.not(), yes.and(no), yes.or(no), yes.and(yes.or(no).not())]) {
        ctx.fill(v, 'x', 1);
        ctx.fill(v, 'y', 0);
        // An overwrite that does not happen leaves the old values, in whatever memory.
        ctx.index([3], init, { v: p.at() }, { scale: 2 }, { when });
        ctx.index([5], accumulate, { v }, { by: 1 }, { when });
        ctx.launch(later, { v: p[2]! }, { by: 100 }, { when });
        const total = ctx.launch(dot, { v }, {}, { when, otherwise: -1 });
        seen.push([...(await v.read('x')), (await v.read('y'))[5], await total, await when.future]);
      }
      return seen;
    }, options);
    const happened = [0, 2, 4, 6, 108, 110, 5, 5 * 230, true];
    const not = [1, 1, 1, 1, 1, 1, 0, -1, false];
    t.same(got, [happened, not, not, happened, not, happened, not], JSON.stringify(options));
  }
});

t.test('a fill, and the futures of a launch that does not happen', async (t) => {
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const v = ctx.region([3], Grid);
      const never = ctx.predicate(ctx.launch(identity, {}, { value: false }) as never);
      ctx.fill(v, 'x', 4);
      ctx.fill(v, 'x', 5, { when: never });
      ctx.index([2], sum, { v }, { by: 1 }, { when: never });
      const values = ctx.index([3], identity, {}, { value: 1 }, { when: never, otherwise: 7 });
      const text = ctx.launch(identity, {}, { value: 1 }, { when: never, otherwise: { why: 'not' } });
      return [
        [...(await v.read('x')), ...(await v.read('y'))],
        await values,
        await values.reduce('sum'),
        await text,
        await ctx.launch(identity, {}, { value: 1 }, { when: never }),
      ];
    }, options);
    t.same(got, [[4, 4, 4, 0, 0, 0], [7, 7, 7], 21, { why: 'not' }, undefined], JSON.stringify(options));
  }
});

t.test('a predicate that is known already', async (t) => {
  for (const options of machines) {
    const got = await run(async (ctx) => {
      const v = ctx.region([1], Grid);
      for (const value of [true, false]) {
        const when = ctx.predicate(ctx.launch(identity, {}, { value }) as never);
        await when.future;
        await ctx.fence();
        ctx.launch(write, { v }, {}, { when });
        ctx.launch(write, { v }, {}, { when: when.not() });
        ctx.launch(write, { v }, {}, { when: when.and(when) });
      }
      return (await v.read('x'))[0];
    }, options);
    t.equal(got, 3, JSON.stringify(options));
  }
});

t.test('a loop launches generations ahead, and those after convergence do nothing', async (t) => {
  const program = (ahead: number, options: RunOptions) =>
    run(async (ctx) => {
      const v = ctx.region([8], Vec);
      const p = v.partition.equal([4]);
      ctx.fill(v, 'y', 1);
      let generations = 0;
      let going = ctx.predicate(ctx.launch(identity, {}, { value: true }) as never);
      const counted = [];
      for (let generation = 0; generation < ahead; generation++) {
        const when = going;
        ctx.index([4], failing, { v: p.at() }, { bad: -1 }, { when }); // adds 1 to x
        const total = ctx.launch(dot, { v }, {}, { when, otherwise: 0 });
        counted.push(when.future);
        going = when.and(ctx.predicate(total.map((value) => value < 40)));
      }
      for (const happened of counted) generations += (await happened) ? 1 : 0;
      return [generations, (await v.read('x'))[0]];
    }, options);
  for (const options of machines) t.same(await program(12, options), [5, 5], JSON.stringify(options));
  t.same(
    await program(300, { executor: 'threads', workers: 2, window: { records: 64, launches: 32 } }),
    [5, 5],
  );
});

t.test('a failure comes before a predicate', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([2], Vec);
      const broken = ctx.launch(failing, { v }, { bad: 0 });
      const never = ctx.predicate(ctx.launch(identity, {}, { value: 0 }) as never);
      // Its input is spoiled: it fails whether it would have happened or not.
      const after = ctx.launch(failing, { v }, { bad: -1 }, { when: never });
      const failed = ctx.predicate(broken as never);
      const guarded = ctx.launch(identity, {}, { value: 1 }, { when: failed, otherwise: 2 });
      const results = await Promise.allSettled([broken, after, guarded]);
      t.same(
        results.map((result) => result.status === 'rejected' && result.reason instanceof UpstreamError),
        [false, true, true],
        JSON.stringify(options),
      );
      // An overwrite that may not happen does not make spoiled values good.
      const yes = ctx.predicate(ctx.launch(identity, {}, { value: 1 }) as never);
      ctx.fill(v, 'x', 1, { when: yes });
      await t.rejects(v.read('x'), UpstreamError);
      ctx.fill(v, 'x', 1);
      t.same([...(await v.read('x'))], [1, 1]);
    }, options);
  }
});

t.test('what is refused at the call', async (t) => {
  await run(
    async (ctx) => {
      const v = ctx.region([1], Grid);
      const one = ctx.launch(identity, {}, { value: 'a text' });
      t.throws(() => ctx.predicate(true as never), { name: 'LaunchError', message: /no future/ });
      t.throws(() => ctx.predicate(ctx.index([2], write, {} as never) as never), LaunchError);
      t.throws(() => ctx.launch(write, { v }, {}, { when: one as never }), {
        message: /option when is no predicate: make one of a future with ctx.predicate/,
      });
      t.throws(() => ctx.launch(write, { v }, {}, { otherwise: undefined }), { message: /no option when/ });
      t.throws(() => ctx.launch(write, { v }, {}, { whem: 1 } as never), {
        message: /no launch option whem; there are when, otherwise/,
      });
      t.throws(() => ctx.launch(write, { v }, {}, { signal: {} as never }), { message: /no AbortSignal/ });
      await t.rejects(ctx.predicate(one as never).future.then(), {
        message: /the future holds a value of type string/,
      });
    },
    { executor: 'virtual' },
  );
});
