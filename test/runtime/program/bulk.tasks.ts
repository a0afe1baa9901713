// Tasks of known length for the tests of bulk mode.
import { f64, fieldSpace, overwrites, reads, reduces, task } from '../../../runtime/index.js';

export const Cell = fieldSpace({ x: f64 });
const module = import.meta.url;

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Takes `ms[point]` milliseconds. */
export const work = task({
  module,
  name: 'work',
  regions: { cell: overwrites(Cell, 'x') },
  run({ cell }, { ms }: { ms: readonly number[] }, { point }) {
    busy(ms[point[0]!]!);
    for (const i of cell.points) cell.x[i] = point[0]!;
  },
});

/** The same, called otherwise and reading what `work` wrote. */
export const follow = task({
  module,
  name: 'follow',
  regions: { from: reads(Cell, 'x'), cell: overwrites(Cell, 'x') },
  run({ from, cell }, { ms }: { ms: readonly number[] }, { point }) {
    busy(ms[point[0]!]!);
    cell.x.set(from.x);
  },
});

export const gather = task({
  module,
  name: 'gather',
  regions: { from: reads(Cell, 'x'), sum: reduces(Cell, 'sum', 'x') },
  run({ from, sum }, { ms }: { ms: readonly number[] }, { point }) {
    busy(ms[point[0]!]!);
    for (const i of from.points) sum.x.fold(0, from.x[i]!);
  },
});
