// Every partition constructor against enumerated point sets: the subspaces, and what is said of overlaps and gaps.
import fc from 'fast-check';
import t from 'tap';
import {
  assertComplete,
  assertDisjoint,
  blocks,
  byDomain,
  byField,
  crossProduct,
  difference,
  equal,
  type IndexPartition,
  image,
  imageRange,
  intersection,
  mirrored,
  preimage,
  preimageRange,
  restriction,
  union,
  weights,
} from '../../../runtime/regions/index.js';
import { IndexSpace, type Point } from '../../../runtime/spaces/index.js';
import {
  type Case,
  enumerateBox,
  keyOf,
  pointOf,
  pointsIn,
  sorted,
  spaces,
} from '../../support/point-sets.js';
import { holds, same } from '../../support/property.js';

/** Compares the subspaces, then disjoint, complete and both witnesses with what the points say. */
function agrees(partition: IndexPartition, parent: Case, expected: Iterable<string>[], what: string): void {
  same(partition.parent.equals(parent.space), true, `${what}: parent`);
  same(
    partition.subspaces.map(pointsIn),
    expected.map((part) => sorted(new Set(part))),
    `${what}: subspaces`,
  );
  const holders = new Map<string, number[]>();
  expected.forEach((part, colour) => {
    for (const key of new Set(part)) holders.set(key, [...(holders.get(key) ?? []), colour]);
  });
  const shared = sorted([...holders.keys()].filter((key) => holders.get(key)!.length > 1));
  const gaps = sorted([...parent.set].filter((key) => !holders.has(key)));
  same(
    [partition.disjoint, partition.complete],
    [shared.length === 0, gaps.length === 0],
    `${what}: disjoint, complete`,
  );
  same(partition.gapWitness, gaps[0] ?? null, `${what}: gap`);
  const witness = partition.overlapWitness;
  same(witness?.point ?? null, shared[0] ?? null, `${what}: shared point`);
  if (witness !== null) {
    const [a, b] = witness.colours.map((colour) => partition.colours.indexOf(colour));
    const colours = holders.get(keyOf(witness.point))!;
    same(
      [a! < b!, colours.includes(a!), colours.includes(b!)],
      [true, true, true],
      `${what}: colours of the witness`,
    );
  }
}

const ranks = fc.integer({ min: 1, max: 3 });
const anySpace = ranks.chain(spaces);
const extents = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const cutAt = (n: number, parts: number) => range(parts + 1).map((i) => Math.floor((n * i) / parts));

/** The pieces along the line of a space: first axis when dense, points in order when sparse. */
function linePieces({ space, set }: Case, cuts: number[]): string[][] {
  const order = sorted(set);
  return cuts.slice(1).map((until, i) =>
    order
      .filter((point, position) => {
        const place = space.dense ? point[0]! - space.lo[0]! : position;
        return place >= cuts[i]! && place < until;
      })
      .map(keyOf),
  );
}
const lineLength = ({ space }: Case) =>
  space.empty ? 0 : space.dense ? space.hi[0]! - space.lo[0]! + 1 : space.volume;

t.test('equal', (t) => {
  holds(t, 'along the line', fc.tuple(anySpace, fc.integer({ min: 1, max: 9 })), ([parent, parts]) => {
    agrees(
      equal(parent.space, [parts]),
      parent,
      linePieces(parent, cutAt(lineLength(parent), parts)),
      'equal',
    );
  });
  holds(t, 'in tiles', fc.tuple(anySpace, extents), ([parent, colours]) => {
    if (colours.length === 1 || colours.length > parent.space.rank) return;
    const { lo, hi } = parent.space;
    const cuts = colours.map((parts, axis) =>
      cutAt(parent.space.empty ? 0 : hi[axis]! - lo[axis]! + 1, parts),
    );
    const expected = [...IndexSpace.extent(colours)].map((colour) =>
      [...parent.set].filter((key) =>
        colour.every((c, axis) => {
          const place = pointOf(key)[axis]! - lo[axis]!;
          return place >= cuts[axis]![c]! && place < cuts[axis]![c + 1]!;
        }),
      ),
    );
    agrees(equal(parent.space, colours), parent, expected, 'equal tiles');
  });
  holds(
    t,
    'granularity',
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    ([n, parts, g]) => {
      const sizes = equal(IndexSpace.extent([n]), [parts], g).subspaces.map((s) => s.volume);
      same(
        sizes.reduce((a, b) => a + b, 0),
        n,
        'all points',
      );
      const used = sizes.filter((size) => size > 0);
      same(
        used.every((size) => size >= Math.min(g, n)),
        true,
        `no piece of ${sizes} is below ${g}`,
      );
      same(Math.max(...used, 0) - Math.min(...used, n) <= 1, true, `pieces ${sizes} are near equal`);
      same(
        used.length === (n === 0 ? 0 : Math.max(1, Math.min(parts, Math.floor(n / g)))),
        true,
        `as many pieces as fit: ${sizes}`,
      );
    },
  );
  t.same(
    equal(IndexSpace.extent([10]), IndexSpace.points(1, [[2], [5], [9]]))
      .sub([5])
      .toString(),
    '[3..5]',
    'sparse colours are taken in order',
  );
  t.end();
});

t.test('weights', (t) => {
  const weight = fc.integer({ min: 0, max: 7 });
  holds(
    t,
    'in proportion',
    fc.tuple(anySpace, fc.array(weight, { minLength: 1, maxLength: 8 })),
    ([parent, list]) => {
      const total = list.reduce((a, b) => a + b, 0);
      if (total === 0) return;
      let sum = 0;
      const cuts = [0, ...list.map((w) => Math.floor((lineLength(parent) * (sum += w)) / total))];
      agrees(weights(parent.space, [list.length], list), parent, linePieces(parent, cuts), 'weights');
      const byColour = weights(parent.space, [list.length], ([c]) => list[c!]!);
      same(
        byColour.subspaces.map(String),
        weights(parent.space, [list.length], list).subspaces.map(String),
        'as a function',
      );
    },
  );
  t.end();
});

t.test('blocks', (t) => {
  const block = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 });
  const corner = fc.option(fc.array(fc.integer({ min: -7, max: 7 }), { minLength: 3, maxLength: 3 }));
  holds(t, 'tiles', fc.tuple(anySpace, block, corner), ([parent, sizes, at]) => {
    const { space, set } = parent;
    const size = sizes.slice(0, space.rank);
    const origin = at === null ? space.lo : at.slice(0, space.rank);
    const partition = at === null ? blocks(space, size) : blocks(space, size, origin);
    const tile = (point: Point) => point.map((x, axis) => Math.floor((x - origin[axis]!) / size[axis]!));
    const colours = space.empty ? [] : enumerateBox(tile(space.lo), tile(space.hi));
    same(pointsIn(partition.colours).map(keyOf), colours, 'colours');
    agrees(
      partition,
      parent,
      colours.map((colour) => [...set].filter((key) => keyOf(tile(pointOf(key))) === colour)),
      'blocks',
    );
  });
  t.end();
});

t.test('restriction', (t) => {
  const small = fc.integer({ min: -2, max: 3 });
  const matrix = fc.array(fc.array(small, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 });
  const corners = fc.tuple(
    fc.array(small, { minLength: 3, maxLength: 3 }),
    fc.array(small, { minLength: 3, maxLength: 3 }),
  );
  holds(
    t,
    'moved boxes',
    fc.tuple(anySpace, extents, matrix, corners),
    ([parent, colours, full, [a, size]]) => {
      const { rank } = parent.space;
      const transform = full.slice(0, rank).map((row) => row.slice(0, colours.length));
      const lo = a.slice(0, rank);
      const hi = lo.map((x, axis) => x + size[axis]!);
      const expected = [...IndexSpace.extent(colours)].map((colour) =>
        [...parent.set].filter((key) =>
          pointOf(key).every((x, axis) => {
            const moved =
              x - transform[axis]!.reduce((sum, factor, column) => sum + factor * colour[column]!, 0);
            return moved >= lo[axis]! && moved <= hi[axis]!;
          }),
        ),
      );
      agrees(
        restriction(parent.space, colours, transform, IndexSpace.box(lo, hi)),
        parent,
        expected,
        'restriction',
      );
    },
  );
  t.same(restriction(IndexSpace.extent([12]), [3], [[4]], [4]).subspaces.map(String), [
    '[0..3]',
    '[4..7]',
    '[8..11]',
  ]);
  t.same(restriction(IndexSpace.extent([12]), [3], [[4]], IndexSpace.box([-1], [4])).subspaces.map(String), [
    '[0..4]',
    '[3..8]',
    '[7..11]',
  ]);
  t.same(
    restriction(IndexSpace.extent([4]), [2], [[2 ** 40]], [4]).subspaces.map(String),
    ['[0..3]', 'empty (rank 1)'],
    'far away',
  );
  t.end();
});

/** A parent with other spaces of its rank. */
const family = (most: number) =>
  ranks.chain((rank) => fc.tuple(spaces(rank), fc.array(spaces(rank), { minLength: 1, maxLength: most })));

/** Domains clipped to their parent, beside their sets. */
function clipped(parent: Case, domains: readonly Case[]): { partition: IndexPartition; parts: string[][] } {
  return {
    partition: byDomain(
      parent.space,
      [domains.length],
      domains.map((one) => one.space),
    ),
    parts: domains.map((one) => [...one.set].filter((key) => parent.set.has(key))),
  };
}

t.test('by domain, and mirrored', (t) => {
  holds(
    t,
    'clipped domains',
    family(6),
    ([parent, domains]) => {
      const { partition, parts } = clipped(parent, domains);
      agrees(partition, parent, parts, 'by domain');
    },
    1000,
  );
  holds(t, 'mirrored', fc.tuple(family(4), fc.nat()), ([[parent, domains]]) => {
    const { partition } = clipped(parent, domains);
    const other = domains[0]!;
    const parts = partition.subspaces.map((space) =>
      pointsIn(space)
        .map(keyOf)
        .filter((key) => other.set.has(key)),
    );
    agrees(mirrored(other.space, partition), other, parts, 'mirrored');
    same(typeof (partition.disjoint && partition.complete), 'boolean', 'asked');
    agrees(mirrored(other.space, partition), other, parts, 'mirrored, properties inherited');
  });
  t.end();
});

t.test('union, intersection, difference, cross product', (t) => {
  const two = family(4).chain(([parent, domains]) =>
    fc.tuple(
      fc.constant(parent),
      fc.constant(domains),
      fc.array(spaces(parent.space.rank), { minLength: domains.length, maxLength: domains.length }),
      fc.boolean(),
    ),
  );
  holds(t, 'colour by colour', two, ([parent, first, second, ask]) => {
    const a = clipped(parent, first);
    const b = clipped(parent, second);
    if (ask) {
      // What was computed is inherited.
      same(
        [a.partition, b.partition].every((p) => typeof (p.disjoint && p.complete) === 'boolean'),
        true,
        'asked',
      );
    }
    const sets = a.parts.map((part, i) => [new Set(part), new Set(b.parts[i]!)] as const);
    agrees(
      union(a.partition, b.partition),
      parent,
      sets.map(([x, y]) => [...x, ...y]),
      'union',
    );
    agrees(
      intersection(a.partition, b.partition),
      parent,
      sets.map(([x, y]) => [...x].filter((k) => y.has(k))),
      'intersection',
    );
    agrees(
      difference(a.partition, b.partition),
      parent,
      sets.map(([x, y]) => [...x].filter((k) => !y.has(k))),
      'difference',
    );
    crossProduct(a.partition, b.partition).forEach((partition, i) => {
      const set = new Set(a.parts[i]!);
      agrees(
        partition,
        { space: a.partition.subspaces[i]!, set },
        b.parts.map((part) => part.filter((k) => set.has(k))),
        'cross product',
      );
    });
  });
  t.end();
});

t.test('by field', (t) => {
  const values = fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 3, maxLength: 3 });
  holds(
    t,
    'points of one value',
    fc.tuple(anySpace, extents, fc.array(values, { minLength: 1, maxLength: 50 })),
    ([parent, colours, list]) => {
      const order = sorted(parent.set);
      const value = (position: number) => list[position % list.length]!.slice(0, colours.length);
      const flat = order.flatMap((_, position) => value(position));
      const expected = [...IndexSpace.extent(colours)].map((colour) =>
        order.filter((_, position) => keyOf(value(position)) === keyOf(colour)).map(keyOf),
      );
      agrees(byField(parent.space, colours, Int32Array.from(flat)), parent, expected, 'as int32');
      agrees(byField(parent.space, colours, BigInt64Array.from(flat, BigInt)), parent, expected, 'as bigint');
      agrees(
        byField(parent.space, colours, (_, position) => value(position)),
        parent,
        expected,
        'as a function',
      );
    },
  );
  const some = byField(IndexSpace.extent([4]), [2], [0, 0.5, Number.NaN, 1]);
  t.same(
    [some.subspaces.map(String), some.gapWitness],
    [['[0..0]', '[3..3]'], [1]],
    'no integers, no colour',
  );
  const nowhere = byField(IndexSpace.extent([3]), [2], ([x]) => (x === 1 ? null : 1));
  t.same(
    nowhere.subspaces.map((space) => space.volume),
    [0, 2],
    'null is no colour',
  );
  const sparse = byField(IndexSpace.extent([4]), IndexSpace.points(1, [[3], [7]]), [7, 3, 5, 7]);
  t.same(sparse.subspaces.map(pointsIn), [[[1]], [[0], [3]]], 'sparse colours');
  t.end();
});

t.test('image and preimage', (t) => {
  const cases = fc.tuple(ranks, ranks).chain(([from, to]) =>
    fc.tuple(
      spaces(from),
      fc.array(spaces(from), { minLength: 1, maxLength: 4 }),
      spaces(to),
      fc.array(spaces(to), { minLength: 1, maxLength: 4 }),
      fc.array(fc.array(fc.integer({ min: -5, max: 6 }), { minLength: 6, maxLength: 6 }), {
        minLength: 1,
        maxLength: 50,
      }),
    ),
  );
  holds(
    t,
    'as enumerated',
    cases,
    ([source, sourceDomains, target, targetDomains, list]) => {
      const { rank } = target.space;
      const order = sorted(source.set);
      const place = new Map(order.map((point, i) => [keyOf(point), i]));
      const pointer = (position: number) => list[position % list.length]!.slice(0, rank);
      const flat = Int32Array.from(order.flatMap((_, position) => pointer(position)));
      const P = clipped(source, sourceDomains);
      const Q = clipped(target, targetDomains);
      const images = P.parts.map((part) =>
        part.map((key) => keyOf(pointer(place.get(key)!))).filter((key) => target.set.has(key)),
      );
      agrees(image(target.space, P.partition, flat), target, images, 'image');
      const preimages = Q.parts.map((part) =>
        order.filter((_, i) => part.includes(keyOf(pointer(i)))).map(keyOf),
      );
      agrees(preimage(source.space, Q.partition, flat), source, preimages, 'preimage');
      agrees(
        preimage(source.space, Q.partition, (_, i) => pointer(i)),
        source,
        preimages,
        'preimage by a function',
      );

      // Boxes of -1 (none) to 3 points more than one, from the same numbers.
      const upper = (position: number): number[] =>
        pointer(position).map((x, axis) => x + (Math.abs(list[position % list.length]![5 - axis]!) % 5) - 1);
      const box = (position: number): string[] => enumerateBox(pointer(position), upper(position));
      const corners = Int32Array.from(order.flatMap((_, i) => [...pointer(i), ...upper(i)]));
      const rangeImages = P.parts.map((part) =>
        part.flatMap((key) => box(place.get(key)!)).filter((key) => target.set.has(key)),
      );
      agrees(imageRange(target.space, P.partition, corners), target, rangeImages, 'image of ranges');
      const rangePreimages = Q.parts.map((part) =>
        order.filter((_, i) => box(i).some((key) => part.includes(key))).map(keyOf),
      );
      agrees(preimageRange(source.space, Q.partition, corners), source, rangePreimages, 'preimage of ranges');
    },
    600,
  );
  t.end();
});

t.test('bad input ends in one sentence', (t) => {
  const line = IndexSpace.extent([6]);
  const plane = IndexSpace.extent([3, 3]);
  const halves = equal(line, [2]);
  const bad: [string, () => unknown, RegExp][] = [
    ['no colours', () => equal(line, [0]), /at least one colour/],
    ['granularity', () => equal(line, [2], 0), /granularity of an equal partition is 0/],
    ['zero weights', () => weights(line, [2], [0, 0]), /All weights of a partition are zero/],
    ['negative weight', () => weights(line, [2], [3, -1]), /weight of colour 1 is -1/],
    ['weights short', () => weights(line, [2], [3]), /2 colours but 1 weights/],
    ['block of no size', () => blocks(line, [0]), /block has 0 points on axis 0/],
    ['block of another rank', () => blocks(line, [2, 2]), /has 2 axes, but the index space has 1/],
    [
      'too many blocks',
      () => blocks(IndexSpace.box([2 ** 31 - 2], [2 ** 31 - 1]), [1], [-10]),
      /too many to number/,
    ],
    ['transform', () => restriction(plane, [2], [[1, 0]], [1, 1]), /1 x 2, but it needs 2 rows/],
    ['extent', () => restriction(plane, [2], [[1], [0]], [1]), /extent of a restriction has 1 axes/],
    [
      'sparse extent',
      () => restriction(line, [2], [[1]], IndexSpace.points(1, [[0], [2]])),
      /must be one box/,
    ],
    ['fraction', () => restriction(line, [2], [[0.5]], [1]), /entry that is not an integer/],
    ['domains', () => byDomain(line, [2], [line]), /2 colours but 1 domains/],
    ['domain of another rank', () => byDomain(line, [1], [plane]), /rank 1 and 2/],
    [
      'false claim',
      () => byDomain(line, [2], [line, IndexSpace.box([4], [9])], { disjoint: true }),
      /not disjoint: colours 0 and 1 both hold the point 4\./,
    ],
    [
      'false claim',
      () => byDomain(line, [1], [IndexSpace.extent([3])], { complete: true }),
      /not complete: no colour holds the point 3 of the parent/,
    ],
    [
      'disjoint',
      () => assertDisjoint(byDomain(plane, [2, 1], () => IndexSpace.box([1, 2], [2, 2]))),
      /colours \(0, 0\) and \(1, 0\) both hold the point \(1, 2\)/,
    ],
    [
      'complete',
      () => assertComplete(byDomain(plane, [1], () => IndexSpace.box([0, 0], [2, 1]))),
      /no colour holds the point \(0, 2\)/,
    ],
    ['no such colour', () => halves.sub([2]), /has no colour 2: its colours are \[0\.\.1\]/],
    ['colour of another rank', () => halves.sub([0, 0]), /2 axes, the index space has 1/],
    ['values short', () => byField(line, [2], [0, 1]), /2 numbers, but 6 points with 1 each need 6/],
    ['wrong width', () => byField(line, [2], () => [0, 1]), /has 2 coordinates where 1 are needed/],
    ['pointers short', () => image(plane, halves, [1]), /1 numbers, but 6 points with 2 each need 12/],
    ['other colours', () => union(halves, equal(line, [3])), /different colours/],
    ['other parent', () => intersection(halves, equal(plane, [2])), /different spaces/],
  ];
  for (const [name, call, message] of bad) t.throws(call, { message }, name);
  t.end();
});
