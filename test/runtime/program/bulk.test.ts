// Bulk-synchronous mode: the barrier is there, and nobody runs what was placed on somebody else.
import t from 'tap';
import {
  type CostOf,
  type Ctx,
  type RunOptions,
  recordedCosts,
  run,
  type Timeline,
  UsageError,
} from '../../../runtime/index.js';
import { longestFirst } from '../../../runtime/mapping/static-placement.js';
import { Cell, follow, gather, nest, work } from './bulk.tasks.js';

/** Two launches in which the slow point of one is not the slow point of the other, then a reduction; twice. */
async function imbalanced(ctx: Ctx): Promise<number[]> {
  const a = ctx.region([8], Cell);
  const b = ctx.region([8], Cell);
  const sum = ctx.region([1], Cell);
  const [pa, pb] = [a.partition.equal([4]), b.partition.equal([4])];
  for (let round = 0; round < 2; round++) {
    ctx.index([4], work, { cell: pa.at() }, { ms: [40, 1, 1, 1] });
    ctx.index([4], follow, { from: pa.at(), cell: pb.at() }, { ms: [1, 1, 1, 40] });
    ctx.index([4], gather, { from: pb.at(), sum }, { ms: [1, 2, 1, 2] });
  }
  return [...(await sum.read('x'))];
}

async function recorded(main: (ctx: Ctx) => unknown, options: RunOptions) {
  let timeline: Timeline | null = null;
  const value = await run(main, {
    ...options,
    onTimeline: (found) => {
      timeline = found;
    },
  });
  return { value, timeline: timeline as unknown as Timeline };
}

/** Begin and end of every operation that ran tasks, in program order. */
function spans({ entries }: Timeline): { start: number; end: number }[] {
  const byOperation = new Map<number, { start: number; end: number }>();
  for (const { operation, start, end } of entries) {
    const known = byOperation.get(operation);
    byOperation.set(operation, {
      start: Math.min(start, known?.start ?? start),
      end: Math.max(end, known?.end ?? end),
    });
  }
  return [...byOperation].sort(([a], [b]) => a - b).map(([, span]) => span);
}

/** How often an operation began before the one before it had ended. */
function overlaps(timeline: Timeline): number {
  const all = spans(timeline);
  return all.filter(({ start }, i) => i > 0 && start < all[i - 1]!.end).length;
}

/** The lane of every point, launch by launch. */
function lanes({ entries }: Timeline): number[][] {
  const byOperation = new Map<number, number[]>();
  for (const { operation, lane, first, points } of entries) {
    const row = byOperation.get(operation) ?? [];
    for (let p = first; p < first + points; p++) row[p] = lane;
    byOperation.set(operation, row);
  }
  return [...byOperation].sort(([a], [b]) => a - b).map(([, row]) => row);
}

t.test('no launch begins before the last one has ended on all workers', async (t) => {
  for (const options of [{ placement: 'block' }, { placement: 'lpt' }] as const) {
    const { value, timeline } = await recorded(imbalanced, { executor: 'bulk', workers: 2, ...options });
    t.same(value, [2 * 2 * 6], 'and the result is right');
    t.equal(timeline.entries.length, 24);
    t.equal(overlaps(timeline), 0, options.placement);
  }
  const tasks = await recorded(imbalanced, { executor: 'threads', workers: 2 });
  t.ok(overlaps(tasks.timeline) > 0, 'the same program in tasks mode has no barrier');
});

t.test('what the bodies of inner tasks launch has barriers too', async (t) => {
  const main = async (ctx: Ctx) => {
    const a = ctx.region([16], Cell);
    ctx.index([2], nest, { cell: a.partition.equal([2]).at() }, { depth: 2 });
    ctx.index([4], work, { cell: a.partition.equal([4]).at() }, { ms: [1, 1, 1, 1] });
    return [...(await a.read('x'))];
  };
  const leaves = (timeline: Timeline): Timeline => ({
    ...timeline,
    entries: timeline.entries.filter(({ task }) => timeline.taskNames[task] !== 'nest'),
  });
  const { value, timeline } = await recorded(main, { executor: 'bulk', workers: 2 });
  t.same(value, await run(main, { executor: 'inOrder' }));
  // Two instances on the outside, four and eight within, three operations each.
  t.equal(spans(leaves(timeline)).length, 3 * (2 + 4 + 8) + 1);
  t.equal(overlaps(leaves(timeline)), 0);
});

t.test('the program goes on only after the barrier', async (t) => {
  await run(
    (ctx) => {
      const a = ctx.region([8], Cell);
      let ended = 0;
      ctx.events.on('retire', () => ended++);
      for (let launch = 1; launch <= 3; launch++) {
        ctx.index([4], work, { cell: a.partition.equal([4]).at() }, { ms: [1, 1, 2, 1] });
        t.equal(ended, launch);
      }
      ctx.fill(a, 'x', 3);
      t.equal(ended, 4, 'fills too');
    },
    { executor: 'bulk', workers: 2 },
  );
});

t.test('blocks of points stay where they were placed, however unequal', async (t) => {
  const { timeline } = await recorded(imbalanced, { executor: 'bulk', workers: 2 });
  t.same(lanes(timeline), new Array(6).fill([0, 0, 1, 1]));
  const three = await recorded(imbalanced, { executor: 'bulk', workers: 3 });
  t.same(lanes(three.timeline), new Array(6).fill([0, 0, 1, 2]));
});

t.test('longest first by given costs, by recorded costs, and by those of the last launch', async (t) => {
  const costs: CostOf = (task, launch, point) =>
    task === 'work' && launch === 1 ? [5, 1, 1, 1][point] : task === 'follow' ? 4 - point : undefined;
  const given = await recorded(imbalanced, { executor: 'bulk', workers: 2, placement: 'lpt', costs });
  t.same(lanes(given.timeline), [
    [0, 0, 1, 1],
    [0, 1, 1, 0],
    [0, 0, 1, 1],
    [0, 1, 1, 1],
    [0, 1, 1, 0],
    [0, 0, 1, 1],
  ]);
  const heavyAlone = (row: readonly number[], heavy: number) =>
    row.every((lane, point) => (lane === row[heavy]) === (point === heavy));
  const first = await recorded(imbalanced, { executor: 'threads', workers: 1 });
  const known = await recorded(imbalanced, {
    executor: 'bulk',
    workers: 2,
    placement: 'lpt',
    costs: recordedCosts(first.timeline),
  });
  const dealt = lanes(known.timeline);
  t.ok(
    heavyAlone(dealt[0]!, 0) && heavyAlone(dealt[1]!, 3) && heavyAlone(dealt[3]!, 0),
    JSON.stringify(dealt),
  );
  const learnt = lanes(
    (await recorded(imbalanced, { executor: 'bulk', workers: 2, placement: 'lpt' })).timeline,
  );
  t.same(learnt[0], [0, 0, 1, 1], 'nothing is known of the first launch');
  t.ok(heavyAlone(learnt[3]!, 0) && heavyAlone(learnt[4]!, 3), JSON.stringify(learnt));
});

t.test('recorded costs are found by task, launch and point', (t) => {
  const entry = (
    task: number,
    operation: number,
    first: number,
    points: number,
    start: number,
    end: number,
  ) => ({
    lane: 0,
    task,
    operation,
    first,
    points,
    start,
    end,
  });
  const costOf = recordedCosts({
    taskNames: ['a', 'b'],
    // Not in program order, as lanes are read one after the other; a record of two points; a point that was lost.
    entries: [
      entry(0, 7, 1, 1, 4, 9),
      entry(1, 3, 0, 2, 0, 6),
      entry(0, 2, 0, 1, 0, 2),
      entry(1, 3, 3, 1, 6, 7),
    ],
  });
  t.same(
    [costOf('a', 0, 0), costOf('a', 1, 1), costOf('b', 0, 0), costOf('b', 0, 1), costOf('b', 0, 3)],
    [2, 5, 3, 3, 1],
  );
  t.same(
    [costOf('a', 1, 0), costOf('b', 0, 2), costOf('a', 2, 0), costOf('c', 0, 0), costOf('b', 0, 9)],
    new Array(5).fill(undefined),
  );
  t.end();
});

t.test('longest first keeps its bound', (t) => {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  let worst = 0;
  const wrong: string[] = [];
  for (let i = 0; i < 300; i++) {
    const workers = 2 + (i % 2);
    const costs = Float64Array.from({ length: 1 + Math.floor(8 * random()) }, () => Math.ceil(20 * random()));
    const span = (places: ArrayLike<number>) => {
      const loads = new Array<number>(workers).fill(0);
      for (let p = 0; p < costs.length; p++) loads[places[p]!]! += costs[p]!;
      return Math.max(...loads);
    };
    let best = Number.POSITIVE_INFINITY;
    for (let code = 0; code < workers ** costs.length; code++) {
      best = Math.min(best, span(Array.from(costs, (_, p) => Math.floor(code / workers ** p) % workers)));
    }
    const ratio = span(longestFirst(costs, workers)) / best;
    worst = Math.max(worst, ratio);
    if (ratio > 4 / 3 - 1 / (3 * workers) + 1e-12) wrong.push(`${costs} on ${workers}: ${ratio}`);
  }
  t.same(wrong, []);
  t.ok(worst > 1, 'some of the cases are hard');
  t.same([...longestFirst(Float64Array.of(3, 3, 2, 2, 2), 2)], [0, 1, 0, 1, 0], 'ties go by number');
  t.same([...longestFirst(new Float64Array(3), 3)], [0, 1, 2], 'what costs nothing is dealt round');
  t.end();
});

t.test('where nobody steals, the worker that work was placed on is woken', async (t) => {
  // Waking another one would cost a slice of 50 ms.
  const began = performance.now();
  await run(
    async (ctx) => {
      const a = ctx.region([2], Cell);
      for (let i = 0; i < 400; i++) await ctx.launch(work, { cell: a }, { ms: [0] });
    },
    { workers: 3, steal: false },
  );
  const seconds = (performance.now() - began) / 1000;
  t.ok(seconds < 3, `400 tasks, one after the other, took ${seconds.toFixed(2)} s`);
});

t.test('an unknown placement is refused', async (t) => {
  const odd = { executor: 'bulk', placement: 'random' } as unknown as RunOptions;
  await t.rejects(
    run(() => {}, odd),
    UsageError,
  );
});
