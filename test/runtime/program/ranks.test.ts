// Runs on several ranks: the same bits as on one, and errors that say what is the matter.
import t from 'tap';
import { LaunchError, type RunOptions, run } from '../../../runtime/index.js';
import { runOnRanks } from '../../../runtime/program/run-on-ranks.js';
import * as programs from './ranks.tasks.js';

t.setTimeout(300_000);

const module = new URL('ranks.tasks.js', import.meta.url).href;
const memory = 2 ** 26;
const base: RunOptions = { memory, watchdog_s: 20 };

const ways: readonly { ranks: number; options: RunOptions; polled?: true }[] = [
  { ranks: 2, options: { executor: 'virtual', workers: 2 } },
  { ranks: 2, options: { executor: 'threads', workers: 1 } },
  { ranks: 2, options: { executor: 'threads', workers: 2 } },
  { ranks: 3, options: { executor: 'inOrder', workers: 2 } },
  { ranks: 4, options: { executor: 'virtual', workers: 2 } },
  { ranks: 4, options: { executor: 'threads', workers: 2 } },
  { ranks: 2, options: { executor: 'bulk', workers: 2 } },
  { ranks: 2, options: { executor: 'threads', workers: 2 }, polled: true },
  { ranks: 2, options: { executor: 'virtual', workers: 2 }, polled: true },
  { ranks: 2, options: { executor: 'virtual', workers: 2, spillsAlways: true } },
];

const { stencil, features, failures, freed } = programs;
for (const main of [stencil, features, failures, freed]) {
  const { name } = main;
  t.test(`${name}: the same bits for any number of ranks`, async (t) => {
    const expected = await run(main, { ...base, executor: 'inOrder', workers: 2 });
    for (const { ranks, options, polled = false } of ways) {
      // One of the features is a gang of two.
      if (main === features && options.workers === 1) continue;
      const got = await runOnRanks(ranks, { module, name }, { ...base, ...options }, polled);
      t.equal(got.length, ranks);
      const where = `${ranks} ranks, ${options.executor}, ${options.workers} workers`;
      for (const [rank, value] of got.entries()) t.strictSame(value, expected, `${where}: rank ${rank}`);
    }
  });
}

t.test('elements that stay where they are, a fault made on purpose, are noticed', async (t) => {
  const expected = await run(stencil, { ...base, executor: 'inOrder' });
  const options: RunOptions = { ...base, executor: 'virtual', faults: { stay: true } };
  const got = await runOnRanks(2, { module, name: 'stencil' }, options);
  t.notSame(got[0], expected);
});

t.test('a failure that nobody was told of ends all ranks with the first in program order', async (t) => {
  await t.rejects(runOnRanks(2, { module, name: 'untold' }, { ...base, executor: 'threads', workers: 2 }), {
    name: 'TaskError',
    task: 'fails',
    point: [1],
    message: /task fails, point 1, launched at .*ranks\.tasks\..*: point 1 was to fail/,
  });
});

t.test('ranks that part are told where, with both calls and what differs', async (t) => {
  const parted = (how: string) =>
    runOnRanks(3, { module, name: 'parted', args: { how } }, { ...base, executor: 'virtual' });
  await t.rejects(parted('argument'), {
    name: 'ReplicaMismatchError',
    message:
      /ranks \d and \d do not run the same program: rank \d calls task back at .*ranks\.tasks.*, rank \d calls task back at .*ranks\.tasks.*; argument scale is [\d.]+ on the one and [\d.]+ on the other/,
  });
  await t.rejects(parted('task'), { name: 'ReplicaMismatchError', message: /argument of is/ });
  await t.rejects(parted('write'), { name: 'ReplicaMismatchError', message: /values is/ });
});

t.test('a rank that ends alone ends the others, and its error is told', async (t) => {
  await t.rejects(runOnRanks(2, { module, name: 'alone' }, { ...base, executor: 'virtual' }), {
    message: /this rank alone has had enough/,
  });
});

t.test('a rank whose thread ends without a word is the one that is named', async (t) => {
  await t.rejects(runOnRanks(3, { module, name: 'drops' }, { ...base, executor: 'virtual' }), {
    name: 'RankError',
    rank: 1,
    message: 'rank 1 has ended: its thread ended with code 3',
  });
});

t.test('errors of ranks have their class and the exit code of their cause', async (t) => {
  await t.rejects(runOnRanks(2, { module, name: 'damaged' }, { ...base, executor: 'virtual' }), {
    name: 'TaskError',
    point: [5],
    exitCode: 3,
  });
  const refused = runOnRanks(2, { module, name: 'attaches' }, { ...base, executor: 'virtual' });
  t.ok((await refused.catch((error: unknown) => error)) instanceof LaunchError);
});

t.test('what several ranks cannot do yet is refused in a sentence', async (t) => {
  await t.rejects(runOnRanks(2, { module, name: 'attaches' }, { ...base, executor: 'virtual' }), {
    name: 'LaunchError',
    message: /attach: region region0 cannot be attached in a run of several ranks/,
  });
  await t.rejects(
    runOnRanks(1, { module, name: 'stencil' }),
    /ranks is 1, but must be an integer from 2 to 30/,
  );
  await t.rejects(runOnRanks(2, { module, name: 'nothing' }, base), /exports no function called nothing/);
  await t.rejects(
    runOnRanks(2, { module, name: 'stencil' }, { ...base, profile: '/tmp/x.mprof' }),
    /option profile has no meaning yet in a run of several ranks/,
  );
});
