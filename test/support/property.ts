// Property tests with fast-check: one assertion per property, whose message holds the seed and the shrunk case.
import { randomInt } from 'node:crypto';
import fc from 'fast-check';

interface Assertions {
  comment(message: string): void;
  pass(message: string): unknown;
  fail(message: string): unknown;
}

/**
 * Runs a property on random cases and makes one assertion. The seed is new in every run, and printed;
 * MANIPLE_TEST_SEED repeats a run.
 */
export function holds<T>(
  t: Assertions,
  name: string,
  cases: fc.Arbitrary<T>,
  property: (value: T) => void,
  runs = 300,
): void {
  const given = Number(process.env['MANIPLE_TEST_SEED'] ?? Number.NaN);
  const seed = Number.isInteger(given) ? given : randomInt(2 ** 31);
  const result = fc.check(fc.property(cases, property), { seed, numRuns: runs });
  t.comment(`seed ${seed}`);
  if (!result.failed) t.pass(`${name} (${runs} cases, MANIPLE_TEST_SEED=${seed})`);
  else
    t.fail(
      `${name}: MANIPLE_TEST_SEED=${seed}\n${String(result.errorInstance)}\n${fc.defaultReportMessage(result) ?? ''}`,
    );
}

/** Fails the property with both values in the message unless their JSON texts agree. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const a = JSON.stringify(actual);
  const b = JSON.stringify(expected);
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}
