/** Times a synchronous function on this thread, in processor time where the add-on can tell it: other programs on the
 * machine then disturb less. */
import { addon } from '../../../native/index.js';

export interface Timing {
  /** Milliseconds of the fastest repeat. */
  readonly best: number;
  readonly median: number;
  /** (largest - smallest) / median. */
  readonly spread: number;
}

const now: () => number =
  addon?.threadCpuTimeNs === undefined ? () => performance.now() : () => addon!.threadCpuTimeNs() / 1e6;

/** Runs once to warm up, then `repeats` times, fewer when that takes longer than `limit_ms`, but twice at least. */
export function timed(run: () => void, { repeats = 15, limit_ms = 1500 } = {}): Timing {
  run();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < 2 || (times.length < repeats && performance.now() - start < limit_ms)) {
    const before = now();
    run();
    times.push(now() - before);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1]!;
  return {
    best: times[0]!,
    median,
    spread: median > 0 ? (times[times.length - 1]! - times[0]!) / median : 0,
  };
}
