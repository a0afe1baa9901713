// Tasks whose points work on the same elements one after the other.
import { f64, fieldSpace, overwrites, reduces, task, updates } from '../../../runtime/index.js';

const module = import.meta.url;

export const Cell = fieldSpace({ x: f64, y: f64, sum: f64 });

/** x = 3 x + number of the point: does not commute. */
export const turn = task({
  module,
  name: 'turn',
  regions: { v: updates(Cell, 'x') },
  run({ v }, { by = 0 }: { by?: number }, context): number {
    const [i, j = 0] = context.point as [number, number?];
    for (const p of v.points) v.x[p] = 3 * v.x[p]! + i + 10 * j + by;
    return v.volume;
  },
});

/** The last point of a colour decides y; x goes through both. */
export const last = task({
  module,
  name: 'last',
  regions: { v: overwrites(Cell, 'y'), w: updates(Cell, 'x') },
  run({ v, w }, _args: object, context) {
    for (const p of v.points) v.y[p] = context.point[0]!;
    for (const p of w.points) w.x[p] = 2 * w.x[p]! + context.point[0]!;
  },
});

/** Reduces into one region while it works on another in turn. */
export const both = task({
  module,
  name: 'both',
  regions: { v: updates(Cell, 'x'), all: reduces(Cell, 'sum', 'sum') },
  run({ v, all }, _args: object, context) {
    for (const p of v.points) v.x[p] = 3 * v.x[p]! + context.point[0]!;
    for (const p of all.points) all.sum.fold(p, context.point[0]!);
  },
});

export const breaking = task({
  module,
  name: 'breaking',
  regions: { v: updates(Cell, 'x') },
  run({ v }, { bad }: { bad: number }, context) {
    if (context.point[0] === bad) throw new Error(`point ${bad} broke`);
    for (const p of v.points) v.x[p] = 3 * v.x[p]! + context.point[0]!;
  },
});

export const replacing = task({
  module,
  name: 'replacing',
  regions: { v: overwrites(Cell, 'x') },
  run({ v }, { bad }: { bad: number }, context) {
    if (context.point[0] === bad) throw new Error(`point ${bad} broke`);
    for (const p of v.points) v.x[p] = context.point[0]!;
  },
});

/** An inner task of which several points hold the same subregion, one after the other. */
export const inner = task({
  module,
  name: 'inner',
  leaf: false,
  regions: { v: updates(Cell, 'x') },
  run({ v }, _args: object, ctx) {
    ctx.index([2], turn, { v: v.partition.equal([2]).at() }, { by: ctx.point[0]! });
  },
});
