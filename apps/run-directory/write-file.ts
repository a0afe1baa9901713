// Files that are complete or not there, and lines that are whole; a disk that is full ends in a sentence.
import { appendFileSync } from 'node:fs';
import { DataError } from '../../runtime/errors.js';
import { reason, replaceFile } from '../../tasks/formats/files.js';

/** Writes a file under a temporary name beside it, brings it to the disk and renames it. @throws DataError */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  replaceFile(path, [typeof content === 'string' ? Buffer.from(content, 'utf8') : content]);
}

/** Adds a line to a file. @throws DataError when it cannot be written */
export function appendLine(path: string, line: string): void {
  try {
    appendFileSync(path, `${line}\n`);
  } catch (error) {
    throw new DataError(path, '', `cannot be written: ${reason(error)}`, { cause: error });
  }
}
