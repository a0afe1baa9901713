// A user's program on every executor: what is in order must be what runs in parallel, bit for bit.
import type { Context } from '../program/context.js';
import { type RunOptions, run } from '../program/run.js';

/** One way to run a program. */
export interface Way {
  readonly name: string;
  readonly options: RunOptions;
}

export interface EverywhereOptions {
  /** Numbers of workers; default 1, 2 and 3. */
  readonly workers?: readonly number[];
  /** Interleavings that the virtual executor tries; default 8. */
  readonly interleavings?: number;
  /** Options of every run: the seed, the memory budget. */
  readonly run?: Omit<RunOptions, 'executor' | 'workers'>;
}

/** A program gave something else on one executor than when its tasks ran one after the other. */
export class NotReproducedError extends Error {
  override readonly name = 'NotReproducedError';
}

/** The ways that {@link runEverywhere} tries, after the run in order. */
export function waysOf(options: EverywhereOptions = {}): Way[] {
  const { workers = [1, 2, 3], interleavings = 8, run: common = {} } = options;
  const parallel = (['threads', 'bulk'] as const).flatMap((executor) =>
    workers.map((count) => ({
      name: `${executor}, ${count} ${count === 1 ? 'worker' : 'workers'}`,
      options: { ...common, executor, workers: count },
    })),
  );
  const virtual = Array.from({ length: interleavings }, (_, i) => ({
    name: `virtual, interleaving ${i}`,
    options: { ...common, executor: 'virtual' as const, eagerness: i / Math.max(1, interleavings - 1) },
  }));
  const guarded = { name: 'threads, views guarded', options: { ...common, check: true } };
  return [...virtual, ...parallel, guarded];
}

/**
 * Runs a program in order, and then on every executor, with several numbers of workers and several interleavings.
 * Returns what the program returned in order.
 *
 * ```ts
 * const image = await runEverywhere((ctx) => main(ctx, ['100']));
 * ```
 *
 * @throws NotReproducedError naming the executor and the first place where what it returned differs by a bit
 */
export async function runEverywhere<T>(
  main: (ctx: Context) => T | Promise<T>,
  options: EverywhereOptions = {},
): Promise<T> {
  const expected = await run(main, { ...options.run, executor: 'inOrder' });
  for (const way of waysOf(options)) {
    const got = await run(main, way.options);
    const place = difference(expected, got, 'the value');
    if (place !== null) {
      throw new NotReproducedError(
        `${way.name}: ${place}. Tasks must depend on nothing but their regions, arguments and context.`,
      );
    }
  }
  return expected;
}

/** The first place where two values differ, in words; null when all bits agree. */
export function difference(expected: unknown, got: unknown, where: string): string | null {
  if (Object.is(expected, got)) return null;
  const comparable =
    typeof expected === 'object' && typeof got === 'object' && expected !== null && got !== null;
  if (!comparable) return `${where} is ${show(got)}, and in order it is ${show(expected)}`;
  if (expected.constructor !== got.constructor) {
    return `${where} is a ${got.constructor?.name}, and in order it is a ${expected.constructor?.name}`;
  }
  if (expected instanceof Map || expected instanceof Set) {
    return difference([...expected], [...(got as Iterable<unknown>)], where);
  }
  const [a, b] = [expected, got] as Record<string, unknown>[];
  const lengths = [a!['length'], b!['length']];
  if ((Array.isArray(expected) || ArrayBuffer.isView(expected)) && lengths[0] !== lengths[1]) {
    return `${where} has ${lengths[1]} elements, and in order it has ${lengths[0]}`;
  }
  for (const key of new Set([...Object.keys(a!), ...Object.keys(b!)])) {
    const place = difference(a![key], b![key], `${where}${/^\d+$/.test(key) ? `[${key}]` : `.${key}`}`);
    if (place !== null) return place;
  }
  return null;
}

const show = (value: unknown): string =>
  Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : String(value);
