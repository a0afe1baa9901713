// The flags of Task Bench, as the original reads them: from left to right, those that are unknown are not looked at.
import { UsageError } from '../../runtime/errors.js';
import { KERNELS, type KernelSettings, kernelFault } from './kernel.js';
import { DEPENDENCES, faultOf, hasPeriod } from './pattern.js';
import type { TaskGraph } from './task-graph.js';

/** What the flags say. */
export interface TaskBench {
  readonly graphs: readonly TaskGraph[];
  readonly nodes: number;
  readonly verbose: number;
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Changeable<Omit<TaskGraph, 'index' | 'kernel'>> & { kernel: Changeable<KernelSettings> };

const draft = (): Draft => ({
  steps: 4,
  width: 4,
  dependence: 'trivial',
  radix: 3,
  period: -1,
  fraction: 0.25,
  kernel: { name: 'empty', iterations: 0, samples: 16, imbalance: 0 },
  outputBytes: 16,
  scratchBytes: 0,
  rows: 0,
});

/** The bounds of numbers: what is demanded, and how that is said. */
interface Bound {
  readonly holds: (value: number) => boolean;
  readonly words: string;
}
const positive: Bound = { holds: (x) => x > 0, words: 'must be > 0' };
const least = (n: number): Bound => ({ holds: (x) => x >= n, words: `must be >= ${n}` });
const within = (n: number): Bound => ({ holds: (x) => x >= 0 && x <= n, words: `must be >= 0 and <= ${n}` });

const refused = (flag: string, value: string, words: string) =>
  new UsageError(`error: Invalid flag "${flag} ${value}" ${words}`);

function numberOf(flag: string, text: string | undefined, bound: Bound, whole = true): number {
  if (text === undefined) throw new UsageError(`error: Flag "${flag}" requires an argument`);
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || (whole && !Number.isSafeInteger(value)))
    throw refused(flag, text, whole ? 'must be a whole number' : 'must be a number');
  if (!bound.holds(value)) throw refused(flag, text, bound.words);
  return value;
}

function nameOf<T extends string>(flag: string, text: string | undefined, names: readonly T[]): T {
  if (text === undefined) throw new UsageError(`error: Flag "${flag}" requires an argument`);
  const found = names.find((name) => name === text);
  if (found === undefined) throw refused(flag, text, `must be one of ${names.join(', ')}`);
  return found;
}

/**
 * Reads the flags.
 * @throws UsageError for a value that is none, and for a graph that cannot be (unless -skip-graph-validation is given)
 */
export function readFlags(words: readonly string[]): TaskBench {
  const drafts = [draft()];
  let nodes = 0;
  let verbose = 0;
  let validates = true;
  for (let i = 0; i < words.length; i++) {
    const flag = words[i]!;
    const graph = drafts.at(-1)!;
    const whole = (bound: Bound) => numberOf(flag, words[++i], bound);
    const real = (bound: Bound) => numberOf(flag, words[++i], bound, false);
    switch (flag) {
      case '-steps':
        graph.steps = whole(positive);
        break;
      case '-width':
        graph.width = whole(positive);
        break;
      case '-type':
        graph.dependence = nameOf(flag, words[++i], DEPENDENCES);
        break;
      case '-radix':
        graph.radix = whole(least(0));
        break;
      case '-period':
        graph.period = whole(least(0));
        break;
      case '-fraction':
        graph.fraction = real(within(1));
        break;
      case '-and':
        drafts.push(draft());
        break;
      case '-kernel':
        graph.kernel.name = nameOf(flag, words[++i], KERNELS);
        break;
      case '-iter':
        graph.kernel.iterations = whole(least(0));
        break;
      case '-output':
        graph.outputBytes = whole(least(16));
        break;
      case '-scratch':
        graph.scratchBytes = whole(least(0));
        break;
      case '-sample':
        graph.kernel.samples = whole(least(0));
        break;
      case '-imbalance':
        graph.kernel.imbalance = real(within(2));
        break;
      case '-field':
        graph.rows = whole(positive);
        break;
      case '-nodes':
        nodes = whole(positive);
        break;
      case '-skip-graph-validation':
        validates = false;
        break;
      case '-v':
        verbose += 1;
        break;
      case '-vv':
        verbose += 2;
        break;
    }
  }
  const graphs = drafts.map(({ period, ...rest }, index): TaskGraph => {
    const standard = rest.dependence === 'spread' || rest.dependence === 'random_nearest' ? 3 : 0;
    return { ...rest, index, period: period < 0 ? standard : period };
  });
  for (const graph of graphs) check(graph, validates);
  return { graphs, nodes, verbose };
}

/** Refuses what cannot run; `validates`: also what the original refuses though it could be. */
function check(graph: TaskGraph, validates: boolean): void {
  const { dependence, period, width } = graph;
  const impossible =
    dependence === 'random_spread' ||
    (dependence === 'fft' && width === 1) ||
    (hasPeriod(dependence) && period === 0);
  const fault = validates || impossible ? faultOf(graph) : null;
  const wrong = fault ?? kernelFault(graph);
  if (wrong !== null) throw new UsageError(`error: Task Graph ${graph.index + 1}: ${wrong}`);
}
