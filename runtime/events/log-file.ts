// Writes a `.mprof` file: blocks under a temporary name, which becomes the file's own name with the last block. A run
// that is cut short leaves either a whole file, which says so, or the temporary one.
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.js';
import { checksum } from './checksum.js';
import { BLOCK_HEADER_WORDS, Block, MAGIC, schema, VERSION } from './log-format.js';

/** Bytes that are collected before they are written. */
const BUFFER_BYTES = 1 << 19;

export class LogFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #file: number;
  #bytes = new Uint8Array(BUFFER_BYTES);
  #words = new Int32Array(this.#bytes.buffer);
  /** Words in the buffer. */
  #at = 0;
  #closed = false;
  /** Bytes of the file so far. */
  size = 0;

  /** @throws UsageError when the file cannot be made */
  constructor(path: string, run: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    try {
      this.#file = openSync(this.#temporary, 'w');
    } catch (error) {
      throw new UsageError(`the profile ${path} cannot be written: ${(error as Error).message}`);
    }
    const text = Buffer.from(JSON.stringify(schema(run)), 'utf8');
    const length = Math.ceil(text.length / 8) * 8;
    this.#need(8 + 2 + length / 4 + 2);
    this.#bytes.set(MAGIC, 0);
    this.#words[2] = VERSION;
    this.#words[3] = length;
    this.#bytes.fill(0x20, 16, 16 + length);
    this.#bytes.set(text, 16);
    const end = 4 + length / 4;
    this.#words[end] = checksum(this.#words, 0, end);
    this.#words[end + 1] = 0;
    this.#at = end + 2;
  }

  #need(words: number): void {
    if (4 * (this.#at + words) <= this.#bytes.length) return;
    this.#write();
    if (4 * words <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(4 * words);
    this.#words = new Int32Array(this.#bytes.buffer);
  }

  #write(): void {
    const end = 4 * this.#at;
    for (let at = 0; at < end; ) at += writeSync(this.#file, this.#bytes, at, end - at);
    this.size += end;
    this.#at = 0;
  }

  /** One block. */
  block(kind: number, stream: number, payload: Int32Array): void {
    const length = payload.length + (payload.length & 1);
    this.#need(BLOCK_HEADER_WORDS + length);
    const at = this.#at;
    const words = this.#words;
    words[at] = kind;
    words[at + 1] = stream;
    words[at + 2] = 4 * payload.length;
    words.set(payload, at + BLOCK_HEADER_WORDS);
    const end = at + BLOCK_HEADER_WORDS + length;
    if (length > payload.length) words[end - 1] = 0;
    words[at + 3] = 0;
    words[at + 3] = checksum(words, at, end);
    this.#at = end;
  }

  /** The last block, and the file's own name. */
  close(end: Readonly<Record<string, unknown>>): void {
    if (this.#closed) return;
    this.#closed = true;
    const text = Buffer.from(JSON.stringify(end), 'utf8');
    const words = new Int32Array(2 * Math.ceil(text.length / 8));
    const bytes = new Uint8Array(words.buffer);
    bytes.fill(0x20);
    bytes.set(text);
    this.block(Block.end, 0, words);
    this.#write();
    closeSync(this.#file);
    renameSync(this.#temporary, this.path);
  }

  /** Leaves no file behind. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }
}
