// Partitions of regions that follow boxes in fields, other partitions, or what the program sets one by one.
import t from 'tap';
import { fieldSpace, IndexSpace, i32, PendingPartition, run, vec } from '../../../runtime/index.js';

t.test('boxes, mirrors, cross products and pending partitions on regions', async (t) => {
  const Row = fieldSpace({ lo: i32, hi: i32, box: vec(i32, 2) });
  const shown = await run(
    async (ctx) => {
      const rows = ctx.region([4], Row);
      const cells = ctx.region([10], Row);
      rows.write('lo', [0, 2, 7, 5]);
      rows.write('hi', [2, 4, 20, 4]);
      rows.write('box', [0, 2, 2, 4, 7, 20, 5, 4]);
      const halves = rows.partition.equal([2]);
      const show = (p: { index: { subspaces: readonly IndexSpace[] } }) =>
        p.index.subspaces.map((s) => [...s].flat().join(''));
      const tiles = cells.partition.blocks([5]);
      const thirds = cells.partition.equal([3]);
      const pending = cells.partition.pending([3], (p) => {
        p.union([0], [IndexSpace.box([0], [1]), IndexSpace.box([8], [12])]);
        p.intersection([1], tiles.index);
        p.difference([2], cells.indexSpace, [IndexSpace.box([1], [8])]);
      });
      return {
        image: show(cells.partition.imageRange(halves, ['lo', 'hi'])),
        box: show(cells.partition.imageRange(halves, 'box')),
        preimage: show(rows.partition.preimageRange(tiles, ['lo', 'hi'])),
        mirrored: show(rows.partition.mirrored(thirds)),
        cross: cells.partition.cross(tiles, thirds).map(show),
        pending: show(pending),
        disjoint: [pending.index.disjoint, cells.partition.imageRange(halves, 'box').index.disjoint],
      };
    },
    { executor: 'inOrder' },
  );
  t.same(shown, {
    image: ['01234', '789'],
    box: ['01234', '789'],
    preimage: ['01', '2'],
    mirrored: ['012', '3', ''],
    cross: [
      ['012', '34', ''],
      ['', '5', '6789'],
    ],
    pending: ['0189', '', '09'],
    disjoint: [false, true],
  });
});

t.test('pending partitions are refused while colours are missing', (t) => {
  const space = IndexSpace.extent([4]);
  const pending = () => new PendingPartition(space, [2]);
  t.throws(() => pending().union([0], [space]).finish(), /Colour 1 of the pending partition was not set/);
  t.throws(() => pending().union([2], [space]), /has no colour 2/);
  t.throws(() => pending().union([0], [space]).union([0], [space]), /Colour 0 .* was set before/);
  t.throws(
    () => pending().union([0], [space]).union([1], [space]).finish({ disjoint: true }),
    /not disjoint: colours 0 and 1 both hold the point 0/,
  );
  t.end();
});
