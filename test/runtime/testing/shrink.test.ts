// The shrinker: what is left still fails, is legal, and is small.
import t from 'tap';
import { firstDifference } from '../../../runtime/testing/differential.js';
import { generateIllegalProgram, rules } from '../../../runtime/testing/illegal.js';
import { generateProgram, interpret, type Program } from '../../../runtime/testing/index.js';
import { regressionTest, shrink } from '../../../runtime/testing/shrink.js';
import { correctTable, type MockOptions, runMock } from './mock-runtime.js';

t.setTimeout(300_000);

const failsUnder = (options: Omit<MockOptions, 'schedule'>) => (program: Program) => {
  const expected = interpret(program);
  try {
    // A fault shows in some schedules alone.
    return [1, 2, 3, 4].some(
      (schedule) =>
        firstDifference(program, expected, runMock(program, { ...options, schedule }).observed) !== undefined,
    );
  } catch {
    return true;
  }
};

const size = (program: Program) => ({
  operations: program.operations.length,
  launches: program.operations.filter(({ kind }) => kind === 'launch').length,
});

t.test('a failing program becomes a small one that fails the same way', async (t) => {
  const cases: [string, Omit<MockOptions, 'schedule'>, number][] = [
    [
      'no order between a read and a later update',
      { table: { ...correctTable, read: { ...correctTable.read, update: false } } },
      4,
    ],
    ['folds from left to right', { fault: 'fold blocks from left to right' }, 4],
    ['lost futures', { fault: 'drop the edge from a future to its user' }, 5],
  ];
  for (const [name, options, most] of cases) {
    const fails = failsUnder(options);
    let seed = 1;
    while (!fails(generateProgram(seed, { coherence: 0, inner: 0, predicates: 0 }).program)) seed++;
    const { program } = generateProgram(seed, { coherence: 0, inner: 0, predicates: 0 });
    const small = await shrink(program, fails, 800);
    t.ok(fails(small), `${name}: still fails`);
    const { operations, launches } = size(small);
    t.ok(
      launches <= 3 && operations <= most,
      `${name}: ${size(program).operations} operations became ${operations}`,
    );
  }
});

t.test('a program that does not fail stays as it is', async (t) => {
  const { program } = generateProgram(3, { operations: 10, inner: 0, predicates: 0 });
  t.equal(await shrink(program, () => false), program);
});

t.test('the regression test names the finding and holds the program', (t) => {
  const { program } = generateProgram(3, { operations: 3, inner: 0, predicates: 0 });
  const text = regressionTest(program, { executor: 'virtual', seed: 5 }, 'seed 3: result of t4\nexpected 1');
  t.match(text, /^\/\/ Found by the fuzzer and shrunk: seed 3: result of t4 expected 1\n/);
  t.match(text, 'runtimeExecutor({"executor":"virtual","seed":5})');
  t.same(JSON.parse(/const program: Program = (\{[\s\S]*?\n\});/.exec(text)![1]!), program);
  t.end();
});

t.test('every rule is broken by many programs, in the last operation alone', (t) => {
  for (const rule of rules) {
    const found = [];
    for (let seed = 1; seed <= 60; seed++) {
      const illegal = generateIllegalProgram(seed, rule);
      if (!illegal) continue;
      const { program, expected } = illegal;
      const { operations } = program;
      interpret({ seed, operations: operations.slice(0, -1) });
      found.push(`${expected.error} ${expected.operation}`);
    }
    const error = rule.includes('meet')
      ? 'InterferenceError'
      : rule.includes('bounds')
        ? 'BoundsError'
        : 'LaunchError';
    t.ok(found.length > 10, `${rule}: ${found.length} programs`);
    t.same([...new Set(found)], [`${error} broken`], rule);
  }
  t.end();
});
