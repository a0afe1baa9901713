import t from 'tap';
import {
  photonsPerIntensity,
  polarizationFactors,
  reciprocalExtent,
  reciprocalPositions,
  simpleSquare,
  solidAngles,
  squareReaching,
  wavelength,
} from '../../../tasks/spi/geometry.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase, relativeError } from './reference.js';

t.test('SimpleSquare agrees with the reference to 1e-13', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('geometry32');
  const detector = simpleSquare(32, 0.1, 0.35);
  const q = componentsFirst(reference.array('q'));
  const s = reciprocalPositions(detector, 4600).map((v) => v * 1e-10);
  t.ok(relativeError(detector.positions, reference.array('pixel_position_m')) <= 1e-13, 'pixel positions');
  t.ok(relativeError(s, q) <= 1e-13, 's-vectors');
  // Pixel by pixel too, relative to the length of the vector there.
  let worst = 0;
  for (let i = 0; i < 1024; i++) {
    const error = Math.hypot(s[i]! - q[i]!, s[1024 + i]! - q[1024 + i]!, s[2048 + i]! - q[2048 + i]!);
    worst = Math.max(worst, error / Math.hypot(q[i]!, q[1024 + i]!, q[2048 + i]!));
  }
  t.ok(worst <= 1e-13, `s-vectors pixel by pixel: ${worst}`);
  t.ok(relativeError(solidAngles(detector), reference.array('solid_angle')) <= 1e-13, 'solid angle');
  t.ok(
    relativeError(polarizationFactors(detector), reference.array('polarization')) <= 1e-13,
    'polarisation',
  );
  t.ok(Math.abs(wavelength(4600) * 1e10 - (reference.json['wavelength_A'] as number)) < 1e-14, 'wavelength');
  const extent = reference.json['reciprocal_extent_per_A'] as number;
  t.ok(Math.abs(reciprocalExtent(s) / extent - 1) < 1e-13, 'reciprocal extent');
  t.end();
});

t.test('s-vectors end on the Ewald sphere, and no solid angle is lost', (t) => {
  const detector = simpleSquare(40, 0.2, 0.01);
  const k = 1 / wavelength(4600);
  const s = reciprocalPositions(detector, 4600);
  let worst = 0;
  for (let i = 0; i < 1600; i++) {
    worst = Math.max(worst, Math.abs(Math.hypot(s[i]!, s[1600 + i]!, s[3200 + i]! + k) / k - 1));
  }
  t.ok(worst < 1e-15 * 4, `|s + k_in| = 1 / lambda (${worst})`);
  // The exact solid angle of a square of half width a at distance d is 4 asin(a^2 / (a^2 + d^2)).
  const a = 0.05;
  const fine = simpleSquare(400, 2 * a, 0.2);
  const total = solidAngles(fine).reduce((sum, v) => sum + v, 0);
  const exact = 4 * Math.asin((a * a) / (a * a + 0.2 * 0.2));
  t.ok(Math.abs(total / exact - 1) < 1e-6, 'solid angles add up to that of the square');
  t.end();
});

t.test('squareReaching puts the edge or the corner at the resolution asked for', (t) => {
  for (const at of ['edge', 'corner'] as const) {
    const detector = squareReaching(64, 4600, 10, at);
    const z = detector.positions[2]!;
    const x = 0.05;
    const angle = Math.atan(Math.hypot(x, at === 'corner' ? x : 0) / z);
    const d = (wavelength(4600) * 1e10) / (2 * Math.sin(angle / 2));
    t.ok(Math.abs(d - 10) < 1e-9, `${at}: ${d} Angstrom`);
  }
  t.throws(() => squareReaching(64, 4600, 1), /cannot reach 1 Angstrom/);
  t.end();
});

t.test('a detector or a beam that cannot be is refused', (t) => {
  t.throws(() => simpleSquare(0, 0.1, 0.1), /positive integer/);
  t.throws(() => simpleSquare(3, -0.1, 0.1), /must be positive/);
  t.throws(() => wavelength(0), /positive number of eV/);
  t.throws(() => wavelength(Number.NaN), /positive number of eV/);
  t.throws(
    () => photonsPerIntensity(simpleSquare(2, 0.1, 0.1), { photonEnergy: 1000 }),
    /photons and focusArea/,
  );
  t.end();
});
