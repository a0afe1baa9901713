import t from 'tap';
import { philox4x32, randomStream } from '../../../tasks/spi/philox.js';
import { logPoissonProbability, poisson } from '../../../tasks/spi/poisson.js';

t.test('Philox4x32-10 gives the known answers of its authors', (t) => {
  const cases: [counter: number[], key: [number, number], expected: number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  const results = cases.map(([counter, [key0, key1]]) => {
    const block = Uint32Array.from(counter);
    philox4x32(block, key0, key1);
    return [...block];
  });
  t.same(
    results,
    cases.map(([, , expected]) => expected),
  );
  t.end();
});

t.test('streams are functions of seed, stream and lane', (t) => {
  const draw = (seed: number, stream: number, lane: number) => {
    const random = randomStream(seed, stream, lane);
    return [random.word(), random.uniform(), random.normal()].join();
  };
  t.equal(draw(5, 6, 7), draw(5, 6, 7));
  const all = [
    draw(5, 6, 7),
    draw(6, 6, 7),
    draw(5, 7, 7),
    draw(5, 6, 8),
    draw(5 + 2 ** 32, 6, 7),
    draw(5, 6 + 2 ** 32, 7),
  ];
  t.equal(new Set(all).size, 6, 'each of the three makes a difference, all of their bits');
  t.throws(() => randomStream(-1, 0), /seed must be a non-negative integer/);
  t.throws(() => randomStream(0, 0.5), /stream must be/);
  t.end();
});

t.test('uniform and normal numbers have their moments', (t) => {
  const random = randomStream(1, 2, 3);
  const n = 200000;
  let sum = 0;
  let squares = 0;
  let fourth = 0;
  let uniform = 0;
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x ** 4;
    uniform += random.uniform();
  }
  // Four standard errors of each.
  t.ok(Math.abs(sum / n) < 4 / Math.sqrt(n), 'mean');
  t.ok(Math.abs(squares / n - 1) < 4 * Math.sqrt(2 / n), 'variance');
  t.ok(Math.abs(fourth / n - 3) < 4 * Math.sqrt(96 / n), 'fourth moment');
  t.ok(Math.abs(uniform / n - 0.5) < 4 * Math.sqrt(1 / 12 / n), 'uniform mean');
  t.end();
});

t.test('Poisson probabilities add up, at the mean to full precision', (t) => {
  let worst = 0;
  for (const mean of [0.01, 1, 11.9, 12, 100, 5000]) {
    let sum = 0;
    for (let k = 0; k < mean + 60 * Math.sqrt(mean) + 60; k++)
      sum += Math.exp(logPoissonProbability(k, mean));
    worst = Math.max(worst, Math.abs(sum - 1));
  }
  t.ok(worst < 1e-12, `sums differ from 1 by ${worst}`);
  // p(k; k) = 1 / sqrt(2 pi k) (1 - 1/12k + ...) whatever the size of k
  const k = 1e14;
  t.ok(Math.abs(Math.exp(logPoissonProbability(k, k)) * Math.sqrt(2 * Math.PI * k) - 1) < 1e-12);
  t.end();
});

t.test('Poisson deviates pass a chi-square test at every mean', (t) => {
  const draws = 40000;
  const failures: string[] = [];
  for (const [stream, mean] of [0.003, 0.4, 3, 9.9, 11.99, 12, 12.5, 30, 200, 12345.678].entries()) {
    const random = randomStream(20240611, stream);
    const spread = Math.sqrt(mean);
    const counts = new Map<number, number>();
    let sum = 0;
    for (let i = 0; i < draws; i++) {
      const k = poisson(random, mean);
      sum += k;
      counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    if (Math.abs(sum / draws - mean) > (4.5 * spread) / Math.sqrt(draws)) failures.push(`mean of ${mean}`);
    // Bins of consecutive counts with at least 20 expected each.
    let chiSquare = 0;
    let bins = 0;
    let expected = 0;
    let seen = 0;
    let covered = 0;
    const last = Math.ceil(mean + 8 * spread + 10);
    for (let k = Math.max(0, Math.floor(mean - 8 * spread - 10)); k <= last; k++) {
      const probability = Math.exp(logPoissonProbability(k, mean));
      expected += draws * probability;
      covered += draws * probability;
      seen += counts.get(k) ?? 0;
      if (expected >= 20 && draws - covered >= 20) {
        chiSquare += (seen - expected) ** 2 / expected;
        bins++;
        expected = 0;
        seen = 0;
      }
    }
    expected += draws - covered;
    if (expected > 0) {
      chiSquare += (seen - expected) ** 2 / Math.max(expected, 1);
      bins++;
    }
    const freedom = Math.max(1, bins - 1);
    // Wilson-Hilferty: about normal; 4.5 standard deviations.
    const score = (Math.cbrt(chiSquare / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
    if (score > 4.5) failures.push(`chi-square ${chiSquare.toFixed(1)} of ${freedom} at mean ${mean}`);
  }
  t.same(failures, [], 'seed 20240611');
  t.end();
});

t.test('Poisson at the ends of its range', (t) => {
  const random = randomStream(3, 0);
  t.equal(poisson(random, 0), 0);
  const mean = 1e12;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 4000; i++) {
    const x = (poisson(random, mean) - mean) / Math.sqrt(mean);
    sum += x;
    squares += x * x;
  }
  t.ok(
    Math.abs(sum / 4000) < 4.5 / Math.sqrt(4000) && Math.abs(squares / 4000 - 1) < 4.5 * Math.sqrt(2 / 4000),
  );
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16])
    t.throws(() => poisson(random, bad), /Poisson mean/);
  t.end();
});
