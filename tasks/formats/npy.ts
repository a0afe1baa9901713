/**
 * NumPy's `.npy` (format versions 1, 2 and 3) and `.npz` (a zip archive of them), the arrays that users come with.
 * Arrays are read into C order and the byte order of this machine; 16-bit floats become 32-bit ones.
 */
import { DataError } from '../../runtime/errors.js';
import { readBytes, replaceFile } from './files.js';
import { encodeHeader, readHeader } from './npy-header.js';
import { readZip, writeZip, type ZipEntry } from './zip.js';

export { source } from './npy-source.js';

export type NpyData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export interface NpyArray {
  /** C order; complex numbers interleaved re, im; booleans as 0 and 1. */
  readonly data: NpyData;
  readonly shape: readonly number[];
  /** Complex: `data` has two numbers per element. */
  readonly complex: boolean;
  /** True for arrays of booleans. */
  readonly boolean: boolean;
}

type Kind = {
  readonly make: (buffer: ArrayBuffer) => NpyData;
  readonly complex?: true;
  readonly boolean?: true;
};

const KINDS: Record<string, Kind> = {
  b1: { make: (b) => new Uint8Array(b), boolean: true },
  i1: { make: (b) => new Int8Array(b) },
  u1: { make: (b) => new Uint8Array(b) },
  i2: { make: (b) => new Int16Array(b) },
  u2: { make: (b) => new Uint16Array(b) },
  i4: { make: (b) => new Int32Array(b) },
  u4: { make: (b) => new Uint32Array(b) },
  i8: { make: (b) => new BigInt64Array(b) },
  u8: { make: (b) => new BigUint64Array(b) },
  f2: { make: halfPrecision },
  f4: { make: (b) => new Float32Array(b) },
  f8: { make: (b) => new Float64Array(b) },
  c8: { make: (b) => new Float32Array(b), complex: true },
  c16: { make: (b) => new Float64Array(b), complex: true },
};

/** 16-bit floats (IEEE 754 binary16), which JavaScript has no arrays of, as 32-bit ones: every value is exact. */
function halfPrecision(buffer: ArrayBuffer): Float32Array {
  return Float32Array.from(new Uint16Array(buffer), (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** Reads an `.npy` file. @throws DataError naming the file and the byte */
export function readNpy(path: string): NpyArray {
  return parseNpy(readBytes(path), path);
}

/** Parses the bytes of an `.npy` file; `file` is for messages. */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const { dataStart, descr, fortran, shape } = readHeader(bytes, file);
  const headerStart = bytes[6] === 1 ? 10 : 12;
  const byteOrder = descr[0];
  const kind = KINDS[descr.slice(1)];
  if (!kind || !'<>|='.includes(byteOrder!)) {
    throw new DataError(
      file,
      `byte ${headerStart}`,
      `arrays of dtype '${descr}' cannot be read: only booleans, integers, f2, f4, f8, c8, c16`,
    );
  }
  const size = Number(descr.slice(2));
  const count = shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(count * size)) {
    throw new DataError(file, `byte ${headerStart}`, `the shape (${shape.join(', ')}) is impossibly large`);
  }
  if (bytes.length - dataStart < count * size) {
    throw new DataError(
      file,
      `byte ${bytes.length}`,
      `the file ends here, but shape (${shape.join(', ')}) of ${descr} needs ${dataStart + count * size} bytes`,
    );
  }
  const buffer = new ArrayBuffer(count * size);
  new Uint8Array(buffer).set(bytes.subarray(dataStart, dataStart + count * size));
  if (byteOrder === '>') swapBytes(buffer, kind.complex ? size / 2 : size);
  let data = kind.make(buffer);
  if (fortran && shape.length > 1) data = toRowMajor(data, shape, kind.complex ? 2 : 1);
  return { data, shape, complex: kind.complex === true, boolean: kind.boolean === true };
}

function swapBytes(buffer: ArrayBuffer, size: number): void {
  if (size === 1) return;
  const bytes = new Uint8Array(buffer);
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** Column-major to row-major; `lanes` numbers per element stay together. */
function toRowMajor(data: NpyData, shape: readonly number[], lanes: number): NpyData {
  const out = data.slice();
  const count = shape.reduce((product, n) => product * n, 1);
  const strides: number[] = [];
  let stride = 1;
  for (const n of shape) {
    strides.push(stride);
    stride *= n;
  }
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    for (let lane = 0; lane < lanes; lane++) out[lanes * to + lane] = data[lanes * from + lane]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

export interface NpyWriteOptions {
  /** Two numbers of `data` (Float32Array or Float64Array) are one complex element. */
  readonly complex?: boolean;
}

/** Writes an `.npy` file (version 1.0), through a temporary name. */
export function writeNpy(
  path: string,
  data: NpyData,
  shape: readonly number[] = [data.length],
  options: NpyWriteOptions = {},
): void {
  replaceFile(path, encodeNpy(data, shape, options));
}

/** The bytes of an `.npy` file: header and data. @throws RangeError when data and shape do not fit together */
export function encodeNpy(
  data: NpyData,
  shape: readonly number[],
  options: NpyWriteOptions = {},
): [Uint8Array, Uint8Array] {
  const lanes = options.complex ? 2 : 1;
  const count = shape.reduce((product, n) => product * n, 1);
  if (count * lanes !== data.length) {
    throw new RangeError(`npy: ${data.length} numbers do not fill shape (${shape.join(', ')})`);
  }
  return [
    encodeHeader(descrOf(data, lanes === 2), shape),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ];
}

function descrOf(data: NpyData, complex: boolean): string {
  const size = data.BYTES_PER_ELEMENT;
  const float = data instanceof Float32Array || data instanceof Float64Array;
  if (complex) {
    if (!float) throw new RangeError('npy: complex data must be a Float32Array or a Float64Array');
    return `<c${2 * size}`;
  }
  if (float) return `<f${size}`;
  const signed =
    data instanceof Int8Array ||
    data instanceof Int16Array ||
    data instanceof Int32Array ||
    data instanceof BigInt64Array;
  return `${size === 1 ? '|' : '<'}${signed ? 'i' : 'u'}${size}`;
}

/** Reads all arrays of an `.npz` archive. @throws DataError naming the file and the member */
export function readNpz(path: string): Map<string, NpyArray> {
  return parseNpz(readBytes(path), path);
}

/** Parses the bytes of an `.npz` archive; `file` is for messages. */
export function parseNpz(bytes: Uint8Array, file: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const entry of readZip(bytes, file)) {
    if (!entry.name.endsWith('.npy')) continue;
    arrays.set(entry.name.slice(0, -4), parseNpy(entry.data, `${file}[${entry.name}]`));
  }
  return arrays;
}

/** Writes named arrays as an `.npz` archive, through a temporary name; not compressed, as `numpy.savez` does it. */
export function writeNpz(
  path: string,
  arrays: Readonly<
    Record<string, { readonly data: NpyData; readonly shape?: readonly number[]; readonly complex?: boolean }>
  >,
): void {
  const entries: ZipEntry[] = Object.entries(arrays).map(([name, { data, shape, complex }]) => {
    const [header, body] = encodeNpy(data, shape ?? [complex ? data.length / 2 : data.length], {
      complex: complex ?? false,
    });
    const joined = new Uint8Array(header.length + body.length);
    joined.set(header);
    joined.set(body, header.length);
    return { name: `${name}.npy`, data: joined };
  });
  replaceFile(path, writeZip(entries));
}
