// A lock for a few instructions of bookkeeping in shared memory. Whoever holds it waits for nobody.

/** Waits of a millisecond until it is clear that the holder will not give it back. */
const PATIENCE = 20_000;

/** What the lock holds while this thread has it. */
let own = 1;

/** Locks taken by this thread name its lane: when it is lost, others know whether it had one. */
export function lockAs(lane: number): void {
  own = 2 + lane;
}

/** Whether a lock is held by the thread of a lane. */
export function heldBy(words: Int32Array, index: number, lane: number): boolean {
  return Atomics.load(words, index) === 2 + lane;
}

/** Takes the lock in `words[index]`. @throws when its holder is gone: what it guards may be half changed */
export function lock(words: Int32Array, index: number): void {
  let spins = 0;
  for (;;) {
    const holder = Atomics.compareExchange(words, index, 0, own);
    if (holder === 0) return;
    // The holder may have lost its core: let it have this one.
    if (++spins > 200) Atomics.wait(words, index, holder, 1);
    if (spins > PATIENCE) throw new Error('a thread was lost while it held a lock of the runtime.');
  }
}

export function unlock(words: Int32Array, index: number): void {
  Atomics.store(words, index, 0);
}
