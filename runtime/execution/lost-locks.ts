// Locks of the runtime that a lost thread held: what they guard is put in order, and they are free again. Launching thread
// only. See README.md, "Lost workers".
import { type Graph, Word } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { mendGangs } from './gang-admission.js';
import { mendReservations } from './reservation.js';
import { wakeAll } from './sleep.js';
import { seize, unlock } from './spin-lock.js';
import { pushReady } from './stack.js';

/** Frees what the lost thread of a lane held. */
export function mendLocks(graph: Graph, heap: Heap, lane: number): void {
  const { control } = graph;
  // Whoever has both took the gangs' lock first; and to go on with the gangs takes that of the reservations.
  const gangs = seize(control, Word.gangLock, lane);
  if (seize(control, Word.admission, lane)) {
    const granted = mendReservations(graph, heap);
    unlock(control, Word.admission);
    for (const record of granted) pushReady(graph, Word.launcherStack, record);
  }
  if (!gangs) return;
  const calls = mendGangs(graph, heap);
  unlock(control, Word.gangLock);
  if (calls) wakeAll(graph);
}
