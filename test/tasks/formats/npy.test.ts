import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  encodeNpy,
  type NpyData,
  parseNpy,
  parseNpz,
  readNpy,
  readNpz,
  writeNpy,
  writeNpz,
} from '../../../tasks/formats/npy.js';
import { needs } from '../../support/needs.js';
import { damaged, outcomeOf, scratch } from './scratch.js';

const SAMPLES: NpyData[] = [
  new Int8Array([-1, 2, 127, -128, 5, 6]),
  new Uint8Array([1, 2, 255, 0, 5, 6]),
  new Int16Array([-1, 2, 32767, -32768, 5, 6]),
  new Uint16Array([1, 2, 65535, 0, 5, 6]),
  new Int32Array([-1, 2, 2147483647, -2147483648, 5, 6]),
  new Uint32Array([1, 2, 4294967295, 0, 5, 6]),
  new BigInt64Array([-1n, 2n, 9223372036854775807n, 0n, 5n, 6n]),
  new BigUint64Array([1n, 2n, 18446744073709551615n, 0n, 5n, 6n]),
  new Float32Array([-0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e-40, 3]),
  new Float64Array([-0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 3]),
];

function bytesOf(data: NpyData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function file(header: string, data: Uint8Array, version = 1): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const out = new Uint8Array(start + header.length + data.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  out.set(new TextEncoder().encode(header), start);
  out.set(data, start + header.length);
  return out;
}

t.test('every type comes back bit by bit', (t) => {
  const wrong: string[] = [];
  for (const data of SAMPLES) {
    const path = scratch('type.npy');
    writeNpy(path, data, [2, 3]);
    const back = readNpy(path);
    const same = Buffer.from(bytesOf(back.data)).equals(bytesOf(data)) && back.shape.join() === '2,3';
    if (!same || back.data.constructor !== data.constructor) wrong.push(data.constructor.name);
  }
  t.same(wrong, []);
  writeNpy(scratch('complex.npy'), new Float64Array([1, 2, 3, 4]), [2], { complex: true });
  const complex = readNpy(scratch('complex.npy'));
  t.same([complex.complex, ...complex.data], [true, 1, 2, 3, 4]);
  writeNpy(scratch('scalar.npy'), new Float64Array([7]), []);
  t.same(readNpy(scratch('scalar.npy')).shape, []);
  writeNpy(scratch('none.npy'), new Float32Array(0), [0, 5]);
  t.same(readNpy(scratch('none.npy')).shape, [0, 5]);
  t.end();
});

t.test('headers of versions 1 to 3, big-endian data, column-major order', (t) => {
  const header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n";
  const data = new Uint8Array([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]);
  for (const version of [1, 2, 3]) {
    const back = parseNpy(file(header, data, version), 'x.npy');
    t.same([...back.data], [1, 3, 5, 2, 4, 6], `version ${version}`);
  }
  const cube = new Uint8Array(24).map((_, i) => i);
  const back = parseNpy(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}", cube), 'x.npy');
  const expected: number[] = [];
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) expected.push(i + 2 * (j + 3 * k));
  t.same([...back.data], expected);
  t.end();
});

t.test('16-bit floats are read as 32-bit ones, every one of them', (t) => {
  // All 65536 patterns, against the definition of binary16 written another way: scaled significands.
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const header = (order: string) => `{'descr': '${order}f2', 'fortran_order': False, 'shape': (65536,)}`;
  const little = parseNpy(file(header('<'), bytesOf(bits)), 'f2.npy').data;
  const expected = Float32Array.from(bits, (b) => {
    const [e, m] = [(b >> 10) & 31, (b & 1023) / 1024];
    const size =
      e === 31
        ? m > 0
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : 2 ** (Math.max(e, 1) - 15) * (m + (e > 0 ? 1 : 0));
    return b >> 15 ? -size : size;
  });
  t.ok(little instanceof Float32Array);
  t.ok(little.every((value, i) => Object.is(value, expected[i])));
  const big = parseNpy(
    file(header('>'), bytesOf(bits.map((b) => ((b & 255) << 8) | (b >> 8)))),
    'f2.npy',
  ).data;
  t.ok(
    big.every((value, i) => Object.is(value, expected[i])),
    'big endian',
  );
  t.end();
});

t.test('what cannot be read is refused with the place', (t) => {
  const one = new Uint8Array(8);
  const refused: [Uint8Array, RegExp][] = [
    [new TextEncoder().encode('hello world'), /byte 0: this is not an \.npy file/],
    [
      file("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,)}", one),
      /structured arrays/,
    ],
    [file("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", one), /dtype '<f16'.*only booleans/],
    [file("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", one), /dtype '\|O'/],
    [file("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", one), /the file ends here.*needs/],
    [
      file("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999)}", one),
      /impossibly large/,
    ],
    [file("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", one), /impossible shape/],
    [file("{'descr': '<f8', 'shape': (1,)}", one), /no fortran_order/],
    [file('{}', one, 9), /format version 9/],
  ];
  const missed = refused.filter(([bytes, pattern]) => {
    try {
      parseNpy(bytes, 'bad.npy');
      return true;
    } catch (error) {
      return !(pattern.test(String(error)) && String(error).includes('bad.npy'));
    }
  });
  t.same(
    missed.map(([, pattern]) => String(pattern)),
    [],
  );
  t.throws(() => encodeNpy(new Float32Array(3), [2, 2]), /do not fill shape/);
  t.throws(() => readNpy(scratch('missing.npy')), /does not exist/);
  t.end();
});

t.test('archives come back, and damage in them is noticed', (t) => {
  const path = scratch('all.npz');
  writeNpz(path, {
    a: { data: new Float32Array([1, 2, 3, 4]), shape: [2, 2] },
    b: { data: new Float64Array([1, 2]), complex: true, shape: [1] },
  });
  const back = readNpz(path);
  t.same([...back.keys()], ['a', 'b']);
  t.same([...back.get('a')!.data], [1, 2, 3, 4]);
  const bytes = new Uint8Array(readFileSync(path));
  const flipped = bytes.slice();
  flipped[64 + 64 + 10]! ^= 1;
  t.throws(() => parseNpz(flipped, 'bad.npz'), /bad\.npz, member .*(checksum|damaged)/);
  t.throws(() => parseNpz(bytes.slice(0, -30), 'bad.npz'), /not a complete zip archive/);
  const defects: string[] = [];
  for (const broken of damaged(bytes, 900, 5)) {
    const outcome = outcomeOf(() => parseNpz(broken, 'fuzz.npz'));
    if (typeof outcome === 'object') defects.push(outcome.defect);
  }
  const [header, body] = encodeNpy(new Int16Array(60), [3, 4, 5]);
  for (const broken of damaged(Buffer.concat([header, body]), 900, 6, 80)) {
    const outcome = outcomeOf(() => parseNpy(new Uint8Array(broken), 'fuzz.npy'));
    if (typeof outcome === 'object') defects.push(outcome.defect);
  }
  t.same(defects, [], 'seeds 5 and 6');
  t.end();
});

t.test('NumPy reads ours and we read its', { skip: needs('numpy') }, (t) => {
  writeNpy(scratch('ours.npy'), new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);
  writeNpz(scratch('ours.npz'), {
    x: { data: new Int32Array([7, 8]) },
    z: { data: new Float64Array([1, 2]), complex: true },
  });
  writeFileSync(
    scratch('check_arrays.py'),
    `
import numpy as np, sys
d = sys.argv[1]
a = np.load(d + '/ours.npy'); assert a.dtype == np.float32 and a.shape == (2, 3) and a[1, 0] == 4, a
z = np.load(d + '/ours.npz'); assert (z['x'] == [7, 8]).all() and z['z'][0] == 1 + 2j, z
np.save(d + '/fortran.npy', np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)))
np.save(d + '/big.npy', np.arange(5, dtype='>u4'))
np.savez_compressed(d + '/packed.npz', p=np.arange(1000), q=np.array([True, False]))
np.savez(d + '/plain.npz', c=np.array([[1 + 2j]], dtype='c8'))
`,
  );
  execFileSync('python3', [scratch('check_arrays.py'), scratch('.')]);
  t.same(
    [...readNpy(scratch('fortran.npy')).data],
    Array.from({ length: 24 }, (_, i) => i),
  );
  t.same([...readNpy(scratch('big.npy')).data], [0, 1, 2, 3, 4]);
  const packed = readNpz(scratch('packed.npz'));
  t.equal(packed.get('p')!.data[999], 999n);
  t.same([packed.get('q')!.boolean, ...packed.get('q')!.data], [true, 1, 0]);
  const plain = readNpz(scratch('plain.npz')).get('c')!;
  t.same([plain.complex, plain.shape, [...plain.data]], [true, [1, 1], [1, 2]]);
  t.end();
});
