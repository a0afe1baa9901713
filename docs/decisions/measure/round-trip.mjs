// One empty task from the main thread to a worker and back: piscina, comlink, postMessage, and a word in shared memory.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { heading, perCall, row } from './timing.mjs';

const self = new URL(import.meta.url);

/** What a piscina worker runs. */
export default function empty() {
  return 0;
}

function answerWord(words, spin) {
  for (let turn = 1; ; turn += 2) {
    let left = spin;
    while (Atomics.load(words, 0) !== turn && left-- > 0);
    while (Atomics.load(words, 0) !== turn) {
      if (Atomics.load(words, 1) === 1) return;
      Atomics.wait(words, 0, turn - 1, 100);
    }
    Atomics.store(words, 0, turn + 1);
    Atomics.notify(words, 0);
  }
}

if (!isMainThread && workerData?.role === 'message')
  parentPort.on('message', (n) => parentPort.postMessage(n));
if (!isMainThread && workerData?.role === 'comlink') Comlink.expose({ empty }, nodeEndpoint(parentPort));
if (!isMainThread && workerData?.role === 'word') answerWord(workerData.words, workerData.spin);

if (isMainThread) {
  heading('round trip of an empty task');

  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename: self.href, minThreads: 1, maxThreads: 1 });
  row(
    'piscina `run()`',
    await perCall(async (n) => {
      for (let i = 0; i < n; i++) await pool.run(null);
    }, 5_000),
  );
  await pool.destroy();

  const comlink = new Worker(self, { workerData: { role: 'comlink' } });
  const remote = Comlink.wrap(nodeEndpoint(comlink));
  row(
    'comlink call',
    await perCall(async (n) => {
      for (let i = 0; i < n; i++) await remote.empty();
    }, 5_000),
  );
  await comlink.terminate();

  const message = new Worker(self, { workerData: { role: 'message' } });
  row(
    '`postMessage`',
    await perCall(async (n) => {
      for (let i = 0; i < n; i++) {
        const back = once(message, 'message');
        message.postMessage(i);
        await back;
      }
    }, 5_000),
  );
  await message.terminate();

  for (const spin of [0, 1_000]) {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(self, { workerData: { role: 'word', words, spin } });
    await once(worker, 'online');
    let turn = 0;
    const name =
      spin === 0 ? 'shared word, `Atomics.wait`' : `shared word, ${spin} loads of spinning, then wait`;
    row(
      name,
      await perCall((n) => {
        for (let i = 0; i < n; i++) {
          Atomics.store(words, 0, turn + 1);
          Atomics.notify(words, 0);
          let left = spin;
          while (Atomics.load(words, 0) !== turn + 2 && left-- > 0);
          while (Atomics.load(words, 0) !== turn + 2) Atomics.wait(words, 0, turn + 1, 100);
          turn += 2;
        }
      }, 5_000),
    );
    Atomics.store(words, 1, 1);
    await worker.terminate();
  }
}
