// Two threads that wake each other by turns: Atomics.wait and the add-on's futex, asleep at once and after spinning.
// `npm run build` first.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { heading, perCall, row } from './timing.mjs';

const compiled = new URL('../../../dist/native/index.js', import.meta.url);
if (!existsSync(compiled)) throw new Error(`${compiled.pathname} is missing: npm run build`);
const { addon, addonAbsence } = await import(compiled.href);
if (addon === null) throw new Error(addonAbsence);

const stop = -1;
const waits = {
  'Atomics.wait': {
    sleep: (words, value) => Atomics.wait(words, 0, value, 100),
    wake: (words) => Atomics.notify(words, 0, 1),
  },
  'Atomics.wait after 1000 loads': {
    sleep: (words, value) => {
      for (let left = 1000; left > 0; left--) if (Atomics.load(words, 0) !== value) return;
      Atomics.wait(words, 0, value, 100);
    },
    wake: (words) => Atomics.notify(words, 0, 1),
  },
  futex: {
    sleep: (words, value) => addon.futexWait(words, 0, value, 100_000),
    wake: (words) => addon.futexWake(words, 0, 1),
  },
  'futex after 200 pauses': {
    sleep: (words, value) => {
      if (addon.spinWhile(words, 0, value, 200) === value) addon.futexWait(words, 0, value, 100_000);
    },
    wake: (words) => addon.futexWake(words, 0, 1),
  },
};

/** Waits until the word leaves `value`; returns what it is then. */
function turn({ sleep }, words, value) {
  for (;;) {
    const now = Atomics.load(words, 0);
    if (now !== value) return now;
    sleep(words, value);
  }
}

if (isMainThread) {
  heading('round trip of two waking threads');
  for (const [name, wait] of Object.entries(waits)) {
    const words = new Int32Array(new SharedArrayBuffer(64));
    const worker = new Worker(new URL(import.meta.url), { workerData: { name, words } });
    await once(worker, 'online');
    let value = 0;
    row(
      name,
      await perCall((n) => {
        for (let i = 0; i < n; i++) {
          Atomics.store(words, 0, ++value);
          wait.wake(words);
          value = turn(wait, words, value);
        }
      }, 5_000),
    );
    Atomics.store(words, 0, stop);
    wait.wake(words);
    await once(worker, 'exit');
  }
} else {
  const { name, words } = workerData;
  const wait = waits[name];
  for (let value = turn(wait, words, 0); value !== stop; ) {
    Atomics.store(words, 0, ++value);
    wait.wake(words);
    value = turn(wait, words, value);
  }
}
