// A task with its inputs in a file, so that it can be run again alone: what the views of one point show, its arguments, and
// the keys of its random numbers. A header (serialized) and then the bytes of the fields, one after the other.
import { closeSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { DataError } from '../errors.js';

/** First bytes of a file: what it is, and the version of its form. */
const MAGIC = 'MANIPLE TASK 1\n\0';

/** Bytes written or read by one call. */
const CHUNK = 2 ** 26;

/** One requirement of the task as its view had it. */
export interface SavedView {
  readonly name: string;
  readonly fields: readonly string[];
  /** The words of its space and of the view itself (`view-layout.ts`). */
  readonly space: Int32Array;
  readonly view: Int32Array;
  /** Bytes of each field between the first and the last point; 0 where the task reads nothing. */
  readonly bytes: readonly number[];
}

/** What is known of a saved task besides the contents of its fields. */
export interface SavedTask {
  readonly task: string;
  readonly module: string;
  readonly point: readonly number[];
  readonly domain: { readonly lo: readonly number[]; readonly hi: readonly number[] };
  readonly operation: number;
  /** Position of the point in the launch domain: with the keys and the draw it makes a random number. */
  readonly index: number;
  readonly key0: number;
  readonly key1: number;
  readonly args: unknown;
  readonly views: readonly SavedView[];
  /** Others may have changed at the same time what it updates: then that is not what it found. */
  readonly shared: boolean;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, Math.min(CHUNK, bytes.length - at));
  }
}

/** Writes a task and the bytes of its fields (those of length 0 left out). @throws what the system throws */
export function writeSavedTask(path: string, task: SavedTask, contents: readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    const header = serialize(task);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    writeAll(file, Buffer.concat([Buffer.from(MAGIC, 'latin1'), length, header]));
    for (const bytes of contents) writeAll(file, bytes);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** A file of a saved task that is being read. */
export class SavedTaskFile {
  readonly task: SavedTask;
  readonly #path: string;
  readonly #file: number;
  #at = 0;

  /** @throws DataError for a file that is no saved task */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    const magic = this.#take(MAGIC.length, 'the name of the format');
    if (Buffer.from(magic).toString('latin1') !== MAGIC) {
      this.close();
      throw new DataError(path, 'byte 0', 'this is no saved task of this version');
    }
    const length = Buffer.from(this.#take(4, 'the length of the header')).readUInt32LE();
    const header = this.#take(length, 'the header');
    try {
      this.task = deserialize(header) as SavedTask;
    } catch {
      this.close();
      throw new DataError(path, `byte ${MAGIC.length + 4}`, 'the header is damaged');
    }
  }

  #take(length: number, what: string): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#read(bytes, what);
    return bytes;
  }

  #read(bytes: Uint8Array, what: string): void {
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(this.#file, bytes, at, Math.min(CHUNK, bytes.length - at), null);
      if (got === 0) {
        this.close();
        throw new DataError(this.#path, `byte ${this.#at + at}`, `the file ends within ${what}`);
      }
      at += got;
    }
    this.#at += bytes.length;
  }

  /** The contents of the next field. */
  next(bytes: Uint8Array, field: string): void {
    this.#read(bytes, `field ${field}`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
