// Inner tasks that want more of the window than their share.
import { type Lease, task, updates } from '../../../runtime/index.js';
import { add, Vec } from './inner.tasks.js';

const module = import.meta.url;

/** Leases all parts of what it holds one after the other, and lets go of none before it has the last. */
export const hoarding = task({
  module,
  name: 'hoarding',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, { leases }: { leases: number }): Promise<void> {
    const held: Lease<never, never>[] = [];
    const parts = v.partition.equal([leases]);
    for (let i = 0; i < leases; i++) {
      const lease = await parts[i]!.lease(updates(Vec, 'x'));
      for (const p of lease.view.points) lease.view.x[p]! += leases;
      held.push(lease as never);
    }
    for (const lease of held) lease.end();
  },
});

/** Adds to what it holds, by a task. */
export const nested = task({
  module,
  name: 'nested',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  run({ v }, { by }: { by: number }, ctx): Promise<void> {
    ctx.launch(add, { v }, { by });
    return Promise.resolve();
  },
});
