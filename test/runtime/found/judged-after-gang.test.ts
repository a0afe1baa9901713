// Found by the fuzzer and shrunk: a task that a member of a gang made ready, with failures about. The executors of one thread
// ran it without asking whether a failure had reached it, so that one reached it whose elements were written since.
import t from 'tap';
import {
  describeDifference,
  type Program,
  runDifferential,
  runtimeExecutor,
} from '../../../runtime/testing/index.js';

t.setTimeout(60_000);

const program: Program = {
  seed: 700005015,
  operations: [
    {
      kind: 'region',
      name: 'r24',
      domain: { kind: 'box', box: { lo: [0], hi: [2] } },
      fields: [{ name: 'x1', kind: 'i32', lanes: 1 }],
    },
    {
      kind: 'launch',
      name: 't32',
      salt: 989585232,
      domain: null,
      requirements: [
        { target: { region: 'r24' }, fields: [{ field: 'x1', privilege: { kind: 'overwrite' } }] },
      ],
      argument: 0,
      fails: [],
    },
    {
      kind: 'partition',
      name: 'p34',
      of: { region: 'r24' },
      by: {
        rule: 'byDomain',
        colours: [2],
        domains: [
          { kind: 'box', box: { lo: [1], hi: [2] } },
          { kind: 'box', box: { lo: [2], hi: [4] } },
        ],
      },
    },
    {
      kind: 'partition',
      name: 'p37',
      of: { region: 'r24' },
      by: { rule: 'union', left: 'p34', right: 'p34' },
    },
    {
      kind: 'launch',
      name: 't44',
      salt: 3984472366,
      domain: [1],
      requirements: [
        {
          target: { partition: 'p34', projection: { kind: 'identity' } },
          fields: [{ field: 'x1', privilege: { kind: 'overwrite' } }],
        },
      ],
      argument: 0,
    },
    {
      kind: 'launch',
      name: 't65',
      salt: 1228907787,
      domain: null,
      requirements: [
        {
          target: { partition: 'p37', colour: [0] },
          fields: [{ field: 'x1', privilege: { kind: 'update' } }],
        },
      ],
      argument: 0,
      gang: true,
    },
    {
      kind: 'launch',
      name: 't79',
      salt: 1593141873,
      domain: [1],
      requirements: [
        {
          target: { partition: 'p34', projection: { kind: 'identity' }, inverse: true },
          fields: [{ field: 'x1', privilege: { kind: 'read' } }],
        },
      ],
      argument: 0,
    },
  ],
};

for (const executor of ['inOrder', 'virtual', 'threads'] as const) {
  t.test(`who comes after a gang is judged: ${executor}`, async (t) => {
    const difference = await runDifferential(program, runtimeExecutor({ executor, workers: 2, seed: 1 }));
    t.equal(difference && describeDifference(difference), undefined);
  });
}
