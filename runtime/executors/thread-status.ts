// A lane's thread says that it is there, and arranges that its end is known, whatever ends it.
import { addon } from '../../native/index.js';
import { lockAs } from '../execution/spin-lock.js';
import { LaneWord, Status } from '../graph/lanes.js';
import { type Graph, lineOf, Word } from '../graph/layout.js';

/**
 * With the add-on, the end of the thread is seen in shared memory at once, even by a launching thread that is blocked.
 * Without it that holds for process.exit() and exceptions; of terminate() and an exhausted heap the launching thread hears
 * in its event loop alone.
 */
export function announceThread(graph: Graph, lane: number): void {
  const line = lineOf(graph, lane);
  lockAs(lane);
  if (addon?.onThreadEnd !== undefined) {
    addon.onThreadEnd(line, LaneWord.status, Status.left, graph.control, Word.launcher);
  } else process.on('exit', () => Atomics.store(line, LaneWord.status, Status.left));
  Atomics.add(line, LaneWord.looks, 1);
  Atomics.store(line, LaneWord.status, Status.alive);
}
