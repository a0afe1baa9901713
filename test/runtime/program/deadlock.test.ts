// A program that can never end is told so; one that waits for something outside, or for a task that runs, is not.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../../../runtime/index.js';
import { maniple, scratchFolder } from '../../support/command.js';
import { Cell, overlook, patient, slow, waiting } from './recovery.tasks.js';

t.setTimeout(300_000);

const head = `import { type Ctx, f64, fieldSpace, task, updates } from 'maniple';
const Cell = fieldSpace({ a: f64 });
const module = import.meta.url;
const waits: { for: Promise<unknown> } = { for: Promise.resolve() };
export const outer = task({
  module,
  name: 'outer',
  leaf: false,
  regions: { v: updates(Cell, 'a') },
  async run(_: object) {
    await waits.for;
  },
});
`;

const programs: { what: string; main: string; code: number; says: RegExp }[] = [
  {
    what: 'an inner task that waits for the operation that it is part of',
    main: `const future = ctx.launch(outer, { v: ctx.region([4], Cell) });
  waits.for = future.then();
  await future;`,
    code: 5,
    says: /maniple: the program waits for ever: no task runs or is ready.*\nouter \(operation 0, launched at .*stuck\.ts:\d+:\d+\): 1 of 1 tasks have not ended\.\n {2}outer \(operation 0\) is an inner task whose body, or what it launched, has not ended\./,
  },
  {
    what: 'a program that waits for nothing',
    main: 'await new Promise(() => {});',
    code: 5,
    says: /waits for ever.*\nNo operation is open: the program itself waits for something that nobody will do/,
  },
  {
    what: 'a timer is something to wait for',
    main: `waits.for = new Promise((resolve) => setTimeout(resolve, 2500));
  await ctx.launch(outer, { v: ctx.region([4], Cell) });
  console.log('in time');`,
    code: 0,
    says: /^$/,
  },
];

for (const { what, main, code, says } of programs) {
  for (const mode of ['tasks', 'inorder']) {
    t.test(`${what}: ${mode}`, (t) => {
      const folder = scratchFolder();
      writeFileSync(
        join(folder, 'stuck.ts'),
        `${head}export default async function main(ctx: Ctx) {\n  ${main}\n}\n`,
      );
      const ended = maniple(['run', 'stuck.ts', '--workers', '2', '--mode', mode], folder);
      t.equal(ended.code, code, ended.stderr);
      t.match(ended.stderr, says);
      t.end();
    });
  }
}

t.test('what a timer keeps alive is only suspected', async (t) => {
  const lines: string[] = [];
  const interval = setInterval(() => {}, 50);
  const value = await run(
    async (ctx) => {
      // It might be ended by the timer, and is.
      let end = (_: void): void => {};
      waiting.for = new Promise<void>((resolve) => {
        end = resolve;
      });
      setTimeout(() => end(), 2500);
      await ctx.launch(patient, { v: ctx.region([4], Cell) });
      return 5;
    },
    { workers: 1, watchdog_s: 1, log: (line) => lines.push(line) },
  );
  clearInterval(interval);
  t.equal(value, 5);
  t.match(
    lines[0],
    /^maniple: no task has ended for \d s\. No task runs or is ready: only what keeps the program alive outside \(.*a timer.*\) can make it go on\.\npatient/,
  );
});

t.test('a program that blocks while an inner task is open waits for a task that runs', async (t) => {
  const value = await run(
    async (ctx) => {
      const v = ctx.region([8], Cell);
      const other = ctx.region([8], Cell);
      const open = ctx.launch(overlook, { v: other }, { ms: 1500 });
      await ctx.started();
      ctx.launch(slow, { v }, { ms: 600 });
      v.write('b', new Float64Array(8).fill(2));
      await open;
      return (await v.read('b'))[0];
    },
    { workers: 2 },
  );
  t.equal(value, 2);
});
