// Faults in the real analysis, generated and not picked: each must be noticed by the order recorded or by what programs
// compute, within ten seconds of processor time. MANIPLE_MUTANTS=word runs those alone whose name contains the word.
import t from 'tap';
import { type Sample, wrong } from './faults/corpus.js';
import { SiteIndex } from './faults/index-of-sites.js';
import {
  cellMutants,
  dependences,
  edgeMutants,
  extraMutants,
  type Mutant,
  memoryMutants,
  operationMutants,
  protocolMutants,
} from './faults/mutants.js';
import { faultsOf } from './faults/probe.js';

t.setTimeout(1_200_000);
// Runs that were broken and given up may go on for ever in their timers.
t.teardown(() => setTimeout(() => process.exit(), 1000).unref());
const budget_s = 10;
const wanted = process.env['MANIPLE_MUTANTS'] ?? '';

const spent_s = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** The programs for a mutant: first those that come by its place, then any. */
function* samplesFor({ samples }: Mutant): Generator<Sample> {
  yield* samples;
  for (let seed = 1; ; seed++) {
    for (const family of ['order', 'values', 'failures'] as const) yield { family, seed };
  }
}

/** How long it took to notice a mutant; null when the time was up. */
async function noticed(mutant: Mutant): Promise<{ seconds: number; sample: Sample } | null> {
  const from = process.cpuUsage();
  for (const sample of samplesFor(mutant)) {
    const what = await wrong(sample, faultsOf(mutant.fault()));
    const seconds = spent_s(from);
    if (what !== null) return { seconds, sample };
    if (seconds > budget_s) return null;
  }
  return null;
}

const index = new SiteIndex();
await index.addPairs();
await index.addRandom('order', 1, 161);
await index.addRandom('values', 1, 81);
await index.addRandom('failures', 1, 41);

t.test('without a fault nothing is wrong', async (t) => {
  t.same(index.wrong, [], `${index.programs} programs`);
});

t.test('every kind of dependence comes up on every path, but those that cannot', async (t) => {
  const never = dependences.filter((dependence) => index.count(`edge: ${dependence}`) === 0);
  t.comment(
    `${dependences.length - never.length} of ${dependences.length} come up, in ${index.programs} programs`,
  );
  t.same(never, [], 'never');
});

const kinds: Record<string, Mutant[]> = {
  'cells of the interference table': cellMutants(index),
  'kinds of edges on every path': edgeMutants(index),
  'edges that nothing asks for': extraMutants(index),
  'edges between kinds of operations': operationMutants(index),
  'tables and users that are remembered': memoryMutants(index),
  'steps of the protocol': protocolMutants(),
};

for (const [kind, all] of Object.entries(kinds)) {
  t.test(`every fault is noticed: ${kind}`, async (t) => {
    const mutants = all.filter(({ name }) => name.includes(wanted));
    const survivors: string[] = [];
    let slowest = { name: 'none', seconds: 0 };
    for (const mutant of mutants) {
      const found = await noticed(mutant);
      if (found === null) survivors.push(mutant.name);
      else if (found.seconds > slowest.seconds) slowest = { name: mutant.name, seconds: found.seconds };
    }
    t.comment(
      `${mutants.length - survivors.length} of ${mutants.length} mutants killed, slowest ${slowest.seconds.toFixed(1)} s (${slowest.name})`,
    );
    t.same(survivors, [], 'survivors');
  });
}
