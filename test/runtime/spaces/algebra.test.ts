// Index spaces against enumerated point sets: every operation, dense and sparse, one to three axes.
import fc from 'fast-check';
import t from 'tap';
import { IndexSpace, unionAll } from '../../../runtime/spaces/index.js';
import {
  enumerateBox,
  keyOf,
  type PointSet,
  pointOf,
  pointsIn,
  sorted,
  spaceLists,
  spaces,
} from '../../support/point-sets.js';
import { holds, same } from '../../support/property.js';

const ranks = fc.integer({ min: 1, max: 3 });
const anySpace = ranks.chain(spaces);

const both = (a: PointSet, b: PointSet): string[] => [...a].filter((key) => b.has(key));

/** Checks everything that follows from the set of points alone. */
function isNormal(space: IndexSpace, set: Iterable<string>, what: string): void {
  const points = sorted(new Set(set));
  same(pointsIn(space), points, `${what}: points`);
  same([space.volume, space.empty], [points.length, points.length === 0], `${what}: volume`);
  const axes = Array.from({ length: space.rank }, (_, axis) => points.map((point) => point[axis]!));
  const lo = points.length ? axes.map((xs) => Math.min(...xs)) : axes.map(() => 0);
  const hi = points.length ? axes.map((xs) => Math.max(...xs)) : axes.map(() => -1);
  same([space.lo, space.hi], [lo, hi], `${what}: bounding box`);
  same(
    space.dense,
    lo.reduce((volume, x, axis) => volume * (hi[axis]! - x + 1), 1) === points.length || points.length === 0,
    `${what}: dense`,
  );
  // Runs by enumeration: a point starts one unless its left neighbour is in the set.
  const keys = new Set(points.map(keyOf));
  const neighbour = (point: number[], step: number) => keyOf([...point.slice(0, -1), point.at(-1)! + step]);
  const starts = points.filter((point) => !keys.has(neighbour(point, -1)));
  const ends = points.filter((point) => !keys.has(neighbour(point, 1)));
  const runs = starts.flatMap((start, i) => [...start, ends[i]!.at(-1)!]);
  same([...space.runs], runs, `${what}: runs`);
  same(space.runCount, starts.length, `${what}: run count`);
  const visited: number[] = [];
  space.forEachRun((lead, from, to) => visited.push(...lead, from, to));
  same(visited, runs, `${what}: forEachRun`);
}

t.test('a space is the set of its points, in normal form', (t) => {
  holds(t, 'points, volume, box, dense, runs', anySpace, ({ space, set }) => isNormal(space, set, 'space'));
  t.end();
});

t.test('union, intersection, difference', (t) => {
  holds(
    t,
    'as enumerated',
    spaceLists(2),
    ([a, b]) => {
      isNormal(a!.space.union(b!.space), [...a!.set, ...b!.set], 'union');
      isNormal(a!.space.intersect(b!.space), both(a!.set, b!.set), 'intersection');
      isNormal(
        a!.space.minus(b!.space),
        [...a!.set].filter((key) => !b!.set.has(key)),
        'difference',
      );
    },
    1000,
  );
  t.end();
});

t.test('overlaps, witness, covers, equals, hash', (t) => {
  holds(
    t,
    'as enumerated',
    spaceLists(2),
    ([a, b]) => {
      const common = sorted(both(a!.set, b!.set));
      same(a!.space.overlaps(b!.space), common.length > 0, 'overlaps');
      same(a!.space.witness(b!.space), common[0] ?? null, 'witness');
      same(a!.space.covers(b!.space), common.length === b!.set.size, 'covers');
      same(
        a!.space.equals(b!.space),
        common.length === b!.set.size && common.length === a!.set.size,
        'equals',
      );
      // Sub- and supersets are rare among random pairs, so they are made.
      const part = a!.space.intersect(b!.space);
      same(
        [a!.space.covers(part), part.covers(a!.space)],
        [true, part.volume === a!.space.volume],
        'covers a part',
      );
      const again = a!.space.minus(b!.space).union(part);
      same([again.equals(a!.space), again.hash], [true, a!.space.hash], 'taken apart and put together');
      same(a!.space.minus(b!.space).overlaps(b!.space), false, 'the rest does not overlap');
    },
    1000,
  );
  t.end();
});

t.test('contains, indexOf, at', (t) => {
  holds(t, 'as enumerated', anySpace, ({ space, set }) => {
    const order = sorted(set);
    same(
      order.map((_, position) => space.at(position)),
      order,
      'at',
    );
    const around = enumerateBox(
      space.lo.map((x) => x - 1),
      space.hi.map((x) => x + 1),
    );
    const position = new Map(order.map((point, i) => [keyOf(point), i]));
    same(
      around.map((key) => space.indexOf(pointOf(key))),
      around.map((key) => position.get(key) ?? -1),
      'indexOf',
    );
    same(
      around.map((key) => space.contains(pointOf(key))),
      around.map((key) => set.has(key)),
      'contains',
    );
    same(
      [space.indexOf(space.lo.map((x) => x + 0.5)), space.contains(space.lo.map(() => Number.NaN))],
      [-1, false],
      'no integers',
    );
  });
  t.end();
});

t.test('unions of many, and runs in any order', (t) => {
  holds(
    t,
    'unionAll',
    ranks.chain((rank) => fc.tuple(fc.constant(rank), fc.array(spaces(rank), { maxLength: 8 }))),
    ([rank, list]) => {
      const space = unionAll(
        list.map((one) => one.space),
        rank,
      );
      isNormal(
        space,
        list.flatMap((one) => [...one.set]),
        'union of all',
      );
    },
  );
  holds(
    t,
    'fromRuns',
    ranks.chain((rank) =>
      fc.tuple(
        fc.constant(rank),
        fc.array(fc.array(fc.integer({ min: -3, max: 6 }), { minLength: rank + 1, maxLength: rank + 1 }), {
          maxLength: 20,
        }),
      ),
    ),
    ([rank, runs]) => {
      const set = runs.flatMap((run) =>
        enumerateBox(run.slice(0, rank), [...run.slice(0, rank - 1), run[rank]!]),
      );
      isNormal(IndexSpace.fromRuns(rank, Int32Array.from(runs.flat())), set, 'runs');
      const flat = Int32Array.from(runs.flatMap((run) => run.slice(0, rank)));
      isNormal(
        IndexSpace.fromCoordinates(rank, flat),
        runs.map((run) => keyOf(run.slice(0, rank))),
        'coordinates',
      );
    },
  );
  t.end();
});

t.test('long run lists are searched, not walked', (t) => {
  // 10^5 runs of 3 points with gaps of 2; the same set moved by 3 meets nothing but the gaps.
  const runs = new Int32Array(200_000);
  for (let i = 0; i < 100_000; i++) runs.set([5 * i, 5 * i + 2], 2 * i);
  const comb = IndexSpace.fromRuns(1, runs);
  const gaps = IndexSpace.box([0], [499_999]).minus(comb);
  t.same(
    [comb.volume, gaps.volume, comb.overlaps(gaps), comb.witness(gaps)],
    [300_000, 200_000, false, null],
  );
  t.same(comb.witness(IndexSpace.box([377_778], [377_790])), [377_780]);
  t.same([comb.at(299_999), comb.indexOf([499_997]), comb.indexOf([499_998])], [[499_997], 299_999, -1]);
  t.ok(comb.union(gaps).equals(IndexSpace.extent([500_000])), 'comb and gaps fill the line');
  t.ok(comb.union(gaps).dense, 'and the line is dense again');
  t.end();
});

t.test('the ends of the coordinate range', (t) => {
  const min = -(2 ** 31);
  const max = 2 ** 31 - 1;
  const all = IndexSpace.box([min], [max]);
  t.same(all.volume, 2 ** 32);
  t.same(pointsIn(all.minus(IndexSpace.box([min + 1], [max - 1]))), [[min], [max]]);
  t.ok(
    all
      .minus(IndexSpace.points(1, [[max]]))
      .union(IndexSpace.points(1, [[max]]))
      .equals(all),
  );
  t.same(
    [all.at(2 ** 32 - 1), all.indexOf([max]), all.overlaps(IndexSpace.empty(1))],
    [[max], 2 ** 32 - 1, false],
  );
  t.same(IndexSpace.extent([2 ** 31]).hi, [max]);
  t.end();
});

t.test('bad input ends in one sentence', (t) => {
  const bad: [string, () => unknown, RegExp][] = [
    ['negative extent', () => IndexSpace.extent([4, -1]), /extent \(4, -1\) has -1 on axis 1/],
    ['fraction', () => IndexSpace.extent([2.5]), /has 2\.5 on axis 0/],
    ['four axes', () => IndexSpace.extent([2, 2, 2, 2]), /4 axes, but spaces have 1, 2 or 3/],
    ['no axes', () => IndexSpace.extent([]), /0 axes/],
    ['coordinate too large', () => IndexSpace.box([0], [2 ** 31]), /2147483648 on axis 0, but coordinates/],
    ['not a number', () => IndexSpace.points(2, [[0, Number.NaN]]), /NaN on axis 1/],
    ['corners of different rank', () => IndexSpace.box([0], [1, 1]), /corners of different rank/],
    ['point of another rank', () => IndexSpace.points(2, [[0]]), /has 1 axes where 2 are needed/],
    [
      'union of ranks',
      () => IndexSpace.extent([2]).union(IndexSpace.extent([2, 2])),
      /unite index spaces of rank 1 and 2/,
    ],
    ['overlap of ranks', () => IndexSpace.extent([2]).overlaps(IndexSpace.extent([2, 2])), /rank 1 and 2/],
    ['union of none', () => unionAll([]), /needs the rank/],
    [
      'contains of another rank',
      () => IndexSpace.extent([2]).contains([0, 0]),
      /has 2 axes, the index space has 1/,
    ],
    ['position', () => IndexSpace.extent([2]).at(2), /Position 2 is outside of an index space of 2 points/],
    ['odd run list', () => IndexSpace.fromRuns(2, new Int32Array(4)), /4 integers does not fit rank 2/],
    ['odd coordinates', () => IndexSpace.fromCoordinates(2, new Int32Array(3)), /multiple/],
    ['volume', () => IndexSpace.extent([2 ** 30, 2 ** 30]), /more than 2\^53 points/],
  ];
  for (const [name, call, message] of bad) t.throws(call, { message }, name);
  t.end();
});
