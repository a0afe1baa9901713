// A program whose value depends on who runs it is found out; one that does not is run everywhere.
import t from 'tap';
import {
  difference,
  NotReproducedError,
  runEverywhere,
  waysOf,
} from '../../../runtime/testing/run-everywhere.js';

t.test('every executor is tried', async (t) => {
  let runs = 0;
  const value = await runEverywhere(() => {
    runs++;
    return { sum: new Float64Array([1, 2]), name: 'a' };
  });
  t.strictSame(value.name, 'a');
  t.equal(runs, waysOf().length + 1);
  const executors = new Set(waysOf().map(({ options }) => options.executor));
  for (const executor of ['virtual', 'threads', 'bulk'] as const) t.ok(executors.has(executor), executor);
});

t.test('what depends on the executor is refused by name', async (t) => {
  let runs = 0;
  await t.rejects(
    runEverywhere(() => ({ list: new Int32Array([0, ++runs]) }), { interleavings: 1 }),
    {
      constructor: NotReproducedError,
      message: /virtual, interleaving 0: the value\.list\[1\] is 2, and in order it is 1/,
    },
  );
});

t.test('differences of values', (t) => {
  const cases: [unknown, unknown, RegExp | null][] = [
    [0, -0, /is -0, and in order it is 0/],
    [Number.NaN, Number.NaN, null],
    [[1, 2], [1, 2, 3], /has 3 elements/],
    [new Float32Array([1]), new Float64Array([1]), /is a Float64Array/],
    [{ a: 1 }, { a: 1, b: 2 }, /\.b is 2, and in order it is undefined/],
    [new Map([['k', 1]]), new Map([['k', 2]]), /\[0\]\[1\] is 2/],
    [1n, 2n, /is 2n, and in order it is 1n/],
    [null, {}, /in order it is null/],
    [{ a: [new Uint8Array([1, 2])] }, { a: [new Uint8Array([1, 2])] }, null],
  ];
  for (const [expected, got, message] of cases) {
    const found = difference(expected, got, 'the value');
    if (message === null) t.equal(found, null);
    else t.match(found ?? 'none', message);
  }
  t.end();
});
