// Records that may not have to run: a predicate guards their launch, or it was cancelled.
import { CANCELLED, Gate, type Graph } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { Results, readValue } from '../memory/launch-layout.js';

/** Run it; take the other value and do nothing; end it as cancelled. */
export type Verdict = 'run' | 'otherwise' | 'cancelled';

/** What to do with a record of a launch whose gate is not 0, and that no failure has reached. */
export function verdict(graph: Graph, heap: Heap, slot: number): Verdict {
  if ((Atomics.load(graph.gate, slot) & Gate.cancelled) !== 0) return 'cancelled';
  const guard = graph.guard[slot]!;
  return guard === 0 || new Results(heap, guard, 1).get(0) === true ? 'run' : 'otherwise';
}

/** Gives the points of a record the value that stands for them where the predicate does not hold. */
export function takeOtherwise(graph: Graph, heap: Heap, record: number, results: Results): void {
  const unit = graph.otherwise[graph.launch[record]!]!;
  if (unit === 0) return;
  const first = graph.first[record]!;
  for (let point = first; point < first + graph.points[record]!; point++)
    results.set(point, readValue(heap, unit));
}

/** Marks a record as failed because its launch was cancelled; a task that threw is the better reason. */
export function cancel(graph: Graph, record: number): void {
  const slot = graph.launch[record]!;
  poison(graph, record, graph.operation[slot]! + 1);
  Atomics.compareExchange(graph.failure, slot, 0, CANCELLED);
}
