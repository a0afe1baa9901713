// Task Bench: the graphs and the lines of the original, on every executor, and what is refused.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readFlags } from '../../apps/taskbench/flags.js';
import { busyWait, computeBound, computeBound2, memoryBound } from '../../apps/taskbench/kernel.js';
import { curveOf, metgOf } from '../../apps/taskbench/metg.js';
import { configurationText, resultText, scientific } from '../../apps/taskbench/report.js';
import { runGraphs } from '../../apps/taskbench/run-graphs.js';
import { sipHash, uniform } from '../../apps/taskbench/siphash.js';
import { totalsOf } from '../../apps/taskbench/task-graph.js';
import { addon, addonAbsence } from '../../native/index.js';
import { checkLog } from '../../runtime/observe/check.js';
import { maniple, scratchFolder } from '../support/command.js';
import { checkout } from '../support/needs.js';

t.setTimeout(600_000);

const golden = join(checkout, '../shared/data/taskbench');
const timed = /^(Elapsed Time|FLOP\/s|B\/s| {2}Local Bandwidth| {2}Nonlocal Bandwidth)/;
const stable = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !timed.test(line))
    .join('\n');

/** The flags of a reference file, as its own header tells them. */
function flagsOf(text: string, name: string): string[] {
  const value = (label: string, from: string) => new RegExp(`${label}: (.*)`).exec(from)![1]!;
  const flags: string[] = [];
  const graphs = text.split(/^ {4}Task Graph \d+:$/m).slice(1);
  graphs.forEach((graph, i) => {
    if (i > 0) flags.push('-and');
    for (const [label, flag] of [
      ['Time Steps', '-steps'],
      ['Max Width', '-width'],
      ['Dependence Type', '-type'],
      ['Radix', '-radix'],
      ['Period', '-period'],
      ['Fraction Connected', '-fraction'],
      ['Type', '-kernel'],
      ['Iterations', '-iter'],
      ['Samples', '-sample'],
      ['Imbalance', '-imbalance'],
      ['Output Bytes', '-output'],
      ['Scratch Bytes', '-scratch'],
    ] as const)
      flags.push(flag, label === 'Type' ? value(' {8}Type', graph) : value(label, graph));
  });
  const nodes = /Number of Nodes \(used for estimate\) (\d+)/.exec(text)?.[1];
  if (nodes !== undefined) flags.push('-nodes', nodes);
  if (text.includes('Timestep 0')) flags.push(text.includes('Reverse') ? '-vv' : '-v');
  t.ok(graphs.length > 0, name);
  return flags;
}

const files = existsSync(golden) ? readdirSync(golden).sort() : [];

t.test('the lines of the original', { skip: files.length === 0 ? 'no reference files' : false }, (t) => {
  for (const file of files) {
    const text = readFileSync(join(golden, file), 'utf8');
    const bench = readFlags(flagsOf(text, file));
    const totals = totalsOf(bench.graphs, bench.nodes);
    const ours = `${configurationText(bench)}\n${resultText(totals, bench.nodes, 1e-3)}`;
    t.equal(stable(ours), stable(text), file);
  }
  t.ok(files.length >= 50, `${files.length} files`);
  t.end();
});

const patterns = [
  ['trivial', '-width', '3'],
  ['no_comm', '-width', '5'],
  ['stencil_1d', '-width', '8'],
  ['stencil_1d_periodic', '-width', '5'],
  ['dom', '-width', '5'],
  ['tree', '-width', '8'],
  ['fft', '-width', '7'],
  ['all_to_all', '-width', '4'],
  ['nearest', '-width', '8', '-radix', '5'],
  ['nearest', '-width', '8', '-radix', '0'],
  ['spread', '-width', '8', '-radix', '5', '-period', '2'],
  ['random_nearest', '-width', '9', '-radix', '7', '-period', '3', '-fraction', '0.4'],
];
const kernels = [
  ['empty', []],
  ['compute_bound', ['-iter', '3']],
  ['compute_bound2', ['-iter', '3']],
  ['busy_wait', ['-iter', '10']],
  ['memory_bound', ['-iter', '5', '-scratch', '333']],
  ['load_imbalance', ['-iter', '20', '-imbalance', '2']],
] as const;

for (const executor of ['inOrder', 'virtual', 'bulk', 'threads'] as const) {
  t.test(`every pattern and kernel validates: ${executor}`, async (t) => {
    const profile = join(scratchFolder(), 'taskbench.mprof');
    let tasks = 0;
    for (const [i, [type, ...rest]] of patterns.entries()) {
      const [kernel, settings] = kernels[i % kernels.length]!;
      const [other, more] = kernels[(i + 1) % kernels.length]!;
      const { graphs } = readFlags([
        ...['-type', type!, '-steps', '12', ...rest, '-kernel', kernel, ...settings, '-output', '100'],
        ...['-and', '-type', type!, '-steps', '7', ...rest, '-kernel', other, ...more, '-field', '2'],
      ]);
      const times = await runGraphs(graphs, {
        executor,
        workers: 2,
        native: i % 2 === 0 && addon !== null,
        repeats: 1,
        profile,
      });
      const report = checkLog(profile);
      t.ok(report.clean && report.needless === 0, `${type}: nothing but the pattern orders the tasks`);
      t.ok(times.length === 1 && times[0]! > 0, `${type} ${kernel}`);
      tasks += totalsOf(graphs, 0).tasks;
    }
    t.ok(tasks > 1000);
  });
}

t.test('a task that reads what it should not says so', async (t) => {
  const { graphs } = readFlags(['-type', 'stencil_1d', '-steps', '3', '-width', '4']);
  const { point } = await import('../../apps/taskbench/tasks.js');
  const pair = new Int32Array(64);
  const at = (x: number) => x;
  const context = { point: [1], use: (r: { make(): unknown }) => r.make() };
  const { rowArguments } = await import('../../apps/taskbench/tasks.js');
  const args = rowArguments(graphs[0]!, 1, false);
  for (let p = 0; p < 4; p++) pair.set([0, 0, p, 0], 4 * p);
  let inputs = 3;
  const call = () =>
    point.leaf.run(
      { to: { pair: new Int32Array(64), at, volume: 1 }, from: { pair, at, volume: inputs } },
      args,
      context as never,
    );
  call();
  for (const [word, value] of [
    [0, 1],
    [1, 1],
    [6, 5],
    [11, 7],
  ] as const) {
    const before = pair[word]!;
    pair[word] = value;
    t.throws(call, /point 1 of step 1 found \(.*\) in pair 0 of what it read of point \d, and not \(0, \d\)/);
    pair[word] = before;
  }
  inputs = 2;
  t.throws(call, /point 1 of step 1 got 2 pairs and not 3/);
  context.point = [4];
  t.throws(call, /step 1 of 3 has no point 4/);
});

t.test('the native kernels and their twins', { skip: addon === null ? addonAbsence! : false }, (t) => {
  for (const iterations of [0, 1, 2, 3, 5]) {
    const [native, twin] = [addon!.taskBenchCompute(iterations), computeBound(iterations)];
    t.ok(native === twin || Math.abs(native / twin - 1) < 1e-10, `${native} ${twin}`);
    t.ok(Math.abs(addon!.taskBenchCompute2(iterations) - computeBound2(iterations)) < 1e-9);
  }
  t.equal(addon!.taskBenchCompute(50), Number.POSITIVE_INFINITY);
  for (const iterations of [0, 1, 7, 1000])
    t.equal(addon!.taskBenchBusyWait(iterations), busyWait(iterations));
  for (const [bytes, samples, iterations, step] of [
    [333, 16, 5, 3],
    [64, 4, 9, 2],
    [4096, 16, 100, 7],
  ] as const) {
    const ours = Uint8Array.from({ length: bytes }, (_, i) => (i * 37) & 255);
    const twin = ours.slice();
    addon!.taskBenchMemory(ours, samples, iterations, step);
    memoryBound(twin, samples, iterations, step);
    t.same(ours, twin);
  }
  t.end();
});

t.test('what is drawn with SipHash is even', (t) => {
  // That it is SipHash, bit by bit, the reference files with random graphs and imbalanced loads show.
  t.not(sipHash([1, 2])[0], sipHash([2, 1])[0]);
  const draws = Array.from({ length: 4000 }, (_, i) => uniform(0, i, 3));
  t.ok(draws.every((u) => u >= 0 && u <= 1));
  t.ok(Math.abs(draws.reduce((sum, u) => sum + u, 0) / draws.length - 0.5) < 0.02);
  t.end();
});

t.test('METG is where the efficiency crosses one half', (t) => {
  // One core, 128 FLOPs an iteration, 1 ns an iteration, and 1 us for every task.
  const measured = [4096, 2048, 1024, 512, 256].map((iterations) => ({
    iterations,
    tasks: 1000,
    flops: 1000 * 128 * iterations,
    elapsed_s: 1000 * (iterations * 1e-9 + 1e-6),
  }));
  const curve = curveOf(measured, 128e9, 1);
  const metg = metgOf(curve)!;
  t.ok(Math.abs(metg - 2e-6) < 2e-8, `${metg}`);
  t.equal(metgOf(curveOf(measured, 1e15, 1)), null);
  t.ok(metgOf(curve.slice(0, 2))! > 3e-6, 'without a smaller one it is the last that was efficient');
  t.end();
});

t.test('numbers as C prints them', (t) => {
  t.same([1234, 0, 6.5e-7, 1e100].map(scientific), [
    '1.234000e+03',
    '0.000000e+00',
    '6.500000e-07',
    '1.000000e+100',
  ]);
  t.end();
});

t.test('the command', (t) => {
  const folder = scratchFolder();
  const run = (...args: string[]) => maniple(['taskbench', ...args], folder);
  for (const mode of ['tasks', 'bulk', 'inorder']) {
    const ended = run(
      '-steps',
      '9',
      '-width',
      '4',
      '-type',
      'stencil_1d',
      '-kernel',
      'compute_bound',
      '-iter',
      '16',
      '--mode',
      mode,
    );
    t.equal(ended.code, 0, ended.stderr);
    t.match(
      ended.stdout,
      /^Running Task Benchmark\n {2}Configuration:\n {4}Task Graph 1:\n {6}Time Steps: 9\n/,
    );
    t.match(ended.stdout, /Total Tasks 36\nTotal Dependencies 80\n/);
    t.match(ended.stdout, /Total FLOPs 76032\n/);
    t.match(ended.stdout, /Elapsed Time \d\.\d{6}e[-+]\d\d seconds\n/);
  }
  const json = JSON.parse(run('-type', 'tree', '--json', '--executor', 'virtual').stdout) as {
    tasks: number;
  };
  t.equal(json.tasks, 11);
  const swept = run(
    '-type',
    'stencil_1d',
    '-steps',
    '20',
    '-width',
    '2',
    '--metg',
    '--metg-from',
    '512',
    '--repeats',
    '1',
    '--workers',
    '1',
    '--json',
  );
  t.equal(swept.code, 0, swept.stderr);
  t.match(JSON.parse(swept.stdout), { workers: 1, points: Array, peak_flops: Number });
  for (const [args, message] of [
    [['-steps', '0'], /error: Invalid flag "-steps 0" must be > 0/],
    [['-width', 'x'], /error: Invalid flag "-width x" must be a whole number/],
    [['-type', 'ring'], /error: Invalid flag "-type ring" must be one of trivial, /],
    [['-fraction', '1.5'], /error: Invalid flag "-fraction 1.5" must be >= 0 and <= 1/],
    [['-output', '8'], /error: Invalid flag "-output 8" must be >= 16/],
    [['-steps'], /error: Flag "-steps" requires an argument/],
    [['-type', 'random_spread', '-period', '3'], /random_spread" is not implemented/],
    [['-type', 'fft', '-width', '1'], /needs a width of 2 or more/],
    [['-type', 'spread', '-width', '2', '-radix', '2'], /needs -period <= 1/],
    [['-type', 'spread', '-width', '2', '-radix', '3', '-period', '1'], /read point \d twice/],
    [['-type', 'stencil_1d', '-period', '2'], /has no period, so -period must be 0/],
    [['-type', 'stencil_1d_periodic', '-width', '2'], /has point 0 read point 1 twice/],
    [['-kernel', 'compute_dgemm'], /needs BLAS/],
    [['-kernel', 'io_bound'], /is not implemented/],
    [['--executor', 'fibers'], /there is no executor fibers/],
    [['-type', 'dom', '--metg'], /has no METG/],
  ] as const) {
    const ended = run(...args);
    t.equal(ended.code, 2, `${args.join(' ')}: ${ended.stderr}`);
    t.match(ended.stderr, message);
  }
  const large = '-steps 8 -width 4 -type stencil_1d -output 262144 --memory 3M --workers 1'.split(' ');
  t.equal(run(...large).code, 0);
  t.match(run(...large, '--spill', 'no/such').stderr, /Nothing can be written to disk: .*no\/such/);
  t.equal(run('-h').code, 0);
  t.equal(run('-unknown', '-steps', '2').code, 0, 'unknown flags are not looked at');
  t.end();
});
