// The shrinker: what is left still fails, is legal, and is small.
import t from 'tap';
import { firstDifference } from '../../../runtime/testing/differential.js';
import { generateIllegalProgram, type Rule, rules } from '../../../runtime/testing/illegal.js';
import { generateProgram, interpret, type Program } from '../../../runtime/testing/index.js';
import { regressionTest, shrink } from '../../../runtime/testing/shrink.js';
import { correctTable } from './mock-faults.js';
import { type MockOptions, runMock, simple } from './mock-runtime.js';

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
    while (!fails(generateProgram(seed, simple).program)) seed++;
    const { program } = generateProgram(seed, simple);
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
  const { program } = generateProgram(3, { operations: 10 });
  t.equal(await shrink(program, () => false), program);
});

t.test('the regression test names the finding and holds the program', (t) => {
  const { program } = generateProgram(3, { operations: 3 });
  const text = regressionTest(program, { executor: 'virtual', seed: 5 }, 'seed 3: result of t4\nexpected 1');
  t.match(text, /^\/\/ Found by the fuzzer and shrunk: seed 3: result of t4 expected 1\n/);
  t.match(text, 'runtimeExecutor({"executor":"virtual","seed":5})');
  t.same(JSON.parse(/const program: Program = (\{[\s\S]*?\n\});/.exec(text)![1]!), program);
  t.end();
});

/** The error that a broken rule ends with; all others with a LaunchError. */
const errors: Readonly<Record<string, readonly Rule[]>> = {
  InterferenceError: [
    'two requirements of a launch meet',
    'two reductions with different operators meet',
    'coherences that do not agree meet',
    'two points of a launch meet',
    'an aliased partition is written through',
    'a projection that is not invertible writes',
    'members of a gang meet atomically',
    'source and destination of a copy meet',
    'two points of an index copy meet',
    'two points of an index fill meet',
  ],
  BoundsError: [
    'a colour is out of bounds',
    'a copy goes out of the bounds of its source',
    'a copy by order between different numbers of points',
    'a point that a future map does not have',
  ],
  UsageError: ['a field that the region does not have'],
  ContainmentError: [
    'an inner task hands on a region that it was not lent',
    'an inner task hands on points that it does not hold',
    'an inner task hands on a field that it does not hold',
    'an inner task hands on more than it may do',
    'an inner task folds with another operator than it may',
    'an inner task uses alone what it shares',
  ],
};

t.test('every rule is broken by many programs, in one operation alone', (t) => {
  for (const rule of rules) {
    const found = [];
    for (let seed = 1; seed <= 60; seed++) {
      const illegal = generateIllegalProgram(seed, rule);
      if (!illegal) continue;
      const { expected, legal } = illegal;
      interpret(legal);
      found.push(`${expected.error} ${expected.operation}`);
    }
    const error = Object.keys(errors).find((name) => errors[name]!.includes(rule)) ?? 'LaunchError';
    t.ok(found.length > 5, `${rule}: ${found.length} programs`);
    t.same([...new Set(found)], [`${error} broken`], rule);
  }
  t.end();
});
