// The empty stencil: all that it costs is the runtime.
import { f64, fieldSpace, reads, task, updates } from '../../../runtime/index.js';

/** Two buffers that take turns. */
export const Buffers = fieldSpace({ a: f64, b: f64 });

export const forth = task({
  module: import.meta.url,
  name: 'forth',
  regions: { halo: reads(Buffers, 'a'), own: updates(Buffers, 'b') },
  run() {},
});

export const back = task({
  module: import.meta.url,
  name: 'back',
  regions: { halo: reads(Buffers, 'b'), own: updates(Buffers, 'a') },
  run() {},
});

/** Takes time: a sum that nobody needs, but that no compiler may leave out. */
function spin(spins: number): number {
  let sum = 0;
  for (let i = 0; i < spins; i++) sum = (sum + Math.imul(i ^ sum, 0x9e3779b1)) | 0;
  return sum;
}

let last = 0;

export const spinForth = task({
  module: import.meta.url,
  name: 'spinForth',
  regions: { halo: reads(Buffers, 'a'), own: updates(Buffers, 'b') },
  run(_, { spins }: { spins: number }) {
    last = spin(spins + (last & 1));
  },
});

export const spinBack = task({
  module: import.meta.url,
  name: 'spinBack',
  regions: { halo: reads(Buffers, 'b'), own: updates(Buffers, 'a') },
  run(_, { spins }: { spins: number }) {
    last = spin(spins + (last & 1));
  },
});
