// Orientation scores: against the formulas, the recorded matches, and the native kernels against their twins.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { addon, addonAbsence } from '../../../native/index.js';
import { gaussianScatterer } from '../../../tasks/spi/particles/index.js';
import { rotateBack } from '../../../tasks/spi/rotation.js';
import { uniformRotations } from '../../../tasks/spi/rotation-grid.js';
import {
  orientationScoreMatrix,
  orientationScores,
  prepareReferences,
  type ScoreMetric,
  scoresWith,
} from '../../../tasks/spi/scores.js';
import { scoresTwin } from '../../../tasks/spi/scores-twin.js';
import { structureFactors } from '../../../tasks/spi/structure-factor.js';
import { needs } from '../../support/needs.js';
import { componentsFirst, referenceCase } from './reference.js';

const metrics: ScoreMetric[] = ['poisson', 'cosine', 'l2'];

/** Numbers in [0, 1) from a seed (xorshift32). */
function uniform(length: number, seed: number): Float32Array {
  let state = seed * 2654435761 || 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
}

const photons = (length: number, seed: number) =>
  uniform(length, seed).map((u) => Math.floor(-3 * Math.log(1 - u)));

/** The definition of a score, written down once more. */
function definition(
  metric: ScoreMetric,
  image: Float32Array,
  reference: Float32Array,
  weight: (p: number) => number,
  scale: number,
): number {
  const sum = (term: (p: number) => number) => image.reduce((total, _, p) => total + weight(p) * term(p), 0);
  if (metric === 'poisson') {
    const least = (1e-3 * sum((p) => reference[p]!)) / sum(() => 1);
    const whole = sum((p) => Math.max(reference[p]!, least));
    return sum((p) => image[p]! * Math.log(Math.max(reference[p]!, least) / whole));
  }
  if (metric === 'cosine') {
    const lengths = sum((p) => image[p]! ** 2) * sum((p) => reference[p]! ** 2);
    return sum((p) => image[p]! * reference[p]!) / Math.sqrt(lengths);
  }
  return sum((p) => (image[p]! - scale * reference[p]!) ** 2);
}

t.test('scores are their definitions, with masks and weights', (t) => {
  const [n, m, pixels] = [5, 7, 37];
  const images = photons(n * pixels, 1);
  const references = uniform(m * pixels, 2);
  references[3] = 0;
  let worst = 0;
  for (const metric of metrics) {
    for (const variant of ['plain', 'mask', 'weights'] as const) {
      const mask = Array.from({ length: pixels }, (_, p) => (p % 5 === 0 ? 2 : p % 2));
      const weights = Array.from({ length: pixels }, (_, p) => (p % 4) / 2);
      const weight = (p: number) =>
        variant === 'mask' ? (mask[p] === 2 ? 0 : 1) : variant === 'weights' ? weights[p]! : 1;
      const options = {
        metric,
        pixels,
        scale: 2.5,
        ...(variant === 'mask' ? { mask } : {}),
        ...(variant === 'weights' ? { weights } : {}),
      };
      const all = orientationScoreMatrix(images, prepareReferences(references, options), options);
      const { index, score } = orientationScores(images, references, { ...options, top: m });
      const sign = metric === 'l2' ? -1 : 1;
      for (let i = 0; i < n; i++) {
        const image = images.subarray(i * pixels, (i + 1) * pixels);
        const wanted = Array.from({ length: m }, (_, j) =>
          definition(metric, image, references.subarray(j * pixels, (j + 1) * pixels), weight, 2.5),
        );
        const size = Math.max(...wanted.map(Math.abs));
        const order = wanted.map((_, j) => j).sort((a, b) => sign * (wanted[b]! - wanted[a]!));
        for (let j = 0; j < m; j++) {
          worst = Math.max(worst, Math.abs(all[i * m + j]! - wanted[j]!) / size);
          worst = Math.max(worst, Math.abs(score[i * m + j]! - wanted[order[j]!]!) / size);
          worst = Math.max(worst, index[i * m + j] === order[j] ? 0 : 1);
        }
      }
    }
  }
  t.ok(worst < 1e-6, `worst ${worst}`);
  t.end();
});

t.test('native and TypeScript agree', { skip: addonAbsence ?? false }, (t) => {
  let worst = 0;
  for (const [n, m, pixels] of [
    [1, 1, 1],
    [13, 30, 15],
    [7, 300, 1040],
    [20, 9, 2500],
    [600, 5, 64],
  ] as const) {
    const images = photons(n * pixels, 3);
    const references = uniform(m * pixels, 4);
    for (const metric of metrics) {
      const options = { metric, pixels, top: 3 };
      const native = scoresWith(addon!, images, references, options);
      const twin = scoresWith(scoresTwin, images, references, options);
      for (let at = 0; at < native.score.length; at++) {
        if (native.index[at]! < 0) {
          worst = Math.max(worst, twin.index[at]! < 0 ? 0 : 1);
          continue;
        }
        // Where the order differs it must be a tie within the error, so the scores agree in any case.
        const error = Math.abs(native.score[at]! - twin.score[at]!);
        worst = Math.max(worst, error / Math.max(1e-3, Math.abs(twin.score[at]!)));
      }
    }
  }
  t.ok(worst < 2e-6, `worst relative difference ${worst}`);
  t.end();
});

t.test('a score depends on its two rows alone', (t) => {
  const [n, m, pixels] = [29, 41, 1500];
  const images = photons(n * pixels, 5);
  const references = uniform(m * pixels, 6);
  for (const metric of ['poisson', 'cosine'] as const) {
    const options = { metric, pixels };
    const ready = prepareReferences(references, options);
    const all = orientationScoreMatrix(images, ready, options);
    const one = new Float64Array(n * m);
    for (let i = 0; i < n; i++) {
      one.set(orientationScoreMatrix(images.subarray(i * pixels, (i + 1) * pixels), ready, options), i * m);
    }
    t.same(one, all, `${metric}: image by image, the same bits`);
    const cut = prepareReferences(references.subarray(11 * pixels, 17 * pixels), options);
    const part = orientationScoreMatrix(images, cut, options);
    const wanted = part.map((_, at) => all[Math.floor(at / 6) * m + 11 + (at % 6)]!);
    t.same(part, wanted, `${metric}: some references, the same bits`);
  }
  t.end();
});

t.test('equal scores go to the lowest number', (t) => {
  const images = Float32Array.of(1, 2, 3, 0, 1, 0);
  const references = Float32Array.of(3, 2, 1, 1, 2, 3, 1, 2, 3, 0, 0, 0, 2, 4, 6);
  for (const metric of ['poisson', 'cosine'] as const) {
    const { index } = orientationScores(images.subarray(0, 3), references, { metric, pixels: 3, top: 2 });
    t.same(Array.from(index), [1, 2], metric);
  }
  const { index, score } = orientationScores(images, references.subarray(0, 3), {
    metric: 'l2',
    pixels: 3,
    top: 2,
  });
  t.same(Array.from(index), [0, -1, 0, -1], 'beyond the last reference');
  t.ok(Number.isNaN(score[1]) && Number.isNaN(score[3]));
  t.end();
});

t.test('the recorded matches come out', { skip: needs('shared-data') }, (t) => {
  const recorded = referenceCase('matching');
  const pixels = 1024;
  const s = componentsFirst(recorded.array('q'));
  const positions = recorded.array('pos');
  const particle = {
    name: 'matching',
    positions,
    kinds: new Uint16Array(positions.length / 3),
    scatterers: [gaussianScatterer('blob', 30, 500)],
  };
  const scale = recorded.json['scale'] as number;
  const slices = (rotations: Float64Array, fluence?: Float64Array): Float32Array => {
    const out = new Float32Array((rotations.length / 4) * pixels);
    const F = new Float64Array(2 * pixels);
    for (let i = 0; i < rotations.length / 4; i++) {
      structureFactors(particle, rotateBack(rotations, 4 * i, s), F);
      for (let p = 0; p < pixels; p++) {
        out[i * pixels + p] = scale * (fluence?.[i] ?? 1) * (F[2 * p]! ** 2 + F[2 * p + 1]! ** 2);
      }
    }
    return out;
  };
  const names = { cosine: 'ncc', poisson: 'poisson' } as const;
  // The first 25 images, against the references that are the best of one of them in some case: each must win again.
  const count = 25;
  const winners = new Set<number>();
  for (const name of Object.values(names)) {
    for (const kind of ['noisefree', 'poisson_counts']) {
      for (const index of recorded.array(`idx_${name}_${kind}`).subarray(0, count)) winners.add(index);
    }
  }
  const chosen = [...winners].sort((a, b) => a - b);
  const grid = uniformRotations(1000);
  const references = slices(Float64Array.from(chosen.flatMap((j) => [...grid.subarray(4 * j, 4 * j + 4)])));
  const sets = {
    noisefree: slices(recorded.array('quat_true').subarray(0, 4 * count), recorded.array('fluence')),
    poisson_counts: Float32Array.from(recorded.array('images_counts').subarray(0, count * pixels)),
  };
  for (const metric of ['cosine', 'poisson'] as const) {
    for (const [kind, images] of Object.entries(sets)) {
      const wanted = recorded.array(`idx_${names[metric]}_${kind}`);
      // The recorded likelihoods floor their models at 1e-12 of the sum.
      const { index, score } = orientationScores(images, references, { metric, pixels, floor: 1e-9, top: 4 });
      let other = 0;
      for (let i = 0; i < count; i++) {
        const rank = [...index.subarray(4 * i, 4 * i + 4)].findIndex((j) => chosen[j] === wanted[i]);
        const tie = rank >= 0 && Math.abs(score[4 * i + rank]! / score[4 * i]! - 1) < 1e-5;
        if (rank !== 0 && !tie) other++;
      }
      t.equal(other, 0, `${metric}, ${kind}: all the same but for near ties`);
    }
  }
  t.end();
});

t.test('every vector level gives the same matches', { skip: addonAbsence ?? false }, (t) => {
  const scores = new URL('../../../tasks/spi/scores.js', import.meta.url).href;
  const code = `const { orientationScores } = await import('${scores}');
    const images = Float32Array.from({ length: 9 * 1100 }, (_, i) => (i * i) % 7);
    const references = Float32Array.from({ length: 50 * 1100 }, (_, i) => 1 + Math.sin(i * i));
    const { index, score } = orientationScores(images, references, { metric: 'poisson', pixels: 1100, top: 2 });
    process.stdout.write(JSON.stringify([Array.from(index), Array.from(score)]));`;
  const answers = ['generic', 'avx2', 'avx512'].map((level) => {
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, MANIPLE_SIMD: level },
    });
    return JSON.parse(String(done.stdout)) as [number[], number[]];
  });
  const [index, score] = answers[0]!;
  for (const other of answers.slice(1)) {
    t.same(other[0], index);
    const worst = other[1].reduce((most, value, at) => Math.max(most, Math.abs(value / score[at]! - 1)), 0);
    t.ok(worst < 1e-6, `worst ${worst}`);
  }
  t.end();
});

t.test('bad values and sizes are named', (t) => {
  const options = { metric: 'poisson', pixels: 4 } as const;
  const references = Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1);
  const hurt = Float32Array.of(1, 2, 3, 4, 1, 2, Number.NaN, 4);
  t.throws(() => orientationScores(hurt, references, options), /image 1, pixel 2 is NaN/);
  t.throws(
    () => orientationScores(references, hurt, options),
    /reference 1 holds values that are not finite/,
  );
  t.throws(() => orientationScores(references, hurt, { ...options, metric: 'cosine' }), /reference 1/);
  const masked = orientationScores(hurt, references, { ...options, mask: [0, 0, 2, 0] });
  t.same(Array.from(masked.index), [0, 0], 'a masked pixel may hold anything');
  t.throws(() => orientationScores(hurt.subarray(1), references, options), /images hold 7 numbers/);
  t.throws(() => orientationScores(references, references, { ...options, mask: [2, 2, 2, 2] }), /no pixel/);
  t.throws(() => orientationScores(references, references, { ...options, mask: [0] }), /mask has 1 entries/);
  t.throws(
    () => orientationScores(references, references, { ...options, weights: [1, 1, -1, 1] }),
    /pixel 2 is -1/,
  );
  t.throws(() => orientationScores(references, references, { ...options, top: 0 }), /top must be/);
  t.throws(
    () => orientationScores(references, references, { ...options, metric: 'best' as ScoreMetric }),
    /metric must be/,
  );
  t.throws(() => prepareReferences(references, { ...options, metric: 'l2' }), /needs a scale/);
  const ready = prepareReferences(references, options);
  t.throws(
    () => orientationScores(references, ready, { ...options, metric: 'cosine' }),
    /prepared for 'poisson'/,
  );
  const dark = orientationScores(references, new Float32Array(8), options);
  t.same(Array.from(dark.index), [0, 0], 'references without intensity are all alike');
  t.same(Array.from(orientationScores(new Float32Array(0), references, options).index), []);
  t.end();
});

t.test('pairs: the twin is the definition, the native one its twin', (t) => {
  for (const pixels of [1, 15, 16, 127, 130, 1029]) {
    const [count, perImage, first] = [3, 2, 1];
    const images = photons(count * pixels, 5);
    const models = uniform((count * perImage - first) * pixels, 6).map((u, i) => (i % 9 === 0 ? -u : 50 * u));
    const gain = uniform(pixels, 7).map((u) => 0.5 + u);
    const run = (kernels: typeof scoresTwin) => {
      const score = new Float64Array(count * perImage);
      const fluence = new Float64Array(count * perImage);
      kernels.scorePairs(images, models, gain, pixels, first, perImage, 1e-3, score, fluence);
      return { score, fluence };
    };
    const twin = run(scoresTwin);
    for (let j = first; j < count * perImage; j++) {
      const image = images.subarray(Math.floor(j / perImage) * pixels);
      const model = models.subarray((j - first) * pixels, (j - first + 1) * pixels);
      const floor = (1e-3 * model.reduce((sum, m) => sum + Math.max(0, m), 0)) / pixels;
      const raised = model.map((m) => Math.max(m, floor, 2 ** -126));
      const expected = raised.reduce((sum, m, p) => sum + m * gain[p]!, 0);
      const score = raised.reduce((sum, m, p) => sum + image[p]! * Math.log(m / expected), 0);
      t.ok(Math.abs(twin.score[j]! - score) <= 1e-4 * (1 + Math.abs(score)), `${pixels} pixels, pair ${j}`);
    }
    t.equal(twin.score[0], 0, 'rows before the first are left alone');
    if (addon === null) continue;
    const native = run(addon);
    const total = images.reduce((sum, n) => sum + n, 1);
    t.ok(
      native.score.every((value, j) => Math.abs(value - twin.score[j]!) <= 3e-6 * total),
      `${pixels} pixels: scores`,
    );
    t.ok(
      native.fluence.every((value, j) => Math.abs(value - twin.fluence[j]!) <= 1e-6 * twin.fluence[j]!),
      `${pixels} pixels: fluences`,
    );
  }
  t.end();
});

t.test(
  'responsibilities: the native ones are the plain ones',
  { skip: addon === null && String(addonAbsence) },
  (t) => {
    for (const references of [1, 2, 17, 130, 2049]) {
      for (const perplexity of [1, 1.5, 3, 40, 1e4]) {
        const scores = uniform(references + 3, 8).map((u) => -1000 * u);
        const own = new Float64Array(references);
        const other = new Float64Array(references);
        const beta = addon!.responsibilities(scores, 3, references, perplexity, own);
        const plain = scoresTwin.responsibilities(scores, 3, references, perplexity, other);
        const name = `${references} references, perplexity ${perplexity}`;
        // One bisection may fall the other way: a step of beta is 7e-4. Where all share alike any small beta will do.
        const free = perplexity >= references;
        t.ok(
          free || beta === plain || Math.abs(beta / plain - 1) < 1.5e-3,
          `${name}: beta ${beta}, ${plain}`,
        );
        t.ok(
          own.every((p, r) => Math.abs(p - other[r]!) <= 0.02 * other[r]! + 2e-4),
          `${name}: shares`,
        );
        t.ok(Math.abs(own.reduce((sum, p) => sum + p, 0) - 1) < 1e-12, `${name}: whole`);
      }
    }
    t.end();
  },
);
