/**
 * HDF5 files: typed arrays in and out of datasets, through h5wasm (the HDF5 library as WebAssembly). Opening is
 * asynchronous because the library is loaded at first use; everything after that is synchronous.
 */
import { closeSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Dataset, File, Group } from 'h5wasm/node';
import { DataError } from '../../../runtime/errors.js';
import { discard, makeFolder, reason, temporaryName } from '../files.js';
import { innermost, library, openFile, unreadable } from './library.js';

/** The largest piece moved through the library's memory at once, bytes. */
const PIECE_BYTES = 256 * 1024 * 1024;
/** Rows are stored in chunks of about this many bytes: large enough to be few, small enough for the chunk cache. */
const CHUNK_BYTES = 256 * 1024;
export type NumericArray =
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

/** A dataset of numbers. */
export interface Hdf5Dataset {
  /** Path in the file. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `f4`, `i8`, `u2`, ...; `other` for strings, compounds and the like. */
  readonly dtype: string;
  /** What it holds, in words. */
  readonly holds: string;
  /**
   * Rows first ... first+count-1 of the first axis (all of a scalar or without arguments), in C order.
   * @throws DataError when the rows do not exist, the type is not numeric, or the file is damaged there
   */
  read(first?: number, count?: number): NumericArray;
}

/** An open HDF5 file. Close it: the library keeps the handle. */
export interface Hdf5Reader {
  readonly path: string;
  /** The dataset of that path, or undefined when there is none. @throws DataError when a group has that name */
  dataset(name: string): Hdf5Dataset | undefined;
  /** The dataset of that path. @throws DataError that lists what there is instead */
  require(name: string): Hdf5Dataset;
  /** Paths of all datasets in the file, at most 1000. */
  datasets(): string[];
  close(): void;
}

/** Opens a file for reading. @throws DataError when it does not exist, is no HDF5 file, or is truncated */
export async function openHdf5(path: string): Promise<Hdf5Reader> {
  const file = await openFile(path, 'r');
  let open = true;
  return {
    path,
    dataset: (name) => findDataset(file, path, name),
    require(name) {
      const dataset = findDataset(file, path, name);
      if (dataset) return dataset;
      const present = listDatasets(file, path);
      const list = present.length > 0 ? present.slice(0, 8).join(', ') : 'no datasets';
      throw new DataError(
        path,
        `dataset ${name}`,
        `it is not in the file, which has ${list}${present.length > 8 ? ', ...' : ''}`,
      );
    },
    datasets: () => listDatasets(file, path),
    close() {
      if (!open) return;
      open = false;
      try {
        file.close();
      } catch {
        // Closing a damaged file can fail; nothing was written, so nothing is lost.
      }
    },
  };
}

function findDataset(file: File, path: string, name: string): Hdf5Dataset | undefined {
  let entity: ReturnType<File['get']>;
  try {
    entity = file.get(name);
  } catch (error) {
    throw new DataError(path, `dataset ${name}`, `its header is damaged: ${innermost(error)}`, {
      cause: error,
    });
  }
  if (entity === null) return undefined;
  if (!('slice' in entity))
    throw new DataError(path, `dataset ${name}`, 'this name is a group or a broken link');
  return describe(entity, path, name);
}

function describe(dataset: Dataset, path: string, name: string): Hdf5Dataset {
  const where = `dataset ${name}`;
  let shape: readonly number[];
  let dtype: string;
  let holds: string;
  try {
    const { metadata } = dataset;
    shape = metadata.shape ?? [];
    dtype = typeOf(metadata);
    holds = wordsOf(metadata, dtype);
  } catch (error) {
    throw new DataError(path, where, `its header is damaged: ${innermost(error)}`, { cause: error });
  }
  const rowLength = shape.slice(1).reduce((product, n) => product * n, 1);
  return {
    name,
    shape,
    dtype,
    holds,
    read(first = 0, count = (shape[0] ?? 1) - first) {
      if (dtype === 'other') throw new DataError(path, where, `numbers were expected, but it holds ${holds}`);
      const rows = shape[0] ?? 1;
      if (!(Number.isSafeInteger(first) && Number.isSafeInteger(count) && first >= 0 && count >= 0)) {
        throw new RangeError(`${path}, ${where}: ${first} ... +${count} is no range of rows`);
      }
      if (first + count > rows) {
        throw new DataError(
          path,
          where,
          `rows ${first} to ${first + count - 1} were asked for, it has ${rows}`,
        );
      }
      const length = count * rowLength;
      const bytes = length * Number(dtype.slice(1));
      if (bytes > 2 ** 31) {
        throw new DataError(
          path,
          where,
          `${count} rows are ${bytes} bytes, more than 2 GiB: read fewer rows at once`,
        );
      }
      const out = allocate(dtype, length);
      const rowsPerPiece = Math.max(
        1,
        Math.floor(PIECE_BYTES / Math.max(1, rowLength * Number(dtype.slice(1)))),
      );
      for (let row = first; row < first + count; row += rowsPerPiece) {
        const last = Math.min(row + rowsPerPiece, first + count);
        let piece: unknown;
        try {
          piece =
            shape.length === 0
              ? dataset.value
              : dataset.slice([[row, last], ...shape.slice(1).map(() => [] as [])]);
        } catch (error) {
          throw new DataError(path, `${where}, rows ${row} to ${last - 1}`, unreadable(error, path), {
            cause: error,
          });
        }
        store(out, piece, (row - first) * rowLength, (last - row) * rowLength, path, where);
      }
      return out;
    },
  };
}

function store(
  out: NumericArray,
  piece: unknown,
  offset: number,
  length: number,
  path: string,
  where: string,
): void {
  const values: ArrayLike<number | bigint> =
    typeof piece === 'number' || typeof piece === 'bigint' ? [piece] : (piece as ArrayLike<number | bigint>);
  if (values === null || values.length !== length) {
    throw new DataError(
      path,
      where,
      `the library returned ${values?.length ?? 'no'} values instead of ${length}`,
    );
  }
  // Both sides have the element type of the dataset; the union of types hides that from the compiler.
  (out as Float64Array).set(values as ArrayLike<number>, offset);
}

function typeOf(metadata: Dataset['metadata']): string {
  const integer = metadata.type === 0;
  const float = metadata.type === 1;
  const size = metadata.size;
  if (metadata.vlen || metadata.array_type || !(integer || float)) return 'other';
  if (float) return size === 4 || size === 8 ? `f${size}` : 'other';
  return [1, 2, 4, 8].includes(size) ? `${metadata.signed ? 'i' : 'u'}${size}` : 'other';
}

/** The classes of HDF5 types that are no numbers here. */
const CLASSES: Readonly<Record<number, string>> = {
  2: 'times',
  3: 'strings',
  4: 'bit fields',
  5: 'opaque data',
  6: 'records (complex numbers are stored so, too)',
  7: 'references',
  8: 'names of an enumeration',
  9: 'lists of varying length',
  10: 'arrays',
};

function wordsOf(metadata: Dataset['metadata'], dtype: string): string {
  if (dtype !== 'other') return `numbers of type ${dtype}`;
  if (metadata.type === 0 || metadata.type === 1) {
    return `${8 * metadata.size}-bit ${metadata.type === 0 ? 'integers' : 'floating-point numbers'}, which cannot be read`;
  }
  const members = Object.keys(metadata.enum_type?.members ?? {});
  if (members.length === 2 && members.includes('TRUE')) return 'booleans';
  return CLASSES[metadata.type] ?? 'another type';
}

/** @internal makes the groups in the path of a dataset, but for those that were `made` before */
export function makeGroups(file: File, name: string, made: Set<string>): void {
  const parts = name.split('/').filter((part) => part !== '');
  for (let i = 1; i < parts.length; i++) {
    const group = parts.slice(0, i).join('/');
    if (!made.has(group)) file.create_group(group);
    made.add(group);
  }
}

/** @internal makes a dataset of zeros, stored in chunks of rows of the first axis */
export function createRows(file: File, name: string, shape: readonly number[], dtype: string): Dataset {
  const row = shape.slice(1);
  const length = row.reduce((product, n) => product * n, 1);
  const fit = Math.floor(CHUNK_BYTES / (length * Number(dtype.slice(1))));
  const dataset = file.create_dataset({
    name,
    data: allocate(dtype, length) as Float64Array,
    shape: [1, ...row],
    maxshape: [...shape],
    chunks: [Math.max(1, Math.min(shape[0]!, fit)), ...row],
  });
  dataset.resize([...shape]);
  return dataset;
}

function allocate(dtype: string, length: number): NumericArray {
  switch (dtype) {
    case 'f4':
      return new Float32Array(length);
    case 'f8':
      return new Float64Array(length);
    case 'i1':
      return new Int8Array(length);
    case 'u1':
      return new Uint8Array(length);
    case 'i2':
      return new Int16Array(length);
    case 'u2':
      return new Uint16Array(length);
    case 'i4':
      return new Int32Array(length);
    case 'u4':
      return new Uint32Array(length);
    case 'i8':
      return new BigInt64Array(length);
    default:
      return new BigUint64Array(length);
  }
}

function listDatasets(file: File, path: string): string[] {
  const found: string[] = [];
  const visit = (group: Group, prefix: string, depth: number): void => {
    for (const key of group.keys()) {
      if (found.length >= 1000 || depth > 16) return;
      const child = group.get(key);
      if (child === null) continue;
      if ('slice' in child) found.push(`${prefix}${key}`);
      else if ('keys' in child) visit(child, `${prefix}${key}/`, depth + 1);
    }
  };
  try {
    visit(file, '', 0);
  } catch (error) {
    throw new DataError(path, 'groups', `the table of contents is damaged: ${innermost(error)}`, {
      cause: error,
    });
  }
  return found;
}

/** A file being written. It has its name only after `close`; `abandon` leaves nothing behind. */
export interface Hdf5Writer {
  readonly path: string;
  /** Writes a whole dataset; groups in its path are made. An empty shape is a scalar. */
  write(name: string, data: NumericArray, shape: readonly number[]): void;
  /** A dataset of `shape` whose rows (of the first axis) are written block by block, in any order. */
  rows(
    name: string,
    shape: readonly number[],
    dtype: 'f4' | 'f8' | 'i4' | 'u1',
  ): { write(first: number, data: NumericArray): void };
  /** Finishes the file and gives it its name. */
  close(): void;
  /** Deletes what was written. */
  abandon(): void;
}

/** Starts a file. @throws DataError when it cannot be written there */
export async function createHdf5(path: string): Promise<Hdf5Writer> {
  const { File } = await library();
  const temporary = temporaryName(path);
  const failed = (what: string, error: unknown): DataError =>
    new DataError(path, what, `cannot be written: ${innermost(error)}`, { cause: error });
  let file: File;
  try {
    makeFolder(dirname(path));
    closeSync(openSync(temporary, 'wx'));
    file = new File(temporary, 'w');
  } catch (error) {
    discard(temporary);
    throw new DataError(path, '', `cannot be written: ${reason(error)}`, { cause: error });
  }
  let open = true;
  const groups = new Set<string>();
  const abandon = (): void => {
    if (open) {
      open = false;
      try {
        file.close();
      } catch {
        // The file is thrown away.
      }
    }
    discard(temporary);
  };
  return {
    path,
    write(name, data, shape) {
      const expected = shape.reduce((product, n) => product * n, 1);
      if (data.length !== expected) {
        throw new RangeError(
          `${path}, dataset ${name}: ${data.length} values for shape (${shape.join(', ')})`,
        );
      }
      try {
        makeGroups(file, name, groups);
        file.create_dataset({ name, data, shape: [...shape] });
      } catch (error) {
        throw failed(`dataset ${name}`, error);
      }
    },
    rows(name, shape, dtype) {
      const rowShape = shape.slice(1);
      const rowLength = rowShape.reduce((product, n) => product * n, 1);
      let dataset: Dataset;
      try {
        makeGroups(file, name, groups);
        dataset = createRows(file, name, shape, dtype);
      } catch (error) {
        throw failed(`dataset ${name}`, error);
      }
      return {
        write(first, data) {
          const rows = data.length / rowLength;
          if (!Number.isInteger(rows) || first < 0 || first + rows > shape[0]!) {
            throw new RangeError(
              `${path}, dataset ${name}: ${data.length} values are no rows ${first} ... of (${shape.join(', ')})`,
            );
          }
          const step = Math.max(1, Math.floor(PIECE_BYTES / (rowLength * data.BYTES_PER_ELEMENT)));
          try {
            for (let row = 0; row < rows; row += step) {
              const last = Math.min(rows, row + step);
              dataset.write_slice(
                [[first + row, first + last], ...rowShape.map(() => [] as [])],
                data.subarray(row * rowLength, last * rowLength),
              );
            }
          } catch (error) {
            throw failed(`dataset ${name}, rows ${first} to ${first + rows - 1}`, error);
          }
        },
      };
    },
    close() {
      try {
        open = false;
        file.close();
        renameSync(temporary, path);
      } catch (error) {
        discard(temporary);
        throw failed('', error);
      }
    },
    abandon,
  };
}
