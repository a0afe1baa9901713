// Data outside of the runtime that a driver attaches: arrays, shared arrays, raw files.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rawFile } from '../memory/attach/raw-file.js';
import type { FileSource } from '../memory/attach/source.js';
import type { TypedArray } from '../privileges/index.js';
import type { Attach, FieldDescription } from './program-description.js';
import type { Kind, Value } from './values.js';

/** Something to attach to, and what it holds. */
export interface Outside {
  readonly source: TypedArray | FileSource;
  read(): readonly (Value | string)[];
}

const arrays = {
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

function put(view: DataView, at: number, kind: Kind, value: Value, little: boolean): void {
  if (kind === 'i64') view.setBigInt64(at, value as bigint, little);
  else if (kind === 'i32') view.setInt32(at, value as number, little);
  else if (kind === 'u32') view.setUint32(at, value as number, little);
  else if (kind === 'f32') view.setFloat32(at, value as number, little);
  else view.setFloat64(at, value as number, little);
}

function get(view: DataView, at: number, kind: Kind, little: boolean): Value {
  if (kind === 'i64') return view.getBigInt64(at, little);
  if (kind === 'i32') return view.getInt32(at, little);
  if (kind === 'u32') return view.getUint32(at, little);
  return kind === 'f32' ? view.getFloat32(at, little) : view.getFloat64(at, little);
}

/** The files of one program, in a folder of their own that goes with them. */
export class OutsideData {
  #folder: string | undefined;
  #files = 0;

  /** What an operation attaches, with its first values. */
  make({ source, mode, salt }: Attach, { kind }: FieldDescription, values: readonly Value[]): Outside {
    if (source === 'file') return this.#file(kind, values, mode === 'create', salt);
    const bytes = values.length * arrays[kind].BYTES_PER_ELEMENT;
    const buffer = source === 'shared' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    const array = new arrays[kind](buffer as ArrayBuffer) as unknown as Record<number, Value> & TypedArray;
    for (const [i, value] of values.entries()) array[i] = value;
    return { source: array, read: () => [...(array as Iterable<Value>)] };
  }

  #file(kind: Kind, values: readonly Value[], create: boolean, salt: number): Outside {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'maniple-attached-'));
    const path = join(this.#folder, `${this.#files++}.raw`);
    const [offset, little] = [(salt & 3) * 8, (salt & 4) === 0];
    const bytes = arrays[kind].BYTES_PER_ELEMENT;
    if (!create) {
      const view = new DataView(new ArrayBuffer(offset + values.length * bytes));
      for (const [i, value] of values.entries()) put(view, offset + i * bytes, kind, value, little);
      writeFileSync(path, view);
    }
    return {
      source: rawFile(path, { kind, offset, byteOrder: little ? 'little' : 'big' }),
      read: () => {
        if (!existsSync(path)) return ['no file'];
        const { buffer, byteOffset, byteLength } = readFileSync(path);
        const view = new DataView(buffer, byteOffset, byteLength);
        const count = (byteLength - offset) / bytes;
        return Array.from({ length: count }, (_, i) => get(view, offset + i * bytes, kind, little));
      },
    };
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}
