// Places outside the regions where a random attachment keeps its numbers: arrays, raw files, .npy, HDF5.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttachMode, type FieldType, type FileSource, rawFile } from '../../../runtime/index.js';
import { hdf5, npy } from '../../../tasks/formats/index.js';
import type { Numbers, Random } from './random-numbers.js';

/** Where one case keeps its data outside. */
export interface Outside {
  readonly words: string;
  readonly source: FileSource | Numbers;
  /** The numbers that are there, in row-major order. */
  read(): Promise<Numbers>;
  /** A source for the points from a position on, where there can be one. */
  readonly shard?: (from: number, points: number) => FileSource | Numbers;
  /** Bytes that do not belong to the points, which nobody may change. */
  rest(): string;
}

/** What one case attaches. */
interface Attached {
  readonly random: Random;
  readonly type: FieldType;
  readonly extent: readonly number[];
  readonly points: number;
  readonly numbers: Numbers;
  readonly mode: AttachMode;
  /** For a file, without its extension. */
  readonly path: string;
}

let files = 0;

/** Numbers in an array or a file of a random kind. */
export async function outside(
  folder: string,
  random: Random,
  type: FieldType,
  extent: readonly number[],
  numbers: Numbers,
  mode: AttachMode,
): Promise<Outside> {
  const points = extent.reduce((a, b) => a * b, 1);
  const path = join(folder, `case-${files++}`);
  const attached = { random, type, extent, points, numbers, mode, path };
  const what = random.pick(['raw', 'raw', 'npy', 'hdf5', 'array'] as const);
  if (what === 'array') return inArray(attached);
  if (what === 'hdf5') return inHdf5(attached);
  return what === 'npy' ? inNpy(attached) : inRaw(attached);
}

function inArray({ random, type, numbers: given }: Attached): Outside {
  let numbers = given;
  const { lanes } = type;
  const shared = random.chance(0.5);
  if (shared) {
    const own = numbers as unknown as Float64Array;
    const Kind = type.array as unknown as Float64ArrayConstructor;
    const copy = new Kind(new SharedArrayBuffer(own.byteLength) as never);
    copy.set(own);
    numbers = copy as unknown as Numbers;
  }
  return {
    words: shared ? 'shared array' : 'array',
    source: numbers,
    read: async () => numbers,
    shard: (from, count) =>
      (numbers as unknown as Float64Array).subarray(
        from * lanes,
        (from + count) * lanes,
      ) as unknown as Numbers,
    rest: () => '',
  };
}

async function inHdf5({ type, extent, numbers, mode, path }: Attached): Promise<Outside> {
  const created = mode === 'create';
  if (!created) {
    const file = await hdf5.createHdf5(`${path}.h5`);
    const full = type.lanes === 1 ? extent : [...extent, type.lanes];
    file.write('group/data', numbers as never, full);
    file.close();
  }
  return {
    words: 'hdf5',
    source: await (created ? hdf5.output : hdf5.source)(`${path}.h5`, 'group/data'),
    async read() {
      const reader = await hdf5.openHdf5(`${path}.h5`);
      try {
        return reader.require('group/data').read() as unknown as Numbers;
      } finally {
        reader.close();
      }
    },
    rest: () => '',
  };
}

function inNpy({ random, type, extent, points, numbers, mode, path }: Attached): Outside {
  const size = type.bytesPerElement;
  const numberBytes = size / type.lanes;
  const shape = type.complex
    ? type.lanes === 2
      ? extent
      : [...extent, type.lanes / 2]
    : type.lanes === 1
      ? extent
      : [...extent, type.lanes];
  const file = `${path}.npy`;
  const array = numbers as unknown as Float64Array;
  const fortran = mode !== 'create' && shape.length === extent.length && random.chance(0.4);
  const swapped = mode !== 'create' && numberBytes > 1 && random.chance(0.4);
  if (mode !== 'create') {
    npy.writeNpy(file, array, shape, { complex: type.complex });
    let text = readFileSync(file);
    const start = 10 + text.readUInt16LE(8);
    let header = text.subarray(0, start).toString('latin1');
    const body = new Uint8Array(text.subarray(start));
    if (type.kind === 'bool') header = header.replace('|u1', '|b1');
    if (swapped) header = header.replace("'<", "'>");
    if (fortran) header = header.replace("'fortran_order': False", "'fortran_order': True ");
    const out = new Uint8Array(body.length);
    for (let k = 0; k < points; k++) {
      // Point number k in row-major order, as a number in column-major order.
      let rest = k;
      let to = 0;
      const at = new Array<number>(extent.length);
      for (let axis = extent.length - 1; axis >= 0; axis--) {
        at[axis] = rest % extent[axis]!;
        rest = Math.floor(rest / extent[axis]!);
      }
      for (let axis = extent.length - 1; axis >= 0; axis--) to = to * extent[axis]! + at[axis]!;
      out.set(body.subarray(k * size, (k + 1) * size), (fortran ? to : k) * size);
    }
    if (swapped) flip(out, numberBytes);
    text = Buffer.concat([Buffer.from(header, 'latin1'), out]);
    writeFileSync(file, text);
  }
  return {
    words: `npy${fortran ? ' fortran' : ''}${swapped ? ' swapped' : ''}`,
    source: npy.source(file),
    read: async () => npy.readNpy(file).data as unknown as Numbers,
    rest: () => (existsSync(file) ? readFileSync(file).subarray(0, 100).toString('hex') : ''),
  };
}

function inRaw({ random, type, points, numbers, mode, path }: Attached): Outside {
  const size = type.bytesPerElement;
  const numberBytes = size / type.lanes;
  const file = `${path}.raw`;
  const offset = random.pick([0, 1, 40]);
  const stride = size + random.pick([0, 0, 1, 7]);
  const byteOrder = random.pick(['little', 'big'] as const);
  if (mode !== 'create') {
    const bytes = new Uint8Array(offset + points * stride + 5).map((_, i) => (i * 37) & 255);
    const own = bytesOf(numbers);
    if (byteOrder === 'big') flip(own, numberBytes);
    for (let k = 0; k < points; k++) bytes.set(own.subarray(k * size, (k + 1) * size), offset + k * stride);
    writeFileSync(file, bytes);
  }
  return {
    words: `raw offset ${offset} stride ${stride} ${byteOrder}`,
    source: rawFile(file, { kind: type.kind, offset, stride, byteOrder }),
    shard: (from) => rawFile(file, { kind: type.kind, offset: offset + from * stride, stride, byteOrder }),
    async read() {
      const bytes = new Uint8Array(readFileSync(file));
      const own = new Uint8Array(points * size);
      for (let k = 0; k < points; k++)
        own.set(bytes.subarray(offset + k * stride, offset + k * stride + size), k * size);
      return likeIt(type, byteOrder === 'big' ? flip(own, numberBytes) : own);
    },
    rest() {
      if (!existsSync(file)) return '';
      const bytes = new Uint8Array(readFileSync(file));
      for (let k = 0; k < points; k++) bytes.fill(0, offset + k * stride, offset + k * stride + size);
      return mode === 'create' ? '' : Buffer.from(bytes).toString('hex');
    },
  };
}

function bytesOf(numbers: Numbers): Uint8Array {
  const { buffer, byteOffset, byteLength } = numbers as unknown as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

function likeIt(type: FieldType, bytes: Uint8Array): Numbers {
  const Kind = type.array as unknown as Float64ArrayConstructor;
  return new Kind(bytes.slice().buffer as ArrayBuffer) as unknown as Numbers;
}

/** Turns the byte order of numbers around. */
function flip(bytes: Uint8Array, numberBytes: number): Uint8Array {
  for (let i = 0; i < bytes.length; i += numberBytes) bytes.subarray(i, i + numberBytes).reverse();
  return bytes;
}
