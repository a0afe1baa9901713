// A lane's thread says that it is there, and arranges that its end is known, whatever ends it.
import { existsSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { addon } from '../../native/index.js';
import { lockAs } from '../execution/spin-lock.js';
import { LaneWord, Status } from '../graph/lanes.js';
import { type Graph, lineOf, Word } from '../graph/layout.js';

/** The system's number of this thread; 0 where it does not tell. */
function ownThread(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')));
  } catch {
    return 0; // not Linux
  }
}

/** Whether a thread of this process is there, by its number; true where that is not known. */
export function threadLives(thread: number): boolean {
  return thread === 0 || existsSync(`/proc/self/task/${thread}`);
}

/**
 * With the add-on, the end of the thread is seen in shared memory at once, even by a launching thread that is blocked.
 * Without it that holds for process.exit() and exceptions; whether terminate() or an exhausted heap has ended a thread a
 * launching thread that is blocked asks the system, now and then (on Linux; elsewhere it hears of it in its event loop alone).
 */
export function announceThread(graph: Graph, lane: number): void {
  const line = lineOf(graph, lane);
  lockAs(lane);
  if (addon?.onThreadEnd !== undefined) {
    addon.onThreadEnd(line, LaneWord.status, Status.left, graph.control, Word.launcher);
  } else {
    Atomics.store(line, LaneWord.thread, ownThread());
    process.on('exit', () => Atomics.store(line, LaneWord.status, Status.left));
  }
  Atomics.add(line, LaneWord.looks, 1);
  Atomics.store(line, LaneWord.status, Status.alive);
}
