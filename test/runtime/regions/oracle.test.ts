// The partitions of the interpreter and those of the runtime are written apart; here they meet.
import fc from 'fast-check';
import t from 'tap';
import { blocks, equal, type IndexPartition, restriction, weights } from '../../../runtime/regions/index.js';
import { IndexSpace } from '../../../runtime/spaces/index.js';
import { subspacesOf } from '../../../runtime/testing/brute-partitions.js';
import type { PartitionRule } from '../../../runtime/testing/program-description.js';
import { keyOf, pointsIn, sorted, spaces } from '../../support/point-sets.js';
import { holds, same } from '../../support/property.js';

const rules: fc.Arbitrary<PartitionRule> = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 })
  .chain((sizes) =>
    fc.integer({ min: 1, max: 3 }).chain((rank): fc.Arbitrary<PartitionRule> => {
      const colours = sizes.slice(0, rank);
      const count = colours.reduce((n, size) => n * size, 1);
      const small = fc.integer({ min: -1, max: 3 });
      return fc.oneof(
        fc.constant<PartitionRule>({ rule: 'equal', colours }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: count, maxLength: count }).map(
          (list): PartitionRule => ({
            rule: 'weights',
            colours,
            weights: [list[0]! + 1, ...list.slice(1)],
          }),
        ),
        fc.constant<PartitionRule>({ rule: 'blocks', block: sizes }),
        fc
          .tuple(
            fc.array(small, { minLength: 9, maxLength: 9 }),
            fc.array(small, { minLength: 6, maxLength: 6 }),
          )
          .map(
            ([flat, corners]): PartitionRule => ({
              rule: 'restriction',
              colours,
              transform: [0, 1, 2].map((row) => flat.slice(3 * row, 3 * row + rank)),
              extent: { lo: corners.slice(0, 3), hi: corners.slice(3) },
            }),
          ),
      );
    }),
  );

function ours(space: IndexSpace, rule: PartitionRule): IndexPartition {
  switch (rule.rule) {
    case 'equal':
      return equal(space, rule.colours);
    case 'weights':
      return weights(space, rule.colours, rule.weights);
    case 'blocks':
      return blocks(space, rule.block);
    case 'restriction':
      return restriction(space, rule.colours, rule.transform, IndexSpace.box(rule.extent.lo, rule.extent.hi));
    default:
      throw new Error(`no rule ${rule.rule} here`);
  }
}

/** The rule with its vectors cut to the rank of the space. */
function fitted(rule: PartitionRule, rank: number): PartitionRule {
  if (rule.rule === 'blocks') return { ...rule, block: rule.block.slice(0, rank) };
  if (rule.rule !== 'restriction') return rule;
  const { lo, hi } = rule.extent;
  return {
    ...rule,
    transform: rule.transform.slice(0, rank),
    extent: { lo: lo.slice(0, rank), hi: hi.slice(0, rank) },
  };
}

t.test('both give the same subspaces', (t) => {
  const anySpace = fc.integer({ min: 1, max: 3 }).chain(spaces);
  holds(
    t,
    'equal, weights, blocks, restriction',
    fc.tuple(anySpace, rules),
    ([{ space, set }, anyRule]) => {
      if (space.empty) return;
      const rule = fitted(anyRule, space.rank);
      const points = sorted(set);
      const ordinalOf = new Map(points.map((point, ordinal) => [keyOf(point), ordinal]));
      const unused = (): never => {
        throw new Error('no field is read');
      };
      const around = { partition: unused, here: unused, there: unused };
      const theirs = subspacesOf(
        rule,
        { points, ordinalOf },
        points.map((_, ordinal) => ordinal),
        around,
      );
      const partition = ours(space, rule);
      same(
        partition.colours.hi.map((x) => x + 1),
        theirs.colours,
        'colours',
      );
      same(
        partition.subspaces.map(pointsIn),
        theirs.parts.map((part) => part.map((o) => points[o])),
        rule.rule,
      );
    },
    1000,
  );
  t.end();
});
