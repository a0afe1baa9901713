import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { centred, encodeMrc, parseMrc, readMrc, writeMrc } from '../../../tasks/formats/mrc.js';
import { needs } from '../../support/needs.js';
import { damaged, outcomeOf, scratch } from './scratch.js';

const SHAPE = [3, 4, 5] as const;
const DATA = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i) * 10);

function whole([header, body]: [Uint8Array, Uint8Array]): Uint8Array {
  const out = new Uint8Array(header.length + body.length);
  out.set(header);
  out.set(body, header.length);
  return out;
}

/** Swaps every word of header and data: the file a big-endian machine writes. */
function bigEndian(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const text = (at: number) => at === 208 || at >= 224;
  for (let at = 0; at < out.length; at += 4) {
    if (at < 1024 && text(at)) continue;
    out.subarray(at, at + 4).reverse();
  }
  out.set([0x11, 0x11, 0, 0], 212);
  return out;
}

t.test('a map comes back with its cell and its place', (t) => {
  writeMrc(scratch('map.mrc'), DATA, SHAPE, {
    voxel: [1, 2, 3],
    start: centred(SHAPE),
    label: 'a test — map',
  });
  const map = readMrc(scratch('map.mrc'));
  t.same(map.data, DATA);
  t.same(map.shape, SHAPE);
  t.same(map.voxel, [1, 2, 3]);
  t.same(map.start, [-1, -2, -2]);
  const bytes = readFileSync(scratch('map.mrc'));
  t.equal(bytes.length, 1024 + 240);
  t.equal(bytes.readFloatLE(1024 + 4 * 1), DATA[20], 'x is fastest in the file');
  t.same(parseMrc(bigEndian(bytes), 'big.mrc'), map, 'big-endian');
  t.end();
});

t.test('modes 0 and 1, permuted axes, extended headers', (t) => {
  const bytes = whole(encodeMrc(DATA, SHAPE, { voxel: 1 }));
  const view = (b: Uint8Array) => new DataView(b.buffer);
  for (const mode of [0, 1] as const) {
    const size = mode + 1;
    const file = new Uint8Array(1024 + 60 * size);
    file.set(bytes.subarray(0, 1024));
    view(file).setInt32(12, mode, true);
    for (let i = 0; i < 60; i++) {
      if (mode === 0) view(file).setInt8(1024 + i, i - 30);
      else view(file).setInt16(1024 + 2 * i, 100 * (i - 30), true);
    }
    const map = parseMrc(file, 'x.mrc');
    t.equal(map.data[20], (1 - 30) * (mode === 0 ? 1 : 100), `mode ${mode}`);
  }
  // The same file with columns along z, rows along y, sections along x holds the data in our order.
  const swapped = new Uint8Array(1024 + 16 + 240);
  swapped.set(bytes.subarray(0, 1024));
  swapped.set(new Uint8Array(DATA.buffer), 1024 + 16);
  const words = view(swapped);
  for (let i = 0; i < 3; i++) {
    words.setInt32(4 * i, 5 - i, true);
    words.setInt32(64 + 4 * i, 3 - i, true);
  }
  words.setInt32(92, 16, true);
  const map = parseMrc(swapped, 'x.mrc');
  t.same(map.shape, SHAPE);
  t.same(map.data, DATA);
  t.end();
});

t.test('what is no map is refused with the place', (t) => {
  const bytes = whole(encodeMrc(DATA, SHAPE, { voxel: 1 }));
  t.throws(() => parseMrc(bytes.slice(0, 500), 'a.mrc'), /a\.mrc, byte 500: .*header/);
  t.throws(() => parseMrc(bytes.slice(0, -1), 'a.mrc'), /a\.mrc, byte 1263: the file ends here.*1264/);
  const wrongMode = bytes.slice();
  wrongMode[12] = 4;
  t.throws(() => parseMrc(wrongMode, 'a.mrc'), /mode 4 cannot be read/);
  t.throws(() => parseMrc(new TextEncoder().encode('x'.repeat(2000)), 'a.mrc'), /not an MRC file/);
  t.throws(() => encodeMrc(DATA, [2, 2, 2], { voxel: 1 }), /do not fill/);
  t.throws(() => encodeMrc(DATA, SHAPE, { voxel: 0 }), /voxel must be positive/);
  const defects: string[] = [];
  for (const broken of damaged(bytes, 1500, 9, 228)) {
    const outcome = outcomeOf(() => parseMrc(broken, 'fuzz.mrc'));
    if (typeof outcome === 'object') defects.push(outcome.defect);
  }
  t.same(defects, [], 'seed 9');
  t.end();
});

t.test('gemmi opens it', { skip: needs('gemmi') }, (t) => {
  const path = scratch('gemmi.mrc');
  writeMrc(path, DATA, SHAPE, { voxel: 2.5, start: centred(SHAPE) });
  const text = execFileSync('gemmi', ['map', path], { encoding: 'utf8' });
  t.match(text, /3 x +4 x +5|3 +4 +5/, 'the grid');
  t.match(text, /7\.5\d* +10\.?0* +12\.5/, 'the cell');
  const mean = DATA.reduce((sum, v) => sum + v, 0) / 60;
  t.ok(text.includes(mean.toPrecision(3).slice(0, 5)), 'the mean');
  t.end();
});
