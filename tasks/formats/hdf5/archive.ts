/** An `.npz` archive of NumPy as a container of datasets: what is read from HDF5 can be read from it by the same names. */
import { DataError } from '../../../runtime/errors.js';
import { type NpyArray, type NpyData, readNpz } from '../npy.js';
import type { Hdf5Dataset, Hdf5Reader } from './container.js';

/** True for names of NumPy archives. */
export function isArchive(path: string): boolean {
  return /\.npz$/i.test(path);
}

/** Reads an archive into memory. @throws DataError when it does not exist or is damaged */
export function openArchive(path: string): Hdf5Reader {
  const arrays = readNpz(path);
  const dataset = (name: string): Hdf5Dataset | undefined => {
    const array = arrays.get(name);
    return array && describe(path, name, array);
  };
  return {
    path,
    dataset,
    require(name) {
      const found = dataset(name);
      if (found) return found;
      const list = arrays.size > 0 ? [...arrays.keys()].join(', ') : 'no arrays';
      throw new DataError(path, `array ${name}`, `it is not in the archive, which has ${list}`);
    },
    datasets: () => [...arrays.keys()],
    close() {},
  };
}

function describe(path: string, name: string, { data, shape, complex }: NpyArray): Hdf5Dataset {
  const rowLength = shape.slice(1).reduce((product, n) => product * n, 1);
  const kind = typeOf(data);
  return {
    name,
    shape,
    dtype: complex ? 'other' : kind,
    holds: complex ? 'complex numbers' : `numbers of type ${kind}`,
    read(first = 0, count = (shape[0] ?? 1) - first) {
      if (first < 0 || count < 0 || first + count > (shape[0] ?? 1)) {
        throw new DataError(
          path,
          `array ${name}`,
          `rows ${first} to ${first + count - 1} were asked for, it has ${shape[0] ?? 1}`,
        );
      }
      return data.slice(first * rowLength, (first + count) * rowLength);
    },
  };
}

function typeOf(data: NpyData): string {
  const [letter] = /^(?:Big)?(Int|Uint|Float)/.exec(data.constructor.name)?.[1] ?? 'Float';
  return `${letter!.toLowerCase()}${data.BYTES_PER_ELEMENT}`;
}
