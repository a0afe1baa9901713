// Programs that break one rule are refused at the launch with the right error and a true witness, and the refused
// launch leaves no trace.
import t from 'tap';
import { InterferenceError, type ManipleError } from '../../runtime/errors.js';
import { run } from '../../runtime/program/run.js';
import { Session } from '../../runtime/testing/driver.js';
import { isWitness } from '../../runtime/testing/illegal.js';
import {
  describeDifference,
  firstDifference,
  generateIllegalProgram,
  type IllegalProgram,
  Interpreter,
  rules,
} from '../../runtime/testing/index.js';

/** What is wrong with how the runtime refuses a program; undefined when all is right. */
async function refusal({ program, expected }: IllegalProgram): Promise<string | undefined> {
  const state = new Interpreter();
  const before = program.operations.slice(0, -1);
  for (const operation of before) state.step(operation);
  const broken = program.operations.at(-1)!;
  return run(
    async (ctx) => {
      const session = new Session(ctx, program);
      for (const operation of before) await session.issue(operation);
      try {
        await session.issue(broken);
        return 'it was not refused';
      } catch (error) {
        if ((error as Error).name !== expected.error) return `${expected.error} expected, not ${error}`;
        if (error instanceof InterferenceError && broken.kind === 'launch') {
          const pair = [error.requirementA, error.requirementB].map((name) => Number(name.slice(1)));
          if (!isWitness(state, broken, pair as [number, number], error.witnessPoint)) {
            return `no witness: ${(error as ManipleError).message}`;
          }
        }
      }
      const difference = firstDifference(
        { ...program, operations: before },
        state.observed(),
        await session.observed(),
      );
      return difference && `it left a trace: ${describeDifference(difference)}`;
    },
    { executor: 'virtual', seed: program.seed },
  );
}

t.setTimeout(600_000);

for (const rule of rules) {
  t.test(rule, async (t) => {
    const wrong: string[] = [];
    let refused = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const illegal = generateIllegalProgram(seed, rule);
      if (!illegal) continue;
      refused++;
      const problem = await refusal(illegal);
      if (problem) wrong.push(`seed ${seed}: ${problem}`);
    }
    t.same(wrong.slice(0, 3), [], `${wrong.length} of ${refused} programs`);
    t.ok(refused > 10, `${refused} programs`);
  });
}
