// The futex of the add-on: between real threads, with a limit, and under termination.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { addon, addonAbsence, CHANGED, TIMED_OUT, WOKEN } from '../../native/index.js';

const loader = new URL('../../native/index.js', import.meta.url).href;
const skip =
  addon === null || addon.futexWait === undefined ? (addonAbsence ?? 'no futex on this system') : false;

/** Starts a worker whose body sees `addon`, `view` and `parentPort`. */
function start(view: Int32Array, body: string): Worker {
  const code = `import { parentPort, workerData } from 'node:worker_threads';
    const { addon } = await import(${JSON.stringify(loader)});
    const view = workerData;
    ${body}`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: view });
}

const words = () => new Int32Array(new SharedArrayBuffer(16));

t.test('a wait ends with the reason', { skip }, async (t) => {
  const view = words();
  t.equal(addon!.futexWait(view, 1, 7, 1e6), CHANGED);
  const before = addon!.monotonicNs();
  t.equal(addon!.futexWait(view, 1, 0, 50_000), TIMED_OUT);
  t.ok(addon!.monotonicNs() - before >= 50e6, 'not before its time');
  t.equal(addon!.futexWait(view, 1, 0, 0), TIMED_OUT);
  t.equal(addon!.futexWake(view, 1, 10), 0);
  t.throws(() => addon!.futexWait(view, 4, 0, 0), /outside the view/);
  t.throws(() => addon!.futexWait(new Float64Array(1) as unknown as Int32Array, 0, 0, 0), /Int32Array/);
});

t.test('two threads hand a word to and fro', { skip }, async (t) => {
  const view = words();
  const rounds = 500;
  const worker = start(
    view,
    `for (let round = 0; round < ${rounds}; round++) {
      while (Atomics.load(view, 0) !== 2 * round + 1) addon.futexWait(view, 0, 2 * round, Infinity);
      Atomics.store(view, 0, 2 * round + 2);
      addon.futexWake(view, 0, 1);
    }
    parentPort.postMessage('done');`,
  );
  const done = once(worker, 'message');
  for (let round = 0; round < rounds; round++) {
    Atomics.store(view, 0, 2 * round + 1);
    addon!.futexWake(view, 0, 1);
    while (Atomics.load(view, 0) !== 2 * round + 2) addon!.futexWait(view, 0, 2 * round + 1, Infinity);
  }
  t.same(await done, ['done']);
  t.equal(Atomics.load(view, 0), 2 * rounds);
});

t.test('a sleeper reports that it was woken', { skip }, async (t) => {
  const view = words();
  const worker = start(
    view,
    `parentPort.postMessage('ready');
     const ends = [];
     for (;;) {
       ends.push(addon.futexWait(view, 0, 0, Infinity));
       if (Atomics.load(view, 0) !== 0) break;
     }
     parentPort.postMessage(ends);`,
  );
  await once(worker, 'message');
  const ends = once(worker, 'message');
  // Wakes without a store may be missed, so they are repeated until one meets the sleeper.
  let woken = 0;
  while (woken === 0) woken = addon!.futexWake(view, 0, 1);
  t.equal(woken, 1);
  Atomics.store(view, 0, 1);
  addon!.futexWake(view, 0, 1);
  const [reasons] = (await ends) as [number[]];
  t.ok(reasons.includes(WOKEN), `reasons ${reasons}`);
});

t.test('terminate() ends a worker that waits for ever', { skip }, async (t) => {
  const view = words();
  const worker = start(view, `parentPort.postMessage('ready'); addon.futexWait(view, 0, 0, Infinity);`);
  await once(worker, 'message');
  t.equal(await worker.terminate(), 1);
});

t.test('process.exit() ends a process whose worker waits for ever', { skip }, (t) => {
  const inside = `import { parentPort } from 'node:worker_threads';
    const { addon } = await import('${loader}');
    parentPort.postMessage('ready');
    addon.futexWait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Infinity);`;
  const code = `import { Worker } from 'node:worker_threads';
    const worker = new Worker(new URL('data:text/javascript,${encodeURIComponent(inside).replaceAll("'", '%27')}'));
    worker.on('message', () => setTimeout(() => process.exit(7), 30));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 60_000 });
  t.equal(done.status, 7, String(done.stderr));
  t.end();
});

t.test('spinning returns the value that ended it', { skip }, (t) => {
  const view = words();
  t.equal(addon!.spinWhile(view, 0, 0, 10), 0);
  view[0] = 5;
  t.equal(addon!.spinWhile(view, 0, 0, 10), 5);
  t.throws(() => addon!.spinWhile(view, 0, 0, -1), /iterations/);
  t.end();
});

t.test('a thread can be pinned, and asked for its time', { skip }, async (t) => {
  const cpus = addon!.allowedCpus();
  t.ok(cpus.length > 0);
  const last = cpus[cpus.length - 1]!;
  const worker = start(
    words(),
    `const pinned = addon.setAffinity(${last});
     const before = addon.threadCpuTimeNs();
     for (let i = 0, s = 0; i < 1e6; i++) s += i;
     parentPort.postMessage([pinned, addon.allowedCpus(), addon.threadCpuTimeNs() > before]);`,
  );
  const [answer] = await once(worker, 'message');
  t.same(answer, [true, [last], true]);
  t.same(addon!.allowedCpus(), cpus, 'the other thread keeps its processors');
});
