// A task graph of Task Bench: its pattern, its kernel, the sizes of its buffers, and what it counts.
import { type KernelSettings, workOf } from './kernel.js';
import { inputsOf, offsetAt, type Pattern, widthAt } from './pattern.js';

export interface TaskGraph extends Pattern {
  readonly kernel: KernelSettings;
  readonly outputBytes: number;
  readonly scratchBytes: number;
  /** Rows of buffers that take turns; 0: as many as the runs find best. */
  readonly rows: number;
}

export interface Totals {
  tasks: number;
  dependencies: number;
  local: number;
  nonlocal: number;
  flops: number;
  bytes: number;
  localBytes: number;
  nonlocalBytes: number;
}

/** The points of a row. */
export function pointsOf(graph: Pattern, step: number): number[] {
  const first = offsetAt(graph, step);
  return Array.from({ length: widthAt(graph, step) }, (_, i) => first + i);
}

/** What graphs count; with `nodes` of 0 nothing is known of where points live. */
export function totalsOf(graphs: readonly TaskGraph[], nodes: number): Totals {
  const totals: Totals = {
    tasks: 0,
    dependencies: 0,
    local: 0,
    nonlocal: 0,
    flops: 0,
    bytes: 0,
    localBytes: 0,
    nonlocalBytes: 0,
  };
  for (const graph of graphs) {
    // As the original estimates it, whose two formulas disagree where the nodes do not divide the width.
    const local = (point: number, other: number) => {
      const node = Math.floor((point * nodes) / graph.width);
      const first = Math.floor((node * graph.width) / nodes);
      return other >= first && other < Math.floor(((node + 1) * graph.width) / nodes);
    };
    for (let step = 0; step < graph.steps; step++) {
      for (const point of pointsOf(graph, step)) {
        totals.tasks++;
        const { flops, bytes } = workOf(graph, step, point);
        totals.flops += flops;
        totals.bytes += bytes;
        for (const input of inputsOf(graph, step, point)) {
          totals.dependencies++;
          if (nodes === 0) continue;
          if (local(point, input)) {
            totals.local++;
            totals.localBytes += graph.outputBytes;
          } else {
            totals.nonlocal++;
            totals.nonlocalBytes += graph.outputBytes;
          }
        }
      }
    }
  }
  return totals;
}
