// What is said when nothing ends: by itself after a while, or when the program asks.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../../../runtime/index.js';
import { scratchFolder } from '../../support/command.js';
import { add, awaitsFile, Cell, seed, slow } from './recovery.tasks.js';

t.test('whyBlocked names what waits, for whom, and where that runs', async (t) => {
  const said = await run(
    async (ctx) => {
      const v = ctx.region([8], Cell, { name: 'cells' });
      const p = v.partition.equal([2]);
      await ctx.started();
      ctx.index([2], slow, { v: p.at() }, { ms: 1500 });
      const sum = ctx.launch(add, { v, sum: v });
      await new Promise((resolve) => setTimeout(resolve, 700));
      const waiting = ctx.whyBlocked(sum);
      await sum;
      return { waiting, ended: ctx.whyBlocked(sum) };
    },
    { workers: 2 },
  );
  t.match(
    said.waiting,
    /^add \(operation \d+, launched at .*watchdog\.test\.js:\d+:\d+\): 1 of 1 tasks have not ended\.\n {2}add \(operation \d+\) waits itself for 2 more\.\n {4}It waits for slow, point [01] \(operation \d+\), which runs on worker [01]/,
  );
  t.match(said.ended, /has ended/);
});

t.test('the watchdog speaks up, even while the launching thread is blocked', async (t) => {
  const file = join(scratchFolder(), 'said-twice');
  const lines: string[] = [];
  const began = performance.now();
  await run(
    async (ctx) => {
      const v = ctx.region([8], Cell, { name: 'cells' });
      await ctx.started();
      ctx.launch(awaitsFile, { v }, { file });
      v.write('b', new Float64Array(8));
      ctx.launch(seed, { v }, { by: 1 });
    },
    {
      workers: 1,
      watchdog_s: 0.5,
      // The task ends when it was said twice that it does not, however busy the machine is.
      log: (line) => lines.push(line) === 2 && writeFileSync(file, ''),
    },
  );
  // After 0.5 s of silence, then after 1 s, 2 s, 4 s of it.
  const most = 1 + Math.floor(Math.log2((performance.now() - began) / 500));
  t.ok(lines.length >= 2 && lines.length <= most, `${lines.length} messages, each after twice as long`);
  t.match(
    lines[0],
    /^maniple: no task has ended for \d+ s\.\nawaitsFile \(operation 0, .*\): 1 of 1 tasks have not ended\.\n {2}awaitsFile \(operation 0\) runs on worker 0/,
  );
});

t.test('a program that works, or rests, is left alone', async (t) => {
  const lines: string[] = [];
  await run(
    async (ctx) => {
      const v = ctx.region([8], Cell);
      // Threads take their time to come up on a machine that is busy.
      await ctx.started();
      for (let i = 0; i < 24; i++) {
        ctx.launch(slow, { v }, { ms: 100 });
        await ctx.fence();
      }
      await new Promise((resolve) => setTimeout(resolve, 2200));
      await ctx.launch(slow, { v }, { ms: 100 });
    },
    { workers: 1, watchdog_s: 2, log: (line) => lines.push(line) },
  );
  t.same(lines, []);
});
