/** Reading a whole file and replacing a file in one step, with errors that name it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from '../../runtime/errors.js';

/** The bytes of a file. @throws DataError when it cannot be read */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DataError(path, '', reason(error), { cause: error });
  }
}

/** What a system error means, in words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return 'the file does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'this is a directory, not a file';
    case 'ENOTDIR':
      return 'a part of the path is not a directory';
    case 'ENOSPC':
      return 'no space is left on the device';
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'the file is larger than 2 GiB, the most that can be read at once';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

let temporaries = 0;

/** A name beside `path` that no other writer uses. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${temporaries++}.tmp`);
}

/** Removes what was begun, where it is still to be found: why it is given up is what there is to tell. */
export function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {
    // Its folder went away, or became something else.
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where the system answers ENOENT for a
 * folder whose parent exists, as /proc does.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another writer may have made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Writes a file through a temporary name: readers see the old content or the new, never a part. Missing folders are
 * made. @throws DataError when it cannot be written
 */
export function replaceFile(path: string, chunks: readonly Uint8Array[]): void {
  const temporary = temporaryName(path);
  try {
    makeFolder(dirname(path));
    const handle = openSync(temporary, 'w');
    try {
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += writeSync(handle, chunk, at, chunk.length - at);
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw new DataError(path, '', `cannot be written: ${reason(error)}`, { cause: error });
  }
}
