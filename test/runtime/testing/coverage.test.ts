// What random programs exercise: every kind of operation, and every way of using it, is drawn and really run. One count of
// zero is a failure, as then nothing proves that it works.
import t from 'tap';
import { countFeatures, type Features } from '../../../runtime/testing/features.js';
import {
  describeDifference,
  firstDifference,
  type GeneratorOptions,
  generateProgram,
  observeAll,
} from '../../../runtime/testing/index.js';

t.setTimeout(600_000);

const programsPerRun = 10;

/** Runs programs, and counts what those exercised that agreed. */
async function exercised(
  seeds: number,
  options: GeneratorOptions,
  features: Features,
): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed += programsPerRun) {
    const drawn = Array.from({ length: programsPerRun }, (_, i) => generateProgram(seed + i, options));
    const run = { executor: 'virtual', workers: 4, seed, eagerness: (seed % 3) / 4 } as const;
    const got = await observeAll(
      drawn.map(({ program }) => program),
      run,
    );
    for (const [i, { program, observed }] of drawn.entries()) {
      const difference = firstDifference(program, observed, got[i]!);
      if (difference) return describeDifference(difference);
      countFeatures(program, observed, features);
    }
  }
  return undefined;
}

const each = (what: string, ways: readonly string[]): string[] => ways.map((way) => `${what} ${way}`);

const operations = ['launch', 'fill', 'copy', 'partition', 'predicate', 'reduceFutures', 'mapFuture'];
const guarded = ['launch', 'inner', 'fill', 'copy'];
const privileges = ['read', 'update', 'overwrite', 'reduce'];
const expected = [
  ...[...operations, 'region', 'inner', 'lease', 'release', 'read', 'write', 'fence', 'free'],
  ...['attach', 'flush', 'detach', 'detach and discard'],
  ...['array', 'shared', 'file'].flatMap((source) =>
    each(`attach a ${source} to`, ['read', 'update', 'create']),
  ),
  ...[...operations, 'region', 'inner', 'lease', 'read', 'write', 'fence', 'free'].map(
    (kind) => `${kind} in an inner task`,
  ),
  ...['launch 2 deep', 'inner 2 deep', 'launch 3 deep', 'fill 2 deep', 'partition 2 deep'],
  ...guarded.flatMap((kind) => each(`${kind} under a predicate that is`, ['true', 'false'])),
  ...each('predicate', ['is', 'not', 'and', 'or']),
  ...each('domain', ['box', 'boxes', 'points']),
  ...each('partition', [
    'equal',
    'weights',
    'blocks',
    'restriction',
    'byDomain',
    'byField',
    'image',
    'preimage',
  ]),
  ...each('partition', ['union', 'intersection', 'difference', 'imageRange', 'preimageRange']),
  ...each('partition', ['mirrored', 'cross', 'pending']),
  ...each('copy', ['byOrder', 'gather', 'scatter', 'reduce', 'drop']),
  ...each('projection', ['identity', 'offset', 'constant', 'linear', 'table', 'with an inverse']),
  ...privileges.flatMap((privilege) => [`launch to ${privilege}`, `inner to ${privilege}`]),
  ...['read', 'update', 'reduce'].flatMap((privilege) =>
    ['atomic', 'simultaneous'].flatMap((coherence) => [
      `launch to ${privilege} ${coherence}`,
      `inner to ${privilege} ${coherence}`,
    ]),
  ),
  ...['launch with a future', 'inner with a future', 'launch of several points', 'inner of several points'],
  ...['gang', 'gang in an inner task', 'inner that waits for nothing'],
  ...['launch that fails', 'inner that fails', 'inner that failed or was skipped'],
];

t.test('every kind of operation, and every way of using it, is drawn and run', async (t) => {
  const features: Features = new Map();
  t.equal(
    await exercised(160, { gangMax: 4, inner: 0.2, attachments: 0.06, predicates: 0.25 }, features),
    undefined,
  );
  t.equal(await exercised(60, { failures: 0.06, operations: 40 }, features), undefined);
  t.same(
    expected.filter((feature) => !features.has(feature)),
    [],
    'none is missing',
  );
});
