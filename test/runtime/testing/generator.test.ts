// The generator: the same seed gives the same program, programs are plain data, and every feature turns up.
import t from 'tap';
import {
  describeDifference,
  generateProgram,
  interpret,
  type Program,
  runDifferential,
} from '../../../runtime/testing/index.js';

t.test('the same seed gives the same program, which survives JSON and shows what was foretold', async (t) => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const { program, observed } = generateProgram(seed, { operations: 30 });
    const text = JSON.stringify(program);
    if (JSON.stringify(generateProgram(seed, { operations: 30 }).program) !== text)
      wrong.push(`seed ${seed}: redrawn`);
    const again = await runDifferential(JSON.parse(text) as Program, interpret, observed);
    if (again) wrong.push(describeDifference(again));
  }
  t.same(wrong, []);
});

t.test('every feature turns up', (t) => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const { program, observed } = generateProgram(seed);
    for (const operation of program.operations) {
      seen.add(operation.kind);
      if (operation.kind === 'region') seen.add(`domain ${operation.domain.kind}`);
      if (operation.kind === 'partition') seen.add(`rule ${operation.by.rule}`);
      if (operation.kind !== 'launch') continue;
      seen.add(`requirements ${operation.requirements.length}`);
      if (typeof operation.argument !== 'number') seen.add('future argument');
      if (operation.origin) seen.add('a domain away from the origin');
      if (observed.results[operation.name]!.length > 64) seen.add('blocks of several points');
      for (const { target, fields } of operation.requirements) {
        if ('projection' in target) seen.add(`projection ${target.projection.kind}`);
        if (new Set(fields.map((f) => f.privilege.kind)).size > 1) seen.add('mixed privileges');
        for (const { privilege } of fields) seen.add(`privilege ${privilege.kind}`);
      }
    }
  }
  const expected = [
    ...[
      'region',
      'partition',
      'launch',
      'fill',
      'read',
      'write',
      'fence',
      'free',
      'reduceFutures',
      'mapFuture',
    ],
    ...['box', 'boxes', 'points'].map((kind) => `domain ${kind}`),
    ...['equal', 'weights', 'blocks', 'restriction', 'byDomain', 'byField', 'image', 'preimage'].map(
      (r) => `rule ${r}`,
    ),
    ...['union', 'intersection', 'difference'].map((r) => `rule ${r}`),
    ...[1, 2, 3, 4].map((count) => `requirements ${count}`),
    ...['identity', 'offset', 'constant', 'linear', 'table'].map((kind) => `projection ${kind}`),
    ...['read', 'update', 'overwrite', 'reduce'].map((kind) => `privilege ${kind}`),
    ...['future argument', 'a domain away from the origin', 'blocks of several points', 'mixed privileges'],
  ];
  t.same(
    expected.filter((feature) => !seen.has(feature)),
    [],
    'none is missing',
  );
  t.end();
});
