// --check: bodies of the program, of inner tasks and of asynchronous tasks are refused what differs from run to run.
import t from 'tap';
import { LaunchError, ReplicationError, type RunOptions, run, TaskError } from '../../../runtime/index.js';
import { type Asked, asked, asyncAsks, innerAsks, leafAsks } from './replicable.tasks.js';

t.setTimeout(600_000);
const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 2 },
];
const refused: Partial<Record<Asked, string>> = {
  random: 'Math.random',
  mapped: 'Math.random',
  now: 'Date.now',
  date: 'new Date()',
  dateText: 'Date()',
  hrtime: 'process.hrtime',
  hrtimeBigint: 'process.hrtime.bigint',
  race: 'Promise.race',
  any: 'Promise.any',
  registry: 'new FinalizationRegistry()',
};
const here = {
  random: Math.random,
  now: Date.now,
  Date,
  race: Promise.race,
  any: Promise.any,
  hrtime: process.hrtime,
  FinalizationRegistry,
};

async function errorOf(promise: Promise<unknown>): Promise<Error | null> {
  return promise.then(
    () => null,
    (error) => error as Error,
  );
}

for (const options of machines) {
  t.test(JSON.stringify(options), async (t) => {
    for (const what of Object.keys(asked) as Asked[]) {
      const name = refused[what];
      for (const check of [true, false]) {
        const settings = { ...options, check };
        const main = await errorOf(
          run(async () => {
            await null;
            asked[what]();
          }, settings),
        );
        const inner = await errorOf(run(async (ctx) => ctx.launch(innerAsks, {}, { what }), settings));
        const io = await errorOf(run(async (ctx) => ctx.launch(asyncAsks, {}, { what }), settings));
        if (name === undefined || !check) {
          t.same([main, inner, io], [null, null, null], `${what}: nothing is refused`);
          continue;
        }
        const words = name.replace(/[().]/g, '\\$&');
        t.ok(main instanceof ReplicationError && main instanceof LaunchError, `${main}`);
        t.match(
          main?.message,
          new RegExp(
            `^the program called ${words} at .*replicable\\.tasks\\.[jt]s:\\d+:\\d+, which differs from run to run: `,
          ),
        );
        for (const [task, error] of [
          ['innerAsks', inner],
          ['asyncAsks', io],
        ] as const) {
          t.type(error, TaskError);
          t.match(
            error?.message,
            new RegExp(`task ${task}, point 0.*: it called ${words} at .*replicable\\.tasks`),
          );
        }
      }
    }
  });

  t.test(`what may look at the clock does so: ${JSON.stringify(options)}`, async (t) => {
    const lines: string[] = [];
    const seen: number[] = [];
    const value = await run(
      async (ctx) => {
        ctx.events.on('launch', () => seen.push(Date.now()));
        ctx.events.on('retire', () => seen.push(Date.now()));
        const first = await ctx.launch(leafAsks, {}, { what: 'now' });
        return first && (await ctx.launch(leafAsks, {}, { what: 'hrtime' }));
      },
      { ...options, check: true, log: (line) => lines.push(`${new Date().getFullYear()} ${line}`) },
    );
    t.equal(value, true);
    t.ok(seen.length >= 4);
    t.ok(
      lines.some((line) => /^\d{4} leafAsks.*one line/.test(line)),
      lines.join(),
    );
  });
}

t.test('afterwards all is as it was', (t) => {
  t.equal(Date, here.Date);
  t.equal(Date.now, here.now);
  t.equal(Math.random, here.random);
  t.equal(Promise.race, here.race);
  t.equal(Promise.any, here.any);
  t.equal(process.hrtime, here.hrtime);
  t.equal(FinalizationRegistry, here.FinalizationRegistry);
  t.type(Date.now(), 'number');
  t.end();
});
