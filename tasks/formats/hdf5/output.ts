/** HDF5 files that an attachment makes: one dataset of zeros under a temporary name, which the detach publishes. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { DataError, LaunchError } from '../../../runtime/errors.js';
import { FileSource, type Store, type Wanted } from '../../../runtime/memory/attach/source.js';
import { discard, reason, temporaryName } from '../files.js';
import { createRows, makeGroups } from './container.js';
import { innermost, type Library, library } from './library.js';
import { dtypeOf, layoutOf } from './source.js';

/** Files that are being made in this process, by path. */
const making = new Map<string, string>();

/**
 * A file to be made with one dataset, by attaching a region to it with `mode: 'create'`: it has the shape of the region, and a
 * last axis more for a field of several lanes. The file appears when it is detached, complete; one of that name is replaced.
 *
 * ```ts
 * const output = ctx.attach(map, { density: await hdf5.output('map.h5', 'entry/density') }, { mode: 'create' });
 * ```
 */
export async function output(path: string, dataset: string): Promise<FileSource> {
  return new Hdf5Output(path, dataset, await library());
}

class Hdf5Output extends FileSource {
  readonly #path: string;
  readonly #dataset: string;
  readonly #library: Library;

  constructor(path: string, dataset: string, loaded: Library) {
    super();
    this.#path = path;
    this.#dataset = dataset;
    this.#library = loaded;
  }

  override open({ kind, lanes, extent, mode, what }: Wanted): Store {
    const path = this.#path;
    const dataset = this.#dataset;
    const name = `${path}, dataset ${dataset}`;
    if (mode !== 'create') {
      throw new LaunchError(
        `attach: ${name} is to be made new for ${what}: say mode: 'create', or take hdf5.source for a file that is there.`,
      );
    }
    const before = making.get(resolve(path));
    if (before !== undefined && existsSync(before)) {
      throw new LaunchError(
        `attach: ${name} cannot be made for ${what}, as another attachment is making that file: give each field a file, or write one with hdf5.createHdf5 and attach it with mode: 'update'.`,
      );
    }
    const at = this.#make(dtypeOf(kind), lanes === 1 ? extent : [...extent, lanes]);
    making.set(resolve(path), at);
    return { path, at, name, layout: layoutOf(dataset, lanes) };
  }

  /** Makes the file; returns the name that it has until it is published. */
  #make(dtype: string, shape: readonly number[]): string {
    const path = this.#path;
    const temporary = temporaryName(path);
    try {
      closeSync(openSync(temporary, 'wx'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'its folder does not exist: make it first' : reason(error);
      throw new DataError(path, '', `the file cannot be made: ${why}`, { cause: error });
    }
    try {
      const file = new this.#library.File(temporary, 'w');
      try {
        makeGroups(file, this.#dataset, new Set());
        createRows(file, this.#dataset, shape, dtype);
      } finally {
        file.close();
      }
    } catch (error) {
      discard(temporary);
      throw new DataError(path, `dataset ${this.#dataset}`, `it cannot be made: ${innermost(error)}`, {
        cause: error,
      });
    }
    return temporary;
  }
}
