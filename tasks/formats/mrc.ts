/**
 * Density maps in the MRC2014 / CCP4 format. A map here is an array of shape [nx, ny, nz] in C order, z fastest, as
 * everywhere in this project; the files have x fastest, whatever their axes are called.
 */
import { DataError } from '../../runtime/errors.js';
import { readBytes, replaceFile } from './files.js';

export interface MrcMap {
  /** (nx, ny, nz), z fastest. */
  readonly data: Float32Array;
  readonly shape: readonly [nx: number, ny: number, nz: number];
  /** Edge of a voxel along x, y, z, Angstrom. */
  readonly voxel: readonly [number, number, number];
  /** Grid coordinates of voxel (0, 0, 0), which lies at start * voxel (Angstrom). */
  readonly start: readonly [number, number, number];
  /** The ORIGIN words, Angstrom: 0 unless another program set them. */
  readonly origin: readonly [number, number, number];
}

export interface MrcWriteOptions {
  /** Edge of a (cubic) voxel, or along each axis, Angstrom. */
  readonly voxel: number | readonly [number, number, number];
  /** Grid coordinates of voxel (0, 0, 0); default 0. `centred(shape)` puts the origin at the middle voxel. */
  readonly start?: readonly [number, number, number];
  /** What the map shows, at most 80 characters. */
  readonly label?: string;
}

const HEADER_BYTES = 1024;
const MODES: Record<
  number,
  { readonly bytes: number; readonly read: (view: DataView, at: number, little: boolean) => number }
> = {
  0: { bytes: 1, read: (view, at) => view.getInt8(at) },
  1: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  2: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  6: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
};

/** The `start` that puts the origin of coordinates at voxel floor(n/2) of every axis. */
export function centred(shape: readonly [number, number, number]): [number, number, number] {
  return [-Math.floor(shape[0] / 2), -Math.floor(shape[1] / 2), -Math.floor(shape[2] / 2)];
}

/** Writes a map as mode 2 (32-bit floats), through a temporary name. */
export function writeMrc(
  path: string,
  data: Float32Array | Float64Array,
  shape: readonly [number, number, number],
  options: MrcWriteOptions,
): void {
  replaceFile(path, encodeMrc(data, shape, options));
}

/** The bytes of an MRC file. @throws RangeError when data and shape do not fit together, or the voxel is not positive */
export function encodeMrc(
  data: Float32Array | Float64Array,
  shape: readonly [number, number, number],
  options: MrcWriteOptions,
): [Uint8Array, Uint8Array] {
  const [nx, ny, nz] = shape;
  if (data.length !== nx * ny * nz || data.length === 0) {
    throw new RangeError(`mrc: ${data.length} values do not fill shape (${shape.join(', ')})`);
  }
  const { voxel: given } = options;
  const voxel = typeof given === 'number' ? ([given, given, given] as const) : given;
  if (voxel.some((v) => !(v > 0 && Number.isFinite(v)))) {
    throw new RangeError(`mrc: the voxel must be positive, not ${voxel.join(' x ')} Angstrom`);
  }
  const body = new Float32Array(data.length);
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) body[(z * ny + y) * nx + x] = data[i]!;
    }
  }
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of body) {
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
  }
  const mean = sum / body.length;
  let squares = 0;
  for (const value of body) squares += (value - mean) ** 2;

  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  const ints = (word: number, values: readonly number[]): void => {
    for (let i = 0; i < values.length; i++) view.setInt32(4 * (word - 1 + i), values[i]!, true);
  };
  const floats = (word: number, values: readonly number[]): void => {
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * (word - 1 + i), values[i]!, true);
  };
  ints(1, [nx, ny, nz, 2]);
  ints(5, options.start ?? [0, 0, 0]);
  ints(8, [nx, ny, nz]);
  floats(11, [nx * voxel[0]!, ny * voxel[1]!, nz * voxel[2]!, 90, 90, 90]);
  ints(17, [1, 2, 3]);
  floats(20, [low, high, mean]);
  ints(23, [1, 0]);
  ints(28, [20140]);
  header.set([0x4d, 0x41, 0x50, 0x20, 0x44, 0x44, 0, 0], 208);
  floats(55, [Math.sqrt(squares / body.length)]);
  ints(56, [1]);
  const label = (options.label ?? 'written by maniple')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 80)
    .padEnd(80);
  header.set(new TextEncoder().encode(label), 224);
  return [header, new Uint8Array(body.buffer)];
}

/** Reads a map of mode 0, 1, 2 or 6, little- or big-endian. @throws DataError naming the file and the byte */
export function readMrc(path: string): MrcMap {
  return parseMrc(readBytes(path), path);
}

/** Parses the bytes of an MRC file; `file` is for messages. */
export function parseMrc(bytes: Uint8Array, file: string): MrcMap {
  if (bytes.length < HEADER_BYTES) {
    throw new DataError(
      file,
      `byte ${bytes.length}`,
      `the file ends inside the ${HEADER_BYTES}-byte MRC header`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = isLittleEndian(view, bytes, file);
  const int = (word: number) => view.getInt32(4 * (word - 1), little);
  const float = (word: number) => view.getFloat32(4 * (word - 1), little);
  const sizes = [int(1), int(2), int(3)];
  if (sizes.some((n) => n <= 0 || n > 65536)) {
    throw new DataError(
      file,
      'byte 0',
      `the map cannot have ${sizes.join(' x ')} points: this is not an MRC file`,
    );
  }
  const mode = MODES[int(4)];
  if (!mode) throw new DataError(file, 'byte 12', `mode ${int(4)} cannot be read, only 0, 1, 2 and 6`);
  const extended = int(24);
  if (extended < 0)
    throw new DataError(file, 'byte 92', `an extended header of ${extended} bytes is impossible`);
  const count = sizes[0]! * sizes[1]! * sizes[2]!;
  const first = HEADER_BYTES + extended;
  const end = first + count * mode.bytes;
  if (bytes.length < end) {
    throw new DataError(
      file,
      `byte ${bytes.length}`,
      `the file ends here, but ${sizes.join(' x ')} points of mode ${int(4)} need ${end} bytes`,
    );
  }
  // MAPC, MAPR, MAPS: which of x, y, z the columns, rows and sections run along. Old files have zeros.
  let axes = [int(17), int(18), int(19)];
  if (axes.every((axis) => axis === 0)) axes = [1, 2, 3];
  if (axes.slice().sort().join() !== '1,2,3') {
    throw new DataError(file, 'byte 64', `the axes ${axes.join(', ')} are not an order of 1, 2, 3`);
  }
  const shape: [number, number, number] = [0, 0, 0];
  const start: [number, number, number] = [0, 0, 0];
  const stride = [0, 0, 0];
  axes.forEach((axis, i) => {
    shape[axis - 1] = sizes[i]!;
    start[axis - 1] = int(5 + i);
  });
  axes.forEach((axis, i) => {
    stride[i] = [shape[1] * shape[2], shape[2], 1][axis - 1]!;
  });
  const data = new Float32Array(count);
  for (let s = 0, at = first; s < sizes[2]!; s++) {
    for (let r = 0; r < sizes[1]!; r++) {
      const to = s * stride[2]! + r * stride[1]!;
      for (let c = 0; c < sizes[0]!; c++, at += mode.bytes)
        data[to + c * stride[0]!] = mode.read(view, at, little);
    }
  }
  // Without a usable cell, a voxel of 1 Angstrom: the map can still be looked at.
  const voxel = [0, 1, 2].map((i) => {
    const intervals = int(8 + i);
    const edge = float(11 + i);
    return intervals > 0 && edge > 0 && Number.isFinite(edge) ? edge / intervals : 1;
  }) as [number, number, number];
  const finite = (v: number) => (Number.isFinite(v) ? v : 0);
  return { data, shape, voxel, start, origin: [finite(float(50)), finite(float(51)), finite(float(52))] };
}

/** By the machine stamp; where it is missing, by which order makes a sensible mode. */
function isLittleEndian(view: DataView, bytes: Uint8Array, file: string): boolean {
  if (bytes[212] === 0x44) return true;
  if (bytes[212] === 0x11) return false;
  if (MODES[view.getInt32(12, true)] && view.getInt32(0, true) > 0) return true;
  if (MODES[view.getInt32(12, false)] && view.getInt32(0, false) > 0) return false;
  throw new DataError(file, 'byte 12', 'neither byte order gives a known mode: this is not an MRC file');
}
