// Field spaces and the bookkeeping of region trees.
import t from 'tap';
import {
  bool,
  c64,
  c128,
  equal,
  f32,
  f64,
  fieldIndex,
  fieldSpace,
  i32,
  i64,
  RegionTree,
  u8,
  vec,
} from '../../../runtime/regions/index.js';
import { IndexSpace } from '../../../runtime/spaces/index.js';

t.test('field spaces', (t) => {
  const space = fieldSpace({ mass: f64, position: vec(f64, 3), wave: c64, waves: vec(c128, 2), hit: bool });
  t.same(space.names, ['mass', 'position', 'wave', 'waves', 'hit']);
  t.same(space.indices, { mass: 0, position: 1, wave: 2, waves: 3, hit: 4 });
  const types = Object.values(space.fields).map((type) => [
    type.kind,
    type.lanes,
    type.bytesPerElement,
    type.complex,
  ]);
  t.same(types, [
    ['f64', 1, 8, false],
    ['f64', 3, 24, false],
    ['c64', 2, 8, true],
    ['c128', 4, 32, true],
    ['bool', 1, 1, false],
  ]);
  t.equal(space.bytesPerPoint, 73);
  t.equal(fieldIndex(space, 'wave'), 2);
  const memory = new SharedArrayBuffer(16);
  t.same(
    [new i64.array(memory).length, new f32.array(memory, 4, 2).length, new u8.array(3).length],
    [2, 2, 3],
  );
  t.end();
});

t.test('bad fields end in one sentence', (t) => {
  t.throws(() => fieldSpace({}), { message: /has no fields/ });
  t.throws(() => fieldSpace({ 'a b': f32 }), { message: /"a b" is not an identifier/ });
  t.throws(() => fieldSpace({ points: f32 }), { message: /points is taken by every view/ });
  t.throws(() => fieldSpace({ x: undefined as unknown as typeof f32 }), { message: /x has no type/ });
  t.throws(() => vec(f32, 0), { message: /0 lanes/ });
  t.throws(() => vec(vec(f32, 2) as unknown as typeof f32, 2), { message: /takes a scalar or complex type/ });
  t.throws(() => fieldIndex(fieldSpace({ x: f32, y: i32 }), 'z'), {
    message: /no field "z": the fields are x, y/,
  });
  t.end();
});

t.test('region trees', (t) => {
  const tree = new RegionTree(IndexSpace.extent([12]), fieldSpace({ x: f32 }));
  const other = new RegionTree(IndexSpace.extent([12]), fieldSpace({ x: f32 }));
  const quarters = equal(tree.space, [4]);
  const node = tree.root.partition(quarters);
  const second = node.region([1]);
  const halves = second.partition(equal(second.space, [2]));
  const leaf = halves.region([1]);
  t.not(tree.id, other.id);
  t.equal(tree.root.partition(quarters), node, 'one node for one partition');
  t.equal(node.region([1]), second, 'one node for one colour');
  t.same([String(second.space), String(leaf.space), leaf.depth], ['[3..5]', '[4..5]', 2]);
  t.same(
    [
      leaf.isWithin(second),
      leaf.isWithin(tree.root),
      second.isWithin(leaf),
      leaf.isWithin(node.region([2])),
      leaf.isWithin(other.root),
    ],
    [true, true, false, false, false],
  );
  t.same(
    tree.partitions.map((p) => p.id),
    [1, 3],
  );
  t.equal(tree.node(4), leaf, 'numbers in the order of making');
  t.equal(leaf.toString(), `region ${tree.id}, colour 1 of partition 3`);
  t.throws(() => tree.node(9), { message: /has no node 9/ });
  t.throws(() => node.region([4]), { message: /Partition 1 has no colour 4: its colours are \[0\.\.3\]/ });
  t.throws(() => second.partition(quarters), {
    message: /partition of \[0\.\.11\] cannot be used on a region over \[3\.\.5\]/,
  });
  t.end();
});
