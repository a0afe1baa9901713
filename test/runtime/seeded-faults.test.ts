// Faults in the real analysis: every cell of the interference table that says "order" is made to say "none", every
// kind of edge is dropped. Each must be noticed by what programs compute, or by the order recorded.
import t from 'tap';
import type { AnalysisFaults } from '../../runtime/analysis/dependences.js';
import {
  EXECUTION_INTERFERENCE,
  type Privilege,
  REDUCTIONS,
  type ReductionName,
  USAGE_CODES,
  usage,
  usageCode,
} from '../../runtime/privileges/index.js';
import {
  checkOrder,
  conflictsOf,
  generateProgram,
  runDifferential,
  runtimeExecutor,
} from '../../runtime/testing/index.js';
import { recordOrder, withoutWaits } from '../../runtime/testing/recorded-order.js';

t.setTimeout(600_000);
const programsMax = 200;

/** The first program with another result under the faults; undefined when there is none. */
async function caughtByValues(faults: AnalysisFaults): Promise<number | undefined> {
  for (let seed = 1; seed <= programsMax; seed++) {
    const { program, observed } = generateProgram(seed, { operations: 40 });
    const executor = runtimeExecutor({ executor: 'virtual', seed, faults, eagerness: (seed % 3) * 0.2 });
    if (await runDifferential(program, executor, observed)) return seed;
  }
  return undefined;
}

/** The first program in whose order something is missing. */
async function caughtByOrder(faults: AnalysisFaults): Promise<number | undefined> {
  for (let seed = 1; seed <= programsMax; seed++) {
    const program = withoutWaits(generateProgram(seed, { operations: 16 }).program);
    const conflicts = conflictsOf(program);
    try {
      const { missing } = checkOrder(conflicts, await recordOrder(program, conflicts, { seed, faults }));
      if (missing.length > 0) return seed;
    } catch {
      return seed; // what ran out of order has failed
    }
  }
  return undefined;
}

/** The codes of one kind of use: a privilege, for reductions any operator. */
const codesOf = (privilege: Privilege): number[] =>
  privilege === 'reduce'
    ? REDUCTIONS.map((operator: ReductionName) => usageCode(usage(privilege, operator)))
    : [usageCode(usage(privilege))];

/** The table without the order between two kinds of use. */
function without(earlier: Privilege, later: Privilege): Uint8Array {
  const table = EXECUTION_INTERFERENCE.slice();
  for (const a of codesOf(earlier)) for (const b of codesOf(later)) table[a * USAGE_CODES + b] = 0;
  return table;
}

const used: readonly Privilege[] = ['read', 'update', 'overwrite', 'reduce'];

t.test('every cell of the interference table that orders is needed', async (t) => {
  for (const earlier of used) {
    for (const later of used) {
      if (earlier === 'read' && later === 'read') continue;
      // Reductions are applied in program order whatever the table says, so that order goes as well.
      const drop = earlier === 'reduce' && later === 'reduce' ? 'apply' : null;
      const faults = { interference: without(earlier, later), drop } as const;
      const byValues = await caughtByValues(faults);
      t.ok(byValues, `${earlier} then ${later}: other results at program ${byValues}`);
      // Whether an overwrite waits or gets an instance of its own is the runtime's choice.
      if (later === 'overwrite') continue;
      const byOrder = await caughtByOrder(faults);
      t.ok(byOrder, `${earlier} then ${later}: a missing order at program ${byOrder}`);
    }
  }
});

t.test('every kind of edge is needed', async (t) => {
  for (const drop of ['writers', 'readers', 'wide', 'join', 'partial', 'apply'] as const) {
    const byValues = await caughtByValues({ drop });
    t.ok(byValues, `without ${drop}: other results at program ${byValues}`);
  }
});
