// Faults in the cells of the interference table that coherence decides: where it says "order" it is made to say nothing,
// where it says "atomic" or "simultaneous" it is made to say "order". Two launches that meet in the cell, on every path of
// the analysis, show each in the recorded order.
import t from 'tap';
import {
  COHERENCES,
  type Coherence,
  EXECUTION_INTERFERENCE,
  isOrder,
  type Privilege,
  REDUCTIONS,
  USAGE_CODES,
  usage,
  usageCode,
} from '../../runtime/privileges/index.js';
import {
  checkOrder,
  conflictsOf,
  type FieldUse,
  type Launch,
  type Program,
} from '../../runtime/testing/index.js';
import { recordOrder } from '../../runtime/testing/recorded-order.js';

t.setTimeout(600_000);

/** One kind of use: a privilege (for reductions any operator) under a coherence. */
interface Use {
  readonly privilege: Privilege;
  readonly coherence: Coherence;
}

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

/** Where a launch goes: the whole region, one of two parts that overlap, all quarters. */
type Reach = 'whole' | 'low' | 'high' | 'quarters';

function launchOf(name: string, reach: Reach, { privilege, coherence }: Use): Launch {
  const field: FieldUse = {
    field: 'x',
    privilege: privilege === 'reduce' ? { kind: privilege, operator: 'sum' } : { kind: privilege as 'read' },
    ...(coherence === 'exclusive' ? {} : { coherence: coherence as 'atomic' }),
  };
  const part = (partition: string, colour: number) => ({ partition, colour: [colour] });
  const target =
    reach === 'whole'
      ? { region: 'r' }
      : reach === 'quarters'
        ? { partition: 'quarters', projection: { kind: 'identity' as const } }
        : part('overlapping', reach === 'low' ? 0 : 1);
  const domain = reach === 'quarters' ? [4] : null;
  return { kind: 'launch', name, salt: 1, domain, requirements: [{ target, fields: [field] }], argument: 0 };
}

/** Two launches on a region whose equivalence sets have been shaped by quarters, or not. */
function programOf(earlier: Use, later: Use, a: Reach, b: Reach): Program {
  const shapes = a === 'quarters' || b === 'quarters';
  const extent = { lo: [0], hi: [4] };
  return {
    seed: 1,
    operations: [
      {
        kind: 'region',
        name: 'r',
        domain: { kind: 'box', box: { lo: [0], hi: [7] } },
        fields: [{ name: 'x', kind: 'i32', lanes: 1 }],
      },
      { kind: 'partition', name: 'quarters', of: { region: 'r' }, by: { rule: 'equal', colours: [4] } },
      {
        kind: 'partition',
        name: 'overlapping',
        of: { region: 'r' },
        by: { rule: 'restriction', colours: [2], transform: [[3]], extent },
      },
      ...(shapes ? [launchOf('shape', 'quarters', { privilege: 'update', coherence: 'exclusive' })] : []),
      launchOf('first', a, earlier),
      launchOf('second', b, later),
    ],
  };
}

const reaches: readonly (readonly [Reach, Reach])[] = [
  ['whole', 'whole'],
  ['low', 'high'],
  ['quarters', 'quarters'],
  ['quarters', 'whole'],
  ['whole', 'quarters'],
  ['low', 'quarters'],
];

async function reportOf(program: Program, table: Uint8Array) {
  // Without renaming, so that overwrites wait as well.
  const conflicts = conflictsOf(program, { renaming: false });
  const faults = { interference: table, drop: null };
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
      for (const [a, b] of reaches) {
        const name = `${earlier.coherence} ${earlier.privilege} of ${a}, then ${later.coherence} ${later.privilege} of ${b}`;
        const program = programOf(earlier, later, a, b);
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
