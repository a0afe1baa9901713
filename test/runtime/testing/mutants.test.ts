// Seeded faults: the generator and the oracle must notice every wrong cell of the interference table and every kind
// of lost edge, and must find nothing in a runtime that is right.
import t from 'tap';
import { checkOrder, conflictsOf } from '../../../runtime/testing/conflicts.js';
import { firstDifference } from '../../../runtime/testing/differential.js';
import { generateProgram } from '../../../runtime/testing/index.js';
import { correctTable, type EarlierCell, faults, type Table } from './mock-faults.js';
import { type MockOptions, runMock, simple } from './mock-runtime.js';

t.setTimeout(600_000);
const programsMax = 500;

/** The first program that shows another result under the fault; undefined when none of them does. */
function caughtByValues(options: Omit<MockOptions, 'schedule'>): number | undefined {
  for (let seed = 1; seed <= programsMax; seed++) {
    const { program, observed } = generateProgram(seed, simple);
    try {
      if (firstDifference(program, observed, runMock(program, { ...options, schedule: seed }).observed))
        return seed;
    } catch {
      return seed; // a partition by wrong values has made the rest of the program illegal
    }
  }
  return undefined;
}

/** The first program whose recorded order is not what the conflicts ask for. */
function caughtByOrder(
  options: Omit<MockOptions, 'schedule'>,
  what: 'missing' | 'needless',
): number | undefined {
  for (let seed = 1; seed <= programsMax; seed++) {
    const { program } = generateProgram(seed, { ...simple, operations: 12 });
    try {
      const conflicts = conflictsOf(program, { renaming: false });
      const run = runMock(program, { ...options, schedule: seed });
      if (checkOrder(conflicts, run.recorded(conflicts))[what].length > 0) return seed;
    } catch {
      return seed;
    }
  }
  return undefined;
}

const flipped = (row: EarlierCell, column: keyof Table['read']): Table => ({
  ...correctTable,
  [row]: { ...correctTable[row], [column]: !correctTable[row][column] },
});

t.test('a right runtime is found right, in values and in order', (t) => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const { program, observed } = generateProgram(seed, simple);
    const run = runMock(program, { schedule: seed });
    const difference = firstDifference(program, observed, run.observed);
    if (difference) wrong.push(JSON.stringify(difference));
    if (seed % 4 !== 0) continue;
    const conflicts = conflictsOf(program, { renaming: false });
    const { missing, needless } = checkOrder(conflicts, run.recorded(conflicts));
    if (missing.length + needless.length > 0)
      wrong.push(`seed ${seed}: ${JSON.stringify({ missing, needless })}`);
  }
  t.same(wrong.slice(0, 3), []);
  t.end();
});

const cells = (Object.keys(correctTable) as EarlierCell[]).flatMap((row) =>
  (Object.keys(correctTable[row]) as (keyof Table['read'])[])
    .filter((column) => row === 'reduce' || column !== 'reduceOther')
    .map((column) => [row, column] as const),
);

t.test('every flipped cell of the interference table is caught', (t) => {
  for (const [row, column] of cells) {
    const table = flipped(row, column);
    const needed = correctTable[row][column];
    const seed = needed ? caughtByValues({ table }) : caughtByOrder({ table }, 'needless');
    t.ok(
      seed,
      `${row} then ${column}: caught ${needed ? 'by values' : 'as a needless order'} at program ${seed}`,
    );
    if (!needed) continue;
    const order = caughtByOrder({ table }, 'missing');
    t.ok(order, `${row} then ${column}: caught as a missing order at program ${order}`);
  }
  t.end();
});

t.test('every other fault is caught', (t) => {
  for (const fault of faults) {
    const seed = caughtByValues({ fault });
    t.ok(seed, `${fault}: caught at program ${seed}`);
  }
  t.end();
});
