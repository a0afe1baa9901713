// The benchmarks: every module is listed and whole, and the document has the form that others read.
import t from 'tap';
import { bound } from '../../apps/bench/imbalance.js';
import { type Benchmark, bench, benchmarkNames } from '../../apps/bench/index.js';
import { measure } from '../../apps/bench/spi.js';
import { type Configuration, resolveConfiguration } from '../../apps/command/configuration.js';
import { progressOn } from '../../apps/command/progress.js';
import { allSections } from '../../apps/maniple/sections.js';
import { maniple, scratchFolder } from '../support/command.js';

t.setTimeout(600_000); // ten small reconstructions

t.test('each benchmark says what it measures', async (t) => {
  const names = benchmarkNames();
  t.ok(names.includes('spi') && names.includes('fft') && !names.includes('index'), names.join(' '));
  const lacking: string[] = [];
  for (const name of names) {
    const module = (await import(
      new URL(`../../apps/bench/${name}.js`, import.meta.url).href
    )) as Partial<Benchmark>;
    if (typeof module.measure !== 'function' || !module.summary) lacking.push(name);
  }
  t.same(lacking, []);
  const listed = maniple(['bench', '--json'], scratchFolder());
  t.same(
    (JSON.parse(listed.stdout) as { name: string }[]).map((entry) => entry.name),
    names,
  );
  t.match(maniple(['bench'], scratchFolder()).stdout, /^spi {2,}the reconstruction/m);
});

t.test('bench imbalance: the bound that no schedule can beat', (t) => {
  const ran = (operation: number, first: number, start: number, end: number, task = 1) => ({
    lane: 0,
    task,
    operation,
    first,
    points: 1,
    start,
    end,
  });
  const taskNames = ['fill', 'step'];
  const of = (...entries: ReturnType<typeof ran>[]) => ({ entries, taskNames, lost: 0 });
  // Three points, two steps, in no order; what is no step does not count.
  const steps = of(
    ran(2, 0, 9, 10),
    ran(1, 2, 0, 7),
    ran(1, 0, 0, 1),
    ran(1, 1, 0, 2),
    ran(2, 1, 8, 13),
    ran(2, 2, 7, 8),
  );
  t.equal(bound(steps, 3, 4), 12, 'the longest path: point 2, then its neighbour');
  t.equal(bound(steps, 3, 1), 17, 'the work of all');
  t.equal(bound(of(ran(0, 0, 0, 99, 0), ran(1, 0, 0, 3)), 1, 1), 3);
  t.end();
});

t.test('bench spi on small images', async (t) => {
  const given = {
    'simulate.images': 40,
    'simulate.pixels': 12,
    'simulate.edge_A': 45,
    'reconstruct.phasings': 1,
    'reconstruct.half_phasings': 0,
  };
  const flags = Object.entries(given).map(([name, value]) => {
    const [section, key] = name.split('.') as [string, string];
    return { section, key, value, origin: 'test' };
  });
  const configuration: Configuration = await resolveConfiguration(allSections, {
    flags,
    environment: { XDG_CONFIG_HOME: '/nonexistent' },
  });
  const progress = progressOn({ stream: { write: () => {} }, quiet: true });
  const { signal } = new AbortController();
  const rows = await measure({
    positionals: [],
    options: new Map(),
    configuration,
    progress,
    signal,
    json: true,
    dryRun: false,
    verbose: false,
    commandLine: [],
  });
  t.equal(rows.length, 10 * 4 + 1);
  const keys = ['case', 'ours', 'peer', 'peerName', 'unit', 'ratio', 'spread'];
  t.same(
    rows.filter((row) => Object.keys(row).join() !== keys.join()),
    [],
  );
  const correlations = rows.filter((row) => row.case.includes('correlation to')).map((row) => row.ours);
  t.equal(new Set(correlations).size, 10, 'every seed is a case of its own');
  t.ok(
    correlations.every((cc) => cc > 0 && cc <= 1),
    correlations.join(' '),
  );
  t.match(rows.at(-1), { peer: 8, unit: 'of 10' });
  t.equal(bench.name, 'bench');
});
