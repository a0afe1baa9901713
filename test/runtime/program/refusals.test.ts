// What the runtime refuses, and how it says so: at the launch where it can, at the task where it must.
import t from 'tap';
import { guardBut } from '../../../runtime/execution/guard.js';
import {
  BoundsError,
  type Ctx,
  InterferenceError,
  LaunchError,
  type ManipleError,
  OutOfMemoryError,
  type RunOptions,
  reduces,
  run,
  TaskError,
  task,
  WorkerLostError,
} from '../../../runtime/index.js';
import { Access } from '../../../runtime/memory/view-layout.js';
import {
  dying,
  endless,
  Grid,
  getHidden,
  identity,
  promising,
  readAndWrite,
  scribble,
  write,
} from './odd.tasks.js';

/** The error that a program ends with. */
async function errorOf(main: (ctx: Ctx) => unknown, options: RunOptions = {}): Promise<ManipleError> {
  return run(async (ctx) => main(ctx), { executor: 'inOrder', ...options }).then(
    () => {
      throw new Error('nothing was refused');
    },
    (error) => error as ManipleError,
  );
}

const refusals: [string, (ctx: Ctx) => unknown, new (...args: never[]) => ManipleError, RegExp][] = [
  [
    'a function as a task',
    (ctx) => ctx.launch((() => 1) as never, {}),
    LaunchError,
    /functions cannot be sent to workers: declare it with task/,
  ],
  [
    'a function as an argument',
    (ctx) => ctx.launch(identity, {}, { value: { deep: [() => 1] } }),
    LaunchError,
    /argument value\.deep\.0 is a function/,
  ],
  [
    'a promise as an argument',
    (ctx) => ctx.launch(identity, {}, { value: Promise.resolve(1) }),
    LaunchError,
    /argument value is a promise: await it/,
  ],
  [
    'points that write the same data',
    (ctx) => {
      const v = ctx.region([10], Grid, { name: 'grid' });
      const halos = v.partition.restrict({ colors: [3], transform: [[3]], extent: [4] });
      ctx.index([3], write, { v: halos.at() as never });
    },
    InterferenceError,
    /points 0 and 1 of the launch both hold point 3 through v \(update of grid\.x\)/,
  ],
  [
    'points that are projected to one colour',
    (ctx) => {
      const v = ctx.region([10], Grid);
      const p = v.partition.equal([5]);
      ctx.index([3], write, { v: p.at(([i]) => [i! % 2]) });
    },
    InterferenceError,
    /points 0 and 2/,
  ],
  [
    'two requirements that interfere',
    (ctx) => {
      const v = ctx.region([10], Grid, { name: 'grid' });
      const p = v.partition.equal([5]);
      ctx.index([5], readAndWrite, { from: p.at(([i]) => [(i! + 1) % 5]), to: p.at() });
    },
    InterferenceError,
    /from \(read of grid\.x\) at point \d and to \(update of grid\.x\) at point \d both hold point/,
  ],
  [
    'a colour that the partition has not',
    (ctx) => {
      const v = ctx.region([10], Grid);
      ctx.index([6], write, { v: v.partition.equal([5]).at() });
    },
    BoundsError,
    /point 5 of the launch is projected to colour 5/,
  ],
  [
    'a partition without at()',
    (ctx) => {
      const v = ctx.region([10], Grid);
      ctx.index([5], write, { v: v.partition.equal([5]) as never });
    },
    LaunchError,
    /is a partition: say partition\.at\(\)/,
  ],
  [
    'a missing region',
    (ctx) => ctx.launch(write, {} as never),
    LaunchError,
    /no region was given for its requirement v/,
  ],
  [
    'a region too many',
    (ctx) => ctx.launch(identity, { v: 1 } as never, { value: 1 }),
    LaunchError,
    /has no requirement called v/,
  ],
  [
    'a freed region',
    (ctx) => {
      const v = ctx.region([10], Grid, { name: 'gone' });
      v.free();
      ctx.launch(write, { v });
    },
    LaunchError,
    /Region gone was freed/,
  ],
  [
    'a region larger than the budget',
    (ctx) => ctx.fill(ctx.region([10 ** 8], Grid, { name: 'huge' }), 'x', 1),
    OutOfMemoryError,
    /huge\.x needs 762\.9 MiB, but of the budget of 64\.0 MiB .* raise --memory/,
  ],
  [
    'values of the wrong length',
    (ctx) => ctx.region([10], Grid).write('x', [1, 2, 3]),
    LaunchError,
    /takes 10 numbers .* not 3/,
  ],
  [
    'a fill with no number',
    (ctx) => ctx.fill(ctx.region([10], Grid), 'x', 'seven' as never),
    LaunchError,
    /cannot be filled with seven/,
  ],
  [
    'a leaf that returns a promise',
    (ctx) => ctx.launch(promising, {}),
    TaskError,
    /it returned a promise, but leaf tasks are synchronous/,
  ],
];

for (const [what, main, kind, message] of refusals) {
  t.test(what, async (t) => {
    const error = await errorOf(main, { memory: 64 * 2 ** 20 });
    t.type(error, kind);
    t.match(error.message, message);
    t.equal(error.exitCode, 5);
  });
}

t.test('declarations', async (t) => {
  t.throws(() => task({ module: import.meta.url, name: 'a', run: async () => {} }), /async: true/);
  t.throws(() => task({ module: 'here', name: 'a', run() {} }), /must be import\.meta\.url/);
  t.throws(() => reduces(Grid, 'xor', 'x'), /works on bits/);
});

t.test('a task that its module does not export', async (t) => {
  const error = await errorOf((ctx) => ctx.launch(getHidden(), {}), { executor: 'threads', workers: 1 });
  t.type(error, TaskError);
  t.match(error.message, /exports no task called hidden/);
});

t.test('a worker that dies', async (t) => {
  const error = await errorOf((ctx) => ctx.launch(dying, {}), { executor: 'threads', workers: 2 });
  t.type(error, WorkerLostError);
  t.match(error.message, /4 worker threads that ran it are gone/);
});

t.test('a main function that throws while a task runs for ever', async (t) => {
  const error = await errorOf(
    (ctx) => {
      ctx.launch(endless, {});
      throw new Error('the beam is off');
    },
    { executor: 'threads', workers: 2 },
  );
  t.match(error.message, /the beam is off/);
});

t.test('--check', async (t) => {
  const program = (where: 'read-only' | 'outside' | 'inside') => async (ctx: Ctx) => {
    const v = ctx.region([8, 8], Grid);
    ctx.index([4, 2], scribble, { v, tile: v.partition.blocks([2, 4]).at() }, { where });
    await ctx.fence();
  };
  const outside = await errorOf(program('outside'), { check: true });
  t.match(outside.message, /field y: offset \d+ is not a point of this view/);
  await t.resolves(run(program('inside'), { executor: 'inOrder', check: true }));
});

t.test('--check: a method that reaches between the points of a view', (t) => {
  // Two of every four offsets are points, two numbers each.
  const field = guardBut([])(
    Float64Array.from({ length: 16 }, (_, i) => i),
    Access.write,
    Int32Array.of(0, 2, 4, 2),
    2,
    'y',
  ) as Float64Array;
  const refused =
    /^field y: \w+ would touch offset 4, which is not a point of this view: go through the points/;
  t.throws(() => field.fill(0), refused);
  t.throws(() => Math.max(...field), refused);
  t.throws(() => field.map((x) => x), refused);
  t.throws(() => field.set([1, 2], 3), refused);
  t.throws(() => field.subarray(2, 6), refused);
  t.throws(() => field.at(-12), refused);
  t.throws(() => field.indexOf(3), refused);
  t.throws(() => field.copyWithin(2, 8, 12), refused);
  field.fill(-1, 8, 12);
  field.copyWithin(8, 1, 3);
  t.same([...field.subarray(8, 10)], [1, 2]);
  field.fill(-1, 8, 12);
  field.set([5, 6], 2);
  t.same([...field.slice(0, 4)], [0, 1, 5, 6]);
  t.same([...field.subarray(-8, 12)], [-1, -1, -1, -1]);
  t.equal(field.at(-5), -1);
  const whole = guardBut([])(new Float64Array(4), Access.write, null, 1, 'y') as Float64Array;
  t.same([...whole.fill(2)], [2, 2, 2, 2]);
  t.end();
});
