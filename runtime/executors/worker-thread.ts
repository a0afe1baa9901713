// The thread of a worker: joins the graph, and runs records until it is told to stop.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { addon } from '../../native/index.js';
import { LaneRecorder } from '../events/lane-log.js';
import { JitteryLane, pauses } from '../execution/jitter.js';
import { Lane } from '../execution/lane.js';
import { readySink, WorkerLoop } from '../execution/worker.js';
import { attachGraph, Word } from '../graph/layout.js';
import { Heap } from '../memory/heap.js';
import type { LaneData, LaneMessage } from './io-lane.js';
import { TaskLoader } from './load-task.js';
import { announceThread } from './thread-status.js';

// Programs of `maniple run` are compiled: their errors should show the lines of the user.
process.setSourceMapsEnabled(true);

const data = workerData as LaneData;
const graph = attachGraph(data.graph);
const heap = new Heap(data.heap, data.lane);
heap.outside.receive = () => receiveMessageOnPort(parentPort!)?.message;
const recorder = data.laneLog === null ? null : new LaneRecorder(data.laneLog, graph.limits.tasks + 1);
const loader = new TaskLoader(graph, heap);
const say = (message: LaneMessage) => parentPort!.postMessage(message);
announceThread(graph, data.lane);
if (data.cpu !== null) addon?.setAffinity(data.cpu);

const ring = () => say('ring');
const own = graph.deques[graph.limits.workers + data.lane]!;
// What members of gangs make ready where the launching thread runs everything else waits in their deques for it.
const sink = readySink(graph, heap, own, data.steal && !data.gangsOnly, ring);
const pause = data.jitter ? pauses(data.seed, data.lane) : null;
const ready =
  pause === null
    ? sink
    : (record: number) => {
        pause();
        sink(record);
      };
const lane = new (pause === null ? Lane : JitteryLane)(
  graph,
  heap,
  {
    lane: data.lane,
    check: data.check,
    recorder,
    saves: data.saves,
    spins: data.spins,
    log: (log) => say({ log }),
  },
  (task) => loader.get(task),
  ready,
);
if (pause !== null && lane instanceof JitteryLane) lane.pause = pause;
const loop = new WorkerLoop(
  graph,
  heap,
  lane,
  {
    lane: data.lane,
    spins: data.spins,
    steal: data.steal,
    recorder,
    gangsOnly: data.gangsOnly,
    ring,
    loaded: (task) => loader.has(task),
  },
  ready,
);

Atomics.add(graph.control, Word.started, 1);
if (data.adopts) loop.adopt();
for (let ended = loop.run(); ended !== 'stop'; ended = loop.run()) await loader.load(ended);
lane.dispose();
