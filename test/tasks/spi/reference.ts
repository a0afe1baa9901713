// Reads a case of ../shared/data/spi: CASE.json describes the arrays, CASE.NAME.bin holds them, little-endian.
import { readFileSync } from 'node:fs';
import { shared } from '../../support/needs.js';

export interface ReferenceCase {
  /** The description: scalars and formulas. */
  readonly json: Record<string, unknown>;
  /** An array, widened to doubles; complex arrays come interleaved. */
  array(name: string): Float64Array;
}

export function referenceCase(name: string): ReferenceCase {
  const json = JSON.parse(readFileSync(shared('data', 'spi', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >;
  const arrays = json['arrays'] as Record<string, { file: string; dtype: string }>;
  return {
    json,
    array(arrayName) {
      const entry = arrays[arrayName];
      if (!entry) throw new Error(`case ${name} has no array ${arrayName}`);
      const file = readFileSync(shared('data', 'spi', entry.file));
      const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
      switch (entry.dtype) {
        case 'f8':
        case 'c16':
          return new Float64Array(bytes);
        case 'f4':
          return Float64Array.from(new Float32Array(bytes));
        case 'i4':
          return Float64Array.from(new Int32Array(bytes));
        case 'u2':
          return Float64Array.from(new Uint16Array(bytes));
        case 'u1':
          return Float64Array.from(new Uint8Array(bytes));
        default:
          throw new Error(`case ${name}: dtype ${entry.dtype} is not known here`);
      }
    },
  };
}

/** The largest |a - b| over the largest |b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
    if (Number.isNaN(a[i]!)) return Number.NaN;
  }
  return difference / size;
}

/** (n, 3) to (3, n). */
export function componentsFirst(rows: Float64Array): Float64Array {
  const n = rows.length / 3;
  const out = new Float64Array(rows.length);
  for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) out[c * n + i] = rows[3 * i + c]!;
  return out;
}
