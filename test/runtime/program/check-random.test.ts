// --check: Math.random is refused within tasks, and only there.
import t from 'tap';
import { type RunOptions, run } from '../../../runtime/index.js';
import { dice } from './recovery.tasks.js';

const machines: RunOptions[] = [{ executor: 'inOrder' }, { executor: 'threads', workers: 2 }];

for (const options of machines) {
  t.test(`${options.executor}`, async (t) => {
    const roll = (check: boolean) => run(async (ctx) => ctx.launch(dice, {}, {}), { ...options, check });
    t.type(await roll(false), 'number');
    await t.rejects(
      roll(true),
      /task dice, point 0, .*: it called Math\.random, which differs from run to run: use random\(\) of its context/,
    );
    t.type(Math.random(), 'number', 'it is as it was');
  });
}
