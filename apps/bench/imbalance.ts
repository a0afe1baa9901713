// `maniple bench imbalance`: tasks of unequal length that need their neighbours, in tasks mode; beside the bound that no
// schedule can beat, max(work / workers, longest path), and beside bulk-synchronous mode with static placement.
import { availableParallelism } from 'node:os';
import {
  type Ctx,
  IndexSpace,
  type RunOptions,
  recordedCosts,
  run,
  type Timeline,
} from '../../runtime/index.js';
import type { Invocation } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { Cell, step } from './imbalance/tasks.js';
import type { BenchRow } from './index.js';

export const summary = 'tasks of unequal length beside the bound and bulk-synchronous mode';

const STEPS = 60;
const REPEATS = 5;
/** Iterations of a mean task: some milliseconds. */
const LENGTH = 1_500_000;
const CASES = [
  { points: 4, imbalance: 1 },
  { points: 4, imbalance: 1.5 },
  { points: 8, imbalance: 1.5 },
] as const;

type Case = (typeof CASES)[number];

interface Ran {
  readonly ms: number;
  readonly timeline: Timeline;
}

async function once({ points, imbalance }: Case, options: RunOptions): Promise<Ran> {
  let timeline: Timeline = { entries: [], taskNames: [], lost: 0 };
  const ms = await run(
    async (ctx: Ctx) => {
      const cells = [0, 1].map((i) => {
        const region = ctx.region([points], Cell, { name: `cells ${i}` });
        const near = region.partition.restrict({
          colors: [points],
          transform: [[1]],
          extent: IndexSpace.box([-1], [1]),
        });
        return { region, own: region.partition.equal([points]), near };
      });
      ctx.fill(cells[0]!.region, 'value', 0.3);
      await ctx.started();
      await ctx.fence();
      const began = performance.now();
      for (let n = 0; n < STEPS; n++) {
        const [from, to] = [cells[n % 2]!, cells[(n + 1) % 2]!];
        const args = { length: LENGTH, imbalance };
        ctx.index([points], step, { near: from.near.at(), cell: to.own.at() }, args);
      }
      await ctx.fence();
      return performance.now() - began;
    },
    {
      ...options,
      onTimeline: (recorded) => {
        timeline = recorded;
      },
    },
  );
  return { ms, timeline };
}

/** The time that no schedule of these tasks on so many workers can beat, from their lengths as this run had them. */
export function bound({ entries, taskNames }: Timeline, points: number, workers: number): number {
  const lengths = new Map<number, Float64Array>();
  let work = 0;
  for (const { task, operation, first, start, end } of entries) {
    if (taskNames[task] !== step.name) continue;
    let row = lengths.get(operation);
    if (row === undefined) lengths.set(operation, (row = new Float64Array(points)));
    row[first] = end - start;
    work += end - start;
  }
  // The longest path: each point waits for itself and its neighbours of the step before.
  let ends = new Float64Array(points);
  for (const [, row] of [...lengths].sort(([a], [b]) => a - b)) {
    const before = ends;
    ends = row.map((length, p) => length + Math.max(...before.subarray(Math.max(0, p - 1), p + 2)));
  }
  return Math.max(work / workers, ...ends);
}

const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function rowsOf(one: Case, workers: number): Promise<BenchRow[]> {
  const recording = await once(one, { workers });
  const costs = recordedCosts(recording.timeline);
  const variants: readonly RunOptions[] = [
    { workers },
    { workers, executor: 'bulk' },
    { workers, executor: 'bulk', placement: 'lpt', costs },
  ];
  const times = variants.map(() => [] as number[]);
  const bounds: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (let i = 0; i < variants.length; i++) {
      const which = (repeat + i) % variants.length;
      const { ms, timeline } = await once(one, variants[which]!);
      times[which]!.push(ms);
      if (which === 0) bounds.push(bound(timeline, one.points, workers));
    }
  }
  const tasks = times[0]!;
  const ours = middle(tasks);
  const spread = (Math.max(...tasks) - Math.min(...tasks)) / ours;
  const name = `${one.points} points, imbalance ${one.imbalance}, ${workers} workers`;
  const row = (peerName: string, peer: readonly number[]): BenchRow => ({
    case: name,
    ours,
    peer: middle(peer),
    peerName,
    unit: 'ms',
    // Repeat by repeat, since a machine has slow and fast minutes.
    ratio: middle(peer.map((ms, repeat) => ms / tasks[repeat]!)),
    spread,
  });
  return [
    row('bound max(work / workers, longest path)', bounds),
    row('bulk, blocks', times[1]!),
    row('bulk, longest first by recorded costs', times[2]!),
  ];
}

export async function measure({ configuration, progress, signal }: Invocation): Promise<BenchRow[]> {
  const workers = configuration.of(runSection).workers ?? availableParallelism();
  const rows: BenchRow[] = [];
  for (const [i, one] of CASES.entries()) {
    signal.throwIfAborted();
    progress.step(i, CASES.length, `${one.points} points`);
    rows.push(...(await rowsOf(one, workers)));
  }
  return rows;
}
