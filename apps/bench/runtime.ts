// `maniple bench runtime`: what a task costs. A one-dimensional stencil of empty tasks with two requirements each (a halo
// that is read, a block that is updated), beside the targets of the design.

import { addon } from '../../native/index.js';
import { type RunOptions, run } from '../../runtime/index.js';
import type { BenchRow } from './index.js';
import { Buffers, back, forth } from './stencil/tasks.js';

export const summary = 'cost of a task: analysis, execution, memory, on an empty stencil';

const WIDTH = 1000;
const POINTS_PER_BLOCK = 4;
const REPEATS = 5;
const TARGET = 'target of the design';

interface Cost {
  /** Processor time of the launching thread (analysis, records, retirement), microseconds per point. */
  readonly launching_us: number;
  /** Processor time of all other threads: what it takes to run an empty task. */
  readonly running_us: number;
  /** Wall time from the first launch to the last task's end, microseconds per point. */
  readonly wall_us: number;
  /** Bytes on the shared heap at most. */
  readonly peak: number;
}

/** Processor time of this thread; without the add-on that of the process. */
function threadCpu_us(): number {
  if (addon !== null) return addon.threadCpuTimeNs() / 1000;
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function stencil(steps: number, options: RunOptions): Promise<Cost> {
  let peak = 0;
  const cost = await run(
    async (ctx) => {
      const region = ctx.region([WIDTH * POINTS_PER_BLOCK], Buffers);
      const blocks = region.partition.equal([WIDTH]);
      const halos = region.partition.restrict({
        colors: [WIDTH],
        transform: [[POINTS_PER_BLOCK]],
        extent: [POINTS_PER_BLOCK + 2],
      });
      const launch = (count: number) => {
        for (let step = 0; step < count; step++) {
          if (step % 2 === 0) ctx.index([WIDTH], forth, { halo: halos.at(), own: blocks.at() });
          else ctx.index([WIDTH], back, { halo: halos.at(), own: blocks.at() });
        }
      };
      launch(40); // compiled, and all views made
      await ctx.fence();
      const cpu = process.cpuUsage();
      const own = threadCpu_us();
      const start = performance.now();
      launch(steps);
      await ctx.fence();
      const wall_us = 1000 * (performance.now() - start);
      const launching_us = threadCpu_us() - own;
      const { user, system } = process.cpuUsage(cpu);
      const points = steps * WIDTH;
      return {
        launching_us: launching_us / points,
        running_us: (user + system - launching_us) / points,
        wall_us: wall_us / points,
      };
    },
    { ...options, onStatistics: ({ peakBytes }) => (peak = peakBytes) },
  );
  return { ...cost, peak };
}

function row(name: string, values: readonly number[], target: number | null, unit: string): BenchRow {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  return {
    case: name,
    ours: median,
    peer: target,
    peerName: target === null ? null : TARGET,
    unit,
    ratio: target === null ? null : target / median,
    spread: median > 0 ? (sorted.at(-1)! - sorted[0]!) / median : null,
  };
}

export async function measure(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const options of [
    { executor: 'threads', workers: 1 },
    { executor: 'threads', workers: 2 },
  ] as const) {
    const costs: Cost[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) costs.push(await stencil(200, options));
    const where = `${options.workers} ${options.workers === 1 ? 'worker' : 'workers'}`;
    const all = (what: (cost: Cost) => number) => costs.map(what);
    rows.push(
      row(
        `analysis: the launching thread, ${where}`,
        all((c) => c.launching_us),
        2,
        'us per point',
      ),
      row(
        `execution: all other threads, ${where}`,
        all((c) => c.running_us),
        2,
        'us per task',
      ),
      row(
        `wall time, ${where}`,
        all((c) => c.wall_us),
        null,
        'us per task',
      ),
    );
  }
  const few = await stencil(100, { executor: 'threads', workers: 2 });
  const many = await stencil(1000, { executor: 'threads', workers: 2 });
  rows.push(row('shared heap at 10^6 tasks over that at 10^5', [many.peak / few.peak], 1, 'ratio'));
  return rows;
}
