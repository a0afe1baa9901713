// The proof that ranks run one program, without programs: calls are noted, messages carried, errors looked at.
import t from 'tap';
import type { ReplicaMismatchError } from '../../../runtime/errors.js';
import { createLoopback, Loopback } from '../../../runtime/nodes/loopback.js';
import { Mail } from '../../../runtime/nodes/mail.js';
import { ReplicaCheck } from '../../../runtime/program/ranks/replica-check.js';

/** What each of so many ranks is told when rank 1 makes another call than the others, as the third. */
function parted(ranks: number): readonly (Error | undefined)[] {
  const shared = createLoopback(ranks, 4096);
  const mails = Array.from({ length: ranks }, (_, rank) => new Mail(new Loopback(shared, rank)));
  const told: Error[] = [];
  const checks = mails.map((mail, rank) => new ReplicaCheck(mail, (error) => (told[rank] ??= error)));
  for (const [rank, check] of checks.entries()) {
    check.begin();
    for (let call = 0; call < 5; call++)
      check.call('task a', {}, [['argument n', call === 2 && rank === 1 ? 'odd' : `${call}`]]);
    check.flush();
  }
  for (let i = 0; i < 20; i++) for (const mail of mails) mail.progress();
  return Array.from({ length: ranks }, (_, rank) => told[rank]);
}

t.test('both ranks of every pair that parts are told what differs', (t) => {
  const values = (error: Error | undefined) => (error as ReplicaMismatchError | undefined)?.difference;
  t.match(parted(2).map(values), [{ values: ['2', 'odd'] }, { values: ['2', 'odd'] }]);
  const [first, odd, last] = parted(3).map(values);
  t.match(first, { name: 'argument n', values: ['2', 'odd'] });
  t.ok(odd?.values.includes('odd'));
  t.match(last, { name: 'argument n', values: ['odd', '2'] });
  t.end();
});
