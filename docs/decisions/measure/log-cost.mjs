// What the pieces of the event log cost, each alone: a record on its lane, a record and its edges on the launching thread,
// the checksum. node docs/decisions/measure/log-cost.mjs, after npm run build.
import { checksum } from '../../../dist/runtime/events/checksum.js';
import { createLaneLog, LaneRecorder } from '../../../dist/runtime/events/lane-log.js';
import { ProgramLog } from '../../../dist/runtime/events/program-log.js';

/** The least processor time of ten rounds, nanoseconds per item. */
function least(items, round) {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 10; repeat++) {
    const before = process.cpuUsage();
    round();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (1000 * (user + system)) / items);
  }
  return best.toFixed(1);
}

const recorder = new LaneRecorder(createLaneLog(1 << 14, 0), 10);
const onLane = () => {
  for (let i = 0; i < 300_000; i++) {
    recorder.found(0, 0);
    recorder.begin(1);
    recorder.end(i, 1, 0);
  }
};
console.log(`empty records on a lane: ${least(300_000, onLane)} ns`);

for (const edges of [0, 4]) {
  const log = new ProgramLog(
    () => {},
    () => 1,
  );
  let operation = 0;
  const launches = () => {
    for (let launch = 0; launch < 200; launch++) {
      operation++;
      log.event(9, 0, [operation, 1, 1, 1, 0, 1000]);
      for (let i = 0; i < 1000; i++) {
        log.open(operation, i, 1, i >= 500 ? 1 : 0);
        for (let e = 0; e < edges; e++) log.edge(log.newest - 1000 - e, true);
        log.seal();
      }
      if (operation > 1) for (let i = 0; i < 1000; i++) log.retire((operation - 2) * 1000 + i);
    }
  };
  console.log(`records with ${edges} edges on the launching thread: ${least(200_000, launches)} ns`);
}

const words = Int32Array.from({ length: 1 << 18 }, (_, i) => 7 * i);
let sum = 0;
const sums = () => {
  for (let i = 0; i < 20; i++) sum ^= checksum(words, 0, words.length);
};
console.log(`checksum: ${least(20 * words.length, sums)} ns per word${sum === 0 ? ' ' : ''}`);
