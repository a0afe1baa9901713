/** Zip archives as `.npz` files need them: stored and deflated members, zip64 when reading. */
import { inflateRawSync } from 'node:zlib';
import { DataError } from '../../runtime/errors.js';

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const MAX32 = 0xffffffff;

const CRC_TABLE = (() => {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    table[i] = c;
  }
  return table;
})();

function crc32(bytes: Uint8Array): number {
  let crc = MAX32;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ MAX32) >>> 0;
}

/** All members of an archive, checked against their checksums. @throws DataError naming the member and the byte */
export function readZip(bytes: Uint8Array, file: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (offset: number, length: number, what: string): void => {
    if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + length <= bytes.length)) {
      throw new DataError(
        file,
        `byte ${bytes.length}`,
        `the archive ends before its ${what}: it is truncated or damaged`,
      );
    }
  };
  const { count, start } = directory(view, bytes.length, file, need);
  const entries: ZipEntry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    need(at, 46, `member ${i + 1} of ${count}`);
    if (view.getUint32(at, true) !== CENTRAL) {
      throw new DataError(file, `byte ${at}`, 'the list of members is damaged');
    }
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const crc = view.getUint32(at + 16, true);
    let packed = view.getUint32(at + 20, true);
    let size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    let local = view.getUint32(at + 42, true);
    need(at + 46, nameLength + extraLength, `member ${i + 1} of ${count}`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    // Fields of all ones stand in the zip64 extra field instead, in this order.
    const extraEnd = at + 46 + nameLength + extraLength;
    for (
      let extra = at + 46 + nameLength;
      extra + 4 <= extraEnd;
      extra += 4 + view.getUint16(extra + 2, true)
    ) {
      if (view.getUint16(extra, true) !== 1) continue;
      let field = extra + 4;
      const next = (): number => {
        need(field, 8, `zip64 fields of ${name}`);
        const value = Number(view.getBigUint64(field, true));
        field += 8;
        return value;
      };
      if (size === MAX32) size = next();
      if (packed === MAX32) packed = next();
      if (local === MAX32) local = next();
    }
    const where = `member ${name}`;
    if (flags & 1) throw new DataError(file, where, 'it is encrypted');
    need(local, 30, where);
    if (view.getUint32(local, true) !== LOCAL)
      throw new DataError(file, `${where}, byte ${local}`, 'its header is damaged');
    const body = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    need(body, packed, where);
    const raw = bytes.subarray(body, body + packed);
    const data = unpack(raw, method, size, file, where);
    if (crc32(data) !== crc) throw new DataError(file, where, 'its checksum is wrong: the data are damaged');
    entries.push({ name, data });
    at = extraEnd + commentLength;
  }
  return entries;
}

function unpack(raw: Uint8Array, method: number, size: number, file: string, where: string): Uint8Array {
  let data: Uint8Array;
  if (method === 0) data = raw;
  else if (method === 8) {
    try {
      data = inflateRawSync(raw, { maxOutputLength: Math.max(1, Math.min(size, 2 ** 31)) });
    } catch (error) {
      throw new DataError(file, where, `it cannot be decompressed: ${(error as Error).message}`, {
        cause: error,
      });
    }
  } else
    throw new DataError(
      file,
      where,
      `compression method ${method} is not known (only stored and deflated are)`,
    );
  if (data.length !== size)
    throw new DataError(file, where, `it has ${data.length} bytes instead of ${size}`);
  return data;
}

function directory(
  view: DataView,
  length: number,
  file: string,
  need: (offset: number, length: number, what: string) => void,
): { count: number; start: number } {
  // The end record is the last thing in the file but for a comment of at most 65535 bytes.
  for (let at = length - 22; at >= 0 && at >= length - 22 - 65535; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const count = view.getUint16(at + 10, true);
    const start = view.getUint32(at + 16, true);
    if (count !== 0xffff && start !== MAX32) return { count, start };
    need(at - 20, 20, 'zip64 directory');
    if (view.getUint32(at - 20, true) !== END64_LOCATOR) return { count, start };
    const end64 = Number(view.getBigUint64(at - 12, true));
    need(end64, 56, 'zip64 directory');
    if (view.getUint32(end64, true) !== END64)
      throw new DataError(file, `byte ${end64}`, 'the zip64 directory is damaged');
    return {
      count: Number(view.getBigUint64(end64 + 32, true)),
      start: Number(view.getBigUint64(end64 + 48, true)),
    };
  }
  throw new DataError(
    file,
    `byte ${length}`,
    'this is not a complete zip archive: its end record is missing',
  );
}

/** The bytes of an archive of stored members. @throws RangeError beyond 4 GiB */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const crc = crc32(data);
    const local = new Uint8Array(30 + nameBytes.length);
    const header = new DataView(local.buffer);
    header.setUint32(0, LOCAL, true);
    header.setUint16(4, 20, true);
    common(header, 6, crc, data.length, nameBytes.length);
    local.set(nameBytes, 30);
    const listed = new Uint8Array(46 + nameBytes.length);
    const record = new DataView(listed.buffer);
    record.setUint32(0, CENTRAL, true);
    record.setUint16(4, 20, true);
    record.setUint16(6, 20, true);
    common(record, 8, crc, data.length, nameBytes.length);
    record.setUint32(42, offset, true);
    listed.set(nameBytes, 46);
    central.push(listed);
    chunks.push(local, data);
    offset += local.length + data.length;
    if (offset > MAX32)
      throw new RangeError('npz: archives above 4 GiB are not written; use several .npy files');
  }
  const size = central.reduce((sum, chunk) => sum + chunk.length, 0);
  const end = new Uint8Array(22);
  const record = new DataView(end.buffer);
  record.setUint32(0, END, true);
  record.setUint16(8, entries.length, true);
  record.setUint16(10, entries.length, true);
  record.setUint32(12, size, true);
  record.setUint32(16, offset, true);
  return [...chunks, ...central, end];
}

/** Flags, method, time, date (1980-01-01), checksum, sizes, name length: the same in both headers. */
function common(view: DataView, at: number, crc: number, size: number, nameLength: number): void {
  view.setUint16(at, 0x0800, true);
  view.setUint16(at + 2, 0, true);
  view.setUint16(at + 4, 0, true);
  view.setUint16(at + 6, 0x21, true);
  view.setUint32(at + 8, crc, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, size, true);
  view.setUint16(at + 20, nameLength, true);
}
