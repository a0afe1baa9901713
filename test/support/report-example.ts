// An invented run for the tests of the report: a particle of blobs, curves that fall, tasks that fill two workers.
import type { ReportData, ReportTask, ReportVolume } from '../../apps/report/report-data.js';

/** A small generator of numbers in [0, 1): enough for pictures (a 32-bit xorshift). */
function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

function blobs(name: string, n: number, seed: number, noise: number): ReportVolume {
  const random = numbers(7);
  const dirt = numbers(seed);
  const lobes = [
    [-0.17, -0.1, 0.02, 0.1],
    [0.19, -0.06, -0.05, 0.085],
    [0.02, 0.2, 0.06, 0.07],
  ] as const;
  const atoms = Array.from({ length: 110 }, (_, i) => {
    const [x, y, z, r] = lobes[i % 3]!;
    const shift = () => (random() + random() + random() - 1.5) * 1.3 * r;
    return [x + shift(), y + shift(), z + shift()] as const;
  });
  const density = new Float32Array(n ** 3);
  const width = 1.4;
  const c = Math.floor(n / 2);
  for (const [ax, ay, az] of atoms) {
    const [px, py, pz] = [c + ax * n, c + ay * n, c + az * n];
    for (let x = Math.ceil(px - 6); x <= px + 6; x++) {
      for (let y = Math.ceil(py - 6); y <= py + 6; y++) {
        for (let z = Math.ceil(pz - 6); z <= pz + 6; z++) {
          const d2 = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2;
          density[(x * n + y) * n + z]! += Math.exp(-d2 / (2 * width * width));
        }
      }
    }
  }
  for (let i = 0; i < density.length; i++) density[i]! *= 1 + noise * (dirt() - 0.5);
  return { name, n, voxel_A: 5, density };
}

function tasksOf(workers: number, generations: number): ReportTask[] {
  const random = numbers(3);
  const tasks: ReportTask[] = [];
  const kinds: [string, number, number][] = [
    ['slice', 16, 0.09],
    ['match', 16, 0.2],
    ['merge', 16, 0.14],
    ['solve', 2, 0.8],
    ['phase', 8, 0.6],
  ];
  let now = 0.4;
  for (let g = 0; g < generations; g++) {
    for (const [name, count, length] of kinds) {
      const free = Array.from({ length: workers }, () => now);
      for (let i = 0; i < count; i++) {
        const worker = free.indexOf(Math.min(...free));
        const end = free[worker]! + length * (0.7 + 0.6 * random());
        tasks.push({ worker, start: free[worker]!, end, name });
        free[worker] = end + 0.001;
      }
      now = Math.max(...free);
    }
  }
  return tasks;
}

/** Data for a whole report; `workers` sizes the timeline. */
export function exampleReport(workers = 2): ReportData {
  const shells = 41;
  const resolution_A = Array.from({ length: shells }, (_, i) => 400 / i);
  const fall = (at: number, width: number) =>
    Array.from({ length: shells }, (_, i) => (i === 0 ? 1 : 1 / (1 + Math.exp((i - at) / width))));
  const generations = Array.from({ length: 10 }, (_, i) => i + 1);
  const random = numbers(11);
  const image = (k: number) =>
    Array.from({ length: 64 * 64 }, (_, i) => {
      const [x, y] = [(i % 64) - 31.5, Math.floor(i / 64) - 31.5];
      const r = Math.hypot(x, y);
      if (r < 2) return Number.NaN;
      const speckle = 1 + Math.cos(x * (0.4 + 0.05 * k) + y * 0.3) * Math.cos(y * 0.5 - x * 0.1 * k);
      return Math.floor(900 * Math.exp(-r / 5) * speckle * random());
    });
  return {
    title: 'Three-lobe particle from 1,000 images',
    summary: 'The map agrees with the truth to 13.1 A; without knowing the truth, half sets say 11.4 A.',
    headlines: [
      { label: 'Resolution, half sets', value: '11.4', unit: 'A', note: 'detector edge 10 A' },
      { label: 'Resolution, truth', value: '13.1', unit: 'A', note: 'FSC 0.5' },
      { label: 'Correlation to the truth', value: '0.782' },
      { label: 'Within 10 degrees', value: '94.1', unit: '%', note: 'of 1,000 images' },
      { label: 'Time', value: '2:06', unit: 'min', note: '10 generations, 2 workers' },
    ],
    volumes: [blobs('Reconstruction', 81, 5, 0.6), blobs('Truth', 81, 1, 0)],
    fsc: [
      { name: 'half sets', resolution_A, correlation: fall(33, 1.8), threshold: 0.143, crossing_A: 11.0 },
      { name: 'truth', resolution_A, correlation: fall(30.5, 2.4), threshold: 0.5, crossing_A: 13.1 },
    ],
    edge_A: 10,
    metrics: [
      {
        name: 'Median change of orientation',
        unit: 'degrees',
        generations,
        values: generations.map((g) => 60 * Math.exp(-g / 2) + 0.6),
      },
      {
        name: 'Images within 10 degrees of the truth',
        unit: '%',
        generations,
        values: generations.map((g) => 94 / (1 + Math.exp(-(g - 4) * 1.4))),
        target: { value: 90, label: 'target 90 %' },
      },
      {
        name: 'R-factor of the phasing',
        unit: '',
        generations,
        values: generations.map((g) => 0.29 + 0.2 / g),
      },
    ],
    times: generations.map((g) => ({
      part: `generation ${g}`,
      phases: [
        { name: 'slice', seconds: 0.7 },
        { name: 'match', seconds: 1.9 - 0.08 * g },
        { name: 'merge', seconds: 1.1 },
        { name: 'solve', seconds: 2.2 },
        { name: 'phase', seconds: g > 7 ? 5.5 : 2 },
      ],
    })),
    tasks: tasksOf(workers, 10),
    images: [0, 1, 2, 3, 4, 5, 6].map((k) => ({
      label: `image ${k * 130}, ${(49_000 + 311 * k).toLocaleString('en')} photons`,
      ny: 64,
      nx: 64,
      photons: image(k),
    })),
    settings: [
      { section: 'run', key: 'seed', value: '1', origin: 'default' },
      { section: 'run', key: 'workers', value: '2', origin: '--workers' },
      { section: 'simulate', key: 'images', value: '1000', origin: 'run.toml:4' },
    ],
    facts: [
      ['command', 'maniple demo --workers 2 --name "<script>alert(1)</script>"'],
      ['versions', 'maniple 0.1.0, node v20.20.2, avx512'],
      ['started', '2026-11-23 08:40 UTC'],
    ],
  };
}
