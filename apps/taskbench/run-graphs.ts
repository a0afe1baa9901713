// Runs task graphs on the runtime: one launch for every row, and nothing but the pattern orders its tasks.
import { type Ctx, IndexSpace, type RunOptions, run } from '../../runtime/index.js';
import { inputsOf, offsetAt, setAt, widthAt } from './pattern.js';
import { pointsOf, type TaskGraph } from './task-graph.js';
import { point, Row, type RowArguments, rowArguments, source } from './tasks.js';

/** Rows of buffers that take turns where nothing else is asked for: enough that nobody waits for a reader. */
const ROWS = 4;

/** A buffer for the outputs of one row; an output is a number of pairs, the last of them maybe not whole. */
function makeRow(ctx: Ctx, graph: TaskGraph, row: number) {
  const units = Math.ceil(graph.outputBytes / 16);
  const region = ctx.region([graph.width * units], Row, { name: `graph${graph.index + 1}.row${row}` });
  const spaceOf = (points: readonly number[]): IndexSpace => {
    if (points.length === 0) return IndexSpace.empty(1);
    const boxes = points.map((p) => [[p * units], [(p + 1) * units - 1]] as const);
    return IndexSpace.boxes(1, boxes);
  };
  return {
    /** The output of every point. */
    own: region.partition.blocks([units]),
    /** The outputs that every point reads. */
    readBy: (inputs: readonly (readonly number[])[]) =>
      region.partition.byDomain([graph.width], inputs.map(spaceOf)),
  };
}

type RowBuffer = ReturnType<typeof makeRow>;
type Inputs = ReturnType<RowBuffer['readBy']>;

/** What the launch of a row is given. */
interface RowLaunch {
  readonly domain: IndexSpace;
  readonly args: RowArguments;
  readonly to: ReturnType<RowBuffer['own']['at']>;
  readonly from: ReturnType<Inputs['at']> | null;
}

class GraphRun {
  readonly graph: TaskGraph;
  readonly #ctx: Ctx;
  readonly #native: boolean;
  readonly #rows: readonly RowBuffer[];
  /** By step, made by the run that warms up. */
  readonly #launches: RowLaunch[] = [];
  readonly #domains = new Map<string, IndexSpace>();
  /** What the points of a row read of a buffer, by rows that are alike; null where none reads anything. */
  readonly #inputs = new Map<string, Inputs | null>();

  constructor(ctx: Ctx, graph: TaskGraph, native: boolean) {
    this.graph = graph;
    this.#ctx = ctx;
    this.#native = native;
    const count = Math.max(2, Math.min(graph.steps, graph.rows === 0 ? ROWS : graph.rows));
    this.#rows = Array.from({ length: count }, (_, i) => makeRow(ctx, graph, i));
  }

  /** Launches one row. */
  launch(step: number): void {
    const { domain, args, to, from } = (this.#launches[step] ??= this.#prepare(step));
    if (from === null) this.#ctx.index(domain, source, { to }, args);
    else this.#ctx.index(domain, point, { to, from }, args);
  }

  #prepare(step: number): RowLaunch {
    const { graph } = this;
    const rows = this.#rows;
    return {
      domain: this.#domain(offsetAt(graph, step), widthAt(graph, step)),
      args: rowArguments(graph, step, this.#native),
      to: rows[step % rows.length]!.own.at(),
      from: this.#inputsOf(step)?.at() ?? null,
    };
  }

  /** The points of a row: the same object for rows that are alike. */
  #domain(first: number, width: number): IndexSpace {
    const key = `${first} ${width}`;
    let domain = this.#domains.get(key);
    if (domain === undefined) this.#domains.set(key, (domain = IndexSpace.box([first], [first + width - 1])));
    return domain;
  }

  #inputsOf(step: number): Inputs | null {
    if (step === 0) return null;
    const { graph } = this;
    const buffer = (step - 1) % this.#rows.length;
    const shape = [step, step - 1].map((t) => `${offsetAt(graph, t)} ${widthAt(graph, t)}`).join(' ');
    const key = `${buffer} ${setAt(graph, step)} ${shape}`;
    let found = this.#inputs.get(key);
    if (found === undefined) {
      const inputs = Array.from({ length: graph.width }, (): number[] => []);
      for (const to of pointsOf(graph, step)) inputs[to] = inputsOf(graph, step, to);
      const none = inputs.every((points) => points.length === 0);
      this.#inputs.set(key, (found = none ? null : this.#rows[buffer]!.readBy(inputs)));
    }
    return found;
  }
}

/** Launches all rows of all graphs, the graphs in turn. */
function launchAll(graphs: readonly GraphRun[]): void {
  const steps = Math.max(...graphs.map(({ graph }) => graph.steps));
  for (let step = 0; step < steps; step++)
    for (const run of graphs) if (step < run.graph.steps) run.launch(step);
}

export interface GraphOptions extends RunOptions {
  /** The kernels of the add-on, and not their twins. */
  readonly native: boolean;
  /** Timed runs after one that warms up. Default 1. */
  readonly repeats?: number;
}

/** Runs the graphs once to warm up, then with a clock: from the first launch to the end of the last task, in seconds. */
export async function runGraphs(
  graphs: readonly TaskGraph[],
  { native, repeats = 1, ...options }: GraphOptions,
): Promise<number[]> {
  // Buffers take turns: a new one for every row would cost its views.
  const settings = { rename: false, ...options };
  return run(async (ctx) => {
    const runs = graphs.map((graph) => new GraphRun(ctx, graph, native));
    const elapsed_s: number[] = [];
    for (let i = 0; i <= repeats; i++) {
      const start = performance.now();
      launchAll(runs);
      await ctx.fence();
      if (i > 0) elapsed_s.push((performance.now() - start) / 1000);
    }
    return elapsed_s;
  }, settings);
}
