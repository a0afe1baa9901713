// Failure marks on records.
import type { Graph } from './layout.js';

/** Marks a record as reached by the failure `root` (operation number + 1); the earliest in program order stays. */
export function poison(graph: Graph, record: number, root: number): void {
  for (;;) {
    const old = Atomics.load(graph.poison, record);
    if (old !== 0 && old <= root) return;
    if (Atomics.compareExchange(graph.poison, record, old, root) === old) return;
  }
}
