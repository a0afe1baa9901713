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
