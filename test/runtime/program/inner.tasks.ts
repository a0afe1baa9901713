// Inner tasks of the tests.
import { setTimeout as sleep } from 'node:timers/promises';
import { f64, fieldSpace, i32, overwrites, reads, reduces, task, updates } from '../../../runtime/index.js';

const module = import.meta.url;

export const Vec = fieldSpace({ x: f64, y: f64, owner: i32 });

export const add = task({
  module,
  name: 'add',
  regions: { v: updates(Vec, 'x') },
  run({ v }, { by }: { by: number }) {
    for (const i of v.points) v.x[i]! += by;
  },
});

/** x = 3 x + by: does not commute with itself. */
export const step = task({
  module,
  name: 'step',
  regions: { v: updates(Vec, 'x') },
  run({ v }, { by }: { by: number }) {
    for (const i of v.points) v.x[i] = 3 * v.x[i]! + by;
  },
});

export const total = task({
  module,
  name: 'total',
  regions: { v: reads(Vec, 'x') },
  run({ v }): number {
    let sum = 0;
    for (const i of v.points) sum += v.x[i]!;
    return sum;
  },
});

export const fold = task({
  module,
  name: 'fold',
  regions: { v: reduces(Vec, 'sum', 'y') },
  run({ v }, { by }: { by: number }) {
    for (const i of v.points) v.y.fold(i, by);
  },
});

export const failing = task({
  module,
  name: 'failing',
  regions: { v: updates(Vec, 'x') },
  run({ v }, { bad }: { bad: number }, context) {
    if (context.point[0] === bad) throw new Error(`point ${bad} is bad`);
    for (const i of v.points) v.x[i]! += 1;
  },
});

export const draw = task({ module, name: 'draw', run: (_views, _args: object, context) => context.random() });
export const number = task({ module, name: 'number', run: (_views, { value }: { value: number }) => value });

// ---- inner tasks ----

/** Steps over a partition of its own, twice, and the sum before and after. */
export const sweep = task({
  module,
  name: 'sweep',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, { by }: { by: number }, ctx) {
    const parts = v.partition.equal([3]);
    const before = await ctx.launch(total, { v }, {});
    for (let i = 0; i < 2; i++) ctx.index([3], step, { v: parts.at() }, { by: by + i });
    return [before, await ctx.launch(total, { v }, {})];
  },
});

/** Launches inner tasks on the halves of what it has, down to a depth. */
export const halves: ReturnType<typeof declareHalves> = declareHalves();
function declareHalves() {
  return task({
    module,
    name: 'halves',
    leaf: false,
    regions: { v: updates(Vec, 'x') },
    run({ v }, { depth }: { depth: number }, ctx) {
      ctx.launch(step, { v }, { by: depth });
      if (depth === 0) return;
      const parts = v.partition.equal([2]);
      ctx.index([2], halves as never, { v: parts.at() } as never, { depth: depth - 1 } as never);
      ctx.launch(step, { v }, { by: -depth });
    },
  });
}

/** Folds into what it may only reduce. */
export const folds = task({
  module,
  name: 'folds',
  leaf: false,
  regions: { v: reduces(Vec, 'sum', 'y') },
  run({ v }, { by }: { by: number }, ctx) {
    ctx.index([5], fold, { v }, { by });
    ctx.launch(fold, { v }, { by: by / 3 });
  },
});

/** Writes and reads by itself, with a region of its own in between. */
export const scratch = task({
  module,
  name: 'scratch',
  leaf: false,
  regions: { v: overwrites(Vec, 'x', 'owner') },
  async run({ v }, _args: object, ctx) {
    const own = ctx.region([v.volume], Vec);
    own.write(
      'x',
      Float64Array.from({ length: v.volume }, (_, i) => i),
    );
    ctx.launch(step, { v: own }, { by: 1 });
    v.write('x', await own.read('x'));
    v.write(
      'owner',
      Int32Array.from({ length: v.volume }, (_, i) => i % 2),
    );
    const odd = v.partition.byField('owner', [2])[1]!;
    ctx.launch(add, { v: odd }, { by: 100 });
    return (await v.read('x')).slice(0, 4);
  },
});

/** More launches than a window holds, none of them awaited. */
export const flood = task({
  module,
  name: 'flood',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  run({ v }, { launches, depth }: { launches: number; depth: number }, ctx): void {
    for (let i = 0; i < launches; i++) ctx.launch(add, { v }, { by: 1 });
    if (depth > 0) {
      for (let i = 0; i < 3; i++)
        ctx.launch(flood as never, { v } as never, { launches, depth: depth - 1 } as never);
    }
    const wide = v.partition.equal([v.volume]);
    ctx.index([v.volume], add, { v: wide.at() }, { by: 1 });
  },
}) as ReturnType<typeof floodType>;
declare function floodType(): import('../../../runtime/index.js').Task<
  { v: ReturnType<typeof updates<typeof Vec.fields, 'x'>> },
  { launches: number; depth: number },
  void
>;

export const troubled = task({
  module,
  name: 'troubled',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run(
    { v },
    { how }: { how: 'child' | 'throws' | 'told' | 'mended' | 'both' | 'cancel' },
    ctx,
  ): Promise<string> {
    const parts = v.partition.equal([2]);
    if (how === 'throws') throw new Error('the body gave up');
    const signal = how === 'cancel' ? AbortSignal.abort(new Error('no more')) : undefined;
    const launch = ctx.index([2], failing, { v: parts.at() }, { bad: how === 'cancel' ? -1 : 1 }, { signal });
    if (how === 'both') throw new Error('the body gave up after its child');
    if (how === 'child') return 'not told';
    await launch.then(
      () => {},
      () => {},
    );
    if (how === 'mended') ctx.fill(v, 'x', 7);
    return how;
  },
});

export const randoms = task({
  module,
  name: 'randoms',
  leaf: false,
  async run(_regions, { delay }: { delay: number }, ctx) {
    const own = ctx.random();
    if (delay > 0) await sleep(delay);
    const drawn = await ctx.index([2], draw, {});
    return [own, ctx.random(), ...drawn, await ctx.launch(draw, {})];
  },
});

export const waiting = task({
  module,
  name: 'waiting',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, { ms }: { ms: number }, ctx) {
    await sleep(ms);
    ctx.launch(add, { v }, { by: 1 });
    return ctx.aborted;
  },
});

/** Runs a function of this thread with what an inner task is given: for launches that are refused. */
export const trial = task({
  module,
  name: 'trial',
  leaf: false,
  regions: { own: updates(Vec, 'x').and(reads(Vec, 'y')), sums: reduces(Vec, 'sum', 'y') },
  run: (regions, _args: object, ctx) => trialBody.run(regions as never, ctx as never),
});
// biome-ignore lint/suspicious/noExplicitAny: whatever a test does with them
export const trialBody = { run: (_regions: any, _ctx: any): unknown => undefined };

export const guarded = task({
  module,
  name: 'guarded',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }, { limit }: { limit: number }, ctx): Promise<number> {
    let going = ctx.predicate(ctx.launch(number, {}, { value: 1 }));
    for (let i = 0; i < 10; i++) {
      ctx.launch(add, { v }, { by: 1 }, { when: going });
      going = going.and(ctx.predicate(ctx.launch(total, { v }, {}).map((sum) => sum < limit)));
    }
    return ctx.launch(total, { v }, {});
  },
});

export const leasing = task({
  module,
  name: 'leasing',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  async run({ v }): Promise<number> {
    using lease = await v.lease(updates(Vec, 'x'));
    return lease.view.volume;
  },
});

export const growingInside = task({
  module,
  name: 'growingInside',
  leaf: false,
  async run(_regions, _args: object, ctx): Promise<string> {
    using rows = ctx.growing([4], Vec, { name: 'rows' });
    ctx.launch(add, { v: rows.grow(2) }, { by: 3 });
    ctx.launch(add, { v: rows.grow(1) }, { by: 1 });
    let refused = 'nothing';
    try {
      ctx.launch(add, { v: rows.region }, { by: 1 });
    } catch (error) {
      refused = (error as Error).name;
    }
    return `${await ctx.launch(total, { v: rows.valid })} ${refused}`;
  },
});

/** Launches one step after the other, and waits for none. */
export const crowd = task({
  module,
  name: 'crowd',
  leaf: false,
  regions: { v: updates(Vec, 'x') },
  run({ v }, { steps }: { steps: number }, ctx) {
    for (let i = 0; i < steps; i++) ctx.launch(step, { v }, { by: i });
  },
});

/** Looks at a field here and now, with nothing of its own under way. */
export const glance = task({
  module,
  name: 'glance',
  leaf: false,
  regions: { v: reads(Vec, 'owner') },
  async run({ v }, _args: object, ctx) {
    await ctx.fence();
    return v.partition.byField('owner', [2])[0]!.volume;
  },
});
