// Atomic and simultaneous coherence: atomic tasks are one at a time where they share elements and nothing else keeps
// them apart, simultaneous ones work on one copy; what cannot go together is refused at the launch.
import t, { type Test } from 'tap';
import { type ExecutorName, InterferenceError, type RunOptions, run } from '../../../runtime/index.js';
import {
  bump,
  bumpLater,
  count,
  foldIn,
  look,
  mixed,
  plain,
  readAtomically,
  readBeside,
  Tally,
} from './coherence.tasks.js';

const machines: { executor: ExecutorName; workers?: number }[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'threads', workers: 1 },
  { executor: 'threads', workers: 4 },
  { executor: 'bulk', workers: 2 },
];

function everywhere(name: string, body: (t: Test, options: RunOptions) => Promise<void>): void {
  for (const machine of machines) {
    t.test(`${name}: ${machine.executor} ${machine.workers ?? ''}`, (t) => body(t, machine));
  }
}

everywhere('atomic tasks lose nothing and are one at a time', async (t, options) => {
  const { counts, worst } = await run(async (ctx) => {
    const v = ctx.region([40], Tally);
    const halves = v.partition.restrict({ colors: [4], transform: [[5]], extent: [25] });
    const own = v.partition.equal([4]);
    for (let round = 0; round < 15; round++) {
      ctx.index([4], bump, { t: halves.at() }, { rounds: 2000 });
      ctx.index([4], bump, { t: own.at() }, { rounds: 500 });
      ctx.launch(bump, { t: v }, { rounds: 1000 });
    }
    return { counts: await v.read('count'), worst: await v.read('worst') };
  }, options);
  const reach = (i: number) => [0, 5, 10, 15].filter((lo) => i >= lo && i < lo + 25).length;
  t.same(
    [...counts],
    Array.from({ length: 40 }, (_, i) => 15 * (reach(i) + 2)),
  );
  t.notOk(worst.includes(1), 'two were inside at once');
});

everywhere('asynchronous atomic tasks take turns with the others', async (t, options) => {
  const counts = await run(async (ctx) => {
    const v = ctx.region([8], Tally);
    for (let i = 0; i < 10; i++) {
      ctx.launch(bumpLater, { t: v });
      ctx.launch(bump, { t: v }, { rounds: 100 });
    }
    return v.read('count');
  }, options);
  t.same([...counts], new Array(8).fill(20));
});

everywhere('an atomic reader sees no task halfway', async (t, options) => {
  const spreads = await run(async (ctx) => {
    const v = ctx.region([64], Tally);
    const spread = [];
    for (let i = 0; i < 20; i++) {
      ctx.launch(bump, { t: v }, { rounds: 100 });
      spread.push(ctx.launch(look, { t: v }), ctx.launch(look, { t: v }));
    }
    return Promise.all(spread);
  }, options);
  t.same(spreads, new Array(40).fill(0));
});

everywhere('simultaneous tasks and folds work on one copy', async (t, options) => {
  const { other, big } = await run(async (ctx) => {
    const v = ctx.region([10], Tally);
    const all = v.partition.restrict({ colors: [6], transform: [[0]], extent: [10] });
    for (let i = 0; i < 5; i++) {
      ctx.index([6], count, { t: all.at() });
      ctx.index([6], foldIn, { t: all.at() });
    }
    return { other: await v.read('other'), big: await v.read('big') };
  }, options);
  t.same([...other], new Array(10).fill(5 * 6 * 51));
  t.same([...big], new Array(10).fill(BigInt(5 * 6 * 100)));
});

t.test('shared fields take Atomics in check mode too', async (t) => {
  const other = await run(
    async (ctx) => {
      const v = ctx.region([4], Tally);
      ctx.launch(count, { t: v });
      return v.read('other');
    },
    { executor: 'inOrder', check: true },
  );
  t.same([...other], [50, 50, 50, 50]);
});

t.test('what cannot go together is refused, with a witness', async (t) => {
  await run(
    async (ctx) => {
      const v = ctx.region([40], Tally);
      const aliased = v.partition.restrict({ colors: [4], transform: [[5]], extent: [25] });
      const refused = (launch: () => unknown, requirements: [string, string], message: RegExp) => {
        try {
          launch();
          t.fail(`${message} was not refused`);
        } catch (error) {
          if (!t.type(error, InterferenceError)) return;
          const { requirementA, requirementB, witnessPoint } = error as InterferenceError;
          t.same([requirementA, requirementB], requirements);
          t.ok(witnessPoint[0]! >= 0 && witnessPoint[0]! < 40, `point ${witnessPoint}`);
          t.match((error as Error).message, message);
        }
      };
      // One task that would have to come before itself.
      refused(
        () => ctx.launch(readAtomically, { from: v, to: v }),
        ['from', 'to'],
        /atomic read.*atomic update/,
      );
      refused(() => ctx.launch(mixed, { a: v, b: v }), ['a', 'b'], /atomic update.*simultaneous update/);
      refused(
        () => ctx.index([4], mixed, { a: aliased.at(), b: aliased.at((p) => (p[0]! + 1) % 4) }),
        ['a', 'b'],
        /both hold point/,
      );
      // @ts-expect-error an exclusive write needs a disjoint partition
      refused(() => ctx.index([4], plain, { t: aliased.at() }), ['t', 't'], /atomic or simultaneous/);
      // These go together.
      ctx.launch(readBeside, { from: v, to: v });
      const apart = aliased.at((p) => (p[0] === 0 ? 3 : 0));
      ctx.index([2], readAtomically, { from: v.partition.equal([8]).at((p) => p[0]! * 7), to: apart });
    },
    { executor: 'inOrder' },
  );
});
