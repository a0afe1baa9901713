// METG, the minimum effective task granularity: the shortest tasks with which a machine still does half of what it can
// (Slaughter et al., SC20; the original's scripts/chart_metg.py).

/** A run with tasks of one length: means of the repeats. */
export interface Measured {
  readonly iterations: number;
  readonly elapsed_s: number;
  readonly flops: number;
  readonly tasks: number;
}

/** A point of the curve. */
export interface Point {
  readonly iterations: number;
  readonly elapsed_s: number;
  /** Part of the peak. */
  readonly efficiency: number;
  /** Time of a task, with everything that is done for it, on one core: elapsed / tasks x cores. */
  readonly granularity_s: number;
}

export function curveOf(measured: readonly Measured[], peak_flops: number, cores: number): Point[] {
  return measured.map(({ iterations, elapsed_s, flops, tasks }) => ({
    iterations,
    elapsed_s,
    efficiency: flops / elapsed_s / peak_flops,
    granularity_s: (elapsed_s / tasks) * cores,
  }));
}

/**
 * The granularity at which the efficiency is `threshold`: the smallest with at least that, drawn in a straight line towards
 * the next smaller number of iterations, if that one's granularity is smaller; null where the threshold is never reached.
 */
export function metgOf(curve: readonly Point[], threshold = 0.5): number | null {
  const points = [...curve].sort((a, b) => b.iterations - a.iterations);
  let best = -1;
  points.forEach(({ efficiency, granularity_s }, i) => {
    if (efficiency >= threshold && (best < 0 || granularity_s < points[best]!.granularity_s)) best = i;
  });
  if (best < 0) return null;
  const at = points[best]!;
  const next = points[best + 1];
  if (next === undefined || next.granularity_s >= at.granularity_s) return at.granularity_s;
  const part = (at.efficiency - threshold) / (at.efficiency - next.efficiency);
  return at.granularity_s + part * (next.granularity_s - at.granularity_s);
}
