/**
 * HDF5 datasets that regions are attached to. The I/O lane reads and writes boxes of them: of a chunked dataset the library
 * unpacks the chunks that a box meets, and no others.
 */
import { statSync } from 'node:fs';
import type { Dataset, File } from 'h5wasm/node';
import { DataError, LaunchError } from '../../../runtime/errors.js';
import { checkKind, checkWritable } from '../../../runtime/memory/attach/raw-file.js';
import {
  checkShape,
  FileSource,
  type ForeignLayout,
  type Store,
  type StoreReader,
  type Wanted,
} from '../../../runtime/memory/attach/source.js';
import { NUMBER_CODES } from '../kinds.js';
import { type NumericArray, openHdf5 } from './container.js';
import { innermost, library, openWith, unreadable } from './library.js';

/** What the element kinds of fields are called by a dataset. Complex numbers are two floats along a last axis. */
const DTYPES: Readonly<Record<string, string>> = { ...NUMBER_CODES, c64: 'f4', c128: 'f8', bool: 'u1' };

/** What the reader has to know. */
interface Details {
  readonly dataset: string;
  /** Extent of the last axis that holds the numbers of a point; 0 where a point has one. */
  readonly lanes: number;
}

/**
 * A dataset to attach a region to: it has the shape of the region, and a last axis more for a field of several lanes
 * (for a complex field with re and im).
 *
 * ```ts
 * const images = await hdf5.source('run.h5', '/entry_1/data_1/data');
 * const input = ctx.attach(frames, { counts: images });
 * ```
 *
 * @throws DataError where the file or the dataset is missing or damaged
 */
export async function source(path: string, dataset: string): Promise<FileSource> {
  const file = await openHdf5(path);
  try {
    const { shape, dtype, holds } = file.require(dataset);
    if (dtype === 'other')
      throw new DataError(path, `dataset ${dataset}`, `it holds ${holds}, to which no field can be attached`);
    return new Hdf5Source(path, dataset, shape, dtype);
  } finally {
    file.close();
  }
}

/** What the elements of a field are called by a dataset. */
export function dtypeOf(kind: string): string {
  return DTYPES[kind]!;
}

/** How the I/O lane finds points with so many numbers each in a dataset. */
export function layoutOf(dataset: string, lanes: number): ForeignLayout {
  const details: Details = { dataset, lanes: lanes === 1 ? 0 : lanes };
  return { module: import.meta.url, name: 'reader', details };
}

class Hdf5Source extends FileSource {
  readonly #path: string;
  readonly #dataset: string;
  readonly #shape: readonly number[];
  readonly #dtype: string;

  constructor(path: string, dataset: string, shape: readonly number[], dtype: string) {
    super();
    this.#path = path;
    this.#dataset = dataset;
    this.#shape = shape;
    this.#dtype = dtype;
  }

  override open(wanted: Wanted): Store {
    const path = this.#path;
    const name = `${path}, dataset ${this.#dataset}`;
    const { kind, lanes, extent, mode } = wanted;
    if (mode === 'create') {
      throw new LaunchError(
        `attach: ${name} is there already: take hdf5.output for a file that is made new, or attach what is there with mode: 'update'.`,
      );
    }
    if (DTYPES[kind] !== this.#dtype) {
      const held = Object.keys(DTYPES).find((key) => DTYPES[key] === this.#dtype)!;
      checkKind(name, held, wanted);
    }
    const expected = lanes === 1 ? extent : [...extent, lanes];
    checkShape(name, this.#shape, expected, wanted, 'dataset');
    if (mode === 'update') checkWritable(path);
    return { path, at: path, name, layout: layoutOf(this.#dataset, lanes) };
  }
}

// ---- on the I/O lane ----

/** A file stays open for a while: the next block is often read at once. */
const IDLE_MS = 200;

interface Open {
  readonly file: File;
  /** Tells whether it is still the same file. */
  readonly stamp: string;
  timer: NodeJS.Timeout | null;
}

const open = new Map<string, Open>();

function close(path: string): void {
  const entry = open.get(path);
  if (entry === undefined) return;
  open.delete(path);
  if (entry.timer !== null) clearTimeout(entry.timer);
  try {
    entry.file.close();
  } catch {
    // Nothing was written through it, so nothing is lost.
  }
}

function stampOf({ path, at }: Store): string {
  try {
    const { ino, size, mtimeMs } = statSync(at);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    throw new DataError(
      path,
      '',
      'the file is not there any more: it belongs to the run from attach to detach',
      { cause: error },
    );
  }
}

/** Calls `use` with the dataset. The handle is shared by calls that follow closely, where they only read. */
async function withDataset<T>(
  store: Store,
  mode: 'r' | 'a',
  use: (dataset: Dataset, where: string) => T,
): Promise<T> {
  const { path, at } = store;
  const { dataset: name } = (store.layout as ForeignLayout).details as Details;
  const loaded = await library();
  // From here on nothing is awaited: nobody else opens the file meanwhile.
  const stamp = stampOf(store);
  let entry = mode === 'r' ? open.get(at) : undefined;
  if (entry === undefined || entry.stamp !== stamp) {
    close(at);
    const file = openWith(loaded, at, mode);
    entry = { file, stamp, timer: null };
    if (mode === 'r') open.set(at, entry);
  }
  const { file } = entry;
  try {
    const found = file.get(name);
    if (found === null || !('slice' in found))
      throw new DataError(
        path,
        `dataset ${name}`,
        'it is not in the file any more, but was when it was attached',
      );
    return use(found, `dataset ${name}`);
  } finally {
    if (mode === 'a') {
      file.flush();
      file.close();
    } else {
      const shared = entry;
      if (shared.timer !== null) clearTimeout(shared.timer);
      shared.timer = setTimeout(() => {
        if (open.get(at) === shared) close(at);
      }, IDLE_MS);
      shared.timer.unref();
    }
  }
}

function ranges(store: Store, lo: readonly number[], hi: readonly number[]): [number, number][] {
  const { lanes } = (store.layout as ForeignLayout).details as Details;
  const box = lo.map((low, axis): [number, number] => [low, hi[axis]! + 1]);
  return lanes === 0 ? box : [...box, [0, lanes]];
}

const words = (box: readonly (readonly [number, number])[]) =>
  box.map(([from, until]) => `${from} to ${until - 1}`).join(' x ');

/** @internal what the I/O lane reads and writes with */
export const reader: StoreReader = {
  read: (store, lo, hi) =>
    withDataset(store, 'r', (dataset, where) => {
      const box = ranges(store, lo, hi);
      const expected = box.reduce((product, [from, until]) => product * (until - from), 1);
      let numbers: unknown;
      try {
        numbers = dataset.slice(box);
      } catch (error) {
        throw new DataError(store.path, `${where}, ${words(box)}`, unreadable(error, store.path), {
          cause: error,
        });
      }
      if ((numbers as NumericArray | null)?.length !== expected) {
        throw new DataError(
          store.path,
          `${where}, ${words(box)}`,
          'the dataset is smaller than when it was attached',
        );
      }
      return numbers as ArrayLike<number | bigint>;
    }),
  write: (store, lo, hi, numbers) =>
    withDataset(store, 'a', (dataset, where) => {
      const box = ranges(store, lo, hi);
      try {
        dataset.write_slice(box, numbers as NumericArray);
      } catch (error) {
        throw new DataError(
          store.path,
          `${where}, ${words(box)}`,
          `it cannot be written: ${innermost(error)}`,
          { cause: error },
        );
      }
    }),
};
