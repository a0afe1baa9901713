// The thread of the I/O lane: starts every ready asynchronous task at once, and waits in its event loop.
import { parentPort, workerData } from 'node:worker_threads';
import { LaneRecorder } from '../events/lane-log.js';
import { Finisher } from '../execution/finish.js';
import { Lane } from '../execution/lane.js';
import { acquire, release } from '../execution/reservation.js';
import { announceRetired } from '../execution/sleep.js';
import { takeReady } from '../execution/stack.js';
import { readySink, toLauncher } from '../execution/worker.js';
import { attachGraph, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import { Heap } from '../memory/heap.js';
import type { LaneData, LaneMessage } from './io-lane.js';
import { TaskLoader } from './load-task.js';

process.setSourceMapsEnabled(true); // as in the threads of workers

const data = workerData as LaneData;
const graph = attachGraph(data.graph);
const heap = new Heap(data.heap);
const recorder = data.laneLog === null ? null : new LaneRecorder(data.laneLog, graph.limits.tasks + 1);
const loader = new TaskLoader(graph, heap);
const say = (message: LaneMessage) => parentPort!.postMessage(message);
// Leaf tasks that this lane makes ready wait in its own deque, for others to steal: it runs none of them.
const ready = readySink(graph, heap, graph.deques[2 * graph.limits.workers]!, data.steal, () => say('ring'));
const lane = new Lane(
  graph,
  heap,
  {
    lane: data.lane,
    seed: data.seed,
    check: data.check,
    recorder,
    log: (log) => say({ log }),
  },
  (task) => loader.get(task),
  ready,
);
const finisher = new Finisher(graph, data.lane, ready);

async function start(record: number): Promise<void> {
  const task = graph.task[graph.launch[record]!]!;
  if (!loader.has(task)) await loader.load(task);
  if (!acquire(graph, heap, record)) return;
  const done = await lane.runAsync(record);
  release(graph, heap, record, ready);
  if (finisher.finish(record, !done) && Atomics.exchange(graph.control, Word.wanted, 0) === 1) say('ring');
  announceRetired(graph);
}

// A promise of Atomics.waitAsync does not keep the thread alive; this does.
const alive = setInterval(() => {}, 2 ** 30);
while (Atomics.load(graph.control, Word.stop) === 0) {
  const seen = Atomics.load(graph.control, Word.io);
  const records = takeReady(graph, Word.ioStack);
  for (const record of records) {
    if (unjudged(graph, record)) toLauncher(graph, record, () => say('ring'));
    else void start(record);
  }
  if (records.length > 0) continue;
  const change = Atomics.waitAsync(graph.control, Word.io, seen, 1000);
  if (change.async) await change.value;
}
clearInterval(alive);
