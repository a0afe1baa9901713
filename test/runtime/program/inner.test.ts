// Inner tasks: depth-first program order for any executor, window and number of workers.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  CancelledError,
  type Ctx,
  LaunchError,
  type RunOptions,
  type RunStatistics,
  run,
  TaskError,
  UpstreamError,
} from '../../../runtime/index.js';
import {
  add,
  crowd,
  flood,
  folds,
  glance,
  guarded,
  halves,
  number,
  randoms,
  scratch,
  step,
  sweep,
  total,
  trial,
  trialBody,
  troubled,
  Vec,
  waiting,
} from './inner.tasks.js';

t.setTimeout(600_000);
const tiny = { records: 64, launches: 32 };
const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'bulk', workers: 2 },
  { executor: 'virtual', eagerness: 0 },
  { executor: 'virtual', eagerness: 1 },
  { executor: 'virtual', window: tiny },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 3 },
  { executor: 'threads', workers: 2, window: tiny },
];

async function everywhere(
  t: Test,
  program: (ctx: Ctx) => Promise<unknown>,
  expected?: unknown,
): Promise<void> {
  let first = expected;
  for (const options of machines) {
    const got = await run(program, { seed: 1, ...options });
    first ??= got;
    t.same(got, first, JSON.stringify(options));
  }
}

t.test('children run in the place of their parent in program order', async (t) => {
  const program = (call: (ctx: Ctx, v: never, by: number) => unknown) => async (ctx: Ctx) => {
    const v = ctx.region([9], Vec);
    ctx.fill(v, 'x', 1);
    ctx.launch(step, { v }, { by: 5 });
    const seen = call(ctx, v as never, 2);
    ctx.launch(step, { v }, { by: 7 });
    const sums = await ctx.index([3], total, { v: v.partition.equal([3]).at() }, {});
    return [await seen, sums, [...(await v.read('x'))]];
  };
  // 1 -> 8 -> 26 -> 81 -> 250
  await everywhere(
    t,
    program((ctx, v, by) => ctx.launch(sweep, { v }, { by })),
    [[72, 9 * 81], [750, 750, 750], new Array(9).fill(250)],
  );
});

t.test('each point of an index launch is an instance, and instances nest', async (t) => {
  await everywhere(t, async (ctx) => {
    const v = ctx.region([16], Vec);
    const parts = v.partition.equal([4]);
    const seen = ctx.index([4], sweep, { v: parts.at() }, { by: 1 });
    ctx.index([4], sweep, { v: parts.at(([i]) => [3 - i!]) }, { by: 2 });
    ctx.launch(halves, { v } as never, { depth: 2 } as never);
    return [await seen, [...(await v.read('x'))]];
  });
});

t.test('what may only be reduced is folded in program order', async (t) => {
  await everywhere(t, async (ctx) => {
    const v = ctx.region([7], Vec);
    ctx.index([6], folds, { v }, { by: 0.1 });
    ctx.launch(folds, { v }, { by: 0.7 });
    ctx.index([6], folds, { v }, { by: 0.3 });
    return Buffer.from((await v.read('y')).buffer).toString('hex');
  });
});

t.test('a body reads, writes, makes regions, and looks at fields', async (t) => {
  const statistics: RunStatistics[] = [];
  const peak = async (repeats: number) => {
    await run(
      async (ctx) => {
        const v = ctx.region([1000], Vec);
        for (let i = 0; i < repeats; i++) {
          ctx.launch(scratch, { v }, {});
          await ctx.fence();
        }
      },
      { executor: 'virtual', onStatistics: (s) => statistics.push(s) },
    );
    return statistics.at(-1)!.peakBytes;
  };
  await everywhere(
    t,
    async (ctx) => {
      const v = ctx.region([6], Vec);
      const first = await ctx.launch(scratch, { v }, {});
      return [[...first], [...(await v.read('x'))]];
    },
    [
      [1, 104, 7, 110],
      [1, 104, 7, 110, 13, 116],
    ],
  );
  const [few, many] = [await peak(80), await peak(240)];
  t.ok(many < 1.2 * few, `regions of inner tasks end with them: ${few} bytes, then ${many}`);
});

t.test('more launches than the window holds', async (t) => {
  await everywhere(
    t,
    async (ctx) => {
      const v = ctx.region([100], Vec);
      for (let i = 0; i < 3; i++) {
        ctx.launch(flood, { v }, { launches: 100, depth: 2 });
        for (let j = 0; j < 100; j++) ctx.launch(add, { v }, { by: 1 });
      }
      const parts = v.partition.equal([100]);
      ctx.index([100], flood, { v: parts.at() }, { launches: 2, depth: 0 });
      return [...new Set(await v.read('x'))];
    },
    // flood(0) adds 101, flood(1) 101 + 3 x 101, flood(2) 101 + 3 x 404
    [3 * (1313 + 100) + 3],
  );
});

t.test('nested deeper than the window allows', async (t) => {
  const window = { records: 16, launches: 8 };
  const error = await run(
    async (ctx) => {
      const v = ctx.region([100], Vec);
      await ctx.launch(halves, { v } as never, { depth: 5 } as never);
    },
    { executor: 'virtual', window },
  ).then(
    () => null,
    (e: unknown) => e,
  );
  t.match(error, TaskError);
  t.match((error as Error).message, /nested 2 deep, and a window of 16 records and 8 launches allows for 1/);
});

t.test('random numbers are those of the path, whatever happens meanwhile', async (t) => {
  const program = (delays: number[]) => async (ctx: Ctx) => {
    const all = delays.map((delay) => ctx.index([2], randoms, {}, { delay }));
    return (await Promise.all(all)).flat(2);
  };
  await everywhere(t, program([0, 3, 0]));
  const numbers = (await run(program([0, 0, 0]), { executor: 'virtual', seed: 1 })) as number[];
  t.same(await run(program([9, 0, 4]), { executor: 'threads', workers: 3, seed: 1 }), numbers);
  t.equal(new Set(numbers).size, 3 * 2 * 5, 'all different');
});

const outcome = async (value: PromiseLike<unknown>): Promise<string> => {
  try {
    return String(await value);
  } catch (error) {
    const root = error instanceof UpstreamError ? error.root : error;
    const { message } = (root as Error).cause as Error;
    return `${(error as Error).name} of ${(root as TaskError).task} [${(root as TaskError).path}]: ${message}`;
  }
};

t.test('how an inner task fails, and what that spoils', async (t) => {
  const cases = {
    child: 'TaskError of failing [1,0,0]: point 1 is bad',
    told: 'TaskError of failing [1,0,0]: point 1 is bad',
    both: 'TaskError of failing [1,0,0]: point 1 is bad',
    throws: 'TaskError of troubled [1]: the body gave up',
    mended: 'mended',
  } as const;
  for (const [how, expected] of Object.entries(cases)) {
    await everywhere(
      t,
      async (ctx) => {
        const v = ctx.region([4], Vec);
        ctx.fill(v, 'x', 1);
        const launch = ctx.launch(troubled, { v }, { how: how as keyof typeof cases });
        const after = ctx.launch(total, { v }, {});
        const other = ctx.launch(number, {}, { value: 5 });
        const seen = [await outcome(after), await outcome(launch), await outcome(other)];
        ctx.fill(v, 'x', 2);
        return [...seen, await outcome(ctx.launch(total, { v }, {}))];
      },
      [how === 'mended' ? '28' : expected.replace('TaskError', 'UpstreamError'), expected, '5', '8'],
    );
  }
});

t.test('instances fail apart, and the first in program order is reported', async (t) => {
  await everywhere(
    t,
    async (ctx) => {
      const v = ctx.region([6], Vec);
      const parts = v.partition.equal([3]);
      const launch = ctx.index([3], troubled, { v: parts.at() }, { how: 'child' });
      const never = ctx.predicate(ctx.launch(number, {}, { value: 0 }));
      const skipped = ctx.index([3], sweep, { v: parts.at() }, { by: 1 }, { when: never });
      return [
        await outcome(launch),
        await outcome(launch.at(2)),
        await outcome(skipped),
        await ctx.index([2], randoms, {}, { delay: 0 }, { when: never, otherwise: [7] }),
      ];
    },
    [
      'TaskError of failing [0,0,0]: point 1 is bad',
      'TaskError of failing [0,0,0]: point 1 is bad',
      'UpstreamError of failing [0,0,0]: point 1 is bad',
      [[7], [7]],
    ],
  );
});

t.test('a failure that nobody is told of ends the run', async (t) => {
  for (const options of machines) {
    await t.rejects(
      run(async (ctx) => {
        const v = ctx.region([4], Vec);
        ctx.launch(troubled, { v }, { how: 'child' });
      }, options),
      { name: 'TaskError', task: 'failing', path: [0, 0, 0] },
    );
  }
});

t.test('predicates in an inner task', async (t) => {
  await everywhere(
    t,
    async (ctx) => {
      const v = ctx.region([4], Vec);
      const p = v.partition.equal([2]);
      return ctx.index([2], guarded, { v: p.at() }, { limit: 9 });
    },
    [10, 10],
  );
});

t.test('cancelling an inner task', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([4], Vec);
      const controller = new AbortController();
      const { signal } = controller;
      const running = ctx.launch(waiting, { v }, { ms: 30 }, { signal });
      const after = ctx.launch(waiting, { v }, { ms: 1e6 }, { signal });
      await sleep(15);
      controller.abort(new Error('enough'));
      await t.rejects(running.then(), CancelledError, 'its launch after the abort is refused');
      await t.rejects(after.then(), /cancelled: enough/);
      ctx.fill(v, 'x', 3);
      t.equal(await ctx.launch(total, { v }, {}), 12);
    }, options);
  }
});

t.test('waiting here and now for what only an inner task can bring is refused', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([4], Vec);
      ctx.launch(scratch, { v }, {});
      t.throws(() => v.partition.byField('owner', [2]), {
        name: 'LaunchError',
        message:
          /waits for an inner task, which goes on only while the program awaits: await ctx.fence\(\) first/,
      });
      const values = new Float64Array(4).fill(2);
      v.write('x', values); // does not wait, and keeps the values
      values.fill(9);
      await ctx.fence();
      t.equal(v.partition.byField('owner', [2])[1]!.volume, 2);
      t.same([...(await v.read('x'))], [2, 2, 2, 2]);
    }, options);
  }
});

t.test('a body that looks at a field while others have taken the window is not refused', async (t) => {
  await everywhere(
    t,
    async (ctx) => {
      const [v, w] = [ctx.region([4], Vec), ctx.region([4], Vec)];
      ctx.launch(crowd, { v }, { steps: 60 });
      return ctx.launch(glance, { v: w }, {});
    },
    4,
  );
});

t.test('what an inner task holds is all that it can hand on', async (t) => {
  const refused: [string, (r: Regions, ctx: Ctx, outer: Regions['own']) => unknown, object][] = [
    ['the outer region', (_r, ctx, outer) => ctx.launch(add, { v: outer }, { by: 1 }), { rule: 'region' }],
    [
      'a field',
      ({ own }, ctx) => ctx.fill(own, 'owner', 1),
      { rule: 'field', held: 'own', witnessPoint: [0] },
    ],
    [
      'a write',
      ({ own }, ctx) => ctx.fill(own, 'y', 1),
      { rule: 'privilege', held: 'own', witnessPoint: [0] },
    ],
    ['a read of sums', ({ sums }) => sums.read('y'), { rule: 'privilege', held: 'sums' }],
    ['a write of sums', ({ sums }) => sums.write('y', [1, 1, 1, 1]), { rule: 'privilege' }],
    [
      'a read of another field',
      ({ sums }) => sums.read('x'),
      { rule: 'path', held: 'own', witnessPoint: [4] },
    ],
    [
      'another part',
      ({ sums }, ctx) => ctx.launch(add, { v: sums as never }, { by: 1 }),
      { rule: 'path', requirement: 'v', held: 'own', witnessPoint: [4] },
    ],
    ['freeing', ({ own }) => own.free(), { name: 'LaunchError', message: /Only whole regions can be freed/ }],
  ];
  for (const options of [machines[0]!, machines[2]!, machines[6]!]) {
    for (const [what, attempt, expected] of refused) {
      await run(async (ctx) => {
        const v = ctx.region([8], Vec, { name: 'whole' });
        const parts = v.partition.equal([2]);
        trialBody.run = async (regions: Regions, inner: Ctx) => {
          try {
            await attempt(regions, inner, v as never);
            return 'nothing';
          } catch (error) {
            t.match(error, expected, what);
            t.ok(error instanceof LaunchError);
            return (error as Error).message;
          }
        };
        const message = await ctx.launch(trial, { own: parts[0]!, sums: parts[1]! }, {});
        t.not(message, 'nothing', what);
        t.same([...(await v.read('x')), ...(await v.read('y'))], new Array(16).fill(0), 'no trace');
      }, options);
    }
  }
});

t.test('the context and the regions of an inner task end with it', async (t) => {
  for (const options of [machines[0]!, machines[2]!, machines[6]!]) {
    await run(async (ctx) => {
      const v = ctx.region([8], Vec);
      const parts = v.partition.equal([2]);
      let kept: { regions: Regions; inner: Ctx } | null = null;
      trialBody.run = (regions: Regions, inner: Ctx) => {
        kept = { regions, inner };
      };
      await ctx.launch(trial, { own: parts[0]!, sums: parts[1]! }, {});
      const { regions, inner } = kept as unknown as { regions: Regions; inner: Ctx };
      t.throws(() => inner.region([1], Vec), /inner task trial has ended/);
      t.throws(() => inner.launch(number, {}, { value: 1 }), /inner task trial has ended/);
      t.throws(() => regions.own.write('x', [1, 1, 1, 1]), /inner task trial has ended/);
      t.throws(() => ctx.launch(add, { v: regions.own }, { by: 1 }), /inner task trial has ended/);
      const future = ctx.launch(number, {}, { value: 1 });
      const when = ctx.predicate(future);
      trialBody.run = (_regions: Regions, context: Ctx) => {
        t.throws(() => context.launch(number, {}, { value: future }), /a future of task main/);
        t.throws(() => context.launch(number, {}, { value: 1 }, { when }), /predicate belongs to task main/);
        return context.region([1], Vec);
      };
      const returned = ctx.launch(trial, { own: parts[0]!, sums: parts[1]! }, {});
      await t.rejects(
        returned.then(),
        /it returned a region, but regions that an inner task makes end with it/,
      );
    }, options);
  }
});

type AnyRegion = import('../../../runtime/index.js').Region<typeof Vec.fields, Record<string, never>>;
interface Regions {
  // biome-ignore lint/suspicious/noExplicitAny: the tests do what the types forbid
  readonly own: any;
  readonly sums: AnyRegion & { read(field: string): Promise<unknown>; write(f: string, v: number[]): void };
}
