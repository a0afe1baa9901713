// Failures of tasks, as they are told to the launching thread.
import { DataError, EngineError, GangError } from '../errors.js';
import type { Graph } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { readValue, writeValue } from '../memory/launch-layout.js';

/** What a failed task leaves behind for the launching thread, serialized. */
export interface Failure {
  readonly point: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an error that is not the program's: see TaskError. */
  readonly exitCode?: number;
  /** No task threw: the worker that ran it is gone. */
  readonly lost?: true;
}

/** A task of a record has failed: keeps why, and what its failure spoils. */
export function fail(
  graph: Graph,
  heap: Heap,
  record: number,
  point: number,
  error: unknown,
  lost = false,
): void {
  const slot = graph.launch[record]!;
  // The member that failed says why; those that waited for it have nothing to add.
  if (!(error instanceof GangError && error.released)) report(graph, heap, slot, point, error, lost);
  // Last: a thread that is lost before this has not failed yet, and whoever takes over tries again.
  poison(graph, record, graph.operation[slot]! + 1);
}

/** Keeps why a point of a launch failed, for the launching thread. */
export function report(
  graph: Graph,
  heap: Heap,
  slot: number,
  point: number,
  error: unknown,
  lost = false,
): void {
  const failure: Failure =
    error instanceof Error
      ? {
          point,
          name: error.name,
          message: error.message,
          stack: error.stack,
          ...(outer(error) && { exitCode: error.exitCode }),
          ...(lost && { lost: true as const }),
        }
      : { point, name: 'Error', message: `it threw ${String(error)}`, stack: undefined };
  // Of several failed points of a launch the first one is reported: points are ordered within their operation.
  const unit = writeValue(heap, failure);
  for (;;) {
    const old = Atomics.load(graph.failure, slot);
    if (old > 0 && (readValue(heap, old) as Failure).point < point) break;
    if (Atomics.compareExchange(graph.failure, slot, old, unit) === old) break;
  }
}

/** Whether what is wrong lies outside of the program. */
function outer(error: Error): error is DataError | EngineError {
  return error instanceof DataError || error instanceof EngineError;
}
