// Tasks of priority.test.ts.
import { task } from '../../../runtime/index.js';

/** Keeps its worker busy for a while. */
export const busy = task({
  module: import.meta.url,
  name: 'busy',
  run(_, { ms }: { ms: number }) {
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
});

export const soon = task({
  module: import.meta.url,
  name: 'soon',
  run: (_, __: object, { point }) => point[0]!,
});
export const later = task({
  module: import.meta.url,
  name: 'later',
  run: (_, __: object, { point }) => point[0]!,
});
