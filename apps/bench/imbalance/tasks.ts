// The tasks of `maniple bench imbalance`: the load_imbalance kernel of Task Bench (E. Slaughter et al., SC 2020).
import { f64, fieldSpace, overwrites, reads, task } from '../../../runtime/index.js';

export const Cell = fieldSpace({ value: f64 });

/** Takes (1 - imbalance/2) to (1 + imbalance/2) times `length` iterations, drawn anew for every point of every launch. */
export const step = task({
  module: import.meta.url,
  name: 'step',
  regions: { near: reads(Cell, 'value'), cell: overwrites(Cell, 'value') },
  run({ near, cell }, { length, imbalance }: { length: number; imbalance: number }, ctx) {
    const iterations = Math.round(length * (1 + imbalance * (ctx.random() - 0.5)));
    let sum = 0;
    for (const i of near.points) sum += near.value[i]!;
    let x = sum / near.points.length;
    for (let i = 0; i < iterations; i++) x = 3.7 * x * (1 - x);
    for (const i of cell.points) cell.value[i] = x;
  },
});
