// Abort signals: what has not started is skipped and fails with a CancelledError; what runs is finished.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  CancelledError,
  InterruptedError,
  type RunOptions,
  run,
  TaskError,
  UpstreamError,
} from '../../../runtime/index.js';
import { scratchFolder } from '../../support/command.js';
import { endless, Grid, identity, patient, sum, write } from './odd.tasks.js';
import { failing, later, Vec } from './vector.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual', eagerness: 0 },
  { executor: 'threads', workers: 2 },
];

const settled = async (value: PromiseLike<unknown>): Promise<string> => {
  try {
    await value;
    return 'done';
  } catch (error) {
    return error instanceof UpstreamError ? `after ${error.root.name}` : (error as Error).name;
  }
};

t.test('a launch under a signal that was aborted before', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const v = ctx.region([4], Grid);
      const w = ctx.region([4], Vec);
      const signal = AbortSignal.abort(new Error('enough of it'));
      const gone = ctx.launch(write, { v }, {}, { signal });
      const reader = ctx.launch(write, { v });
      const folds = ctx.index([8], sum, { v }, { by: 1 }, { signal });
      const io = ctx.launch(later, { v: w }, { by: 1 }, { signal });
      const other = ctx.launch(identity, {}, { value: 1 }, { signal });
      const value = ctx.launch(identity, {}, { value: 5 });
      t.same(await Promise.all([gone, reader, folds, io, other, value].map(settled)), [
        'CancelledError',
        'after CancelledError',
        'CancelledError',
        'CancelledError',
        'CancelledError',
        'done',
      ]);
      await t.rejects(gone.then(), {
        message: /task write, launched at .*cancellation.test.*was cancelled: enough of it/,
      });
      await t.rejects(v.read('x'), UpstreamError);
      ctx.fill(v, 'x', 1);
      t.same([...(await v.read('x'))], [1, 1, 1, 1], 'overwritten, the region is good again');
    }, options);
  }
});

t.test('running tasks are finished, and may look; what waits is skipped', async (t) => {
  await run(
    async (ctx) => {
      const v = ctx.region([4], Grid);
      const controller = new AbortController();
      const { signal } = controller;
      const begun = join(scratchFolder(), 'begun');
      const running = ctx.launch(patient, { v }, { ms: 30_000, begun }, { signal });
      const waiting = ctx.launch(write, { v }, {}, { signal });
      const free = ctx.launch(identity, {}, { value: 1 });
      t.equal(await free, 1);
      while (!existsSync(begun)) await sleep(5);
      controller.abort();
      t.equal(await running, true, 'it saw that it was cancelled');
      await t.rejects(waiting.then(), CancelledError);
    },
    { executor: 'threads', workers: 2 },
  );
});

t.test('one listener for many launches, and none when they have ended', async (t) => {
  await run(
    async (ctx) => {
      const controller = new AbortController();
      let listeners = 0;
      const { signal } = controller;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = ((...args: Parameters<typeof add>) => {
        listeners++;
        add(...args);
      }) as typeof signal.addEventListener;
      signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
        listeners--;
        remove(...args);
      }) as typeof signal.removeEventListener;
      for (let i = 0; i < 100; i++) ctx.launch(identity, {}, { value: i }, { signal });
      t.equal(listeners, 1);
      await ctx.fence();
      t.equal(listeners, 0);
      controller.abort();
    },
    { executor: 'virtual', eagerness: 0 },
  );
});

t.test('a task that threw is a better reason than the cancellation', async (t) => {
  await run(async (ctx) => {
    const v = ctx.region([4], Vec);
    const controller = new AbortController();
    const launch = ctx.launch(failing, { v }, { bad: 0 }, { signal: controller.signal });
    await settled(launch);
    controller.abort();
    await t.rejects(launch.then(), TaskError);
  });
});

t.test('a run that is aborted', async (t) => {
  for (const options of machines) {
    const controller = new AbortController();
    let refused: unknown;
    const ended = run(
      async (ctx) => {
        const v = ctx.region([4], Grid);
        ctx.launch(write, { v });
        controller.abort(new InterruptedError('interrupted'));
        try {
          ctx.launch(write, { v });
        } catch (error) {
          refused = error;
          throw error;
        }
      },
      { ...options, signal: controller.signal },
    );
    await t.rejects(ended, { name: 'CancelledError', exitCode: 130, message: /interrupted/ });
    t.match(refused, CancelledError);
  }
});

t.test('a program that waits for something else, and tasks that never end, are left', async (t) => {
  const controller = new AbortController();
  const ended = run(
    async (ctx) => {
      ctx.launch(endless, {});
      await new Promise(() => {});
    },
    { executor: 'threads', workers: 1, signal: controller.signal },
  );
  await sleep(100);
  controller.abort();
  await t.rejects(ended, CancelledError);
  const quick = new AbortController();
  const start = Date.now();
  const idle = run(async () => new Promise(() => {}), { executor: 'virtual', signal: quick.signal });
  quick.abort();
  await t.rejects(idle, CancelledError);
  t.ok(Date.now() - start < 1000);
});
