import t from 'tap';
import { simpleSquare } from '../../../tasks/spi/geometry.js';
import { beamStopMask, brokenPixelMask, combineMasks } from '../../../tasks/spi/masks.js';

const detector = simpleSquare(100, 0.1, 0.3);
const count = (mask: Uint8Array) => mask.reduce((n, v) => n + (v === 2 ? 1 : 0), 0);

t.test('a beam stop covers its disc', (t) => {
  const mask = beamStopMask(detector, 0.02);
  t.ok(Math.abs(count(mask) - Math.PI * 20 * 20) < 30, `${count(mask)} pixels`);
  t.equal(mask[50 * 100 + 50], 2);
  t.equal(mask[0], 0);
  t.equal(count(beamStopMask(detector, 0)), 0);
  t.throws(() => beamStopMask(detector, -1), /beam stop/);
  t.end();
});

t.test('broken pixels are as many as asked, and the same for the same seed', (t) => {
  const mask = brokenPixelMask(detector, 0.1, 5);
  t.ok(Math.abs(count(mask) - 1000) < 4 * 30, `${count(mask)} pixels`);
  t.same(brokenPixelMask(detector, 0.1, 5), mask);
  t.notSame(brokenPixelMask(detector, 0.1, 6), mask);
  t.throws(() => brokenPixelMask(detector, 2, 0), /fraction/);
  t.end();
});

t.test('masks combine to the worst', (t) => {
  t.same([...combineMasks(new Uint8Array([0, 1, 2]), new Uint8Array([1, 0, 0]))], [1, 1, 2]);
  t.throws(() => combineMasks(new Uint8Array(2), new Uint8Array(3)), /cannot be combined/);
  t.end();
});
