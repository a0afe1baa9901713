// Programs that break one rule are refused at the launch with the right error, the requirements and a true witness, and
// what is refused leaves no trace.
import t from 'tap';
import {
  BoundsError,
  ContainmentError,
  formatPoint,
  InterferenceError,
  type ManipleError,
} from '../../runtime/errors.js';
import { run } from '../../runtime/program/run.js';
import { isWitness } from '../../runtime/testing/illegal.js';
import {
  describeDifference,
  firstDifference,
  generateIllegalProgram,
  type IllegalProgram,
  Interpreter,
  interpret,
  type Operation,
  type Point,
  rules,
} from '../../runtime/testing/index.js';
import { Session } from '../../runtime/testing/session.js';

const copied = ['to', 'from', 'gather', 'scatter'];

/** The number of a requirement of an operation: tasks call them r0, r1 ..., copies and fills by what they are. */
const numberOf = (name: string): number =>
  copied.includes(name) ? copied.indexOf(name) : Number(name.replace(/^r(?=\d)/, '')) || 0;

/** The program up to the operation that breaks the rule, where that is one of its own. */
function stateBefore({ program, broken }: IllegalProgram): Interpreter | undefined {
  const state = new Interpreter();
  for (const operation of program.operations) {
    if (operation === broken) return state;
    if (operation.kind === 'inner' && operation.body.includes(broken)) return undefined;
    state.step(operation);
  }
  return undefined;
}

/** What is wrong with the requirements and the point that an error names; undefined when all is right. */
function wrongPlace(illegal: IllegalProgram, error: ManipleError): string | undefined {
  const { broken, expected } = illegal;
  const { where, witness } = expected;
  const among = (point: readonly number[] | null | undefined, points: readonly Point[]) =>
    points.length === 0
      ? point === null || point === undefined
      : points.some((p) => String(p) === String(point));
  if (error instanceof InterferenceError) {
    if (!witness) return 'no interference was foretold';
    const pair = [numberOf(error.requirementA), numberOf(error.requirementB)] as const;
    const state = stateBefore(illegal);
    if (state && !isWitness(state, broken, pair, error.witnessPoint)) return 'no witness';
    return undefined;
  }
  if (error instanceof ContainmentError) {
    if (error.rule !== where?.rule) return `rule ${where?.rule} expected`;
    if (where!.points.length > 0 && !among(error.witnessPoint, where!.points)) return 'no witness';
    if (broken.kind === 'launch' && where!.requirement >= 0 && error.requirement !== `r${where!.requirement}`)
      return `requirement ${where!.requirement} expected`;
    return undefined;
  }
  if (error instanceof BoundsError)
    return error.point || /numbers? of points/.test(error.message) || /points and to/.test(error.message)
      ? undefined
      : 'no point';
  // A lease that conflicts.
  if (where && !where.points.some((point) => error.message.includes(`point ${formatPoint(point)}`)))
    return 'no witness';
  return undefined;
}

/** What is wrong with how the runtime refuses a program; undefined when all is right. */
async function refusal(illegal: IllegalProgram): Promise<string | undefined> {
  const { program, expected, legal } = illegal;
  return run(
    async (ctx) => {
      const session = new Session(ctx, program);
      const refused: { readonly operation: Operation; readonly error: Error }[] = [];
      session.onRefused((operation, error) => refused.push({ operation, error: error as Error }));
      for (const operation of program.operations) await session.issue(operation);
      const shown = await session.observed();
      if (refused.length === 0) return `it was not refused: ${JSON.stringify(illegal.broken)}`;
      for (const { operation, error } of refused) {
        if (operation.name !== expected.operation) return `${operation.name} was refused: ${error}`;
        if (error.name !== expected.error) return `${expected.error} expected, not ${error}`;
        const wrong = wrongPlace(illegal, error as ManipleError);
        if (wrong) return `${wrong}: ${error.message}`;
        if (!/^[^\n]*[.)]$/.test(error.message)) return `that is no sentence: ${error.message}`;
      }
      const difference = firstDifference(legal, interpret(legal), shown);
      return difference && `it left a trace: ${describeDifference(difference)}`;
    },
    { executor: 'virtual', workers: 4, seed: program.seed },
  );
}

t.setTimeout(600_000);

for (const rule of rules) {
  t.test(rule, async (t) => {
    const wrong: string[] = [];
    let refused = 0;
    for (let seed = 1; seed <= 60 && refused < 24; seed++) {
      const illegal = generateIllegalProgram(seed, rule);
      if (!illegal) continue;
      refused++;
      const problem = await refusal(illegal);
      if (problem) wrong.push(`seed ${seed}: ${problem}`);
    }
    t.same(wrong.slice(0, 3), [], `${wrong.length} of ${refused} programs`);
    t.ok(refused > 4, `${refused} programs`);
  });
}
