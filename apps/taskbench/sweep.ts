// The sweep behind METG: the same graph with ever shorter tasks, from such as hide all overhead to such as are nothing else.
import { curveOf, type Measured, metgOf, type Point } from './metg.js';
import { type GraphOptions, runGraphs } from './run-graphs.js';
import { type TaskGraph, totalsOf } from './task-graph.js';

export interface Sweep {
  /** FLOP/s of the kernel on all workers at once, with hardly any overhead; the best that was seen. */
  readonly peak_flops: number;
  readonly points: readonly Point[];
  /** METG(50 %) in seconds; null where half of the peak was never reached. */
  readonly metg_s: number | null;
}

export interface SweepOptions extends GraphOptions {
  readonly workers: number;
  readonly repeats: number;
  /** The most iterations of a task. */
  readonly from: number;
  /** Told of every point as it is measured. */
  readonly progress: (words: string) => void;
}

const STEPS_OF_PEAK = 20;

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

async function measure(
  graphs: readonly TaskGraph[],
  iterations: number,
  options: SweepOptions,
): Promise<Measured & { readonly best: number }> {
  const { from: _, progress: __, ...rest } = options;
  const set = graphs.map((graph) => ({ ...graph, kernel: { ...graph.kernel, iterations } }));
  const times = await runGraphs(set, rest);
  const { flops, tasks } = totalsOf(set, 0);
  return { iterations, elapsed_s: mean(times), flops, tasks, best: flops / Math.min(...times) };
}

/** Halves the iterations until the efficiency is below a half three times in a row, or nothing is left to halve. */
export async function sweep(graphs: readonly TaskGraph[], options: SweepOptions): Promise<Sweep> {
  const { from, progress, workers } = options;
  const [first] = graphs as [TaskGraph];
  const free: TaskGraph = {
    ...first,
    dependence: 'trivial',
    period: 0,
    width: workers,
    steps: STEPS_OF_PEAK,
    kernel: { ...first.kernel, name: 'compute_bound' },
  };
  let { best: peak } = await measure([free], 4 * from, options);
  progress(`peak ${(peak / 1e9).toFixed(2)} GFLOP/s on ${workers} workers`);
  const measured: Measured[] = [];
  for (
    let iterations = from, below = 0;
    iterations >= 1 && below < 3;
    iterations = Math.floor(iterations / 2)
  ) {
    const { best, ...point } = await measure(graphs, iterations, options);
    measured.push(point);
    peak = Math.max(peak, best);
    const efficiency = point.flops / point.elapsed_s / peak;
    below = efficiency < 0.5 ? below + 1 : 0;
    progress(`${iterations} iterations: ${(100 * efficiency).toFixed(1)} %`);
  }
  const points = curveOf(measured, peak, workers);
  return { peak_flops: peak, points, metg_s: metgOf(points) };
}
