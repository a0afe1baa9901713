// A lock for a few instructions of bookkeeping in shared memory. Whoever holds it waits for nobody.

/** Waits of a millisecond until it is clear that the holder will not give it back. */
const PATIENCE = 20_000;

/** What the lock holds while this thread has it. */
let own = 1;

/** Locks taken by this thread name its lane: when it is lost, others know whether it had one. */
export function lockAs(lane: number): void {
  own = 2 + lane;
}

/** What the launching thread does while it waits for a lock: it looks for lost threads, of which one may hold it. */
const meanwhile = new Set<() => void>();

/** Calls `look` now and then while this thread waits for a lock; returns what ends that. */
export function whileWaiting(look: () => void): () => void {
  meanwhile.add(look);
  return () => meanwhile.delete(look);
}

/** Takes the lock in `words[index]`. @throws when its holder is gone and nobody sees to it */
export function lock(words: Int32Array, index: number): void {
  let spins = 0;
  for (;;) {
    const holder = Atomics.compareExchange(words, index, 0, own);
    if (holder === 0) return;
    if (++spins <= 200) continue;
    // The holder may have lost its core: let it have this one.
    Atomics.wait(words, index, holder, 1);
    for (const look of meanwhile) look();
    if (spins > PATIENCE) throw new Error('a thread was lost while it held a lock of the runtime.');
  }
}

/** Takes a lock over from the lost thread of a lane; false where that did not hold it. */
export function seize(words: Int32Array, index: number, lane: number): boolean {
  return Atomics.compareExchange(words, index, 2 + lane, own) === 2 + lane;
}

export function unlock(words: Int32Array, index: number): void {
  Atomics.store(words, index, 0);
}
