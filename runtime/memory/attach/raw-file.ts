// Raw files: numbers at an offset, with or without something in between.
import {
  accessSync,
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { endianness } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DataError, LaunchError } from '../../errors.js';
import { ELEMENT_KINDS, type ElementKind } from '../../privileges/element.js';
import { FileSource, type Store, type StridedLayout, type Wanted } from './source.js';

/** How the numbers of a raw file lie. */
export interface RawFileOptions {
  /** The kind of its numbers: that of the field. Nothing is converted. */
  readonly kind: ElementKind;
  /** Byte of the first point; default 0. */
  readonly offset?: number;
  /** Bytes from one point to the next, in row-major order; default the bytes of one point, so that nothing lies in between. */
  readonly stride?: number;
  /** Order of the bytes of a number; default `little`. */
  readonly byteOrder?: 'little' | 'big';
}

/**
 * A file of numbers to attach a region to: point number k of the region's bounding box, in row-major order, is at byte
 * offset + k * stride.
 *
 * ```ts
 * ctx.attach(frames, { counts: rawFile('dark.raw', { kind: 'u16', offset: 512 }) });
 * ```
 */
export function rawFile(path: string, options: RawFileOptions): FileSource {
  const { kind, offset = 0, stride, byteOrder = 'little' } = options;
  if (!ELEMENT_KINDS.includes(kind)) {
    throw new LaunchError(
      `rawFile ${path}: there is no kind ${String(kind)}: there are ${ELEMENT_KINDS.join(', ')}.`,
    );
  }
  for (const [name, value] of Object.entries({ offset, stride: stride ?? 1 })) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new LaunchError(`rawFile ${path}: ${name} is ${value}, but must be a number of bytes.`);
  }
  if (byteOrder !== 'little' && byteOrder !== 'big')
    throw new LaunchError(`rawFile ${path}: byteOrder is ${String(byteOrder)}, but is little or big.`);
  return new RawFile(path, kind, offset, stride ?? null, byteOrder);
}

class RawFile extends FileSource {
  readonly #path: string;
  readonly #kind: ElementKind;
  readonly #offset: number;
  readonly #stride: number | null;
  readonly #byteOrder: 'little' | 'big';

  constructor(
    path: string,
    kind: ElementKind,
    offset: number,
    stride: number | null,
    byteOrder: 'little' | 'big',
  ) {
    super();
    this.#path = path;
    this.#kind = kind;
    this.#offset = offset;
    this.#stride = stride;
    this.#byteOrder = byteOrder;
  }

  override open(wanted: Wanted): Store {
    const path = this.#path;
    checkKind(path, this.#kind, wanted);
    const { extent, bytesPerPoint } = wanted;
    const stride = this.#stride ?? bytesPerPoint;
    if (stride < bytesPerPoint) {
      throw new LaunchError(
        `attach: ${path} has a stride of ${stride} bytes, but one point of ${wanted.what} has ${bytesPerPoint}: give the bytes from one point to the next.`,
      );
    }
    const strides = rowMajor(extent, stride);
    return openStrided(path, wanted, this.#offset, strides, this.#byteOrder, new Uint8Array(0));
  }
}

/** Bytes from one point to the next along each axis, where the last one varies fastest. */
export function rowMajor(extent: readonly number[], stride: number): number[] {
  const strides = new Array<number>(extent.length);
  for (let axis = extent.length - 1, step = stride; axis >= 0; axis--) {
    strides[axis] = step;
    step *= extent[axis]!;
  }
  return strides;
}

/** Throws unless the numbers of a file are those of the field. */
export function checkKind(name: string, kind: string, { what, kind: wanted }: Wanted): void {
  if (kind === wanted) return;
  throw new LaunchError(
    `attach: ${name} holds ${kind}, but ${what} is ${wanted}: nothing is converted on the way, a task can.`,
  );
}

/** A store of strided points, once the file is known to hold them; in mode `create` it is made, with a header. */
export function openStrided(
  path: string,
  wanted: Wanted,
  offset: number,
  strides: readonly number[],
  byteOrder: 'little' | 'big',
  header: Uint8Array,
): Store {
  const { extent, bytesPerPoint, kind, lanes, mode } = wanted;
  const points = extent.reduce((a, b) => a * b, 1);
  const bytesPerNumber = bytesPerPoint / lanes;
  const last = extent.reduce((sum, n, axis) => sum + (n - 1) * strides[axis]!, 0);
  const end = points === 0 ? offset : offset + last + bytesPerPoint;
  const at = mode === 'create' ? makeFile(path, header, end) : path;
  if (mode !== 'create')
    checkFile(path, end, mode === 'update', `${points} points of ${kind}, ${wanted.what},`);
  const layout: StridedLayout = {
    offset,
    strides,
    bytesPerPoint,
    bytesPerNumber,
    swapped: bytesPerNumber > 1 && (byteOrder === 'big') !== (endianness() === 'BE'),
  };
  return { path, at, name: path, layout };
}

/** Throws a DataError unless a file is there, is long enough, and can be read (and written). */
export function checkFile(path: string, bytes: number, writes: boolean, what: string): void {
  let size: number;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new DataError(path, '', 'this is no file: give the path of one');
    size = found.size;
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      path,
      '',
      'the file does not exist, so nothing can be attached to it: give its path',
      {
        cause: error,
      },
    );
  }
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new DataError(path, '', 'the file cannot be read: permission denied', { cause: error });
  }
  if (writes) checkWritable(path);
  if (size < bytes) {
    throw new DataError(
      path,
      `byte ${size}`,
      `the file ends here, but ${what} end at byte ${bytes}: it is truncated, or smaller than the region`,
    );
  }
}

/** Throws a DataError where a file cannot be written. */
export function checkWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new DataError(
      path,
      '',
      "the file is read-only, so it cannot be attached to be updated: attach it with mode: 'read', or change its permissions",
      { cause: error },
    );
  }
}

let made = 0;

/** A file of zeros after a header, under a name beside that which it will have. */
function makeFile(path: string, header: Uint8Array, bytes: number): string {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${made++}.attached`);
  try {
    const file = openSync(temporary, 'wx');
    try {
      ftruncateSync(file, bytes);
      for (let at = 0; at < header.length; ) at += writeSync(file, header, at, header.length - at, at);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'its folder does not exist: make it first' : message;
    throw new DataError(path, '', `the file cannot be made: ${why}`, { cause: error });
  }
  return temporary;
}
