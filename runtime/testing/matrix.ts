// The matrix of configurations: what a run of the fuzzer leaves open is drawn anew for every batch of programs. Whatever is
// drawn, the programs must show the same.
import { availableParallelism } from 'node:os';
import type { DriverOptions } from './driver.js';
import { keyedDraw } from './keyed-random.js';

/** How a batch of programs is run: what `run` does not say is drawn by the seed. */
export function drawWay(
  seed: number,
  run: DriverOptions,
  failures: number,
): DriverOptions & { seed: number } {
  const draw = keyedDraw(seed, 0x3a7);
  const threads = run.executor === 'threads' || run.executor === 'bulk';
  const common = {
    // How far the program runs ahead of its tasks, where that can be chosen.
    eagerness: keyedDraw(seed, 0xea6e).pick([0, 0.05, 0.25, 0.5, 1]),
    // Whether fills and copies of small regions are cut into chunks. Where failures are about each chunk fails or is
    // skipped on its own, but how they are cut is no part of a program.
    chunkBytes: failures > 0 ? 1 << 18 : keyedDraw(seed, 0xc0b7).pick([16, 64, 1 << 18]),
    workers: threads ? draw.pick([1, 2, 2, 3, 3, 8]) : availableParallelism(),
  };
  // Several ranks leave the rest as it is.
  if ((run.ranks ?? 1) > 1) return { ...common, ...run, seed };
  return {
    ...common,
    rename: draw.chance(0.75),
    steal: draw.chance(0.75),
    mapper: draw.chance(0.2) ? 'random' : 'default',
    jitter: threads && draw.chance(0.1),
    ...run,
    seed,
  };
}
