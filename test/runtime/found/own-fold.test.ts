// Found by the generator of faults, in a run without any: one launch reduces a field atomically and overwrites it atomically
// at other points. Its points take turns, but what they reduce is folded when all have ended: a point that waited for the
// fold waited for ever.
import t from 'tap';
import { run } from '../../../runtime/index.js';
import { addAndSet, Sum } from './own-fold.tasks.js';

t.setTimeout(60_000);

for (const executor of ['inOrder', 'virtual', 'threads'] as const) {
  t.test(`a launch never waits for its own fold: ${executor}`, async (t) => {
    const values = await run(
      async (ctx) => {
        const region = ctx.region([4], Sum);
        ctx.fill(region, 'x', 1);
        const quarters = region.partition.equal([4]);
        const next = quarters.at((point) => [(point[0]! + 1) % 4]);
        ctx.index([4], addAndSet, { sum: quarters.at(), set: next });
        return region.read('x');
      },
      { executor, workers: 2 },
    );
    // Every element was set by one point, and what the others added to it is folded in the end.
    t.same([...values], [11, 11, 11, 11]);
  });
}
