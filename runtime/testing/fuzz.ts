// The fuzzer: random programs on the runtime, in batches, until enough operations have run or one differs.
import { checkLog } from '../observe/check.js';
import { type Difference, firstDifference, runDifferential } from './differential.js';
import { type DriverOptions, observeAll, runtimeExecutor } from './driver.js';
import { type GeneratorOptions, generateProgram } from './generator.js';
import { keyedDraw } from './keyed-random.js';
import { drawWay } from './matrix.js';
import type { Observed } from './observed.js';
import type { Program } from './program-description.js';
import { regressionTest, shrink } from './shrink.js';
import { countShapes } from './task-shapes.js';

export interface FuzzOptions {
  /** How the programs are run; the seed, and what is left open here, are drawn anew for every batch. */
  readonly run: DriverOptions;
  readonly operations: number;
  readonly firstSeed: number;
  /** How often a launch has a point that throws. Default 0. */
  readonly failures?: number;
  /** Little more memory than a batch needs when its operations run one by one, and all that rests is on disk. */
  readonly tight?: boolean;
  /** Called after every batch that agreed. */
  readonly onBatch?: (operations: number, nextSeed: number) => void;
  /** Called when one differed, before it is made small. */
  readonly onDifference?: (difference: Difference) => void;
}

export interface Finding {
  readonly difference: Difference;
  /** The program made as small as could be, and a test file that runs it. */
  readonly program: Program;
  readonly test: string;
}

export interface FuzzResult {
  readonly operations: number;
  readonly programs: number;
  readonly finding: Finding | undefined;
}

/** Kinds of task that one batch may have: the limit of a run is 1024. */
const shapesMax = 900;
const programsPerBatch = 12;
const GANG_MAX = 4;
const TIGHT_POINTS = 2000;
/** For so long a difference is looked for in single programs, and made smaller. */
const NARROW_MS = 150_000;
/** Blocks of the heap have sizes of classes, and come back in another order where operations overlap. */
const SLACK_BYTES = 1 << 12;

interface Batch {
  readonly programs: Program[];
  readonly expected: Observed[];
  operations: number;
}

/** Programs from `seed` on: most of them short, some long. */
function drawBatch(seed: number, operationsLeft: number, options: GeneratorOptions): Batch {
  const batch: Batch = { programs: [], expected: [], operations: 0 };
  for (let shapes = 0; batch.programs.length < programsPerBatch && batch.operations < operationsLeft; ) {
    const number = seed + batch.programs.length;
    const operations = keyedDraw(number, 0xf022).logUniform(4, 300);
    const { program, observed } = generateProgram(number, { ...options, operations });
    shapes += countShapes(program);
    if (shapes > shapesMax && batch.programs.length > 0) break;
    batch.programs.push(program);
    batch.expected.push(observed);
    batch.operations += program.operations.length;
  }
  return batch;
}

/** What the checker has to say of the log of a batch; null when every conflict is ordered, and nothing else. */
function wrongOrder(profile: string): string | null {
  const report = checkLog(profile);
  if (report.clean && report.needless === 0) return null;
  const {
    missingPairs,
    earlyPairs,
    togetherPairs,
    withinPairs,
    partialNames,
    freed,
    untimed,
    needlessPairs,
  } = report;
  const found = {
    missingPairs,
    earlyPairs,
    togetherPairs,
    withinPairs,
    partialNames,
    freed,
    untimed,
    needlessPairs,
  };
  return JSON.stringify(found);
}

/** The first program of a batch that differs when the batch is run as a whole; undefined when all agree. */
async function differing(batch: Batch, options: DriverOptions): Promise<Difference | undefined> {
  let got: Observed[];
  try {
    got = await observeAll(batch.programs, options);
  } catch (error) {
    const seed = batch.programs[0]!.seed;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, what: 'thrown', operation: 'a batch', expected: 'no error', got: text };
  }
  const order = options.profile === undefined ? null : wrongOrder(options.profile);
  if (order !== null) {
    const seed = batch.programs[0]!.seed;
    return { seed, what: 'thrown', operation: 'a batch', expected: 'every conflict ordered', got: order };
  }
  for (const [i, program] of batch.programs.entries()) {
    const difference = firstDifference(program, batch.expected[i]!, got[i]!);
    if (difference) return difference;
  }
  return undefined;
}

/** Looks for a program of the batch that also differs on its own, and shrinks it. */
async function narrow(batch: Batch, difference: Difference, options: DriverOptions): Promise<Finding> {
  const executor = runtimeExecutor(options);
  // Threads show a fault in some runs alone.
  const tries = options.executor !== 'inOrder' && options.executor !== 'virtual' ? 5 : 1;
  const until = performance.now() + NARROW_MS;
  for (const [i, program] of batch.programs.entries()) {
    if (difference.what !== 'thrown' && program.seed !== difference.seed) continue;
    let found: Difference | undefined;
    const fails = async (candidate: Program, expected?: Observed): Promise<boolean> => {
      for (let attempt = 0; attempt < tries && performance.now() < until; attempt++) {
        const now = await runDifferential(candidate, executor, expected);
        if (!now) continue;
        found = now;
        return true;
      }
      return false;
    };
    if (!(await fails(program, batch.expected[i]!))) continue;
    const small = await shrink(program, (candidate) => fails(candidate), 600);
    await fails(small);
    return {
      difference: found!,
      program: small,
      test: regressionTest(small, options, JSON.stringify(found)),
    };
  }
  const program = batch.programs.find(({ seed }) => seed === difference.seed) ?? batch.programs[0]!;
  return { difference, program, test: regressionTest(program, options, JSON.stringify(difference)) };
}

/** What a batch needs in any case: one operation after the other, and whatever nobody uses on disk. */
async function leastMemory({ programs }: Batch, way: DriverOptions): Promise<number> {
  let least = 0;
  await observeAll(programs, {
    ...way,
    executor: 'inOrder',
    spillsAlways: true,
    onStatistics: ({ peakBytes }) => {
      least = peakBytes;
    },
  });
  return least + SLACK_BYTES;
}

/** Runs programs from `firstSeed` on until `operations` operations have run, or one run differs. */
export async function fuzz({
  run,
  operations,
  firstSeed,
  failures = 0,
  tight = false,
  onBatch,
  onDifference,
}: FuzzOptions): Promise<FuzzResult> {
  let done = 0;
  const kinds = (workers: number): GeneratorOptions => ({
    failures,
    // Then it is the data that memory runs short for. Bodies of inner tasks that run beside each other hold what none of them
    // gives back before it has ended: they need more than one after the other, and may run out of memory.
    ...(tight && { pointsMax: TIGHT_POINTS, inner: 0 }),
    gangMax: Math.min(GANG_MAX, workers),
    // A gang whose member is lost fails, and so does a task that shares what it updates: neither can be begun again.
    ...((run.kills ?? 0) > 0 && { gangMax: 0, coherences: ['atomic'] }),
    // Which of several ranks reads what is attached nobody says yet.
    ...((run.ranks ?? 1) > 1 && { attachments: 0 }),
  });
  let seed = firstSeed;
  while (done < operations) {
    const way = drawWay(seed, run, failures);
    const batch = drawBatch(seed, operations - done, kinds(way.workers!));
    const options = tight ? { ...way, memory: await leastMemory(batch, way) } : way;
    const difference = await differing(batch, options);
    done += batch.operations;
    seed += batch.programs.length;
    if (difference) {
      onDifference?.(difference);
      return {
        operations: done,
        programs: seed - firstSeed,
        finding: await narrow(batch, difference, options),
      };
    }
    onBatch?.(done, seed);
  }
  return { operations: done, programs: seed - firstSeed, finding: undefined };
}
