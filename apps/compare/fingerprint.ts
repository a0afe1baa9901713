// One number for a result, so that results of different processes can be told apart: equal bits, equal fingerprint.
// Nothing is said of numbers that are nearly the same.
import { createHash, type Hash } from 'node:crypto';

/**
 * SHA-256 over a value that can be sent between threads: its kinds, keys and bits. Keys of plain objects are taken in
 * alphabetical order, those of maps and sets in theirs; -0 differs from 0, all NaN are one.
 */
export function fingerprint(value: unknown): string {
  const digest = createHash('sha256');
  feed(digest, value, new Map());
  return digest.digest('hex');
}

function feed(digest: Hash, value: unknown, seen: Map<object, number>): void {
  const put = (kind: string, text = '') => digest.update(`${kind}${text.length}:${text};`);
  if (typeof value === 'number') {
    // The shortest text that reads back as the same number.
    put('number', Object.is(value, -0) ? '-0' : String(value));
  } else if (typeof value !== 'object' || value === null) {
    put(value === null ? 'null' : typeof value, String(value));
  } else if (seen.has(value)) {
    put('again', String(seen.get(value)));
  } else {
    seen.set(value, seen.size);
    if (ArrayBuffer.isView(value)) {
      put(value.constructor.name, String(value.byteLength));
      digest.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      put('buffer', String(value.byteLength));
      digest.update(new Uint8Array(value));
    } else if (Array.isArray(value)) {
      put('array', String(value.length));
      for (const item of value) feed(digest, item, seen);
    } else if (value instanceof Map || value instanceof Set) {
      put(value instanceof Map ? 'map' : 'set', String(value.size));
      for (const item of value) feed(digest, item, seen);
    } else if (value instanceof Date) {
      put('date', String(value.getTime()));
    } else if (value instanceof Error) {
      put('error', `${value.name}: ${value.message}`);
    } else {
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      put('object', String(entries.length));
      for (const [key, item] of entries) {
        put('key', key);
        feed(digest, item, seen);
      }
    }
  }
}
