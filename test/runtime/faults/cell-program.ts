// Two launches that meet in one cell of the interference table, on every path of the analysis.
import type { Coherence, Privilege, ReductionName } from '../../../runtime/privileges/index.js';
import type { FieldUse, Launch, Program } from '../../../runtime/testing/index.js';

/** One kind of use: a privilege (for reductions with an operator) under a coherence. */
export interface Use {
  readonly privilege: Privilege;
  readonly coherence: Coherence;
  readonly reduction?: ReductionName | null;
}

/**
 * Where a launch goes: the whole region, one of three parts of which neighbours overlap (`low alone`: as the only colour of a
 * partition), all of many small blocks, or many times the whole.
 */
export type Reach = 'whole' | 'low' | 'middle' | 'high' | 'blocks' | 'crowd' | 'low alone' | 'middle alone';

/** More of them than sets whose writers are not joined. */
const BLOCKS = 20;
/** More of them than readers that are not joined. */
const READERS = 70;
const parts: readonly Reach[] = ['low', 'middle', 'high'];
const alone: readonly Reach[] = ['low alone', 'middle alone'];

function launchOf(
  name: string,
  reach: Reach,
  { privilege, coherence, reduction }: Use,
  fields: readonly string[],
): Launch {
  const uses = fields.map(
    (field): FieldUse => ({
      field,
      privilege:
        privilege === 'reduce'
          ? { kind: privilege, operator: reduction ?? 'sum' }
          : { kind: privilege as 'read' },
      ...(coherence === 'exclusive' ? {} : { coherence: coherence as 'atomic' }),
    }),
  );
  const target =
    reach === 'whole' || reach === 'crowd'
      ? { region: 'r' }
      : reach === 'blocks'
        ? { partition: 'blocks', projection: { kind: 'identity' as const } }
        : alone.includes(reach)
          ? { partition: reach, colour: [0] }
          : { partition: 'overlapping', colour: [parts.indexOf(reach)] };
  const domain = reach === 'blocks' ? [BLOCKS] : reach === 'crowd' ? [READERS] : null;
  return { kind: 'launch', name, salt: 1, domain, requirements: [{ target, fields: uses }], argument: 0 };
}

/** Two launches on a region whose equivalence sets have been shaped by blocks, or not. The first uses two fields. */
export function programOf(earlier: Use, later: Use, a: Reach, b: Reach, shaped = true): Program {
  const blocks =
    shaped && (a === 'blocks' || b === 'blocks' || a === 'crowd' || alone.includes(a) || parts.includes(a));
  // Neighbours share one point, in the middle of a block: the second one does not cover that block.
  const extent = { lo: [0], hi: [11] };
  const field = (name: string) => ({ name, kind: 'i32' as const, lanes: 1 });
  return {
    seed: 1,
    operations: [
      {
        kind: 'region',
        name: 'r',
        domain: { kind: 'box', box: { lo: [0], hi: [23] } },
        fields: [field('x'), field('y')],
      },
      { kind: 'partition', name: 'blocks', of: { region: 'r' }, by: { rule: 'equal', colours: [BLOCKS] } },
      {
        kind: 'partition',
        name: 'overlapping',
        of: { region: 'r' },
        by: { rule: 'restriction', colours: [3], transform: [[11]], extent },
      },
      ...alone.map((name, colour) => ({
        kind: 'partition' as const,
        name,
        of: { partition: 'overlapping', colour: [colour] },
        by: { rule: 'equal' as const, colours: [1] },
      })),
      ...(blocks
        ? [launchOf('shape', 'blocks', { privilege: 'update', coherence: 'exclusive' }, ['x', 'y'])]
        : []),
      launchOf('first', a, earlier, ['x', 'y']),
      launchOf('second', b, later, ['x']),
    ],
  };
}

const all: readonly Reach[] = ['whole', ...parts, 'blocks'];

/** Every way in which two launches can meet, with and without sets that were shaped before. */
export const reaches: readonly (readonly [a: Reach, b: Reach, shaped: boolean])[] = all.flatMap((a) =>
  all.flatMap((b) => [true, false].map((shaped) => [a, b, shaped] as const)),
);

/** Two partitions of one colour each. */
export const ALONE: number = reaches.length;
/** Many readers of everything, more than are kept without being joined. */
export const CROWD: number = reaches.length + 1;
const everyReach: readonly (typeof reaches)[number][] = [
  ...reaches,
  ['low alone', 'middle alone', true],
  ['crowd', 'low', true],
];

/** A program of two launches that meet in one of the ways. */
export const pairOf = (earlier: Use, later: Use, reach: number): Program =>
  programOf(earlier, later, ...everyReach[reach]!);

/** Some of them, one for each path. */
export const mainReaches: readonly (readonly [a: Reach, b: Reach, shaped: boolean])[] = [
  ['whole', 'whole', false],
  ['low', 'middle', false],
  ['blocks', 'blocks', true],
  ['blocks', 'whole', true],
  ['whole', 'blocks', true],
  ['low', 'blocks', true],
];
