// Stacks of ready records that any thread pushes to and empties at once (Treiber 1986): the way to the I/O lane and to the
// launching thread, which may not be robbed, and where work waits that is done when nothing else is ready. The links are in the records themselves.
import { type Graph, NONE } from '../graph/layout.js';

/** Any thread. `word` is the head of the stack in the control words. */
export function pushReady(graph: Graph, word: number, record: number): void {
  const { control, link } = graph;
  for (;;) {
    const head = Atomics.load(control, word);
    Atomics.store(link, record, head);
    if (Atomics.compareExchange(control, word, head, record) === head) return;
  }
}

/** Everything on the stack, in the order in which it was pushed. */
export function takeReady(graph: Graph, word: number): number[] {
  if (Atomics.load(graph.control, word) === NONE) return [];
  const records: number[] = [];
  for (let at = Atomics.exchange(graph.control, word, NONE); at !== NONE; at = Atomics.load(graph.link, at)) {
    records.push(at);
  }
  return records.reverse();
}
