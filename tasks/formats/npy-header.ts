/** The header of an `.npy` file (NumPy, NEP 1). */
import { DataError } from '../../runtime/errors.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** What the header of an `.npy` file says. */
export interface NpyHeader {
  /** Byte of the first number. */
  readonly dataStart: number;
  /** `<f8`, `>u2`, ... */
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** Bytes that a header ends at, as far as the first bytes of the file tell. @throws DataError */
export function headerEnd(bytes: Uint8Array, file: string): number {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new DataError(file, 'byte 0', 'this is not an .npy file: its first bytes are not \\x93NUMPY');
  }
  const version = bytes[6];
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new DataError(file, 'byte 6', `format version ${version} is not 1, 2 or 3`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerStart = version === 1 ? 10 : 12;
  if (bytes.length < headerStart)
    throw new DataError(file, `byte ${bytes.length}`, 'the file ends inside its header');
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + headerLength;
  return dataStart;
}

/** Parses the header of an `.npy` file from its first bytes; `file` is for messages. @throws DataError */
export function readHeader(bytes: Uint8Array, file: string): NpyHeader {
  const dataStart = headerEnd(bytes, file);
  const version = bytes[6];
  const headerStart = version === 1 ? 10 : 12;
  if (bytes.length < dataStart) {
    throw new DataError(
      file,
      `byte ${bytes.length}`,
      `the file ends inside its header of ${dataStart - headerStart} bytes`,
    );
  }
  const encoding = version === 3 ? 'utf-8' : 'latin1';
  const header = new TextDecoder(encoding).decode(bytes.subarray(headerStart, dataStart));
  return { dataStart, ...parseHeader(header, file, headerStart) };
}

/** The header is a Python dictionary literal with exactly the keys descr, fortran_order, shape. */
function parseHeader(
  header: string,
  file: string,
  start: number,
): { descr: string; fortran: boolean; shape: number[] } {
  const damaged = (what: string): never => {
    throw new DataError(
      file,
      `byte ${start}`,
      `${what} in the header ${JSON.stringify(header.trim().slice(0, 120))}`,
    );
  };
  const structured = /['"]descr['"]\s*:\s*\[/.test(header);
  if (structured)
    damaged('structured arrays (several fields per element) cannot be read; save the fields one by one:');
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(header)?.[1];
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)?.[1];
  const shapeText = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || descr.length < 2) return damaged('no dtype');
  if (fortran === undefined) return damaged('no fortran_order');
  if (shapeText === undefined) return damaged('no shape');
  const shape = shapeText
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  if (shape.some((n) => !Number.isSafeInteger(n))) return damaged('an impossible shape');
  return { descr, fortran: fortran === 'True', shape };
}

/** The header (version 1.0) of an array in C order. */
export function encodeHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy pads with spaces so that the data start at a multiple of 64.
  const padded = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const header = new Uint8Array(padded).fill(0x20);
  header.set(MAGIC);
  header[6] = 1;
  header[7] = 0;
  new DataView(header.buffer).setUint16(8, padded - 10, true);
  header.set(new TextEncoder().encode(dictionary), 10);
  header[padded - 1] = 0x0a;
  return header;
}
