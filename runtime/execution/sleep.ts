// How threads wait for each other. One primitive for JavaScript and native code: the add-on's futex, in short slices so
// that a thread can always be ended; Atomics.wait where there is no add-on. The protocol is told in README.md.
import { addon } from '../../native/index.js';
import { type Graph, Word } from '../graph/layout.js';

/** Longest single sleep: a lost machine or a killed thread must not leave others asleep for ever. */
const SLICE_MS = 50;

/** Sleeps while `words[index]` is `expected`, at most a slice, which may be a shorter one. */
export function sleep(words: Int32Array, index: number, expected: number, slice_us = SLICE_MS * 1000): void {
  if (addon === null) Atomics.wait(words, index, expected, slice_us / 1000);
  else addon.futexWait(words, index, expected, slice_us);
}

/** Wakes up to `count` threads asleep on a word whose value was changed before. */
export function wake(words: Int32Array, index: number, count: number): void {
  if (addon === null) Atomics.notify(words, index, count);
  else addon.futexWake(words, index, count);
}

/** Some work was made ready: wakes one sleeping worker, if one sleeps; or all, where not any of them may take it. */
export function announceWork({ control }: Graph, wakes = 1): void {
  if (Atomics.load(control, Word.sleepers) === 0) return;
  Atomics.add(control, Word.epoch, 1);
  wake(control, Word.epoch, wakes);
}

/** Many workers have something to do: wakes all that sleep. */
export function wakeAll(graph: Graph): void {
  announceWork(graph, graph.limits.workers);
}

/** A record was retired-to-be: wakes the launching thread when that was the last one it waits for. */
export function announceRetired({ control }: Graph): void {
  if (Atomics.load(control, Word.launcher) === 0) return;
  if (Atomics.sub(control, Word.countdown, 1) === 1) wakeLauncher(control);
}

/** Something only the launching thread can do is ready: wakes it if it sleeps. */
export function wakeLauncher(control: Int32Array): void {
  if (Atomics.exchange(control, Word.launcher, 0) !== 0) wake(control, Word.launcher, 1);
}

/** The launching thread: sleeps until `count` records were retired, or something else wants it, or a slice is over. */
export function sleepLauncher(
  { control }: Graph,
  count: number,
  stillWanted: () => boolean,
  slice_us?: number,
): void {
  Atomics.store(control, Word.countdown, count);
  Atomics.store(control, Word.launcher, 1);
  // Whoever changed the condition before seeing the flag did so before this look at it.
  if (stillWanted()) sleep(control, Word.launcher, 1, slice_us);
  Atomics.store(control, Word.launcher, 0);
}
