// A ring of bytes in shared memory with one writer and one reader (Lamport 1977): the way from one rank to another.

/** Words of the head of a ring, each on a cache line of its own: bytes put in and taken out, modulo 2^32. */
const At = { put: 0, taken: 16, words: 32 } as const;

/** Bytes of a ring that holds `capacity` bytes, a power of two. */
export function ringBytes(capacity: number): number {
  return 4 * At.words + capacity;
}

export class ByteRing {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #capacity: number;

  constructor(buffer: SharedArrayBuffer, offset: number, capacity: number) {
    this.#words = new Int32Array(buffer, offset, At.words);
    this.#bytes = new Uint8Array(buffer, offset + 4 * At.words, capacity);
    this.#capacity = capacity;
  }

  /** Bytes that can be taken now. */
  get filled(): number {
    return (Atomics.load(this.#words, At.put) - Atomics.load(this.#words, At.taken)) >>> 0;
  }

  /** Writer: puts in as many bytes from `from` on as there is room for; returns how many. */
  put(bytes: Uint8Array, from: number): number {
    const put = this.#words[At.put]!;
    const room = this.#capacity - ((put - Atomics.load(this.#words, At.taken)) >>> 0);
    const count = Math.min(room, bytes.length - from);
    if (count === 0) return 0;
    const at = (put >>> 0) & (this.#capacity - 1);
    const first = Math.min(count, this.#capacity - at);
    this.#bytes.set(bytes.subarray(from, from + first), at);
    if (count > first) this.#bytes.set(bytes.subarray(from + first, from + count), 0);
    // The bytes are there before the reader is told.
    Atomics.store(this.#words, At.put, (put + count) | 0);
    return count;
  }

  /** Reader: takes as many bytes into `into`, from `from` on, as there are, up to its end; returns how many. */
  take(into: Uint8Array, from: number): number {
    const taken = this.#words[At.taken]!;
    const count = Math.min(this.filled, into.length - from);
    if (count === 0) return 0;
    const at = (taken >>> 0) & (this.#capacity - 1);
    const first = Math.min(count, this.#capacity - at);
    into.set(this.#bytes.subarray(at, at + first), from);
    if (count > first) into.set(this.#bytes.subarray(0, count - first), from + first);
    // Only now may the writer use the room again.
    Atomics.store(this.#words, At.taken, (taken + count) | 0);
    return count;
  }
}
