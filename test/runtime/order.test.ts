// The order that the analysis imposes is the one that conflicts demand: no pair is missing, none is there for nothing
// (joins of readers apart).
import t from 'tap';
import { checkOrder, conflictsOf, generateProgram } from '../../runtime/testing/index.js';
import { recordOrder, withoutWaits } from '../../runtime/testing/recorded-order.js';

t.setTimeout(600_000);
const programs = Math.min(500, Number(process.env['MANIPLE_FUZZ_OPS'] ?? 5000) / 50);

t.test('no order is missing and none is needless', async (t) => {
  const wrong: string[] = [];
  let pairs = 0;
  for (let seed = 1; seed <= programs; seed++) {
    const program = withoutWaits(generateProgram(seed, { operations: 24 }).program);
    const conflicts = conflictsOf(program);
    const { missing, needless } = checkOrder(conflicts, await recordOrder(program, conflicts, { seed }));
    pairs += conflicts.required.length;
    if (missing.length > 0) wrong.push(`seed ${seed}: no order between ${JSON.stringify(missing[0])}`);
    if (needless.length > 0)
      wrong.push(`seed ${seed}: a needless order between ${JSON.stringify(needless[0])}`);
  }
  t.same(wrong.slice(0, 5), [], `${wrong.length} of ${programs} programs are wrong`);
  t.ok(pairs > 10 * programs, `${pairs} pairs had to be ordered`);
});
