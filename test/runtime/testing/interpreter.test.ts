// The interpreter against results worked out by hand: it is the oracle, so nothing else checks it.
import t from 'tap';
import { reductionBlocks } from '../../../runtime/testing/brute-partitions.js';
import { foldTree } from '../../../runtime/testing/brute-reductions.js';
import { genericBody, type RequirementAccess } from '../../../runtime/testing/generic-body.js';
import { IllegalProgramError } from '../../../runtime/testing/illegal-program.js';
import { Interpreter, interpret } from '../../../runtime/testing/interpreter.js';
import type {
  FieldDescription,
  Launch,
  Operation,
  PartitionRule,
  Privilege,
  Requirement,
} from '../../../runtime/testing/program-description.js';
import { fold, identityOf, kinds, operatorsOf, store, type Value } from '../../../runtime/testing/values.js';

const read: Privilege = { kind: 'read' };
const update: Privilege = { kind: 'update' };
const overwrite: Privilege = { kind: 'overwrite' };
const sum: Privilege = { kind: 'reduce', operator: 'sum' };
const x: FieldDescription = { name: 'x', kind: 'i32', lanes: 1 };

const line = (name: string, points: number, ...fields: FieldDescription[]): Operation => ({
  kind: 'region',
  name,
  domain: { kind: 'box', box: { lo: [0], hi: [points - 1] } },
  fields,
});
const partition = (name: string, region: string, by: PartitionRule): Operation => ({
  kind: 'partition',
  name,
  of: { region },
  by,
});
const uses = (target: Requirement['target'], privilege: Privilege, field = 'x'): Requirement => ({
  target,
  fields: [{ field, privilege }],
});
const projected = (name: string) => ({ partition: name, projection: { kind: 'identity' } }) as const;
const launch = (name: string, domain: Launch['domain'], ...requirements: Requirement[]): Launch => ({
  kind: 'launch',
  name,
  salt: 7,
  domain,
  requirements,
  argument: 3,
});

function partsOf(by: PartitionRule, ...before: Operation[]): number[][] {
  const interpreter = new Interpreter();
  for (const operation of before) interpreter.step(operation);
  interpreter.step(partition('p', 'r', by));
  return interpreter.partitions.get('p')!.parts.map((part) => [...part]);
}

function errorOf(...operations: Operation[]): IllegalProgramError {
  try {
    interpret({ seed: 0, operations });
  } catch (error) {
    if (error instanceof IllegalProgramError) return error;
    throw error;
  }
  throw new Error('the program is legal');
}

t.test('partition rules', (t) => {
  const r = line('r', 10, x);
  t.same(partsOf({ rule: 'equal', colours: [4] }, r), [
    [0, 1],
    [2, 3, 4],
    [5, 6],
    [7, 8, 9],
  ]);
  t.same(partsOf({ rule: 'weights', colours: [3], weights: [1, 0, 4] }, r), [
    [0, 1],
    [],
    [2, 3, 4, 5, 6, 7, 8, 9],
  ]);
  t.same(partsOf({ rule: 'blocks', block: [4] }, r), [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  const halo: PartitionRule = {
    rule: 'restriction',
    colours: [3],
    transform: [[4]],
    extent: { lo: [-1], hi: [4] },
  };
  t.same(partsOf(halo, r), [
    [0, 1, 2, 3, 4],
    [3, 4, 5, 6, 7, 8],
    [7, 8, 9],
  ]);
  const pairs: PartitionRule = {
    rule: 'byDomain',
    colours: [2],
    domains: [
      { kind: 'points', rank: 1, points: [[9], [2], [50]] },
      { kind: 'box', box: { lo: [3], hi: [2] } },
    ],
  };
  t.same(partsOf(pairs, r), [[2, 9], []]);
  const p = partition('a', 'r', { rule: 'equal', colours: [2] });
  const q = partition('b', 'r', {
    rule: 'byDomain',
    colours: [2],
    domains: [
      { kind: 'box', box: { lo: [3], hi: [6] } },
      { kind: 'box', box: { lo: [3], hi: [6] } },
    ],
  });
  t.same(partsOf({ rule: 'union', left: 'a', right: 'b' }, r, p, q), [
    [0, 1, 2, 3, 4, 5, 6],
    [3, 4, 5, 6, 7, 8, 9],
  ]);
  t.same(partsOf({ rule: 'intersection', left: 'a', right: 'b' }, r, p, q), [
    [3, 4],
    [5, 6],
  ]);
  t.same(partsOf({ rule: 'difference', left: 'a', right: 'b' }, r, p, q), [
    [0, 1, 2],
    [7, 8, 9],
  ]);
  t.end();
});

t.test('partitions that read fields see the values of that moment', (t) => {
  const r = line('r', 4, { ...x, name: 'to', range: { lo: 0, hi: 9 } });
  const fill = (region: Operation, first: number): Operation[] => [
    region,
    partition('one', 'r', { rule: 'equal', colours: [4] }),
    ...[0, 1, 2, 3].map(
      (colour): Operation => ({
        kind: 'fill',
        name: `f${colour}`,
        target: { partition: 'one', colour: [colour] },
        field: 'to',
        value: first - colour,
      }),
    ),
  ];
  t.same(partsOf({ rule: 'byField', colours: [3], field: 'to' }, ...fill(r, 3)), [[3], [2], [1]]);
  t.same(partsOf({ rule: 'image', source: 'one', field: 'to' }, ...fill(r, 4)), [[], [3], [2], [1]]);
  t.same(partsOf({ rule: 'preimage', target: 'one', field: 'to' }, ...fill(r, 4)), [[], [3], [2], [1]]);
  t.end();
});

t.test('two axes: lexicographic order, colours of two axes, tiles', (t) => {
  const r: Operation = {
    kind: 'region',
    name: 'r',
    domain: {
      kind: 'boxes',
      rank: 2,
      boxes: [
        { lo: [0, 0], hi: [1, 1] },
        { lo: [1, 1], hi: [2, 3] },
      ],
    },
    fields: [x],
  };
  const interpreter = new Interpreter();
  interpreter.step(r);
  t.same(interpreter.regions.get('r')!.points.map(String), [
    '0,0',
    '0,1',
    '1,0',
    '1,1',
    '1,2',
    '1,3',
    '2,1',
    '2,2',
    '2,3',
  ]);
  t.same(partsOf({ rule: 'blocks', block: [2, 3] }, r), [[0, 1, 2, 3, 4], [5], [6, 7], [8]]);
  t.end();
});

t.test('reduction blocks and the fold tree', (t) => {
  t.same(reductionBlocks(0), []);
  t.same(reductionBlocks(3), [
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  const blocks = reductionBlocks(130);
  t.equal(blocks.length, 64);
  t.same(
    [blocks[0], blocks[1], blocks[31], blocks[63]],
    [
      [0, 2],
      [2, 4],
      [62, 65],
      [127, 130],
    ],
  );
  const join = (a: string, b: string) => `(${a}${b})`;
  t.equal(foldTree(['a'], join), 'a');
  t.equal(foldTree([...'abcde'], join), '(((ab)(cd))e)');
  t.equal(foldTree([...'abcdefg'], join), '(((ab)(cd))((ef)g))');
  t.end();
});

t.test('folding the identity leaves every bit', (t) => {
  const samples = [0, -0, 1, -1, 3.5, 1e-300, -1e300, 2147483647, Infinity, -Infinity, Number.NaN];
  const changed: string[] = [];
  for (const kind of kinds) {
    for (const operator of operatorsOf(kind)) {
      for (const sample of samples) {
        if (kind === 'i64' && !Number.isInteger(sample)) continue;
        const value = store(kind, sample);
        const after = fold(kind, operator, value, identityOf(kind, operator));
        const first = fold(kind, operator, identityOf(kind, operator), value);
        if (!Object.is(after, value) || !Object.is(first, value))
          changed.push(`${kind} ${operator} ${value}`);
      }
    }
  }
  t.same(changed, []);
  t.end();
});

// Plain arrays as views, to see from outside what the generic body does.
function arrayAccess(values: Value[], privilege: Privilege, log?: Value[]): RequirementAccess {
  return {
    size: values.length,
    rank: 1,
    coordinate: (i) => i,
    fields: [
      {
        kind: 'f32',
        lanes: 1,
        privilege: privilege.kind,
        operator: privilege.kind === 'reduce' ? privilege.operator : undefined,
        get: (i) => values[i]!,
        set: (i, _, value) => void (values[i] = value),
        fold: (i, _, value) => void (i === 0 && log?.push(value)),
      },
    ],
  };
}

t.test('a float reduction folds blocks, then the tree, then the field', (t) => {
  const points = 70;
  const operations: Operation[] = [
    line('r', 1, { ...x, kind: 'f32' }),
    { kind: 'fill', name: 'f', target: { region: 'r' }, field: 'x', value: 5 },
    launch('sum', [points], uses({ region: 'r' }, sum)),
  ];
  const got = interpret({ seed: 0, operations }).contents['r']!['x']![0];
  const plus = (a: number, b: number) => Math.fround(a + b);
  const partials = reductionBlocks(points).map(([first, end]) => {
    const folded: Value[] = [];
    for (let p = first; p < end; p++)
      genericBody({ salt: 7, point: [p], argument: 3 }, [arrayAccess([0], sum, folded)]);
    return (folded as number[]).reduce(plus, -0);
  });
  t.equal(got, plus(5, foldTree(partials, plus)));
  t.not(got, plus(5, partials.reduce(plus)), 'the values are such that the tree matters');
  t.end();
});

t.test('the generic body keeps to its privileges and depends on all it reads', (t) => {
  const task = { salt: 1, point: [2], argument: 0.5 };
  const body = (values: Value[], privilege: Privilege) => {
    const result = genericBody(task, [arrayAccess(values, privilege)]);
    return { result, values };
  };
  const before = Array.from({ length: 40 }, (_, i) => i);
  const other = before.with(23, -1);
  t.not(body([...before], read).result, body([...other], read).result);
  t.same(body([...before], read).values, before);
  t.same(body([...before], overwrite), body([...other], overwrite), 'an overwrite sees nothing of the old');
  t.equal(body([...before], overwrite).values.filter((v, i) => v === i).length, 0, 'and writes every point');
  const kept = body([...before], update).values.filter((v, i) => v === i).length;
  t.ok(kept > 0 && kept < 20, 'an update leaves a few points alone');
  t.end();
});

t.test('illegal programs are named with a witness', (t) => {
  const r = line('r', 10, x);
  const halves = partition('p', 'r', { rule: 'equal', colours: [2] });
  const halo = partition('h', 'r', {
    rule: 'restriction',
    colours: [2],
    transform: [[5]],
    extent: { lo: [0], hi: [5] },
  });
  const two = errorOf(
    r,
    halves,
    launch('t', null, uses({ region: 'r' }, read), uses({ partition: 'p', colour: [1] }, sum)),
  );
  t.equal(two.error, 'InterferenceError');
  t.same(two.witness, { region: 'r', field: 'x', point: [5], requirements: [0, 1], launchPoints: null });
  const overlap = errorOf(r, halo, launch('t', [2], uses(projected('h'), overwrite)));
  t.same(overlap.witness, {
    region: 'r',
    field: 'x',
    point: [5],
    requirements: [0, 0],
    launchPoints: [[0], [1]],
  });
  t.equal(errorOf(r, halves, launch('t', [3], uses(projected('p'), read))).error, 'BoundsError');
  t.equal(errorOf(r, halves, launch('t', null, uses({ region: 'r' }, read, 'y'))).error, 'UsageError');
  t.equal(
    errorOf(r, halves, { kind: 'free', name: 'd', region: 'r' }, launch('t', [2], uses(projected('p'), read)))
      .error,
    'LaunchError',
  );
  const fine = launch(
    't',
    [2],
    uses(projected('h'), sum),
    uses(projected('p'), sum),
    uses({ region: 'r' }, sum),
  );
  t.ok(interpret({ seed: 0, operations: [r, halves, halo, fine] }), 'equal reductions may meet anywhere');
  t.end();
});
