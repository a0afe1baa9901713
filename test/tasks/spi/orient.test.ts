import t from 'tap';
import { logReferences, orient, poissonScores } from '../../../tasks/spi/orient.js';
import { gaussianScatterer } from '../../../tasks/spi/particles/index.js';
import { randomQuaternions } from '../../../tasks/spi/quaternion.js';
import { responsibilities, shareOut } from '../../../tasks/spi/responsibilities.js';
import { rotateBack } from '../../../tasks/spi/rotation.js';
import { uniformRotations } from '../../../tasks/spi/rotation-grid.js';
import { structureFactors } from '../../../tasks/spi/structure-factor.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase } from './reference.js';

t.setTimeout(600_000);

t.test('matching agrees with the reference in every metric', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('matching');
  const s = componentsFirst(reference.array('q'));
  const positions = Float64Array.from(reference.array('pos'));
  const particle = {
    name: 'matching',
    positions,
    kinds: new Uint16Array(positions.length / 3),
    scatterers: [gaussianScatterer('blob', 30, 500)],
  };
  const scale = reference.json['scale'] as number;
  const slices = (rotations: Float64Array, fluence?: ArrayLike<number>): Float32Array => {
    const count = rotations.length / 4;
    const out = new Float32Array(count * 1024);
    const F = new Float64Array(2 * 1024);
    for (let i = 0; i < count; i++) {
      structureFactors(particle, rotateBack(rotations, 4 * i, s), F);
      for (let p = 0; p < 1024; p++) {
        out[i * 1024 + p] = scale * (fluence?.[i] ?? 1) * (F[2 * p]! ** 2 + F[2 * p + 1]! ** 2);
      }
    }
    return out;
  };
  const references = slices(uniformRotations(1000));
  const clean = slices(Float64Array.from(reference.array('quat_true')), reference.array('fluence'));
  const counts = Float32Array.from(reference.array('images_counts'));
  const names = { l2: 'spinifel', cosine: 'ncc', poisson: 'poisson' } as const;
  for (const metric of ['l2', 'cosine', 'poisson'] as const) {
    for (const [kind, images] of [
      ['noisefree', clean],
      ['poisson_counts', counts],
    ] as const) {
      const { index, score } = orient(images, references, { metric, pixels: 1024 });
      const expected = reference.array(`idx_${names[metric]}_${kind}`);
      let same = 0;
      for (let i = 0; i < 150; i++) if (index[i] === expected[i]) same++;
      // Near ties may fall the other way; the reference floors its models lower.
      t.ok(same >= 147, `${metric} ${kind}: ${same} of 150 the same`);
      if (metric === 'l2') {
        const distance = reference.array(`mindist_spinifel_${kind}`);
        let worst = 0;
        for (let i = 0; i < 150; i++) worst = Math.max(worst, Math.abs(score[i]! / distance[i]! - 1));
        t.ok(worst < 1e-5, `distances ${kind}: ${worst}`);
      }
    }
  }
  t.end();
});

t.test('bad pixels take no part, wrong sizes are refused', (t) => {
  const references = Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1);
  const images = Float32Array.of(4, 3, 2, 1e6);
  for (const metric of ['poisson', 'cosine', 'l2'] as const) {
    t.equal(orient(images, references, { metric, pixels: 4, mask: [0, 1, 0, 2] }).index[0], 1, metric);
  }
  t.throws(
    () => orient(images, references, { metric: 'l2', pixels: 3 }),
    /images hold 4 numbers, not a multiple of 3/,
  );
  t.throws(() => orient(images, new Float32Array(0), { metric: 'l2', pixels: 4 }), /no references/);
  t.throws(() => orient(images, references, { metric: 'l2', pixels: 4, mask: [0] }), /mask has 1 pixels/);
  t.end();
});

t.test('products of odd sizes are the plain sums', (t) => {
  const [n, m, pixels] = [5, 7, 1031];
  const values = (count: number, seed: number): Float32Array =>
    Float32Array.from(randomQuaternions(Math.ceil(count / 4), seed)).slice(0, count);
  const a = values(n * pixels, 1);
  const b = values(m * pixels, 2);
  const products = poissonScores(a, b, pixels);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < m; r++) {
      let sum = 0;
      for (let p = 0; p < pixels; p++) sum += a[i * pixels + p]! * b[r * pixels + p]!;
      worst = Math.max(worst, Math.abs(sum - products[i * m + r]!));
    }
  }
  t.ok(worst < 1e-4, `${worst}`);
  t.end();
});

t.test('responsibilities have the perplexity asked for, and share out every photon', (t) => {
  const scores = Float32Array.from({ length: 60 }, (_, i) => -((i % 20) ** 2) * 37);
  const p = new Float64Array(20);
  responsibilities(scores, 0, 20, 4, p);
  let entropy = 0;
  for (const value of p) if (value > 0) entropy -= value * Math.log(value);
  t.ok(Math.abs(Math.exp(entropy) - 4) < 0.05, `perplexity ${Math.exp(entropy)}`);
  responsibilities(scores, 0, 20, 1, p);
  t.same(Array.from(p), [1, ...new Array(19).fill(0)], 'perplexity 1 is the best alone');
  const images = Float32Array.from({ length: 15 }, (_, i) => i);
  const sums = shareOut(images, scores, [1, 2, 3], 5, 4);
  const total = (a: Iterable<number>): number => [...a].reduce((sum, v) => sum + v, 0);
  t.ok(Math.abs(total(sums.photons) - 105) < 1e-3, 'photons are conserved');
  t.ok(Math.abs(total(sums.exposure) - 6) < 1e-9, 'so is exposure');
  t.same(Array.from(sums.best), [0, 0, 0], 'the best references');
  const flat = logReferences(Float32Array.of(0, 1, 3, 4), 2);
  t.ok(Math.abs(Math.exp(flat[2]!) + Math.exp(flat[3]!) - 1) < 1e-6, 'references have sum 1');
  t.ok(Number.isFinite(flat[0]!), 'an empty pixel does not veto');
  t.end();
});
