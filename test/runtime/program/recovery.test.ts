// Tasks that are run again: because they threw, or because the thread that ran them is gone.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type RunOptions, run, TaskError, UpstreamError, WorkerLostError } from '../../../runtime/index.js';
import { scratchFolder } from '../../support/command.js';
import {
  add,
  Cell,
  colour,
  complaining,
  copy,
  deadly,
  deadlyUpdate,
  fickle,
  fickleFold,
  fickleLater,
  grow,
  seed,
  taking,
  timeBomb,
} from './recovery.tasks.js';

t.setTimeout(300_000);

// First: a process that has run programs has so much address space that it may not be able to start another.
t.test('without the add-on, too, a blocked launching thread notices that a heap was exhausted', (t) => {
  const program = `
    import { run } from ${JSON.stringify(new URL('../../../runtime/index.js', import.meta.url).href)};
    import { Cell, deadly } from ${JSON.stringify(new URL('./recovery.tasks.js', import.meta.url).href)};
    const attempt = await run(async (ctx) => {
      const v = ctx.region([8], Cell);
      const done = ctx.launch(deadly, { v }, { how: 'heap', until: 1 });
      v.write('a', new Float64Array(8));
      return done;
    }, { workers: 2, workerHeap_MB: 40 });
    console.log('attempt', attempt);`;
  const file = join(scratchFolder(), 'blocked.mjs');
  writeFileSync(file, program);
  const ended = spawnSync(process.execPath, [file], {
    env: { ...process.env, MANIPLE_NO_ADDON: '1' },
    encoding: 'utf8',
    timeout: 120_000,
  });
  t.match(ended.stdout, /attempt 1/, ended.stderr ?? String(ended.error));
  t.end();
});

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 3 },
];

for (const options of machines) {
  const where = `${options.executor} ${options.workers ?? ''}`;
  t.test(`retry finds everything as it was: ${where}`, async (t) => {
    const outcome = await run(async (ctx) => {
      const v = ctx.region([12], Cell);
      const p = v.partition.equal([4]);
      ctx.fill(v, 'a', 10);
      const tries = ctx.index([4], fickle, { v: p.at(), out: p.at() }, { until: 2 });
      const once = ctx.launch(fickle, { v: p[0]!, out: p[0]! }, { until: 1 }, { retry: 1 });
      const never = ctx.launch(fickle, { v: p[1]!, out: p[1]! }, { until: 3 });
      const folded = ctx.index([5], fickleFold, { v }, { until: 2 }, { retry: 2 });
      const later = ctx.launch(fickleLater, { v: p[3]! }, {});
      const failed = await never.then(
        () => null,
        (error: unknown) => error,
      );
      const left = await Promise.all([0, 2, 3].map((c) => p[c]!.read('a')));
      await folded;
      return {
        tries: await tries,
        once: await once,
        failed,
        left: left.map((values) => values[0]),
        sum: [...(await v.read('sum'))],
        later: await later,
      };
    }, options);
    t.same(
      outcome.tries.map(({ attempt }) => attempt),
      [2, 2, 2, 2],
    );
    t.equal(outcome.once.attempt, 1);
    t.match(outcome.failed, { task: 'fickle', point: [0] });
    t.match((outcome.failed as Error).message, /attempt 2 failed/);
    t.same(outcome.left, [12, 11, 12], 'updates of failed attempts are gone');
    t.same(outcome.sum, new Array(12).fill(5), 'partial reductions are made afresh');
    t.equal(outcome.later, 1);
  });
}

t.test('an error of a task that lies outside of the program keeps its exit code', async (t) => {
  for (const executor of ['inOrder', 'threads'] as const) {
    for (const [what, exitCode] of [
      ['data', 3],
      ['engine', 4],
      ['program', 5],
    ] as const) {
      await run(
        async (ctx) => {
          const failed = ctx.launch(complaining, {}, { what });
          await t.rejects(Promise.resolve(failed), { name: 'TaskError', exitCode });
          await t.rejects(Promise.resolve(ctx.launch(taking, {}, { value: failed })), {
            name: 'UpstreamError',
            exitCode,
          });
        },
        { executor, workers: 1 },
      );
    }
  }
});

t.test('a retried task draws the same random numbers', async (t) => {
  const draws = (until: number) =>
    run(
      async (ctx) => {
        const v = ctx.region([4], Cell);
        return (await ctx.launch(fickle, { v, out: v }, { until })).draw;
      },
      { executor: 'inOrder', seed: 5 },
    );
  t.equal(await draws(0), await draws(2));
});

for (const how of ['exit', 'heap']) {
  t.test(`a worker that is lost (${how}) is replaced, though the launching thread is blocked`, async (t) => {
    const lost: Error[] = [];
    const [attempt, values] = await run(
      async (ctx) => {
        ctx.events.on('lost', (error) => lost.push(error));
        const v = ctx.region([8], Cell);
        const done = ctx.launch(deadly, { v }, { how, until: 2 });
        const values = v.partition.equal([2])[1]!;
        // A write waits here and now, and for what comes before it.
        values.write('a', [1, 2, 3, 4]);
        return [await done, [...(await v.read('a'))]] as const;
      },
      { workers: 2, workerHeap_MB: 40 },
    );
    t.equal(attempt, 2);
    t.same(values, [7, 7, 7, 7, 1, 2, 3, 4]);
    t.equal(lost.length, 2);
  });
}

t.test('a worker that is lost is noticed while a partition waits for its field', async (t) => {
  const [attempts, volumes] = await run(
    async (ctx) => {
      const v = ctx.region([8], Cell);
      const done = ctx.launch(deadly, { v }, { how: 'exit', until: 1 });
      ctx.launch(colour, { v });
      const parts = v.partition.byField('colour', [2]);
      return [await done, [0, 1].map((c) => parts[c]!.volume)] as const;
    },
    { workers: 2 },
  );
  t.equal(attempts, 1);
  t.same(volumes, [3, 5]);
});

t.test('a task that ends every worker fails in the end', async (t) => {
  const error = await run(
    async (ctx) => ctx.launch(deadly, { v: ctx.region([8], Cell) }, { how: 'exit', until: 99 }),
    { workers: 2 },
  ).then(
    () => null,
    (error: unknown) => error,
  );
  t.type(error, WorkerLostError);
  t.match(
    (error as Error).message,
    /task deadly, point 0, launched at .*: 4 worker threads that ran it are gone/,
  );
});

t.test('a task that updates is not run again unasked; all else goes on', async (t) => {
  const outcome = await run(
    async (ctx) => {
      const v = ctx.region([8], Cell);
      const p = v.partition.equal([4]);
      ctx.fill(v, 'a', 1);
      const updated = ctx.index([4], deadlyUpdate, { v: p.at() }, {});
      const rest = await Promise.all([0, 2, 3].map(async (c) => (await p[c]!.read('a'))[0]));
      const reading = await p[1]!.read('a').then(
        () => null,
        (error: unknown) => error,
      );
      const error = await updated.then(
        () => null,
        (error: unknown) => error,
      );
      ctx.fill(v, 'a', 1);
      await ctx.index([4], deadlyUpdate, { v: p.at() }, {}, { retry: 1 });
      return { rest, reading, error, again: [...(await v.read('a'))] };
    },
    { workers: 2 },
  );
  t.same(outcome.rest, [2, 2, 2]);
  t.type(outcome.error, WorkerLostError);
  t.type(outcome.error, TaskError);
  t.match((outcome.error as Error).message, /deadlyUpdate, point 1, .*declare it retry: 1 or idempotent/);
  t.type(outcome.reading, UpstreamError);
  t.same(outcome.again, new Array(8).fill(2), 'with retry it finds what the first attempt found');
});

for (const options of machines) {
  t.test(
    `the thread of the I/O lane is replaced: ${options.executor} ${options.workers ?? ''}`,
    async (t) => {
      const attempt = await run(
        async (ctx) => ctx.launch(timeBomb, { v: ctx.region([8], Cell) }, {}),
        options,
      );
      t.equal(attempt, 1);
    },
  );
}

t.test('24 lost threads in a run, and the right answer', async (t) => {
  const program = async (options: RunOptions) => {
    let lost = 0;
    const values = await run(async (ctx) => {
      ctx.events.on('lost', () => lost++);
      const v = ctx.region([4000], Cell);
      const p = v.partition.equal([16]);
      const halo = v.partition.restrict({ colors: [16], transform: [[250]], extent: [260] });
      let total = 0;
      for (let round = 0; round < 40; round++) {
        ctx.index([16], seed, { v: p.at() }, { by: round });
        ctx.index([16], copy, { from: p.at(), to: p.at() });
        ctx.index([16], grow, { v: p.at() });
        const sums = ctx.index([16], add, { v: halo.at(), sum: v });
        if (round % 2 === 1) total += await sums.reduce('sum');
      }
      return [total, ...(await v.read('sum'))];
    }, options);
    return { values, lost };
  };
  const right = (await program({ executor: 'inOrder' })).values;
  const wrong: number[] = [];
  let lost = 0;
  for (let seed = 1; seed <= 3; seed++) {
    const run = await program({ workers: 2 + (seed % 2), seed, kills: 24 });
    lost += run.lost;
    if (!run.values.every((value, i) => Object.is(value, right[i]))) wrong.push(seed);
  }
  t.same(wrong, []);
  t.ok(lost >= 3 * 24, `${lost} threads were lost`);
});
