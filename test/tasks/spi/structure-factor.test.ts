import t from 'tap';
import { elementScatterer } from '../../../tasks/spi/form-factors.js';
import {
  focusArea,
  photonsPerIntensity,
  reciprocalPositions,
  simpleSquare,
} from '../../../tasks/spi/geometry.js';
import {
  formFactor,
  gaussianScatterer,
  type Particle,
  type Scatterer,
} from '../../../tasks/spi/particles/particle.js';
import { randomStream } from '../../../tasks/spi/philox.js';
import { rotateBack } from '../../../tasks/spi/rotation.js';
import {
  prepareParticle,
  structureFactors,
  structureFactorsOf,
} from '../../../tasks/spi/structure-factor.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase, relativeError } from './reference.js';

/** The definition, with the library's own sine and cosine. */
function definition(particle: Particle, s: Float64Array): Float64Array {
  const n = s.length / 3;
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < particle.kinds.length; j++) {
      let turns = 0;
      for (let c = 0; c < 3; c++) turns += s[c * n + i]! * particle.positions[3 * j + c]!;
      const squared = s[i]! ** 2 + s[n + i]! ** 2 + s[2 * n + i]! ** 2;
      const f = formFactor(particle.scatterers[particle.kinds[j]!]!, squared) * (particle.weights?.[j] ?? 1);
      out[2 * i] = out[2 * i]! + f * Math.cos(2 * Math.PI * turns);
      out[2 * i + 1] = out[2 * i + 1]! + f * Math.sin(2 * Math.PI * turns);
    }
  }
  return out;
}

t.test('the sum is the definition, for every kind, weight and sign of phase', (t) => {
  const random = randomStream(7, 0);
  const atoms = 60;
  const particle: Particle = {
    name: 'three kinds, mixed',
    positions: Float64Array.from({ length: 3 * atoms }, () => 200 * (random.uniform() - 0.5)),
    kinds: Uint16Array.from({ length: atoms }, () => Math.floor(3 * random.uniform())),
    weights: Float64Array.from({ length: atoms }, () => random.uniform()),
    scatterers: [
      gaussianScatterer('a', 8, 20),
      { label: 'b', a: [3, 2, 1], b: [40, 4, 0.1], c: 0.5 },
      gaussianScatterer('c', 30, 300),
    ],
  };
  const s = Float64Array.from({ length: 3 * 333 }, () => 0.6 * (random.uniform() - 0.5));
  const expected = definition(particle, s);
  const error = relativeError(structureFactors(particle, s, undefined, { variant: 'plain' }), expected);
  t.ok(error < 1e-13, `relative error ${error}`);
  t.test('and so is the native one, for any number of pixels', { skip: needs('addon') }, (t) => {
    let worst = 0;
    for (const n of [1, 2, 3, 7, 8, 9, 31, 32, 33, 333]) {
      const part = new Float64Array(3 * n);
      for (let c = 0; c < 3; c++) part.set(s.subarray(333 * c, 333 * c + n), n * c);
      const F = structureFactors(particle, part, undefined, { variant: 'native' });
      worst = Math.max(worst, relativeError(F, expected.subarray(0, 2 * n)));
    }
    t.ok(worst < 1e-13, `relative error ${worst}`);
    t.end();
  });
  t.end();
});

t.test('quarter turns come out exact', (t) => {
  const particle: Particle = {
    name: 'point',
    positions: new Float64Array([1, 0, 0]),
    kinds: new Uint16Array(1),
    scatterers: [{ label: 'point', a: [], b: [], c: 1 }],
  };
  const turns = [0, 0.25, 0.5, 0.75, 1, -0.25, -0.5, 1e6 + 0.25];
  const s = new Float64Array(3 * turns.length);
  s.set(turns);
  const F = structureFactors(particle, s);
  let worst = 0;
  turns.forEach((turn, i) => {
    const quarter = ((Math.round(4 * turn) % 4) + 4) % 4;
    worst = Math.max(worst, Math.abs(F[2 * i]! - [1, 0, -1, 0][quarter]!));
    worst = Math.max(worst, Math.abs(F[2 * i + 1]! - [0, 1, 0, -1][quarter]!));
  });
  t.ok(worst < 4e-16, `worst ${worst}`);
  t.end();
});

t.test('a particle whose arrays do not fit together is refused', (t) => {
  const particle: Particle = {
    name: 'odd',
    positions: new Float64Array(5),
    kinds: new Uint16Array(2),
    scatterers: [gaussianScatterer('a', 1, 1)],
  };
  t.throws(() => structureFactors(particle, new Float64Array(3)), /particle odd: 2 kinds but 5 coordinates/);
  t.throws(
    () =>
      structureFactors(
        { ...particle, positions: new Float64Array(6), kinds: new Uint16Array([0, 4]) },
        new Float64Array(3),
      ),
    /no scatterer of kind 4/,
  );
  t.end();
});

t.test('molecule: structure factors to 1e-12, expected photons', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('molecule');
  const text = reference.json['form_factor'] as string;
  const table = JSON.parse(text.slice(text.indexOf('{"'), text.lastIndexOf('}') + 1)) as Record<
    string,
    number[]
  >;
  const labels = Object.keys(table);
  const scatterers: Scatterer[] = labels.map((label) => {
    const row = table[label]!;
    return { label, a: row.slice(0, 5), b: row.slice(6), c: row[5]! };
  });
  const particle: Particle = {
    name: 'molecule',
    positions: reference.array('pos'),
    kinds: Uint16Array.from(reference.array('Z'), (Z) => labels.indexOf(String(Z))),
    scatterers,
  };
  const F = structureFactors(particle, componentsFirst(reference.array('q')));
  t.ok(relativeError(F, reference.array('F')) <= 1e-12, 'F');

  const detector = simpleSquare(32, 0.1, 0.35);
  const beam = { photonEnergy: 4600, photons: 1e12, focusArea: focusArea(1e-6) };
  const s = reciprocalPositions(detector, 4600).map((v) => v * 1e-10);
  const gain = photonsPerIntensity(detector, beam);
  const quaternions = reference.array('quat');
  const intensity = new Float64Array(2048);
  const photons = new Float64Array(2048);
  for (let image = 0; image < 2; image++) {
    const field = structureFactors(particle, rotateBack(quaternions, 4 * image, s));
    for (let i = 0; i < 1024; i++) {
      intensity[1024 * image + i] = field[2 * i]! ** 2 + field[2 * i + 1]! ** 2;
      photons[1024 * image + i] = intensity[1024 * image + i]! * gain[i]!;
    }
  }
  t.ok(relativeError(intensity, reference.array('intensity')) <= 1e-12, '|F|^2 of turned particles');
  t.ok(relativeError(photons, reference.array('photons')) <= 1e-12, 'expected photons');
  t.end();
});

t.test('the grid agrees with the sum to 1e-6 of F(0), inside and at the edge of its extent', (t) => {
  const random = randomStream(31, 0);
  const atoms = 500;
  const particle: Particle = {
    name: 'box',
    positions: Float64Array.from({ length: 3 * atoms }, () => 60 * (random.uniform() - 0.5)),
    kinds: Uint16Array.from({ length: atoms }, () => Math.floor(3 * random.uniform())),
    weights: Float64Array.from({ length: atoms }, () => random.uniform()),
    scatterers: ['C', 'N', 'S'].map((element) => elementScatterer(element)!),
  };
  const n = 400;
  const s = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const v = [random.normal(), random.normal(), random.normal()];
    const length = (i % 4 === 0 ? 0.12 : 0.12 * random.uniform()) / Math.hypot(...v);
    for (let c = 0; c < 3; c++) s[c * n + i] = v[c]! * length;
  }
  const direct = structureFactorsOf(prepareParticle(particle, s, 'direct'), s);
  const prepared = prepareParticle(particle, s, 'grid');
  t.ok(prepared.grid);
  const F0 = structureFactors(particle, new Float64Array(3))[0]!;
  const interpolated = structureFactorsOf(prepared, s);
  const worst = direct.reduce((w, v, i) => Math.max(w, Math.abs(v - interpolated[i]!)), 0) / F0;
  t.ok(worst < 1e-6, `largest error ${worst} of F(0)`);
  t.throws(
    () =>
      structureFactorsOf(
        prepared,
        s.map((v) => 3 * v),
      ),
    /outside the grid/,
  );
  const large = {
    ...particle,
    positions: new Float64Array(3 * 6000),
    kinds: new Uint16Array(6000),
    weights: new Float64Array(6000),
  };
  t.ok(prepareParticle(large, s).grid, 'many atoms take the grid');
  t.notOk(prepareParticle(particle, s).grid, 'few do not');
  t.end();
});
