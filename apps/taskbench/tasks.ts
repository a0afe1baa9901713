// The tasks of Task Bench: what a point of a row does.
import { addon } from '../../native/index.js';
import {
  fieldSpace,
  i32,
  overwrites,
  reads,
  resource,
  type TaskContext,
  task,
  vec,
} from '../../runtime/index.js';
import { busyWait, computeBound, computeBound2, iterationsOf, KERNELS, memoryBound } from './kernel.js';
import { DEPENDENCES, inputsOf, offsetAt, type Pattern, setAt, widthAt } from './pattern.js';
import type { TaskGraph } from './task-graph.js';

const module = import.meta.url;

/** Outputs of a row: pairs of 64-bit integers (the step, the point), as four words. */
export const Row = fieldSpace({ pair: vec(i32, 4) });

/** What scratch buffers hold before the first task. */
const SCRATCH_WORD = 0x5c4a7c8b;

/** A row of a graph, as numbers: what launches pass. */
export interface RowArguments {
  readonly step: number;
  readonly index: number;
  readonly steps: number;
  readonly width: number;
  readonly dependence: number;
  readonly radix: number;
  readonly period: number;
  readonly fraction: number;
  readonly outputBytes: number;
  readonly scratchBytes: number;
  readonly kernel: number;
  readonly iterations: number;
  readonly samples: number;
  readonly imbalance: number;
  /** 1: the kernels of the add-on. */
  readonly native: number;
}

/** The arguments of a row. */
export function rowArguments(graph: TaskGraph, step: number, native: boolean): RowArguments {
  const { index, steps, width, radix, period, fraction, outputBytes, scratchBytes, kernel } = graph;
  const { iterations, samples, imbalance } = kernel;
  return {
    ...{ step, index, steps, width, radix, period, fraction, outputBytes, scratchBytes },
    ...{ iterations, samples, imbalance },
    dependence: DEPENDENCES.indexOf(graph.dependence),
    kernel: KERNELS.indexOf(kernel.name),
    native: native ? 1 : 0,
  };
}

/** Who reads whom in one graph: by sets of dependences and, where rows differ in their points, by steps; then by points. */
interface Known {
  readonly pattern: Pattern;
  readonly inputs: Map<number, (readonly number[] | undefined)[]>;
}

function isOf(
  { index, steps, width, dependence, radix, period, fraction }: Pattern,
  args: RowArguments,
): boolean {
  return (
    index === args.index &&
    steps === args.steps &&
    width === args.width &&
    dependence === DEPENDENCES[args.dependence] &&
    radix === args.radix &&
    period === args.period &&
    fraction === args.fraction
  );
}

/** What a worker keeps of the graphs that it works on. */
class Worker {
  readonly #graphs: Known[] = [];
  /** The row that it works on: all its tasks have the same arguments. */
  #row: RowArguments | null = null;
  #inputs: (readonly number[] | undefined)[] = [];
  #pattern: Pattern | null = null;
  /** Its points. */
  #first = 0;
  #end = 0;
  #scratch = new Uint8Array(0);
  /** What the last kernel computed: of no interest, but no compiler may leave it out. */
  last = 0;

  /** The points that a point of a row reads. */
  inputs(args: RowArguments, point: number): readonly number[] {
    if (args !== this.#row) this.#enter(args);
    if (point < this.#first || point >= this.#end)
      throw new Error(`step ${args.step} of ${args.steps} has no point ${point}`);
    return (this.#inputs[point] ??= inputsOf(this.#pattern!, args.step, point));
  }

  #enter(args: RowArguments): void {
    const { step, index, steps, width, radix, period, fraction } = args;
    let known = this.#graphs[index];
    if (known === undefined || !isOf(known.pattern, args)) {
      const dependence = DEPENDENCES[args.dependence]!;
      const pattern = { index, steps, width, radix, period, fraction, dependence };
      this.#graphs[index] = known = { pattern, inputs: new Map() };
    }
    const { pattern, inputs } = known;
    const same = pattern.dependence !== 'dom' && pattern.dependence !== 'tree';
    const key = same ? (step === 0 ? -1 : setAt(pattern, step)) : step;
    let row = inputs.get(key);
    if (row === undefined) inputs.set(key, (row = []));
    this.#row = args;
    this.#pattern = pattern;
    this.#first = offsetAt(pattern, step);
    this.#end = step < steps ? this.#first + widthAt(pattern, step) : 0;
    this.#inputs = row;
  }

  /** The scratch buffer, of a certain size: filled when it is new. */
  scratch(bytes: number): Uint8Array {
    if (this.#scratch.length !== bytes) {
      const words = new BigUint64Array(Math.ceil(bytes / 8)).fill(BigInt(SCRATCH_WORD));
      this.#scratch = new Uint8Array(words.buffer, 0, bytes);
    }
    const view = new DataView(this.#scratch.buffer);
    if (bytes >= 8 && (view.getUint32(0, true) !== SCRATCH_WORD || view.getUint32(4, true) !== 0))
      throw new Error('its scratch buffer was overwritten');
    return this.#scratch;
  }
}

const worker = resource('task bench', () => new Worker());

/** A view of outputs: so many points of the field `pair`. */
interface Pairs {
  readonly pair: Int32Array;
  readonly volume: number;
  at(x: number): number;
}

/** Checks that every pair of the outputs that a point reads names the step before and who wrote it. */
function checkInputs(from: Pairs, inputs: readonly number[], args: RowArguments, point: number): void {
  const units = Math.ceil(args.outputBytes / 16);
  const pairs = Math.floor(args.outputBytes / 16);
  const { pair, volume } = from;
  const before = args.step - 1;
  if (volume !== units * inputs.length)
    throw new Error(
      `point ${point} of step ${args.step} got ${volume} pairs and not ${units * inputs.length}`,
    );
  for (const input of inputs) {
    let at = 4 * from.at(input * units);
    for (let k = 0; k < pairs; k++, at += 4) {
      if (pair[at] === (before | 0) && pair[at + 2] === input && pair[at + 1] === 0 && pair[at + 3] === 0)
        continue;
      throw new Error(
        `point ${point} of step ${args.step} found (${pair[at]}, ${pair[at + 2]}) in pair ${k} of what it read of point ${input}, and not (${before}, ${input})`,
      );
    }
  }
}

/** Says in every pair of an output which point of which step wrote it. */
function writeOutput(to: Pairs, args: RowArguments, point: number): void {
  const units = Math.ceil(args.outputBytes / 16);
  const pairs = Math.floor(args.outputBytes / 16);
  const { pair, volume } = to;
  if (volume !== units)
    throw new Error(`point ${point} of step ${args.step} may write ${volume} pairs and not ${units}`);
  let at = 4 * to.at(point * units);
  for (let k = 0; k < pairs; k++, at += 4) {
    pair[at] = args.step;
    pair[at + 1] = 0;
    pair[at + 2] = point;
    pair[at + 3] = 0;
  }
}

/** Works as the kernel says. */
function work(args: RowArguments, point: number, scratch: Uint8Array): number {
  const { iterations, samples, step } = args;
  const native = args.native === 1 ? addon : null;
  switch (KERNELS[args.kernel]) {
    case 'busy_wait':
      return native === null ? busyWait(iterations) : native.taskBenchBusyWait(iterations);
    case 'compute_bound':
      return native === null ? computeBound(iterations) : native.taskBenchCompute(iterations);
    case 'compute_bound2':
      return native === null ? computeBound2(iterations) : native.taskBenchCompute2(iterations);
    case 'memory_bound':
      if (native === null) memoryBound(scratch, samples, iterations, step);
      else native.taskBenchMemory(scratch, samples, iterations, step);
      return 0;
    case 'load_imbalance': {
      const { index, imbalance } = args;
      const kernel = { name: 'load_imbalance', iterations, samples, imbalance } as const;
      const own = iterationsOf({ index, kernel, scratchBytes: 0 }, step, point);
      return native === null ? computeBound(own) : native.taskBenchCompute(own);
    }
    default:
      return 0;
  }
}

function run(from: Pairs | null, to: Pairs, args: RowArguments, context: TaskContext): void {
  const point = context.point[0]!;
  const own = context.use(worker);
  const inputs = own.inputs(args, point);
  if (from !== null) checkInputs(from, inputs, args, point);
  else if (inputs.length > 0) throw new Error(`point ${point} of step ${args.step} got no inputs`);
  writeOutput(to, args, point);
  own.last = work(args, point, args.scratchBytes > 0 ? own.scratch(args.scratchBytes) : NO_SCRATCH);
}

const NO_SCRATCH = new Uint8Array(0);

/** A point that reads others. */
export const point = task({
  module,
  name: 'point',
  regions: { to: overwrites(Row, 'pair'), from: reads(Row, 'pair') },
  run({ to, from }, args: RowArguments, context) {
    run(from as unknown as Pairs, to as unknown as Pairs, args, context); // both have what Pairs says, and more
  },
});

/** A point that reads nothing. */
export const source = task({
  module,
  name: 'source',
  regions: { to: overwrites(Row, 'pair') },
  run({ to }, args: RowArguments, context) {
    run(null, to as unknown as Pairs, args, context); // likewise
  },
});
