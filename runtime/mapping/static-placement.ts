// Placement before anything runs, as bulk-synchronous programs do it: nobody takes work from anybody, so all depends
// on how well the points of a launch are dealt.

import type { TimelineEntry } from '../events/timeline.js';
import { blockStart } from '../memory/launch-layout.js';

/**
 * What one point of the n-th launch (from 0) of a task costs, in any unit; undefined where that is not known. `point` is
 * the point's position in the launch domain.
 */
export type CostOf = (task: string, launch: number, point: number) => number | undefined;

/** Deals the records of launches to workers. */
export interface Placement {
  /** The worker of each record of the next launch of a task; null for blocks of consecutive points. */
  deal(task: string, points: number, records: number): Int32Array | null;
  /** What ran since the last launch; absent where nothing is learnt from it. */
  learn?(entries: readonly TimelineEntry[], taskNames: readonly string[]): void;
}

/**
 * Longest processing time first (R. L. Graham, SIAM J. Appl. Math. 17 (1969) 416): the costliest item goes to the worker
 * with the least work so far, and of those to the one with the fewest items. At most 4/3 - 1/(3 workers) of the best makespan.
 */
export function longestFirst(costs: Float64Array, workers: number): Int32Array {
  const order = Array.from(costs, (_, i) => i).sort((a, b) => costs[b]! - costs[a]! || a - b);
  const loads = new Float64Array(workers);
  const counts = new Int32Array(workers);
  const places = new Int32Array(costs.length);
  for (const item of order) {
    let least = 0;
    for (let w = 1; w < workers; w++) {
      const difference = loads[w]! - loads[least]! || counts[w]! - counts[least]!;
      if (difference < 0) least = w;
    }
    places[item] = least;
    loads[least]! += costs[item]!;
    counts[least]!++;
  }
  return places;
}

/** Deals by known costs, longest first; launches of which nothing is known go in blocks. */
export class LongestFirst implements Placement {
  readonly #workers: number;
  readonly #costOf: CostOf;
  readonly #launches = new Map<string, number>();

  constructor(workers: number, costOf: CostOf) {
    this.#workers = workers;
    this.#costOf = costOf;
  }

  deal(task: string, points: number, records: number): Int32Array | null {
    const launch = this.#launches.get(task) ?? 0;
    this.#launches.set(task, launch + 1);
    const costs = new Float64Array(points);
    let total = 0;
    let known = 0;
    for (let point = 0; point < points; point++) {
      const cost = this.#costOf(task, launch, point) ?? Number.NaN;
      costs[point] = cost;
      if (Number.isNaN(cost)) continue;
      total += cost;
      known++;
    }
    if (known === 0) return null;
    const mean = total / known;
    const sums = new Float64Array(records);
    for (let record = 0; record < records; record++) {
      const end = records === points ? record + 1 : blockStart(record + 1, records, points);
      for (let p = records === points ? record : blockStart(record, records, points); p < end; p++) {
        sums[record]! += Number.isNaN(costs[p]!) ? mean : costs[p]!;
      }
    }
    return longestFirst(sums, this.#workers);
  }
}

/** The same without knowing the future: a point is expected to cost what it cost in the last launch of its task. */
export class LearningLongestFirst implements Placement {
  readonly #costs = new Map<string, Float64Array>();
  readonly #dealer: LongestFirst;

  constructor(workers: number) {
    this.#dealer = new LongestFirst(workers, (task, _, point) => this.#costs.get(task)?.[point]);
  }

  deal(task: string, points: number, records: number): Int32Array | null {
    const places = this.#dealer.deal(task, points, records);
    if (this.#costs.get(task)?.length !== points) this.#costs.set(task, new Float64Array(points).fill(NaN));
    return places;
  }

  learn(entries: readonly TimelineEntry[], taskNames: readonly string[]): void {
    for (const { task, first, points, start, end } of entries) {
      this.#costs.get(taskNames[task]!)?.fill((end - start) / points, first, first + points);
    }
  }
}

/**
 * The costs that a run recorded: each point of each launch, in milliseconds. Launches of a task are counted in program
 * order, so the next run of the same program finds its own.
 */
export function recordedCosts(timeline: {
  readonly entries: readonly TimelineEntry[];
  readonly taskNames: readonly string[];
}): CostOf {
  const { entries, taskNames } = timeline;
  const byTask = new Map<string, Map<number, TimelineEntry[]>>();
  for (const entry of entries) {
    const name = taskNames[entry.task]!;
    let operations = byTask.get(name);
    if (operations === undefined) byTask.set(name, (operations = new Map()));
    const records = operations.get(entry.operation);
    if (records === undefined) operations.set(entry.operation, [entry]);
    else records.push(entry);
  }
  const costs = new Map<string, Float64Array[]>();
  for (const [name, operations] of byTask) {
    const inOrder = [...operations].sort(([a], [b]) => a - b);
    costs.set(
      name,
      inOrder.map(([, records]) => {
        const points = records.reduce((most, entry) => Math.max(most, entry.first + entry.points), 0);
        const byPoint = new Float64Array(points).fill(NaN);
        for (const { first, points: count, start, end } of records)
          byPoint.fill((end - start) / count, first, first + count);
        return byPoint;
      }),
    );
  }
  return (task, launch, point) => {
    const cost = costs.get(task)?.[launch]?.[point];
    return cost === undefined || Number.isNaN(cost) ? undefined : cost;
  };
}
