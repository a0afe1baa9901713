// What Task Bench prints, line by line as the original does.
import type { TaskBench } from './flags.js';
import { inputsOf, offsetAt, outputsOf, widthAt } from './pattern.js';
import { pointsOf, type TaskGraph, type Totals } from './task-graph.js';

/** A number as C prints it with %e. */
export function scientific(value: number): string {
  const [digits, exponent] = value.toExponential(6).split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function configurationOf(graph: TaskGraph, verbose: number): string[] {
  const { steps, width, dependence, radix, period, fraction, kernel, outputBytes, scratchBytes } = graph;
  const lines = [
    `    Task Graph ${graph.index + 1}:`,
    `      Time Steps: ${steps}`,
    `      Max Width: ${width}`,
    `      Dependence Type: ${dependence}`,
    `      Radix: ${radix}`,
    `      Period: ${period}`,
    `      Fraction Connected: ${fraction.toFixed(6)}`,
    '      Kernel:',
    `        Type: ${kernel.name}`,
    `        Iterations: ${kernel.iterations}`,
    `        Samples: ${kernel.samples}`,
    `        Imbalance: ${kernel.imbalance.toFixed(6)}`,
    `      Output Bytes: ${outputBytes}`,
    `      Scratch Bytes: ${scratchBytes}`,
  ];
  if (verbose > 0) for (let step = 0; step < steps; step++) lines.push(...stepLines(graph, step, verbose));
  return lines;
}

function stepLines(graph: TaskGraph, step: number, verbose: number): string[] {
  const [offset, width] = [offsetAt(graph, step), widthAt(graph, step)];
  const [lastOffset, lastWidth] = [offsetAt(graph, step - 1), widthAt(graph, step - 1)];
  const list = (point: number, others: readonly number[]) =>
    `          Point ${point}:${others.map((other) => ` ${other}`).join('')}`;
  const points = pointsOf(graph, step);
  const lines = [
    `      Timestep ${step} (offset ${offset}, width ${width}, last offset ${lastOffset}, last width ${lastWidth}):`,
    `        Points:${points.map((point) => ` ${point}`).join('')}`,
    '        Dependencies:',
    ...points.map((point) => list(point, inputsOf(graph, step, point))),
  ];
  if (verbose > 1) {
    lines.push('        Reverse Dependencies:');
    const before = pointsOf(graph, step - 1);
    lines.push(...before.map((point) => list(point, outputsOf(graph, step, point))));
  }
  return lines;
}

/** What is printed before the run. */
export function configurationText({ graphs, verbose }: TaskBench): string {
  return [
    'Running Task Benchmark',
    '  Configuration:',
    ...graphs.flatMap((graph) => configurationOf(graph, verbose)),
  ].join('\n');
}

/** What is printed after it. */
export function resultText(totals: Totals, nodes: number, elapsed_s: number): string {
  const rate = (amount: number) => scientific(amount / elapsed_s);
  return [
    `Total Tasks ${totals.tasks}`,
    `Total Dependencies ${totals.dependencies}`,
    ...(nodes === 0
      ? ['  Unable to estimate local/nonlocal dependencies']
      : [
          `  Local Dependencies ${totals.local} (estimated)`,
          `  Nonlocal Dependencies ${totals.nonlocal} (estimated)`,
          `  Number of Nodes (used for estimate) ${nodes}`,
        ]),
    `Total FLOPs ${totals.flops}`,
    `Total Bytes ${totals.bytes}`,
    `Elapsed Time ${scientific(elapsed_s)} seconds`,
    `FLOP/s ${rate(totals.flops)}`,
    `B/s ${rate(totals.bytes)}`,
    'Transfer (estimated):',
    ...(nodes === 0
      ? ['  Unable to estimate local/nonlocal transfer']
      : [
          `  Local Bytes ${totals.localBytes}`,
          `  Nonlocal Bytes ${totals.nonlocalBytes}`,
          `  Local Bandwidth ${rate(totals.localBytes)} B/s`,
          `  Nonlocal Bandwidth ${rate(totals.nonlocalBytes)} B/s`,
        ]),
  ].join('\n');
}
