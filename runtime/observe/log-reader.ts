// Reads `.mprof` files block by block, and refuses what is none, is damaged, or ends too early, with the byte.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DataError } from '../errors.js';
import { checksum } from '../events/checksum.js';
import { BLOCK_BYTES_MAX, BLOCK_HEADER_WORDS, Block, MAGIC, VERSION } from '../events/log-format.js';

/** What the header says of the run. */
export interface LoggedRun {
  readonly workers: number;
  /** Task records alive at once. */
  readonly records: number;
  readonly executor?: string;
  readonly seed?: number;
  /** Milliseconds since 1970 at time 0 of the log. */
  readonly epoch_ms: number;
  readonly started?: string;
  readonly host?: string;
  readonly program?: readonly string[];
}

/** What the last block says. */
export interface LogEnd {
  readonly end: 'complete' | 'failed' | 'interrupted';
  readonly records: number;
  readonly launches: number;
  readonly duration_ns: number;
}

export interface LogBlock {
  readonly kind: number;
  readonly stream: number;
  readonly words: Int32Array;
}

const SCHEMA_BYTES_MAX = 1 << 20;
const HEADER_BYTES = 16;

export class LogReader {
  readonly path: string;
  readonly run: LoggedRun;
  /** Known when all blocks were read. */
  end: LogEnd | null = null;
  readonly #file: number;
  readonly #size: number;
  #at: number;
  #buffer = new Uint8Array(1 << 20);

  /** @throws DataError when it is no profile, of a newer version, or damaged */
  constructor(path: string) {
    this.path = path;
    try {
      this.#file = openSync(path, 'r');
    } catch (error) {
      throw new DataError(path, '', `the profile cannot be read: ${(error as Error).message}`);
    }
    this.#size = fstatSync(this.#file).size;
    try {
      this.run = this.#header();
    } catch (error) {
      this.close();
      throw error;
    }
    this.#at = HEADER_BYTES + this.#schemaBytes + 8;
  }

  #schemaBytes = 0;

  close(): void {
    closeSync(this.#file);
  }

  #refuse(byte: number, what: string): DataError {
    return new DataError(this.path, `byte ${byte}`, what);
  }

  #read(at: number, bytes: number): Int32Array {
    if (this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    for (let done = 0; done < bytes; ) {
      const got = readSync(this.#file, this.#buffer, done, bytes - done, at + done);
      if (got === 0) throw this.#refuse(at + done, 'the file ends here, although it was longer a moment ago');
      done += got;
    }
    return new Int32Array(this.#buffer.buffer, 0, bytes >> 2);
  }

  #header(): LoggedRun {
    const start = Math.min(this.#size, HEADER_BYTES);
    this.#read(0, start);
    for (let i = 0; i < Math.min(start, MAGIC.length); i++) {
      if (this.#buffer[i] === MAGIC[i]) continue;
      throw this.#refuse(
        i,
        'this is no profile of maniple: give a file that was written with --profile FILE.mprof',
      );
    }
    if (this.#size < HEADER_BYTES) throw this.#truncated('in the middle of its header');
    const [, , version, length] = new Int32Array(this.#buffer.buffer, 0, 4) as unknown as number[];
    if (version! > VERSION) {
      throw this.#refuse(
        8,
        `the profile has version ${version}, and this maniple reads versions up to ${VERSION}: read it with the maniple that wrote it, or a newer one`,
      );
    }
    if (version! < 1 || length! < 0 || length! > SCHEMA_BYTES_MAX || length! % 8 !== 0) {
      throw this.#refuse(version! < 1 ? 8 : 12, 'the header is damaged');
    }
    const bytes = HEADER_BYTES + length! + 8;
    if (this.#size < bytes) throw this.#truncated('in the middle of its header');
    const words = this.#read(0, bytes);
    const sum = (HEADER_BYTES + length!) / 4;
    if (checksum(words, 0, sum) !== words[sum] || words[sum + 1] !== 0) {
      throw this.#refuse(HEADER_BYTES, 'the header is damaged: its checksum is wrong');
    }
    this.#schemaBytes = length!;
    const text = Buffer.from(this.#buffer.subarray(HEADER_BYTES, HEADER_BYTES + length!)).toString('utf8');
    const { run } = JSON.parse(text) as { run: LoggedRun };
    return run;
  }

  #truncated(where: string): DataError {
    return this.#refuse(
      this.#size,
      `the profile ends ${where}: the run that wrote it did not end by itself, or the copy is not complete`,
    );
  }

  /** All blocks but the last, in order. The words of a block are those of one buffer: copy what should stay. */
  *blocks(): Generator<LogBlock, void, undefined> {
    for (;;) {
      const at = this.#at;
      if (at + 4 * BLOCK_HEADER_WORDS > this.#size) {
        throw this.#truncated(at === this.#size ? 'without its last block' : 'in the middle of a block');
      }
      const head = this.#read(at, 4 * BLOCK_HEADER_WORDS);
      const [kind, stream, bytes, sum] = head as unknown as [number, number, number, number];
      if (bytes < 0 || bytes > BLOCK_BYTES_MAX || bytes % 4 !== 0) {
        throw this.#refuse(at, `the block that begins here is damaged: it has ${bytes} bytes`);
      }
      const length = 4 * BLOCK_HEADER_WORDS + 8 * Math.ceil(bytes / 8);
      if (at + length > this.#size) {
        throw this.#truncated(`in the middle of the block that begins at byte ${at}`);
      }
      const words = this.#read(at, length);
      words[3] = 0;
      if (checksum(words, 0, length / 4) !== sum) {
        throw this.#refuse(at, 'the block that begins here is damaged: its checksum is wrong');
      }
      this.#at = at + length;
      const payload = words.subarray(BLOCK_HEADER_WORDS, BLOCK_HEADER_WORDS + bytes / 4);
      if (kind === Block.end) {
        if (this.#at !== this.#size) {
          throw this.#refuse(this.#at, `${this.#size - this.#at} bytes follow after the end of the profile`);
        }
        const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
        this.end = JSON.parse(text) as LogEnd;
        return;
      }
      yield { kind, stream, words: payload };
    }
  }
}
