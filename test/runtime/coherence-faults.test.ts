// Faults in the cells of the interference table that coherence decides: where it says "order" it is made to say nothing,
// where it says "atomic" or "simultaneous" it is made to say "order". Two launches that meet in the cell, on every path of
// the analysis, show each in the recorded order.
import t from 'tap';
import {
  COHERENCES,
  EXECUTION_INTERFERENCE,
  isOrder,
  type Privilege,
  REDUCTIONS,
  USAGE_CODES,
  usage,
  usageCode,
} from '../../runtime/privileges/index.js';
import { checkOrder, conflictsOf, type Program } from '../../runtime/testing/index.js';
import { recordOrder } from '../../runtime/testing/recorded-order.js';
import { mainReaches, programOf, type Use } from './faults/cell-program.js';

t.setTimeout(600_000);

const codesOf = ({ privilege, coherence }: Use): number[] =>
  privilege === 'reduce'
    ? REDUCTIONS.map((operator) => usageCode(usage(privilege, operator, coherence)))
    : [usageCode(usage(privilege, null, coherence))];

const privileges: readonly Privilege[] = ['read', 'update', 'overwrite', 'reduce'];
// Relaxed requirements are simultaneous ones.
const coherences = COHERENCES.filter((coherence) => coherence !== 'relaxed');
const uses = coherences.flatMap((coherence) =>
  privileges.map((privilege): Use => ({ privilege, coherence })),
);

const relationsOf = (earlier: Use, later: Use): number[] =>
  codesOf(earlier).flatMap((a) => codesOf(later).map((b) => EXECUTION_INTERFERENCE[a * USAGE_CODES + b]!));

/** The table with one relation between two kinds of use. */
function altered(earlier: Use, later: Use, relation: number): Uint8Array {
  const table = EXECUTION_INTERFERENCE.slice();
  for (const a of codesOf(earlier)) for (const b of codesOf(later)) table[a * USAGE_CODES + b] = relation;
  return table;
}

async function reportOf(program: Program, table: Uint8Array) {
  // Without renaming, so that overwrites wait as well.
  const conflicts = conflictsOf(program, { renaming: false });
  const faults = { interference: table };
  const options = {
    seed: 1,
    faults,
    rename: false,
    memory: 2 ** 24,
    window: { records: 1024, launches: 128 },
  };
  return checkOrder(conflicts, await recordOrder(program, conflicts, options));
}

t.test('every cell that coherence decides is right, and needed, on every path', async (t) => {
  const wrong: string[] = [];
  const unnoticed: string[] = [];
  let cells = 0;
  for (const earlier of uses) {
    for (const later of uses) {
      if (earlier.coherence === 'exclusive' && later.coherence === 'exclusive') continue;
      // Reductions are applied in program order, whatever the table says.
      if (earlier.privilege === 'reduce' && later.privilege === 'reduce') continue;
      const relations = relationsOf(earlier, later);
      if (relations.every((relation) => relation === 0)) continue;
      cells++;
      const fault = relations.every(isOrder) ? 'missing' : 'needless';
      const table = altered(earlier, later, fault === 'missing' ? 0 : 1);
      for (const [a, b, shaped] of mainReaches) {
        const name = `${earlier.coherence} ${earlier.privilege} of ${a}, then ${later.coherence} ${later.privilege} of ${b}`;
        const program = programOf(earlier, later, a, b, shaped);
        const right = await reportOf(program, EXECUTION_INTERFERENCE);
        if (right.missing.length + right.needless.length > 0) wrong.push(name);
        if ((await reportOf(program, table))[fault].length === 0) unnoticed.push(`${name}: ${fault}`);
      }
    }
  }
  t.same(wrong, [], 'cells that are wrong');
  t.same(unnoticed, [], 'faults that go unnoticed');
  t.equal(cells, 112);
});
