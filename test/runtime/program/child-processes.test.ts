// Programs may start others, however much memory a run has reserved: before, during and after it.
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { addon, addonAbsence } from '../../../native/index.js';
import { run } from '../../../runtime/index.js';

t.setTimeout(300_000);
const skip = addon?.keepFromForks === undefined ? (addonAbsence ?? 'the system cannot do that') : false;

t.test('with the default memory', { skip }, async (t) => {
  const say = () => execFileSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' }).trim();
  for (let i = 0; i < 3; i++) {
    t.equal(await run(async () => say(), { executor: 'inOrder' }), '42', 'during');
    t.equal(say(), '42', 'after');
  }
});
