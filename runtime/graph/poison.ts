// Failure marks on records.
import { type Graph, State, Word } from './layout.js';

/** Marks a record as reached by the failure `root` (operation number + 1); the earliest in program order stays. */
export function poison(graph: Graph, record: number, root: number): void {
  if (graph.control[Word.failures] === 0) Atomics.store(graph.control, Word.failures, 1);
  for (;;) {
    const old = Atomics.load(graph.poison, record);
    if (old !== 0 && old <= root) return;
    if (Atomics.compareExchange(graph.poison, record, old, root) === old) return;
  }
}

/**
 * Whether a ready record carries a mark that may say too much: marks travel along edges, and an edge does not know which
 * elements were overwritten since. Such a record goes to the launching thread before it is run or skipped.
 */
export function unjudged(graph: Graph, record: number): boolean {
  return graph.poison[record] !== 0 && graph.state[record] === State.waiting;
}
