/** The HDF5 library (h5wasm), and what its errors mean. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { File } from 'h5wasm/node';
import { DataError } from '../../../runtime/errors.js';
import { reason } from '../files.js';

export type Library = typeof import('h5wasm/node');

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

let loading: Promise<Library> | undefined;

/** The library, loaded by the first call on every thread. */
export function library(): Promise<Library> {
  loading ??= import('h5wasm/node').then(async (module) => {
    const ready = await module.ready;
    // Errors come as exceptions instead of pages on stderr.
    ready.activate_throwing_error_handler();
    return module;
  });
  return loading;
}

/** The innermost cause in an HDF5 error stack: its last numbered line after the function's name. */
export function innermost(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const system = /error message = '([^']+)'/.exec(text)?.[1];
  if (system !== undefined) return `the system says: ${system}`;
  const frames = [...text.matchAll(/^\s*#\d+: .*? line \d+ in \w+\(\): (.*)$/gm)];
  return frames.at(-1)?.[1] ?? text.split('\n')[0] ?? 'unknown error';
}

/** Why rows could not be read: a compression that this build of the library lacks is no damage. */
export function unreadable(error: unknown, path: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const filter = /required filter '([^']*)' is not registered/.exec(text)?.[1];
  if (filter === undefined) return `the data are damaged: ${innermost(error)}`;
  return (
    `they are compressed by the filter ${JSON.stringify(filter)}, which is not built in; ` +
    `rewrite the file where it is: h5repack -f GZIP=4 ${path} OUT.h5`
  );
}

/** The library's own handle of a file, to read it or (`a`) to change it. @throws DataError as `openHdf5` does */
export async function openFile(path: string, mode: 'r' | 'a'): Promise<File> {
  // A file that is none is refused before the library is loaded.
  checkSignature(path);
  return openWith(await library(), path, mode);
}

/** The same at once, where the library is loaded. */
export function openWith({ File }: Library, path: string, mode: 'r' | 'a'): File {
  let file: File;
  try {
    file = new File(path, mode);
  } catch (error) {
    const cause = innermost(error);
    const truncated = /truncated file: eof = (\d+).*stored_eof = (\d+)/.exec(cause);
    if (truncated) {
      throw new DataError(
        path,
        `byte ${truncated[1]}`,
        `the file ends here, but its header promises ${truncated[2]} bytes: it is truncated; copy it again`,
        { cause: error },
      );
    }
    throw new DataError(path, 'header', `the HDF5 header is damaged: ${cause}`, { cause: error });
  }
  return file;
}

/** The HDF5 signature stands at byte 0 or at a power of two from 512 on. */
function checkSignature(path: string): void {
  let handle: number;
  let size: number;
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    handle = openSync(path, 'r');
    size = statSync(path).size;
  } catch (error) {
    throw new DataError(path, '', reason(error), { cause: error });
  }
  try {
    const bytes = new Uint8Array(8);
    for (let offset = 0; offset + 8 <= size; offset = offset === 0 ? 512 : 2 * offset) {
      if (readSync(handle, bytes, 0, 8, offset) === 8 && SIGNATURE.every((byte, i) => bytes[i] === byte))
        return;
    }
  } finally {
    closeSync(handle);
  }
  throw new DataError(
    path,
    'byte 0',
    size === 0 ? 'the file is empty' : 'this is not an HDF5 file: its signature is missing',
  );
}
