// Launches in the background run when nothing else is ready.
import t from 'tap';
import { LaunchError, type RunOptions, run } from '../../../runtime/index.js';
import { busy, later, soon } from './priority.tasks.js';

t.test('background launches wait for the others, whatever their place in the program', async (t) => {
  let order: string[] = [];
  const values = await run(
    async (ctx) => {
      // The one worker is busy while all the rest becomes ready.
      ctx.launch(busy, {}, { ms: 100 });
      const behind = ctx.index([5], later, {}, {}, { priority: 'background' });
      const before = ctx.index([5], soon, {}, {});
      return [await behind, await before];
    },
    {
      workers: 1,
      onTimeline: ({ entries, taskNames }) => {
        order = [...entries].sort((a, b) => a.start - b.start).map(({ task }) => taskNames[task]!);
      },
    },
  );
  t.strictSame(values, [
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4],
  ]);
  t.strictSame(order, ['busy', ...Array<string>(5).fill('soon'), ...Array<string>(5).fill('later')]);
});

t.test('they run on every executor', async (t) => {
  const kinds: RunOptions[] = [
    { executor: 'inOrder' },
    { executor: 'virtual' },
    { executor: 'bulk', workers: 2 },
    { workers: 3 },
    { workers: 2, steal: false },
  ];
  for (const options of kinds) {
    const values = await run(async (ctx) => {
      const all = Array.from({ length: 50 }, () =>
        ctx.index([7], later, {}, {}, { priority: 'background' }).reduce('sum'),
      );
      return Promise.all(all);
    }, options);
    t.strictSame(values, Array<number>(50).fill(21), JSON.stringify(options));
  }
});

t.test('other priorities are refused', async (t) => {
  await t.rejects(
    run((ctx) => {
      ctx.launch(soon, {}, {}, { priority: 'high' as 'normal' });
    }),
    { constructor: LaunchError, message: /option priority is high; there are normal, background/ },
  );
});
