// Arguments of a launch: numbers go to shared memory as they are, futures as references, everything else serialized.
// What cannot be sent to a worker is refused here, by name.
import { LaunchError } from '../errors.js';
import { FutureMap, TaskFuture } from './future.js';
import { type LaunchHandle, type PointOfLaunch, type ProgramScope, runsElsewhere } from './handle.js';
import { Partition, ProjectedPartition, Region } from './region.js';

export interface SplitArgs {
  readonly numberKeys: string[];
  readonly numbers: number[];
  readonly rest: Record<string, unknown> | undefined;
  readonly futures: { key: string; source: LaunchHandle; index: number }[];
  /** Futures that have failed already: who takes them is skipped. */
  readonly failed: PointOfLaunch[];
}

/**
 * Numbers, futures that are not there yet (or not here: `rank` is this rank, where there are several), and everything else.
 * Refuses what cannot be sent.
 */
export function splitArgs(
  args: Readonly<Record<string, unknown>>,
  where: string,
  scope: ProgramScope,
  rank: number | null = null,
): SplitArgs {
  const split = {
    numberKeys: [] as string[],
    numbers: [] as number[],
    futures: [] as SplitArgs['futures'],
    failed: [] as SplitArgs['failed'],
  };
  let rest: Record<string, unknown> | undefined;
  for (const [key, given] of Object.entries(args)) {
    let value = given;
    if (value instanceof FutureMap) {
      throw new LaunchError(
        `${where}: argument ${key} is a future map: pass one of its values, .at(point), or .reduce(operator).`,
      );
    }
    if (value instanceof TaskFuture) {
      const { handle, index } = value;
      if (handle.scope !== scope) {
        throw new LaunchError(
          `${where}: argument ${key} is a future of task ${handle.scope.task}, but this is a launch of task ${scope.task}: pass values to inner tasks as arguments, and return them.`,
        );
      }
      if (handle.slot >= 0 || !handle.closed || (rank !== null && runsElsewhere(handle, index, rank))) {
        split.futures.push({ key, source: handle, index });
        continue;
      }
      if ((handle.spoiled?.[index] ?? 0) !== 0) {
        split.failed.push({ source: handle, index });
        continue;
      }
      value = handle.values?.[index];
    }
    if (typeof value === 'number') {
      split.numberKeys.push(key);
      split.numbers.push(value);
    } else {
      refuseFunctions(value, `${where}: argument ${key}`, 0);
      rest ??= {};
      rest[key] = value;
    }
  }
  return { ...split, rest };
}

function refuseFunctions(value: unknown, where: string, depth: number): void {
  if (typeof value === 'function') {
    throw new LaunchError(
      `${where} is a function, and functions cannot be sent to workers: pass data, or declare a task.`,
    );
  }
  if (value instanceof Region || value instanceof Partition || value instanceof ProjectedPartition) {
    throw new LaunchError(`${where} is a region or partition: tasks get those through their requirements.`);
  }
  if (value instanceof Promise)
    throw new LaunchError(`${where} is a promise: await it, or pass a future of this runtime.`);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > 8) return;
  for (const [key, inner] of Object.entries(value)) refuseFunctions(inner, `${where}.${key}`, depth + 1);
}
