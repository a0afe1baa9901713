// Found by the fuzzer and shrunk: a task that holds no element of an attached shared array ran after the detach, and its view of
// nothing lay in memory that was known no more.
import t from 'tap';
import {
  describeDifference,
  type Program,
  runDifferential,
  runtimeExecutor,
} from '../../../runtime/testing/index.js';

const program: Program = {
  seed: 10000223,
  operations: [
    {
      kind: 'region',
      name: 'r1',
      domain: {
        kind: 'points',
        rank: 2,
        points: [[0, 8]],
      },
      fields: [
        {
          name: 'pointer',
          kind: 'i32',
          lanes: 2,
          range: {
            lo: -1,
            hi: 18,
          },
        },
      ],
    },
    {
      kind: 'region',
      name: 'r2',
      domain: {
        kind: 'box',
        box: {
          lo: [7],
          hi: [11],
        },
      },
      fields: [
        {
          name: 'pointer',
          kind: 'i32',
          lanes: 2,
          range: {
            lo: -1,
            hi: 18,
          },
        },
      ],
    },
    {
      kind: 'attach',
      name: 'a13',
      target: {
        region: 'r1',
      },
      field: 'pointer',
      source: 'shared',
      mode: 'update',
      salt: 1152753735,
    },
    {
      kind: 'partition',
      name: 'p27',
      of: {
        region: 'r2',
      },
      by: {
        rule: 'equal',
        colours: [5],
      },
    },
    {
      kind: 'region',
      name: 'r30',
      domain: {
        kind: 'box',
        box: {
          lo: [5],
          hi: [5],
        },
      },
      fields: [
        {
          name: 'x1',
          kind: 'i32',
          lanes: 1,
        },
      ],
    },
    {
      kind: 'partition',
      name: 'p34',
      of: {
        region: 'r1',
      },
      by: {
        rule: 'image',
        source: 'p27',
        field: 'pointer',
      },
    },
    {
      name: 'i37',
      salt: 1733292765,
      domain: [5],
      requirements: [
        {
          target: {
            partition: 'p34',
            projection: {
              kind: 'identity',
            },
          },
          fields: [
            {
              field: 'pointer',
              privilege: {
                kind: 'update',
              },
            },
          ],
        },
        {
          target: {
            region: 'r30',
          },
          fields: [
            {
              field: 'x1',
              privilege: {
                kind: 'read',
              },
            },
          ],
        },
        {
          target: {
            partition: 'p27',
            projection: {
              kind: 'offset',
              offset: [2],
            },
          },
          fields: [
            {
              field: 'pointer',
              privilege: {
                kind: 'overwrite',
              },
            },
          ],
        },
      ],
      argument: 0,
      kind: 'inner',
      body: [],
    },
    {
      kind: 'launch',
      name: 't38',
      salt: 2848495814,
      domain: [5],
      requirements: [
        {
          target: {
            partition: 'p27',
            projection: {
              kind: 'identity',
            },
          },
          fields: [
            {
              field: 'pointer',
              privilege: {
                kind: 'read',
              },
            },
          ],
        },
        {
          target: {
            partition: 'p34',
            colour: [3],
          },
          fields: [
            {
              field: 'pointer',
              privilege: {
                kind: 'update',
              },
            },
          ],
        },
      ],
      argument: -981,
    },
    {
      kind: 'detach',
      name: 'k49',
      attachment: 'a13',
    },
  ],
};

t.test('seed 10000223', async (t) => {
  const difference = await runDifferential(
    program,
    runtimeExecutor({
      eagerness: 1,
      chunkBytes: 64,
      workers: 2,
      rename: true,
      steal: true,
      mapper: 'default',
      jitter: false,
      executor: 'virtual',
      seed: 10000216,
    }),
  );
  t.equal(difference && describeDifference(difference), undefined);
});
