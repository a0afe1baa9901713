// A lock for a few instructions of bookkeeping in shared memory. Whoever holds it waits for nobody.

/** Takes the lock in `words[index]`. */
export function lock(words: Int32Array, index: number): void {
  let spins = 0;
  while (Atomics.compareExchange(words, index, 0, 1) !== 0) {
    // The holder may have lost its core: let it have this one.
    if (++spins > 200) Atomics.wait(words, index, 1, 1);
  }
}

export function unlock(words: Int32Array, index: number): void {
  Atomics.store(words, index, 0);
}
