// `maniple bench log`: what it costs to record a run, and to check the record. The same stencil runs with and without
// --profile in turn; the difference of the least processor times is what logging takes.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunOptions, run } from '../../runtime/index.js';
import { checkLog } from '../../runtime/observe/check.js';
import type { BenchRow } from './index.js';
import { Buffers, spinBack, spinForth } from './stencil/tasks.js';

export const summary =
  'cost of recording a run, for empty tasks and for tasks of 20 us; time to check a million';

const WIDTH = 1000;
const POINTS_PER_BLOCK = 4;
const REPEATS = 7;
const TARGET = 'target of the issue';

/** Processor time of all threads per task, nanoseconds, for a stencil of tasks that spin so many times. */
async function stencil(steps: number, spins: number, options: RunOptions): Promise<number> {
  return run(async (ctx) => {
    const region = ctx.region([WIDTH * POINTS_PER_BLOCK], Buffers);
    const blocks = region.partition.equal([WIDTH]);
    const halos = region.partition.restrict({
      colors: [WIDTH],
      transform: [[POINTS_PER_BLOCK]],
      extent: [POINTS_PER_BLOCK + 2],
    });
    const launch = (count: number) => {
      for (let step = 0; step < count; step++) {
        if (step % 2 === 0) ctx.index([WIDTH], spinForth, { halo: halos.at(), own: blocks.at() }, { spins });
        else ctx.index([WIDTH], spinBack, { halo: halos.at(), own: blocks.at() }, { spins });
      }
    };
    launch(Math.min(40, steps)); // compiled, and all views made
    await ctx.fence();
    const before = process.cpuUsage();
    launch(steps);
    await ctx.fence();
    const { user, system } = process.cpuUsage(before);
    return (1000 * (user + system)) / (steps * WIDTH);
  }, options);
}

/** How often a task must spin to take so many nanoseconds here. */
function spinsFor(time_ns: number): number {
  let spins = 1000;
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    for (let j = 0; j < 50; j++) spinForth.leaf.run({}, { spins }, null as never);
    const took_ns = (1e6 * (performance.now() - start)) / 50;
    spins = Math.max(100, Math.round((spins * time_ns) / took_ns));
  }
  return spins;
}

export async function measure(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'maniple-log-'));
  const profile = join(folder, 'bench.mprof');
  const rows: BenchRow[] = [];
  try {
    const compare = async (steps: number, spins: number, options: RunOptions) => {
      const without: number[] = [];
      const logged: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        without.push(await stencil(steps, spins, options));
        logged.push(await stencil(steps, spins, { ...options, profile }));
      }
      const least = Math.min(...without);
      const extra = Math.min(...logged) - least;
      const median = [...logged].sort((a, b) => a - b)[REPEATS >> 1]!;
      return { least, extra, spread: (Math.max(...logged) - Math.min(...logged)) / median };
    };
    for (const workers of [1, 2]) {
      const options: RunOptions = { executor: 'threads', workers, memory: 2 ** 28 };
      const where = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
      const empty = await compare(300, 0, options);
      rows.push({
        case: `logging of empty tasks, ${where}`,
        ours: empty.extra,
        peer: 30,
        peerName: TARGET,
        unit: 'ns per task',
        ratio: 30 / Math.max(empty.extra, 1),
        spread: empty.spread,
      });
      const spins = spinsFor(20_000);
      const long = await compare(20, spins, options);
      rows.push({
        case: `logging of tasks of 20 us, ${where}`,
        ours: (100 * long.extra) / long.least,
        peer: 2,
        peerName: TARGET,
        unit: '%',
        ratio: 2 / Math.max((100 * long.extra) / long.least, 0.01),
        spread: long.spread,
      });
    }
    await stencil(960, 0, { executor: 'threads', workers: 2, memory: 2 ** 28, profile });
    const bytes = statSync(profile).size;
    const start = performance.now();
    const report = checkLog(profile);
    const seconds = (performance.now() - start) / 1000;
    if (!report.clean) throw new Error('the log of the benchmark is not clean: see maniple check');
    rows.push(
      {
        case: `check of ${report.records.toLocaleString('en')} records`,
        ours: seconds,
        peer: 60,
        peerName: TARGET,
        unit: 's',
        ratio: 60 / seconds,
        spread: null,
      },
      {
        case: 'size of the log',
        ours: bytes / report.records,
        peer: null,
        peerName: null,
        unit: 'bytes per record',
        ratio: null,
        spread: null,
      },
    );
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
