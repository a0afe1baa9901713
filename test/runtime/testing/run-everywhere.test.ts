// A program whose value depends on who runs it is found out; one that does not is run everywhere.
import t from 'tap';
import {
  difference,
  NotReproducedError,
  runEverywhere,
  waysOf,
} from '../../../runtime/testing/run-everywhere.js';

t.test('every executor is tried', async (t) => {
  const seen: number[] = [];
  const value = await runEverywhere((ctx) => {
    seen.push(ctx.workers);
    return { sum: new Float64Array([1, 2]), name: 'a' };
  });
  t.strictSame(value.name, 'a');
  t.equal(seen.length, waysOf().length + 1);
  t.ok([1, 2, 3].every((workers) => seen.includes(workers)));
});

t.test('what depends on the executor is refused by name', async (t) => {
  await t.rejects(
    runEverywhere((ctx) => ({ list: new Int32Array([0, ctx.workers]) }), { interleavings: 1 }),
    {
      constructor: NotReproducedError,
      message: /threads, 2 workers: the value\.list\[1\] is 2, and in order it is 1/,
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
