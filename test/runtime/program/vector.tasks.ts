// Tasks of the first tests: vectors, sums, stencils. A module of its own, because workers import it.
import { f64, fieldSpace, i32, overwrites, reads, reduces, task, updates } from '../../../runtime/index.js';

export const Vec = fieldSpace({ x: f64, y: f64, owner: i32 });

export const init = task({
  module: import.meta.url,
  name: 'init',
  regions: { v: overwrites(Vec, 'x') },
  run({ v }, { scale }: { scale: number }) {
    for (const i of v.points) v.x[i] = scale * v.coord(i)[0]!;
  },
});

export const saxpy = task({
  module: import.meta.url,
  name: 'saxpy',
  regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
  run({ v }, { a }: { a: number }) {
    for (const i of v.points) v.y[i] = a * v.x[i]! + v.y[i]!;
  },
});

export const dot = task({
  module: import.meta.url,
  name: 'dot',
  regions: { v: reads(Vec, 'x', 'y') },
  run({ v }): number {
    let sum = 0;
    for (const i of v.points) sum += v.x[i]! * v.y[i]!;
    return sum;
  },
});

export const accumulate = task({
  module: import.meta.url,
  name: 'accumulate',
  regions: { v: reduces(Vec, 'sum', 'y') },
  run({ v }, { by }: { by: number }) {
    for (const i of v.points) v.y.fold(i, by);
  },
});

/** y = left + right neighbour of x. */
export const stencil = task({
  module: import.meta.url,
  name: 'stencil',
  regions: { halo: reads(Vec, 'x'), own: overwrites(Vec, 'y') },
  run({ halo, own }) {
    for (const i of own.points) {
      const [at] = own.coord(i);
      const left = halo.at(at! - 1);
      const right = halo.at(at! + 1);
      own.y[i] = (left >= 0 ? halo.x[left]! : 0) + (right < halo.x.length ? halo.x[right]! : 0);
    }
  },
});

export const failing = task({
  module: import.meta.url,
  name: 'failing',
  regions: { v: updates(Vec, 'x') },
  run({ v }, { bad }: { bad: number }, context) {
    if (context.point[0] === bad) throw new Error('a detector panel is missing');
    for (const i of v.points) v.x[i]! += 1;
  },
});

export const later = task({
  module: import.meta.url,
  name: 'later',
  async: true,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, { by }: { by: number }) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const i of v.points) v.x[i]! += by;
    return by;
  },
});

export const empty = task({ module: import.meta.url, name: 'empty', run() {} });
