// Compares what an executor shows of a program with what the interpreter shows, bit for bit.

import { pointsOf } from './brute-points.js';
import { interpret } from './interpreter.js';
import { launchPoints } from './launch-points.js';
import type { Observed } from './observed.js';
import type { Point, Program } from './program-description.js';
import type { Value } from './values.js';

/** Runs a program and shows what its user could see. */
export type Executor = (program: Program) => Observed | Promise<Observed>;

/** The first place, in program order, where two runs differ; results of tasks come before reads and contents. */
export interface Difference {
  readonly seed: number;
  /** `result`: the number that a task returned; `read`, `content`: an element of a field. */
  readonly what: 'result' | 'read' | 'content' | 'thrown';
  /** The operation; for contents the operation that made the region. */
  readonly operation: string;
  readonly field?: string;
  /** The launch point or the region's point. */
  readonly point?: Point;
  readonly lane?: number;
  readonly expected: string;
  readonly got: string;
}

export const describeDifference = (d: Difference): string =>
  [
    `seed ${d.seed}: ${d.what} of ${d.operation}`,
    d.field === undefined ? '' : ` field ${d.field}`,
    d.point === undefined ? '' : ` at [${d.point}]`,
    d.lane ? ` lane ${d.lane}` : '',
    `: expected ${d.expected}, got ${d.got}`,
  ].join('');

const show = (value: Value | string | undefined): string =>
  Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : String(value);

function firstUnequal(
  expected: readonly (Value | string)[],
  got: readonly (Value | string)[] | undefined,
): number {
  if (!got) return 0;
  const length = Math.max(expected.length, got.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [expected[i], got[i]];
    if (a === undefined || b === undefined || !Object.is(a, b)) return i;
  }
  return -1;
}

/** The first difference between two runs of a program; undefined when all bits agree. */
export function firstDifference(program: Program, expected: Observed, got: Observed): Difference | undefined {
  const { seed } = program;
  const difference = (
    what: Difference['what'],
    operation: string,
    a: readonly (Value | string)[],
    b: readonly (Value | string)[] | undefined,
    i: number,
  ) => ({ seed, what, operation, expected: show(a[i]), got: b ? show(b[i]) : 'nothing' });
  for (const operation of program.operations) {
    const { name } = operation;
    if (
      operation.kind === 'launch' ||
      operation.kind === 'inner' ||
      operation.kind === 'predicate' ||
      operation.kind === 'lease' ||
      operation.kind === 'reduceFutures' ||
      operation.kind === 'mapFuture'
    ) {
      const [a, b] = [expected.results[name]!, got.results[name]];
      const i = firstUnequal(a, b);
      if (i < 0) continue;
      const point =
        (operation.kind === 'launch' || operation.kind === 'inner') && operation.domain
          ? launchPoints(operation)[i]
          : undefined;
      return { ...difference('result', name, a, b, i), ...(point && { point }) };
    }
    if (operation.kind === 'read' || operation.kind === 'flush' || operation.kind === 'detach') {
      const [a, b] = [expected.reads[name]!, got.reads[name]];
      const i = firstUnequal(a, b);
      if (i >= 0)
        return {
          ...difference('read', name, a, b, i),
          ...('field' in operation && { field: operation.field }),
        };
    }
  }
  for (const operation of program.operations) {
    if (operation.kind !== 'region') continue;
    const { name, fields, domain } = operation;
    for (const { name: field, lanes } of fields) {
      const a = expected.contents[name]?.[field];
      if (!a) continue; // freed
      const b = got.contents[name]?.[field];
      const i = firstUnequal(a, b);
      if (i < 0) continue;
      const point = pointsOf(domain)[Math.floor(i / lanes)];
      return { ...difference('content', name, a, b, i), field, lane: i % lanes, ...(point && { point }) };
    }
  }
  return undefined;
}

/**
 * Runs a legal program on the executor and on the interpreter, and returns the first difference. An executor that
 * throws differs too. `expected` saves a second interpretation.
 */
export async function runDifferential(
  program: Program,
  executor: Executor,
  expected: Observed = interpret(program),
): Promise<Difference | undefined> {
  let got: Observed;
  try {
    got = await executor(program);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed: program.seed, what: 'thrown', operation: 'the executor', expected: 'no error', got: text };
  }
  return firstDifference(program, expected, got);
}
