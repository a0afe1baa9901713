// `maniple taskbench`: Task Bench on this runtime, with the flags and the lines of the original.
import { availableParallelism } from 'node:os';
import { addon, addonAbsence } from '../../native/index.js';
import { UsageError } from '../../runtime/errors.js';
import { EXECUTORS, type ExecutorName } from '../../runtime/index.js';
import type { Command, Invocation } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { runtimeOptions } from '../run/start-runtime.js';
import { readFlags, type TaskBench } from './flags.js';
import { KERNELS } from './kernel.js';
import { DEPENDENCES } from './pattern.js';
import { configurationText, resultText, scientific } from './report.js';
import { type GraphOptions, runGraphs } from './run-graphs.js';
import { sweep } from './sweep.js';
import { type TaskGraph, totalsOf } from './task-graph.js';

/** Iterations that the sweep begins with: tasks of about a millisecond. */
const SWEEP_FROM = 1 << 18;
const SWEEP_STEPS = 1000;
const REPEATS = 5;

function wholeOf(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`maniple taskbench: --${name} is ${text}, but must be a whole number of 1 or more`);
  return value;
}

/** The executor that is named; null for that of the mode. */
function executorOf({ options }: Invocation): ExecutorName | null {
  const named = options.get('executor')?.at(-1);
  if (named === undefined) return null;
  const found = EXECUTORS.find((name) => name === named);
  if (found === undefined)
    throw new UsageError(
      `maniple taskbench: there is no executor ${named}: there are ${EXECUTORS.join(', ')}`,
    );
  return found;
}

/** How the graphs are run. */
function graphOptions(invocation: Invocation): GraphOptions & { workers: number } {
  const { configuration, options, signal } = invocation;
  const settings = configuration.of(runSection);
  const kernels = options.get('kernels')?.at(-1) ?? (addon === null ? 'typescript' : 'native');
  if (kernels !== 'native' && kernels !== 'typescript')
    throw new UsageError(`maniple taskbench: --kernels is ${kernels}, but must be native or typescript`);
  if (kernels === 'native' && addon === null)
    throw new UsageError(`maniple taskbench: there are no native kernels: ${addonAbsence}`);
  const executor = executorOf(invocation);
  return {
    ...runtimeOptions(settings),
    ...(executor !== null && { executor, placement: settings.placement }),
    workers: settings.workers ?? availableParallelism(),
    signal,
    native: kernels === 'native',
  };
}

async function once(bench: TaskBench, options: GraphOptions, progress: Invocation['progress']) {
  const { graphs, nodes } = bench;
  const totals = totalsOf(graphs, nodes);
  progress.detail(`running ${totals.tasks} tasks twice: to warm up, and with a clock`);
  const [elapsed_s] = (await runGraphs(graphs, options)) as [number];
  return {
    json: { graphs, nodes, ...totals, elapsed_s, flops_per_s: totals.flops / elapsed_s },
    text: `${configurationText(bench)}\n${resultText(totals, nodes, elapsed_s)}`,
  };
}

async function metg(bench: TaskBench, given: Invocation, options: GraphOptions & { workers: number }) {
  const words = given.positionals;
  const { workers } = options;
  const repeats = wholeOf('repeats', given.options.get('repeats')?.at(-1), REPEATS);
  const from = wholeOf('metg-from', given.options.get('metg-from')?.at(-1), SWEEP_FROM);
  const graphs = bench.graphs.map((graph): TaskGraph => {
    if (graph.dependence === 'dom' || graph.dependence === 'tree')
      throw new UsageError(
        `error: dependence type "${graph.dependence}" has no METG: its rows differ in width`,
      );
    const steps = words.includes('-steps') ? graph.steps : SWEEP_STEPS;
    const width = words.includes('-width') ? graph.width : workers;
    const name = graph.kernel.name === 'load_imbalance' ? 'load_imbalance' : 'compute_bound';
    return { ...graph, steps, width, kernel: { ...graph.kernel, name } };
  });
  const found = await sweep(graphs, {
    ...options,
    repeats,
    from,
    progress: (line) => given.progress.note(line),
  });
  const rows = found.points.map(
    ({ iterations, elapsed_s, efficiency, granularity_s }) =>
      `${String(iterations).padStart(10)}  ${scientific(elapsed_s)}  ${efficiency.toFixed(4)}  ${scientific(granularity_s)}`,
  );
  return {
    json: { graphs, workers, repeats, ...found },
    text: [
      configurationText({ ...bench, graphs, verbose: 0 }),
      `Peak FLOP/s ${scientific(found.peak_flops)}`,
      'iterations  elapsed (s)   efficiency  granularity (s)',
      ...rows,
      found.metg_s === null
        ? 'METG(50%) was not reached: give longer tasks with --metg-from'
        : `METG(50%) ${scientific(found.metg_s)} seconds`,
    ].join('\n'),
  };
}

export const taskbench: Command = {
  name: 'taskbench',
  summary: 'Task Bench: what a task costs, by the benchmark of the field',
  details: `FLAGS are those of Task Bench, each with one dash, in the order in which they are given: -steps N -width N
-type NAME -radix N -period N -fraction F -kernel NAME -iter N -output BYTES -scratch BYTES -sample N -imbalance F -field N
-nodes N -and (another graph follows) -skip-graph-validation -v -vv; others are not looked at.
Types: ${DEPENDENCES.join(' ')}.
Kernels: ${KERNELS.join(' ')}.
Every task checks what it reads. The graphs run once to warm up, and then with a clock.`,
  positionals: [{ name: 'FLAGS', doc: 'flags of Task Bench', required: false, rest: true }],
  singleDash: true,
  options: [
    {
      name: 'metg',
      takes: [],
      doc: 'sweep compute_bound from long tasks to short ones, and find the shortest that still do half of the peak',
    },
    { name: 'metg-from', takes: ['N'], doc: `iterations that the sweep begins with (default ${SWEEP_FROM})` },
    { name: 'repeats', takes: ['N'], doc: `timed runs for each point of the sweep (default ${REPEATS})` },
    { name: 'executor', takes: ['NAME'], doc: `one of ${EXECUTORS.join(', ')}; by default that of --mode` },
    { name: 'kernels', takes: ['native|typescript'], doc: 'the kernels of the add-on, or their twins' },
  ],
  sections: [],
  examples: [
    'maniple taskbench -steps 1000 -width 2 -type stencil_1d -kernel compute_bound -iter 1000 --workers 2',
    'maniple taskbench -type nearest -radix 5 --metg --workers 2',
    'maniple taskbench -steps 9 -width 4 -type fft -vv --mode inorder',
  ],
  async run(given) {
    const bench = readFlags(given.positionals);
    const options = graphOptions(given);
    return given.options.has('metg') ? metg(bench, given, options) : once(bench, options, given.progress);
  },
};
