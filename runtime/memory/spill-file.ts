// Memory on disk: blocks in one temporary file, which has no name once it is open, so that it is gone whenever the process
// is, whatever ended it.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes written or read by one call. */
const CHUNK = 2 ** 26;

export class SpillFile {
  readonly #folder: string;
  #file = -1;
  #end = 0;
  /** Blocks given back, by size: blocks of a program come in few sizes. */
  readonly #free = new Map<number, number[]>();
  /** Bytes written and read in all. */
  bytesOut = 0;
  bytesIn = 0;

  /** `folder` is where the file is made when it is first needed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Writes a block; returns its place. @throws what the system throws, such as a full disk */
  write(bytes: Uint8Array): number {
    if (this.#file < 0) this.#open();
    const reused = this.#free.get(bytes.length)?.pop();
    const place = reused ?? this.#end;
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#file, bytes, at, Math.min(CHUNK, bytes.length - at), place + at);
      }
    } catch (error) {
      if (reused !== undefined) this.free(place, bytes.length);
      throw error;
    }
    if (reused === undefined) this.#end += bytes.length;
    this.bytesOut += bytes.length;
    return place;
  }

  /** Reads a block back, and gives its place back. */
  read(place: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(this.#file, bytes, at, Math.min(CHUNK, bytes.length - at), place + at);
      if (got === 0) throw new Error(`the spill file ends at byte ${place + at}`);
      at += got;
    }
    this.bytesIn += bytes.length;
    this.free(place, bytes.length);
  }

  free(place: number, length: number): void {
    const places = this.#free.get(length);
    if (places === undefined) this.#free.set(length, [place]);
    else places.push(place);
  }

  #open(): void {
    const folder = mkdtempSync(join(this.#folder, 'maniple-spill-'));
    this.#file = openSync(join(folder, 'memory'), 'wx+', 0o600);
    rmSync(folder, { recursive: true, force: true });
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }
}
