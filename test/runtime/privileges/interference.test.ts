// The interference function over the whole cross product of uses, against a second implementation made of tables.
import t from 'tap';
import {
  COHERENCES,
  EXECUTION_INTERFERENCE,
  INTERFERENCES,
  interference,
  interferenceCode,
  MAPPING_INTERFERENCE,
  PRIVILEGES,
  REDUCTIONS,
  USAGE_CODES,
  type Usage,
  usage,
  usageCode,
  usageOf,
} from '../../../runtime/privileges/index.js';
import { tabulated } from './interference-table.js';

/** Every use there is: privilege, operator, coherence, with and without discarded output. */
const everyUse: Usage[] = PRIVILEGES.flatMap((privilege) =>
  (privilege === 'reduce' ? REDUCTIONS : [null]).flatMap((reduction) =>
    COHERENCES.flatMap((coherence) =>
      [false, true].map((discardOutput) => ({ privilege, coherence, reduction, discardOutput })),
    ),
  ),
);

t.test('every pair of uses, both modes', (t) => {
  const wrong: string[] = [];
  const seen: Record<string, number> = {};
  for (const mode of ['mapping', 'execution'] as const) {
    const table = mode === 'mapping' ? MAPPING_INTERFERENCE : EXECUTION_INTERFERENCE;
    for (const earlier of everyUse) {
      for (const later of everyUse) {
        const expected = tabulated(earlier, later, mode);
        const found = interference(earlier, later, mode);
        const looked = INTERFERENCES[table[usageCode(earlier) * USAGE_CODES + usageCode(later)]!];
        seen[`${mode} ${found}`] = (seen[`${mode} ${found}`] ?? 0) + 1;
        if (found !== expected || looked !== expected) {
          wrong.push(JSON.stringify({ mode, earlier, later, expected, found, looked }));
        }
      }
    }
  }
  t.same(wrong, []);
  t.equal(everyUse.length, 88, '88 uses, 7744 pairs');
  t.equal(Object.keys(seen).length, 10, 'every relation turns up in both modes');
  t.end();
});

t.test('what the rules mean, by example', (t) => {
  const [read, update, overwrite, sum, prod] = [
    usage('read'),
    usage('update'),
    usage('overwrite'),
    usage('reduce', 'sum'),
    usage('reduce', 'prod'),
  ];
  const pairs: [string, Usage, Usage, string, string][] = [
    ['two reads', read, read, 'none', 'none'],
    ['read after write', update, read, 'true', 'true'],
    ['write after read can be renamed', read, update, 'anti', 'anti'],
    ['a discard can be renamed', update, overwrite, 'anti', 'anti'],
    ['a discard after a reduction drops it', sum, overwrite, 'anti', 'anti'],
    ['one operator: mapped in order, run together', sum, sum, 'true', 'none'],
    ['another operator is ordered', sum, prod, 'true', 'true'],
    [
      'two atomic writers',
      usage('update', null, 'atomic'),
      usage('update', null, 'atomic'),
      'atomic',
      'atomic',
    ],
    [
      'an atomic read, then an atomic write',
      usage('read', null, 'atomic'),
      usage('update', null, 'atomic'),
      'anti',
      'anti',
    ],
    [
      'an atomic writer and a shared reader',
      usage('update', null, 'atomic'),
      usage('read', null, 'simultaneous'),
      'simultaneous',
      'simultaneous',
    ],
    [
      'mixed groups of one operator',
      usage('reduce', 'sum'),
      usage('reduce', 'sum', 'relaxed'),
      'true',
      'true',
    ],
    ['a read that discards', read, { ...read, discardOutput: true }, 'true', 'true'],
  ];
  const found = pairs.map(([name, a, b]) => [
    name,
    interference(a, b, 'mapping'),
    interference(a, b, 'execution'),
  ]);
  t.same(
    found,
    pairs.map(([name, , , mapping, execution]) => [name, mapping, execution]),
  );
  t.end();
});

t.test('running never waits where mapping does not', (t) => {
  const orders = (relation: string) => relation === 'true' || relation === 'anti';
  const wrong = everyUse.flatMap((a) =>
    everyUse.filter((b) => orders(interference(a, b, 'execution')) && !orders(interference(a, b, 'mapping'))),
  );
  t.same(wrong, []);
  t.end();
});

t.test('codes', (t) => {
  t.same(
    everyUse.map((use) => usageOf(usageCode(use))),
    everyUse,
    'code and back',
  );
  t.equal(new Set(everyUse.map(usageCode)).size, USAGE_CODES, 'all different');
  t.equal(INTERFERENCES[interferenceCode(usage('read'), usage('update'), 'mapping')], 'anti');
  t.throws(() => usageOf(USAGE_CODES), /not a usage code/);
  t.throws(() => usage('reduce'), /needs its operator: one of sum, prod/);
  t.throws(() => usage('read', 'sum'), /read cannot have the reduction sum/);
  t.throws(() => usage('write' as 'read'), /no privilege write/);
  t.throws(() => usage('reduce', 'mean' as 'sum'), /no privilege mean/);
  t.throws(() => usage('read', null, 'loose' as 'relaxed'), /no coherence loose/);
  t.end();
});
