// The programs on which faults are looked for: random ones in three families, each with the oracle that judges it.
import type { AnalysisFaults } from '../../../runtime/analysis/faults.js';
import type { Usage } from '../../../runtime/privileges/index.js';
import {
  type Conflicts,
  checkOrder,
  conflictsOf,
  generateProgram,
  keyedDraw,
  type Launch,
  type Observed,
  type Program,
  runDifferential,
  runtimeExecutor,
} from '../../../runtime/testing/index.js';
import { recordOrder, withoutWaits } from '../../../runtime/testing/recorded-order.js';
import { pairOf } from './cell-program.js';

/**
 * `order`: programs that never wait, whose recorded order is compared with the conflicts. `values`: what programs compute in
 * virtual time is compared with the interpreter. `failures`: the same with tasks that throw.
 */
export type Family = 'order' | 'values' | 'failures';

/** A random program, or one made for a cell of the interference table. */
export type Sample =
  | { readonly family: Family; readonly seed: number }
  | { readonly family: 'cell'; readonly uses: readonly [Usage, Usage]; readonly reach: number };

interface OrderProgram {
  readonly program: Program;
  readonly conflicts: Conflicts;
}

const orderPrograms = new Map<number, OrderProgram>();
const valuePrograms = new Map<string, { readonly program: Program; readonly observed: Observed }>();

/** Even programs run without renaming, so that overwrites and loads wait as well. */
const renames = (seed: number): boolean => seed % 2 === 1;

/** Gangs start threads, which takes its time. */
const gangsOf = (seed: number): number => (seed % 8 === 0 ? 2 : 0);

/**
 * A gang that waits for nobody runs where it is launched, and what comes after it need not be ordered: all gangs wait for a
 * number of a task that does not run while the order is recorded.
 */
function withoutReadyGangs({ seed, operations }: Program): Program {
  const gate: Launch = { kind: 'launch', name: 'gate', salt: 1, domain: null, requirements: [], argument: 0 };
  if (!operations.some((operation) => operation.kind === 'launch' && operation.gang))
    return { seed, operations };
  const held = operations.map((operation) =>
    operation.kind === 'launch' && operation.gang && typeof operation.argument === 'number'
      ? { ...operation, argument: { future: gate.name } }
      : operation,
  );
  return { seed, operations: [gate, ...held] };
}

function orderProgram(seed: number): OrderProgram {
  let found = orderPrograms.get(seed);
  if (found === undefined) {
    const coherence = keyedDraw(seed, 0xc0).pick([0, 0.3, 1]);
    const options = { operations: 16, coherence, coherentUses: 'any' as const, gangMax: gangsOf(seed) };
    const program = withoutReadyGangs(withoutWaits(generateProgram(seed, options).program));
    found = { program, conflicts: conflictsOf(program, { renaming: renames(seed) }) };
    orderPrograms.set(seed, found);
  }
  return found;
}

function valueProgram(family: Family, seed: number) {
  const key = `${family} ${seed}`;
  let found = valuePrograms.get(key);
  if (found === undefined) {
    const failures = family === 'failures' ? 0.08 : 0;
    found = generateProgram(seed, { operations: 40, failures, gangMax: gangsOf(seed) });
    valuePrograms.set(key, found);
  }
  return found;
}

/** The watchdog found that nothing goes on. */
class HungError extends Error {}

/**
 * Runs something that may go wrong in every way: it may hang, or throw where nobody awaits it. `log` is where the watchdog
 * of the run speaks.
 */
async function guarded<T>(start: (log: (line: string) => void) => Promise<T>): Promise<T> {
  let fail = (_: Error): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  process.setUncaughtExceptionCaptureCallback(null);
  process.setUncaughtExceptionCaptureCallback((error) => fail(error));
  try {
    return await Promise.race([
      start((line) => {
        const error = new HungError(line);
        fail(error);
        // Where the launching thread itself is blocked, this is the way out; from a timer there is nobody to catch it.
        if (!/processTimers/.test(error.stack ?? '')) throw error;
      }),
      failed,
    ]);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
    process.setUncaughtExceptionCaptureCallback(ignoreLeftOver);
  }
}

/** What a broken run that was given up does later, in its timers, is nobody's error. */
function ignoreLeftOver(error: Error): void {
  if (!/(?<!\/test)\/runtime\//.test(error.stack ?? '')) throw error;
}

/** When nothing has ended for so long, a program with a fault hangs; one without has been kept from the processor. */
const HANGS_S = 0.5;
const PATIENT_S = 60;
const window = { records: 4096, launches: 512 };

/** Without renaming, so that overwrites wait as well. */
function cellProgram([earlier, later]: readonly [Usage, Usage], reach: number): OrderProgram {
  const program = pairOf(earlier, later, reach);
  return { program, conflicts: conflictsOf(program, { renaming: false }) };
}

/** What is wrong with a program run with faults; null when nothing is. `patient`: there are none, and nothing should hang. */
export async function wrong(sample: Sample, faults: AnalysisFaults, patient = false): Promise<string | null> {
  const hangs_s = patient ? PATIENT_S : HANGS_S;
  const { family } = sample;
  if (family === 'order' || family === 'cell') {
    const { program, conflicts } =
      family === 'cell' ? cellProgram(sample.uses, sample.reach) : orderProgram(sample.seed);
    const { seed } = program;
    const run = (log: (line: string) => void) =>
      recordOrder(program, conflicts, {
        seed,
        faults,
        rename: family === 'order' && renames(seed),
        memory: 2 ** 24,
        window,
        watchdog_s: hangs_s,
        log,
        workers: 2,
      });
    try {
      const { missing, needless } = checkOrder(conflicts, await guarded(run));
      if (missing.length > 0) return `no order between ${JSON.stringify(missing[0])}`;
      if (needless.length > 0) return `a needless order between ${JSON.stringify(needless[0])}`;
      return null;
    } catch (error) {
      return String(error); // what ran out of order has failed
    }
  }
  const { seed } = sample;
  const { program, observed } = valueProgram(family, seed);
  const eagerness = (seed % 3) * 0.2;
  const common = {
    executor: 'virtual',
    seed,
    faults,
    eagerness,
    rename: renames(seed),
    memory: 2 ** 26,
    window,
    workers: 2,
  } as const;
  try {
    const difference = await guarded((log) =>
      runDifferential(program, runtimeExecutor({ ...common, watchdog_s: hangs_s, log }), observed),
    );
    return difference === undefined ? null : JSON.stringify(difference);
  } catch (error) {
    return String(error);
  }
}
