// Writes a long file piece by piece, under a temporary name that becomes its own at the end.
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.js';

const PIECE = 1 << 20;

export class PieceFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #file: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** @throws UsageError when it cannot be made */
  constructor(path: string) {
    this.path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    try {
      this.#file = openSync(this.#temporary, 'w');
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${(error as Error).message}`);
    }
  }

  put(piece: Uint8Array | string): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= PIECE) this.#write();
  }

  #write(): void {
    const bytes = Buffer.concat(this.#pieces);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#pieces = [];
    this.#bytes = 0;
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
    renameSync(this.#temporary, this.path);
  }

  /** Leaves nothing behind. */
  abandon(): void {
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }
}
