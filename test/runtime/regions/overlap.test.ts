// Overlap tables against all pairs of subspaces.
import fc from 'fast-check';
import t from 'tap';
import { byDomain, equal, overlapTable, restriction } from '../../../runtime/regions/index.js';
import { IndexSpace } from '../../../runtime/spaces/index.js';
import { spaces } from '../../support/point-sets.js';
import { holds, same } from '../../support/property.js';

t.test('the table holds exactly the pairs that meet', (t) => {
  const lists = fc.integer({ min: 1, max: 3 }).chain((rank) => {
    const list = fc.array(spaces(rank), { minLength: 1, maxLength: 30 });
    return fc.tuple(fc.constant(rank), list, list);
  });
  holds(t, 'as enumerated', lists, ([rank, first, second]) => {
    const parent = IndexSpace.box(new Array(rank).fill(-10), new Array(rank).fill(20));
    const [a, b] = [first, second].map((list) =>
      byDomain(
        parent,
        [list.length],
        list.map((one) => one.space),
      ),
    );
    const table = overlapTable(a!, b!);
    const { start, colours, covers } = table;
    const rows = first.map((x) =>
      second.flatMap((y, j) =>
        [...y.set].some((key) => x.set.has(key))
          ? [[j, [...y.set].every((key) => x.set.has(key)) ? 1 : 0]]
          : [],
      ),
    );
    const found = rows.map((_, i) =>
      Array.from(colours.subarray(start[i], start[i + 1]), (colour, k) => [colour, covers[start[i]! + k]]),
    );
    same(found, rows, 'rows');
    same(overlapTable(a!, b!) === table, true, 'kept');
  });
  t.end();
});

t.test('ten thousand colours take no quadratic time', (t) => {
  const line = IndexSpace.extent([100_000]);
  const owned = equal(line, [10_000]);
  const halos = restriction(line, [10_000], [[10]], IndexSpace.box([-1], [10]));
  const before = process.cpuUsage().user;
  const { start, colours } = overlapTable(owned, halos);
  t.same([start[1], start[10_000], [...colours.subarray(start[77], start[78])]], [2, 29_998, [76, 77, 78]]);
  t.same([halos.disjoint, halos.complete], [false, true]);
  t.same(halos.overlapWitness, { colours: [[0], [1]], point: [9] });
  const plane = IndexSpace.extent([1000, 1000]);
  const tiles = equal(plane, [100, 100]);
  const wide = restriction(
    plane,
    [100, 100],
    [
      [10, 0],
      [0, 10],
    ],
    IndexSpace.box([-1, -1], [10, 10]),
  );
  t.equal(overlapTable(tiles, wide).colours.length, 298 * 298, 'nine neighbours, fewer at the rim');
  t.same([wide.disjoint, wide.complete, wide.gapWitness], [false, true, null]);
  t.comment(`${((process.cpuUsage().user - before) / 1000).toFixed(0)} ms of processor time`);
  t.end();
});

t.test('bad input ends in one sentence', (t) => {
  const bad = () => overlapTable(equal(IndexSpace.extent([4]), [2]), equal(IndexSpace.extent([4, 4]), [2]));
  t.throws(bad, { message: /rank 1 and 2 cannot overlap/ });
  t.end();
});
