// Work-stealing deques of Chase and Lev (SPAA 2005) in shared memory. Exactly one thread owns the bottom end: it
// pushes there, and may pop there; every thread may steal from the top. A deque has room for every record of the
// graph, and a record is in one deque at most, so it can never overflow and never has to grow.

const TOP = 0;
const BOTTOM = 16; // on a cache line of its own

export interface Deque {
  readonly ends: Int32Array;
  readonly items: Int32Array;
}

/** Owner only. */
export function push({ ends, items }: Deque, item: number): void {
  const bottom = ends[BOTTOM]!;
  items[bottom & (items.length - 1)] = item;
  // Sequentially consistent: the item is visible before the new bottom is, and before a later look at the sleepers.
  Atomics.store(ends, BOTTOM, (bottom + 1) | 0);
}

/** Owner only: the item pushed last, or -1. */
export function pop({ ends, items }: Deque): number {
  const bottom = (ends[BOTTOM]! - 1) | 0;
  if (((bottom - ends[TOP]!) | 0) < 0) return -1; // top only grows, so a stale look is safe here
  Atomics.store(ends, BOTTOM, bottom);
  const top = Atomics.load(ends, TOP);
  const left = (bottom - top) | 0;
  if (left > 0) return items[bottom & (items.length - 1)]!;
  let item = -1;
  if (left === 0 && Atomics.compareExchange(ends, TOP, top, (top + 1) | 0) === top) {
    item = items[bottom & (items.length - 1)]!;
  }
  Atomics.store(ends, BOTTOM, (bottom + 1) | 0);
  return item;
}

/** Owner only: puts right what a thread left that was lost in `pop`. What it had taken is in its hands: see lost-records.ts. */
export function mend({ ends }: Deque): void {
  const top = Atomics.load(ends, TOP);
  if (((ends[BOTTOM]! - top) | 0) < 0) Atomics.store(ends, BOTTOM, top);
}

/** Any thread: the item pushed first, or -1 when there is none. */
export function steal({ ends, items }: Deque): number {
  // A plain look first: an atomic load costs a call, and an empty deque is the usual case.
  if (
    ((ends[BOTTOM]! - ends[TOP]!) | 0) <= 0 &&
    ((Atomics.load(ends, BOTTOM) - Atomics.load(ends, TOP)) | 0) <= 0
  )
    return -1;
  for (;;) {
    const top = Atomics.load(ends, TOP);
    const bottom = Atomics.load(ends, BOTTOM);
    if (((bottom - top) | 0) <= 0) return -1;
    const item = Atomics.load(items, top & (items.length - 1));
    if (Atomics.compareExchange(ends, TOP, top, (top + 1) | 0) === top) return item;
  }
}
