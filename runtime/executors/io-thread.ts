// The thread of the I/O lane: starts every ready asynchronous task at once, and waits in its event loop.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LaneRecorder } from '../events/lane-log.js';
import { Finisher } from '../execution/finish.js';
import { Lane } from '../execution/lane.js';
import { guardReplicable } from '../execution/replicable.js';
import { acquire, release } from '../execution/reservation.js';
import { announceRetired } from '../execution/sleep.js';
import { takeReady } from '../execution/stack.js';
import { readySink, toLauncher } from '../execution/worker.js';
import { LaneWord, Phase } from '../graph/lanes.js';
import { attachGraph, lineOf, NONE, State, Word } from '../graph/layout.js';
import { unjudged } from '../graph/poison.js';
import { Heap } from '../memory/heap.js';
import type { LaneData, LaneMessage } from './io-lane.js';
import { TaskLoader } from './load-task.js';
import { announceThread } from './thread-status.js';

process.setSourceMapsEnabled(true); // as in the threads of workers

const data = workerData as LaneData;
const graph = attachGraph(data.graph);
const heap = new Heap(data.heap, data.lane);
heap.outside.receive = () => receiveMessageOnPort(parentPort!)?.message;
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
    check: data.check,
    recorder,
    saves: data.saves,
    log: (log) => say({ log }),
  },
  (task) => loader.get(task),
  ready,
);
const finisher = new Finisher(graph, data.lane, ready);

const line = lineOf(graph, data.lane);
announceThread(graph, data.lane);
if (data.check) guardReplicable();

function told(watched: boolean): void {
  if (watched && Atomics.exchange(graph.control, Word.wanted, 0) === 1) say('ring');
  announceRetired(graph);
  // Between two events this lane has nothing in its hands: see LostRecords.
  Atomics.store(line, LaneWord.phase, Phase.body);
}

/** Runs one task from start to end. `adopted`: a thread on this lane was lost with it. */
async function start(record: number, adopted: boolean): Promise<void> {
  const task = graph.task[graph.launch[record]!]!;
  if (!loader.has(task)) await loader.load(task);
  // One that waits in a queue comes again.
  if (!acquire(graph, heap, record)) return;
  const done = (!adopted || lane.mayBeginAgain(record)) && (await lane.runAsync(record));
  release(graph, heap, record, ready);
  told(finisher.finish(record, !done));
}

function adopt(): void {
  const ending = line[LaneWord.phase] === Phase.ending ? line[LaneWord.record]! : NONE;
  if (ending !== NONE) told(finisher.resume());
  const running = State.running + data.lane;
  for (let record = 0; record < graph.limits.records; record++) {
    if (graph.state[record] === running && record !== ending) void start(record, graph.poison[record] === 0);
  }
}

if (data.adopts) adopt();
// A promise of Atomics.waitAsync does not keep the thread alive; this does.
const alive = setInterval(() => {}, 2 ** 30);
while (Atomics.load(graph.control, Word.stop) === 0) {
  const seen = Atomics.load(graph.control, Word.io);
  line[LaneWord.phase] = Phase.looking;
  const records = takeReady(graph, Word.ioStack);
  const own = records.filter((record) => !unjudged(graph, record));
  for (const record of records) if (!own.includes(record)) toLauncher(graph, record, () => say('ring'));
  for (const record of own) graph.state[record] = State.running + data.lane;
  line[LaneWord.looks] = (line[LaneWord.looks]! + 1) | 0;
  Atomics.store(line, LaneWord.phase, Phase.body);
  for (const record of own) void start(record, false);
  if (records.length > 0) continue;
  const change = Atomics.waitAsync(graph.control, Word.io, seen, 1000);
  if (change.async) await change.value;
}
clearInterval(alive);
