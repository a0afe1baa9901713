// Inner tasks that lease what they hold.
import { type Lease, reads, task, updates } from '../../../runtime/index.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';
import { add, step, Vec } from './inner.tasks.js';

const module = import.meta.url;

/** What `trial` does in a row: which operation, on which of the parts, with which number. */
export function plan(
  seed: number,
  parts: number,
): { what: 'lease' | 'launch' | 'inner' | 'read'; part: number; by: number }[] {
  const draw = keyedDraw(seed);
  return Array.from({ length: 8 }, () => ({
    what: draw.pick(['lease', 'lease', 'launch', 'inner', 'read'] as const),
    part: draw.between(0, parts - 1),
    by: draw.between(0, 6),
  }));
}

/** x = 3 x + by on parts of what it holds: by itself, by tasks, by instances of its own on a part. */
export const trial: ReturnType<typeof declareTrial> = declareTrial();
function declareTrial() {
  return task({
    module,
    name: 'trial',
    leaf: false,
    regions: { v: updates(Vec, 'x') },
    async run({ v }, { seed, depth, parts = 4 }: { seed: number; depth: number; parts?: number }, ctx) {
      const pieces = v.partition.equal([parts]);
      const held: { lease: Lease<never, never>; part: number }[] = [];
      const release = (part: number) => {
        for (const one of held.splice(0)) {
          if (one.part === part) one.lease.end();
          else held.push(one);
        }
      };
      for (const { what, part, by } of plan(seed, parts)) {
        release(part);
        const piece = pieces[part]!;
        if (what === 'lease') {
          const lease = await piece.lease(updates(Vec, 'x'));
          for (const i of lease.view.points) lease.view.x[i] = 3 * lease.view.x[i]! + by;
          // It stays open beside what other parts are used for.
          held.push({ lease: lease as never, part });
        } else if (what === 'inner' && depth > 0) {
          ctx.launch(
            trial as never,
            { v: piece } as never,
            { seed: seed + by, depth: depth - 1, parts: 2 } as never,
          );
        } else if (what === 'read') await piece.read('x');
        else ctx.launch(step, { v: piece }, { by });
      }
      for (const { lease } of held) lease.end();
    },
  });
}

/** The leases that `forgetful` left behind. */
export const forgotten: { readonly view: unknown }[] = [];

/** Leaves two leases behind: one that it works on, and one whose turn may not come while the body runs. */
export const forgetful = task({
  module,
  name: 'forgetful',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, _args: object, ctx): Promise<string> {
    const quarters = v.partition.equal([4]);
    const lease = await v.partition.equal([2])[0]!.lease(updates(Vec, 'x'));
    forgotten.push(lease);
    for (const i of lease.view.points) {
      lease.view.x[i] = 5;
      break;
    }
    ctx.launch(step, { v: quarters[3]! }, { by: 0 });
    void quarters[3]!.lease(updates(Vec, 'x')).then((late) => forgotten.push(late));
    return `held ${lease.view.volume}`;
  },
});

export const conflicting = task({
  module,
  name: 'conflicting',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, _args: object, ctx): Promise<void> {
    using _ = await v.partition.equal([2])[1]!.lease(updates(Vec, 'x'));
    ctx.launch(add, { v }, { by: 1 });
  },
});

export const greedy = task({
  module,
  name: 'greedy',
  leaf: false,
  regions: { v: reads(Vec, 'x') },
  async run({ v }): Promise<void> {
    // The types refuse it; plain JavaScript does not.
    using _ = await v.lease(updates(Vec, 'x') as never);
  },
});

export const failingLease = task({
  module,
  name: 'failingLease',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }): Promise<void> {
    const lease = await v.lease(updates(Vec, 'x'));
    lease.view.x[0] = 7;
    throw new Error('it broke while it leased');
  },
});
