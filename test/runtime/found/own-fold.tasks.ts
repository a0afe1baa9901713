// A task that adds to one element and sets another.
import { f64, fieldSpace, overwrites, reduces, task } from '../../../runtime/index.js';

export const Sum = fieldSpace({ x: f64 });

export const addAndSet = task({
  module: import.meta.url,
  name: 'addAndSet',
  regions: { sum: reduces(Sum, 'sum', 'x').atomic(), set: overwrites(Sum, 'x').atomic() },
  run({ sum, set }) {
    for (const i of sum.points) sum.x.fold(i, 1);
    for (const i of set.points) set.x[i] = 10;
  },
});
