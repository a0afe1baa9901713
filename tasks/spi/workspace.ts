/**
 * Arrays that a thread keeps from one call to the next. Every new large array is cleared page by page by the system, and
 * taking it away again interrupts the processors of all other threads; tasks of one size follow one another.
 */
const kept = new Map<string, ArrayBuffer>();

/** Larger arrays are not kept: what they are used for takes much longer than clearing them, and others may need the memory. */
const KEPT_BYTES = 2 ** 28;

/**
 * `length` numbers that hold anything. They belong to the caller until somebody on this thread asks again for the same
 * `use`; they must not be handed out.
 */
export function workspace(use: string, length: number): Float32Array {
  if (4 * length > KEPT_BYTES) return new Float32Array(length);
  let buffer = kept.get(use);
  if (buffer === undefined || buffer.byteLength < 4 * length) {
    buffer = new ArrayBuffer(4 * length);
    kept.set(use, buffer);
  }
  return new Float32Array(buffer, 0, length);
}
