// Found by the fuzzer and shrunk: a block of a reducing launch whose last point has no points of the region. Its view
// began before the block's partial, and here before the memory itself.
import t from 'tap';
import {
  describeDifference,
  type Program,
  runDifferential,
  runtimeExecutor,
} from '../../../runtime/testing/index.js';

const program: Program = {
  seed: 10000480,
  operations: [
    {
      kind: 'region',
      name: 'r1',
      domain: {
        kind: 'box',
        box: {
          lo: [-1],
          hi: [69],
        },
      },
      fields: [
        {
          name: 'x0',
          kind: 'i32',
          lanes: 1,
        },
        {
          name: 'x1',
          kind: 'f64',
          lanes: 4,
        },
        {
          name: 'x2',
          kind: 'i32',
          lanes: 1,
        },
        {
          name: 'x3',
          kind: 'i32',
          lanes: 1,
        },
        {
          name: 'x4',
          kind: 'i32',
          lanes: 1,
        },
        {
          name: 'x5',
          kind: 'i32',
          lanes: 1,
        },
        {
          name: 'pointer',
          kind: 'i32',
          lanes: 1,
          range: {
            lo: -2,
            hi: 70,
          },
        },
      ],
    },
    {
      kind: 'fill',
      name: 'f1_x0',
      target: {
        region: 'r1',
      },
      field: 'x0',
      value: 47,
    },
    {
      kind: 'fill',
      name: 'f1_x1',
      target: {
        region: 'r1',
      },
      field: 'x1',
      value: 65,
    },
    {
      kind: 'fill',
      name: 'f1_x2',
      target: {
        region: 'r1',
      },
      field: 'x2',
      value: 71,
    },
    {
      kind: 'fill',
      name: 'f1_x3',
      target: {
        region: 'r1',
      },
      field: 'x3',
      value: 9,
    },
    {
      kind: 'fill',
      name: 'f1_pointer',
      target: {
        region: 'r1',
      },
      field: 'pointer',
      value: 39,
    },
    {
      kind: 'fill',
      name: 'f2',
      target: {
        region: 'r1',
      },
      field: 'x0',
      value: 291,
    },
    {
      kind: 'partition',
      name: 'p14',
      of: {
        region: 'r1',
      },
      by: {
        rule: 'restriction',
        colours: [73],
        transform: [[1]],
        extent: {
          lo: [-2],
          hi: [0],
        },
      },
    },
    {
      kind: 'launch',
      name: 't16',
      salt: 3082108780,
      domain: null,
      requirements: [
        {
          target: {
            partition: 'p14',
            colour: [37],
          },
          fields: [
            {
              field: 'x5',
              privilege: {
                kind: 'overwrite',
              },
            },
          ],
        },
      ],
      argument: 0,
    },
    {
      kind: 'launch',
      name: 't17',
      salt: 2503375081,
      domain: [73],
      requirements: [
        {
          target: {
            partition: 'p14',
            projection: {
              kind: 'identity',
            },
          },
          fields: [
            {
              field: 'x1',
              privilege: {
                kind: 'reduce',
                operator: 'sum',
              },
            },
            {
              field: 'pointer',
              privilege: {
                kind: 'read',
              },
            },
            {
              field: 'x4',
              privilege: {
                kind: 'reduce',
                operator: 'sum',
              },
            },
            {
              field: 'x3',
              privilege: {
                kind: 'reduce',
                operator: 'sum',
              },
            },
            {
              field: 'x5',
              privilege: {
                kind: 'reduce',
                operator: 'sum',
              },
            },
          ],
        },
      ],
      argument: 0,
    },
    {
      kind: 'partition',
      name: 'p18',
      of: {
        partition: 'p14',
        colour: [10],
      },
      by: {
        rule: 'equal',
        colours: [1],
      },
    },
    {
      kind: 'partition',
      name: 'p26',
      of: {
        partition: 'p18',
        colour: [0],
      },
      by: {
        rule: 'preimage',
        target: 'p18',
        field: 'pointer',
      },
    },
  ],
};

t.test('seed 10000480', async (t) => {
  const difference = await runDifferential(
    program,
    runtimeExecutor({ eagerness: 0.25, executor: 'virtual', seed: 10000480 }),
  );
  t.equal(difference && describeDifference(difference), undefined);
});
