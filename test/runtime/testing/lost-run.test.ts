// A run that is lost, because no thread can be started, is a finding that says why: the driver does not wait for more of it.
import t from 'tap';
import { generateProgram, runDifferential, runtimeExecutor } from '../../../runtime/testing/index.js';

t.setTimeout(60_000);

t.test('a lost run ends at once, with the cause', async (t) => {
  const { program, observed } = generateProgram(3, { operations: 24 });
  // No program fits such a heap: every thread ends as soon as it is started.
  const executor = runtimeExecutor({ executor: 'threads', workers: 2, workerHeap_MB: 1 });
  const difference = await runDifferential(program, executor, observed);
  t.equal(difference?.what, 'thrown');
  t.match(difference?.got, /the thread of lane \d ends as soon as it is started/);
});
