// What a task may hand on, over all pairs of privileges, against a table.
import t from 'tap';
import {
  containmentFault,
  contains,
  REDUCTIONS,
  type Usage,
  usage,
} from '../../../runtime/privileges/index.js';

const uses: Record<string, Usage> = {
  none: usage('none'),
  read: usage('read'),
  update: usage('update'),
  overwrite: usage('overwrite'),
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, usage('reduce', op)])),
};

/** Held privilege -> what may be launched; every operator stands for itself. */
const allowed: Record<string, string[]> = {
  none: ['none'],
  read: ['none', 'read'],
  update: Object.keys(uses),
  overwrite: Object.keys(uses),
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, ['none', op]])),
};

t.test('a child asks for no more than its parent holds', (t) => {
  const found = Object.entries(uses).map(([held, parent]) => [
    held,
    Object.keys(uses).filter((asked) => contains(parent, uses[asked]!)),
  ]);
  t.same(Object.fromEntries(found), allowed);
  const faults = Object.values(uses).flatMap((parent) =>
    Object.values(uses).filter(
      (child) => (containmentFault(parent, child) === null) !== contains(parent, child),
    ),
  );
  t.same(faults, [], 'a fault exactly where it is refused');
  t.equal(
    containmentFault(uses['sum']!, uses['prod']!),
    'A task that holds reduce(sum) cannot launch one that asks for reduce(prod).',
  );
  t.end();
});
