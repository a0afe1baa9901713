import t from 'tap';
import { simpleSquare, squareReaching } from '../../../tasks/spi/geometry.js';
import { gaussianScatterer, type Particle } from '../../../tasks/spi/particles/particle.js';
import { threeLobe } from '../../../tasks/spi/particles/three-lobe.js';
import { randomStream } from '../../../tasks/spi/philox.js';
import { randomQuaternion, rotateBack } from '../../../tasks/spi/rotation.js';
import {
  type SimulationSpec,
  simulate,
  simulateImages,
  simulationScene,
} from '../../../tasks/spi/simulate.js';
import { prepareParticle } from '../../../tasks/spi/structure-factor.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase, relativeError } from './reference.js';

const few: Particle = {
  name: 'five blobs',
  positions: new Float64Array([20, 0, 0, -10, 15, 3, 0, -22, 8, 5, 6, -18, -14, -3, 11]),
  kinds: new Uint16Array(5),
  scatterers: [gaussianScatterer('blob', 60, 200)],
};

function spec(changes: Partial<SimulationSpec> = {}): SimulationSpec {
  return {
    particles: [few],
    images: 12,
    detector: squareReaching(16, 4600, 20),
    beam: { photonEnergy: 4600 },
    photonsPerImage: 2000,
    seed: 42,
    ...changes,
  };
}

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0);

t.test('any blocking gives the same bits', (t) => {
  const asked = spec({
    particles: [few, threeLobe()],
    populations: [1, 2],
    fluenceJitter: { distribution: 'lognormal', sigma: 0.4 },
    background: 0.2,
  });
  const all = simulate(asked);
  const scene = simulationScene(asked);
  const different: string[] = [];
  for (const cuts of [
    [0, 1, 2, 3, 12],
    [0, 5, 12],
    [0, 11, 12],
  ]) {
    for (let i = cuts.length - 2; i >= 0; i--) {
      const block = simulateImages(scene, cuts[i]!, cuts[i + 1]! - cuts[i]!);
      const same = (part: ArrayLike<number>, whole: ArrayLike<number>, width: number) =>
        Array.from(part).every((v, j) => Object.is(v, whole[block.first * width + j]));
      if (
        !same(block.intensities, all.intensities, 256) ||
        !same(block.orientations, all.orientations, 4) ||
        !same(block.conformation, all.conformation, 1) ||
        !same(block.fluences, all.fluences, 1)
      ) {
        different.push(cuts.join());
      }
    }
  }
  t.same(different, []);
  t.ok(all.conformation.includes(0) && all.conformation.includes(1));
  t.notSame(simulate({ ...asked, seed: 43 }).intensities, all.intensities);
  t.end();
});

t.test('the mean number of photons is the one asked for, over orientations and fluences', (t) => {
  const images = 400;
  for (const jitter of [
    undefined,
    { distribution: 'gaussian', sigma: 0.6 },
    { distribution: 'lognormal', sigma: 0.5 },
  ] as const) {
    const mask = new Uint8Array(256);
    for (let i = 110; i < 150; i++) mask[i] = i % 2 === 0 ? 2 : 1;
    const result = simulate(spec({ images, mask, noise: 'none', ...(jitter && { fluenceJitter: jitter }) }));
    const mean = total(result.intensities) / images;
    const spread = jitter ? 0.6 / Math.sqrt(images) : 0;
    t.ok(Math.abs(mean / 2000 - 1) < 0.015 + 4 * spread, `${jitter?.distribution ?? 'no jitter'}: ${mean}`);
    t.ok(
      result.intensities.every((v, i) => (mask[i % 256] === 2 ? v === 0 : v > 0)),
      'bad pixels, and they alone, read 0',
    );
  }
  const counted = simulate(spec({ images }));
  t.ok(counted.intensities.every((v) => Number.isInteger(v) && v >= 0));
  t.ok(Math.abs(total(counted.intensities) / images / 2000 - 1) < 0.015);
  t.end();
});

t.test('random rotations are uniform', (t) => {
  const n = 20000;
  const q = new Float64Array(4);
  const moments = new Float64Array(4);
  let cosine = 0;
  const z = new Float64Array([0, 0, 1]);
  const out = new Float64Array(3);
  const direction = new Float64Array(3);
  for (let i = 0; i < n; i++) {
    randomQuaternion(randomStream(9, i), q);
    for (let c = 0; c < 4; c++) moments[c] = moments[c]! + q[c]! ** 4 / n;
    cosine += (4 * q[0]! ** 2 - 1) / n;
    rotateBack(q, 0, z, out);
    for (let c = 0; c < 3; c++) direction[c] = direction[c]! + out[c]! ** 2 / n;
  }
  // On the 3-sphere <x^4> = 1/8 and the mean of the character 1 + 2 cos(angle) is 0.
  t.ok(
    moments.every((m) => Math.abs(m - 1 / 8) < 0.008),
    `fourth moments ${moments.join()}`,
  );
  t.ok(Math.abs(cosine) < 0.04, 'character');
  t.ok(
    direction.every((m) => Math.abs(m - 1 / 3) < 0.01),
    'directions',
  );
  t.end();
});

t.test('turning the particle forward is turning the detector back', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('quaternions');
  const quaternions = reference.array('rand');
  const matrices = reference.array('rot');
  const s = randomVectors(20);
  let worst = 0;
  for (let i = 0; i < quaternions.length / 4; i++) {
    const m = matrices.subarray(9 * i, 9 * i + 9);
    const expected = new Float64Array(60);
    for (let j = 0; j < 20; j++) {
      for (let r = 0; r < 3; r++) {
        for (let c = 0; c < 3; c++)
          expected[20 * r + j] = expected[20 * r + j]! + m[3 * c + r]! * s[20 * c + j]!;
      }
    }
    worst = Math.max(worst, relativeError(rotateBack(quaternions, 4 * i, s), expected));
  }
  t.ok(worst < 1e-12, `${worst}`);
  t.end();
});

t.test('expected images are the reference images', { skip: needs('shared-data') }, (t) => {
  const model = referenceCase('chaperonin_open');
  const particle: Particle = {
    name: 'reference ring',
    positions: model.array('pos'),
    kinds: new Uint16Array(704),
    scatterers: [gaussianScatterer('blob', model.json['weight_e'] as number, model.json['B_A2'] as number)],
  };
  // The truth of two_conformations: counts are Poisson of scale |F|^2, so each pixel is within a few sigma of it.
  const images = referenceCase('two_conformations');
  const labels = images.array('labels');
  const q = componentsFirst(images.array('q'));
  const counts = images.array('images_counts');
  const quaternions = images.array('quat_true');
  let chiSquare = 0;
  let pixels = 0;
  for (let image = 0; image < 240; image++) {
    if (labels[image] !== 0) continue;
    const detector = simpleSquare(32, 0.1, 0.35);
    const scene = {
      spec: {
        ...spec({ particles: [particle], images: 1, detector, noise: 'none' }),
        orientations: quaternions.slice(4 * image, 4 * image + 4),
      },
      s: q,
      gain: new Float64Array(1024).fill(images.json['scale'] as number),
      prepared: [prepareParticle(particle, q)],
    };
    const { intensities } = simulateImages(scene, 0, 1);
    for (let i = 0; i < 1024; i++) {
      if (intensities[i]! < 1) continue;
      chiSquare += (counts[1024 * image + i]! - intensities[i]!) ** 2 / intensities[i]!;
      pixels++;
    }
  }
  t.ok(
    pixels > 1000 && Math.abs(chiSquare / pixels - 1) < 0.05,
    `chi-square per pixel ${chiSquare / pixels}`,
  );
  t.end();
});

t.test('the built-in three-lobe particle is the reference one', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('three_lobe');
  const particle = threeLobe();
  t.same([...particle.positions], (reference.json['pos'] as number[][]).flat());
  t.same(particle.scatterers[0]!.a, [reference.json['weight_e']]);
  t.same(particle.scatterers[0]!.b, [reference.json['B_A2']]);
  t.end();
});

t.test('impossible simulations are refused', (t) => {
  const refuse = (changes: Partial<SimulationSpec>, pattern: RegExp) =>
    t.throws(() => simulationScene(spec(changes)), pattern);
  refuse({ images: 0 }, /number of images/);
  refuse({ particles: [] }, /no particle/);
  refuse(
    { particles: [{ ...few, kinds: new Uint16Array(0), positions: new Float64Array(0) }] },
    /has no atoms/,
  );
  refuse({ populations: [1, 2] }, /2 populations for 1 particles/);
  refuse({ populations: [0] }, /not all zero/);
  refuse({ photonsPerImage: -1 }, /photons per image/);
  refuse({ fluenceJitter: { distribution: 'gaussian', sigma: -1 } }, /jitter/);
  refuse({ mask: new Uint8Array(3) }, /mask has 3 pixels/);
  refuse({ mask: new Uint8Array(256).fill(2) }, /no unmasked pixel/);
  refuse({ orientations: new Float64Array(4) }, /4 orientation values for 12 images/);
  refuse({ beam: { photonEnergy: 0 } }, /photon energy/);
  refuse({ background: -1 }, /background/);
  refuse({ seed: -1 }, /seed/);
  t.throws(() => simulateImages(simulationScene(spec()), 10, 5), /images 10 \.\.\. 14 asked of 12/);
  t.end();
});

function randomVectors(n: number): Float64Array {
  const random = randomStream(77, 0);
  return Float64Array.from({ length: 3 * n }, () => random.normal());
}
