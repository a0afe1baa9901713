// The threads of one lane, one after the other: when one is lost, another takes its place and goes on with what it had.
import type { Worker } from 'node:worker_threads';
import { mendLocks } from '../execution/lost-locks.js';
import { whileWaiting } from '../execution/spin-lock.js';
import { LaneWord, Status } from '../graph/lanes.js';
import { lineOf } from '../graph/layout.js';
import type { ExecutorParts } from './executor.js';
import { threadLives } from './thread-status.js';

/** Threads lost in a row that never got to look for work: then there is something wrong that another will not mend. */
const STILLBORN_MAX = 3;

/** How often the system is asked whether a thread lives. */
const ASKS_MS = 50;

export class LaneThreads {
  readonly #parts: ExecutorParts;
  readonly #lane: number;
  readonly #line: Int32Array;
  readonly #make: (adopts: boolean) => Worker;
  #thread: Worker;
  #looks = 0;
  #stillborn = 0;
  #stopping = false;
  #given = false;
  #asked_ms = 0;
  #keeps = true;
  #condemned: Worker | null = null;
  readonly #forgetLock: () => void;

  /** `make` starts a thread; `adopts` says that one before it was lost. */
  constructor(parts: ExecutorParts, lane: number, make: (adopts: boolean) => Worker) {
    this.#parts = parts;
    this.#lane = lane;
    this.#line = lineOf(parts.graph, lane);
    this.#make = make;
    this.#thread = this.#start(false);
    this.#forgetLock = whileWaiting(() => this.look());
  }

  #start(adopts: boolean): Worker {
    this.#looks = this.#line[LaneWord.looks]!;
    const thread = this.#make(adopts);
    let why: Error | null = null;
    thread.on('error', (error: Error) => {
      why = error;
    });
    thread.on('exit', (code) => {
      this.#left(thread, why ?? new Error(`it ended with code ${code}`));
    });
    return thread;
  }

  /** Looks in shared memory whether the thread has left: its events reach only a launching thread that is not blocked. */
  look(): void {
    const status = Atomics.load(this.#line, LaneWord.status);
    if (status === Status.left || (status === Status.alive && !this.#lives())) {
      this.#left(this.#thread, new Error('it ended'));
    }
  }

  /** Asks the system whether the thread is there, where nobody else says so, and not too often. */
  #lives(): boolean {
    const thread = this.#line[LaneWord.thread]!;
    if (thread === 0) return true;
    const now = performance.now();
    if (now - this.#asked_ms < ASKS_MS) return true;
    this.#asked_ms = now;
    return threadLives(thread);
  }

  #left(thread: Worker, why: Error): void {
    if (this.#stopping || this.#given || thread !== this.#thread) return;
    const { graph, heap } = this.#parts;
    // Where nothing but its event says so, the others must hear of it before they wait for what it holds.
    Atomics.store(this.#line, LaneWord.status, Status.left);
    heap.forfeit(this.#lane);
    if (Atomics.load(graph.lanes, this.#lane * LaneWord.words + LaneWord.looks) === this.#looks) {
      this.#stillborn++;
    } else this.#stillborn = 0;
    mendLocks(graph, heap, this.#lane);
    if (this.#stillborn >= STILLBORN_MAX) {
      this.#given = true;
      this.#parts.lost(this.#lane, why, false);
      return;
    }
    Atomics.store(this.#line, LaneWord.status, Status.absent);
    this.#thread = this.#start(true);
    if (!this.#keeps) this.keepAlive(true);
    this.#parts.lost(this.#lane, why, true);
  }

  /** Whether the thread keeps the process alive. */
  keepAlive(alive: boolean): void {
    this.#keeps = alive;
    if (alive) this.#thread.ref();
    else this.#thread.unref();
  }

  /** Ends the thread at whatever it is doing, for tests; false when that was asked for before. */
  kill(): boolean {
    if (this.#condemned === this.#thread) return false;
    this.#condemned = this.#thread;
    void this.#thread.terminate();
    return true;
  }

  /** Waits `patience_ms` for the loop to see the stop word; a task that runs on and on is ended with its thread. */
  async stop(patience_ms: number): Promise<void> {
    this.#stopping = true;
    this.#forgetLock();
    const thread = this.#thread;
    thread.ref();
    if (thread.threadId < 0) return; // it has ended already
    if (patience_ms === 0) {
      await thread.terminate();
      return;
    }
    await new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
      const late = setTimeout(() => void thread.terminate(), patience_ms);
      thread.once('exit', () => clearTimeout(late));
    });
  }
}
