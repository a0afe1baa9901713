// Tasks of known length for the tests of bulk mode.
import { f64, fieldSpace, overwrites, reads, reduces, task, updates } from '../../../runtime/index.js';

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

/** Launches a pair of operations, and itself on the halves of what it has, down to a depth; waits for none. */
export const nest: ReturnType<typeof declareNest> = declareNest();
function declareNest() {
  return task({
    module,
    name: 'nest',
    leaf: false,
    regions: { cell: updates(Cell, 'x') },
    run({ cell }, { depth }: { depth: number }, ctx) {
      const parts = cell.partition.equal([2]);
      const own = ctx.region(cell.indexSpace, Cell);
      ctx.index([2], work, { cell: parts.at() }, { ms: [3, 1] });
      ctx.index([2], follow, { from: parts.at(), cell: own.partition.equal([2]).at() }, { ms: [1, 3] });
      if (depth > 0) ctx.index([2], nest, { cell: parts.at() }, { depth: depth - 1 });
      ctx.index([2], work, { cell: parts.at() }, { ms: [2, 1] });
    },
  });
}
