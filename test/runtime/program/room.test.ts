// Room in the window: whoever waits for it gets it in the end, or is told that it is not enough.
import t from 'tap';
import { type RunOptions, run } from '../../../runtime/index.js';
import { add, Vec } from './inner.tasks.js';
import { hoarding, nested } from './room.tasks.js';

t.setTimeout(600_000);
const window = { records: 64, launches: 32 };
const machines: RunOptions[] = [
  { executor: 'inOrder', window },
  { executor: 'virtual', window },
  { executor: 'bulk', workers: 2, window },
  { executor: 'threads', workers: 2, window },
];

t.test('an inner task of more points than its share of the records', async (t) => {
  for (const options of machines) {
    const x = await run(async (ctx) => {
      const v = ctx.region([48], Vec);
      ctx.fill(v, 'x', 1);
      ctx.index([48], nested, { v: v.partition.equal([48]).at() }, { by: 2 });
      ctx.launch(add, { v }, { by: 1 });
      return [...(await v.read('x'))];
    }, options);
    t.same(x, new Array(48).fill(4), JSON.stringify(options));
  }
});

t.test('bodies that hold leases and wait for more than there are', async (t) => {
  for (const options of machines) {
    const x = await run(async (ctx) => {
      const v = ctx.region([48], Vec);
      ctx.fill(v, 'x', 1);
      ctx.index([8], hoarding, { v: v.partition.equal([8]).at() }, { leases: 6 });
      return [...(await v.read('x'))];
    }, options);
    t.same(x, new Array(48).fill(7), JSON.stringify(options));
  }
});

t.test('a body that wants more than all of the window is told so', async (t) => {
  for (const options of machines) {
    await t.rejects(
      run(async (ctx) => {
        const v = ctx.region([40], Vec);
        ctx.fill(v, 'x', 1);
        ctx.launch(hoarding, { v }, { leases: 40 });
        await v.read('x');
      }, options),
      /waits for ever: .*\n?The window of 64 records and 32 launches is full/,
      JSON.stringify(options),
    );
  }
});
