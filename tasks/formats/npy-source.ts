/** `.npy` files that regions are attached to. */
import { closeSync, openSync, readSync } from 'node:fs';
import { DataError, LaunchError } from '../../runtime/errors.js';
import { checkKind, openStrided, rowMajor } from '../../runtime/memory/attach/raw-file.js';
import {
  checkShape,
  FileSource,
  type Store,
  shapeOf,
  type Wanted,
} from '../../runtime/memory/attach/source.js';
import { reason } from './files.js';
import { NUMBER_CODES } from './kinds.js';
import { encodeHeader, headerEnd, readHeader } from './npy-header.js';

/** What the kinds of fields are called in a header. */
const DESCRS: Readonly<Record<string, string>> = { ...NUMBER_CODES, c64: 'c8', c128: 'c16', bool: 'b1' };

/**
 * An `.npy` file to attach a region to: the array has the shape of the region, and a last axis more for a field of several
 * lanes. Either byte order, C or Fortran order. In mode `create` the file is made.
 *
 * ```ts
 * const input = ctx.attach(frames, { counts: npy.source('dark.npy') });
 * ```
 */
export function source(path: string): FileSource {
  return new NpySource(path);
}

class NpySource extends FileSource {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override open(wanted: Wanted): Store {
    const path = this.#path;
    const { extent, bytesPerPoint, kind, mode } = wanted;
    if (mode === 'create') {
      const code = DESCRS[kind]!;
      const descr = `${/[a-z]1$/.test(code) ? '|' : '<'}${code}`;
      const header = encodeHeader(descr, shapeOf(wanted));
      return openStrided(path, wanted, header.length, rowMajor(extent, bytesPerPoint), 'little', header);
    }
    const { dataStart, descr, fortran, shape } = readHeader(firstBytes(path), path);
    checkKind(
      path,
      Object.keys(DESCRS).find((name) => DESCRS[name] === descr.slice(1)) ?? `'${descr}'`,
      wanted,
    );
    const expected = shapeOf(wanted);
    checkShape(path, shape, expected, wanted, 'array');
    let strides: readonly number[] = rowMajor(extent, bytesPerPoint);
    if (fortran && shape.length > 1) {
      if (shape.length !== extent.length) {
        throw new LaunchError(
          `attach: ${path} is in Fortran order, which keeps the numbers of one point of ${wanted.what} apart: save it with numpy.ascontiguousarray.`,
        );
      }
      strides = rowMajor([...extent].reverse(), bytesPerPoint).reverse();
    }
    return openStrided(
      path,
      wanted,
      dataStart,
      strides,
      descr[0] === '>' ? 'big' : 'little',
      new Uint8Array(0),
    );
  }
}

/** The beginning of a file, as far as its header goes. */
function firstBytes(path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new DataError(path, '', `${reason(error)}, so nothing can be attached to it`, { cause: error });
  }
  try {
    const start = new Uint8Array(12);
    const got = readSync(file, start, 0, 12, 0);
    const bytes = new Uint8Array(headerEnd(start.subarray(0, got), path));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } catch (error) {
    throw error instanceof DataError ? error : new DataError(path, '', reason(error), { cause: error });
  } finally {
    closeSync(file);
  }
}
