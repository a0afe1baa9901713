// Tasks that throw: the results, reads and contents that remain are those of the in-order run in which a failed task
// poisons what it would have written, element by element: nothing more is skipped, and nothing less.
import t from 'tap';
import type { RunOptions } from '../../runtime/program/run.js';
import {
  describeDifference,
  generateProgram,
  runDifferential,
  runtimeExecutor,
} from '../../runtime/testing/index.js';

t.setTimeout(600_000);
const window = { records: 4096, launches: 512 };
const programs = 150;

const configurations: readonly (readonly [string, RunOptions])[] = [
  ['in order', { executor: 'inOrder' }],
  ['virtual time', { executor: 'virtual' }],
  ['two workers', { executor: 'threads', workers: 2 }],
];

for (const [name, options] of configurations) {
  t.test(`${name}: failures reach whom they must`, async (t) => {
    const wrong: string[] = [];
    let failed = 0;
    for (let seed = 1; seed <= (options.executor === 'threads' ? programs / 3 : programs); seed++) {
      const { program, observed } = generateProgram(seed, { operations: 30, failures: 0.08 });
      failed += Object.values(observed.results)
        .flat()
        .filter((result) => typeof result === 'string').length;
      const difference = await runDifferential(
        program,
        runtimeExecutor({ ...options, seed, window }),
        observed,
      );
      if (difference) wrong.push(describeDifference(difference));
    }
    t.same(wrong.slice(0, 3), []);
    t.ok(failed > programs, `${failed} tasks failed or were skipped`);
  });
}

t.test('a run without failures that is compared with one that has them differs', async (t) => {
  // That a lost failure would be seen: the same program with and without the point that throws.
  for (let seed = 1; ; seed++) {
    const { program, observed } = generateProgram(seed, { operations: 12, failures: 0.3 });
    if (!program.operations.some((operation) => operation.kind === 'launch' && operation.fails)) continue;
    const operations = program.operations.map((operation) => {
      if (operation.kind !== 'launch') return operation;
      const { fails: _, ...launch } = operation;
      return launch;
    });
    const executor = () => runtimeExecutor({ executor: 'inOrder', window })({ ...program, operations });
    t.ok(await runDifferential(program, executor, observed));
    break;
  }
});
