// `maniple bench nufft`: nonuniform transforms on one thread, in millions of points per second of processor time,
// beside the rates of FINUFFT 2.6-dev recorded on an unloaded core of another machine (AMD Zen 5, spec/spi.md C).
// As there, making the plan is not counted, taking over and sorting the points is. Points are uniform in the cube.
import { type NufftPlan, nufftPlan, type Points, type Reals } from '../../tasks/fourier/index.js';
import type { BenchRow } from './index.js';

export const summary =
  'nonuniform Fourier transforms in 3D, types 1 and 2, against recorded rates of FINUFFT';

interface Case {
  readonly kind: 'float32' | 'float64';
  readonly modes: number;
  readonly points: number;
  readonly eps: number;
  /** Recorded Mpt/s of types 1 and 2; absent where none was recorded. */
  readonly peer: readonly [number | undefined, number | undefined];
  /** Also the transforms of real data, against the complex ones of the peer, which has no others. */
  readonly real?: boolean;
}

const CASES: readonly Case[] = [
  { kind: 'float32', modes: 64, points: 1e6, eps: 1e-3, peer: [14.9, 13.1], real: true },
  { kind: 'float32', modes: 64, points: 1e6, eps: 1e-5, peer: [13.2, 9.6], real: true },
  { kind: 'float32', modes: 128, points: 1e6, eps: 1e-3, peer: [11.1, 9.1] },
  { kind: 'float32', modes: 128, points: 1e6, eps: 1e-5, peer: [2.2, 2.5] },
  { kind: 'float64', modes: 64, points: 1e6, eps: 1e-3, peer: [13.5, 10.6] },
  { kind: 'float64', modes: 64, points: 1e6, eps: 1e-6, peer: [8.0, 6.0] },
  { kind: 'float64', modes: 64, points: 1e6, eps: 1e-12, peer: [2.0, 1.9] },
  { kind: 'float64', modes: 128, points: 1e6, eps: 1e-3, peer: [5.3, 4.8] },
  { kind: 'float64', modes: 128, points: 1e6, eps: 1e-6, peer: [3.0, 2.9] },
  { kind: 'float64', modes: 128, points: 1e6, eps: 1e-12, peer: [1.0, 0.8] },
  { kind: 'float64', modes: 81, points: 4e6, eps: 1e-12, peer: [2.7, 2.2] },
  { kind: 'float32', modes: 81, points: 4e6, eps: 1e-4, peer: [undefined, undefined], real: true },
];

const PEER = 'FINUFFT 2.6-dev, recorded';
const REPEATS = 5;

export async function measure(): Promise<BenchRow[]> {
  return CASES.flatMap(measureCase);
}

function measureCase(each: Case): BenchRow[] {
  const array = (length: number): Reals =>
    each.kind === 'float32' ? new Float32Array(length) : new Float64Array(length);
  const next = numbers(20240611);
  const random = (length: number, scale: number): Reals => array(length).map(() => scale * (2 * next() - 1));
  const points: Points = [
    random(each.points, Math.PI),
    random(each.points, Math.PI),
    random(each.points, Math.PI),
  ];
  const n = each.modes;
  const values = random(2 * each.points, 1);
  const coefficients = random(2 * n ** 3, 1);
  const rows: BenchRow[] = [];
  for (const real of each.real === true ? [false, true] : [false]) {
    const plan = nufftPlan(points, [n, n, n], { eps: each.eps, kind: each.kind, real });
    const [atPoints, atModes] = real
      ? [values.subarray(0, each.points), coefficients.subarray(0, n ** 3)]
      : [values, coefficients];
    for (const type of [1, 2] as const) {
      const from = type === 1 ? atPoints : atModes;
      const out = array(type === 1 ? atModes.length : atPoints.length);
      const method = `type${type}${real ? 'Real' : ''}` as const;
      const seconds: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const before = process.cpuUsage();
        plan.setPoints(points);
        plan[method](from, out);
        const used = process.cpuUsage(before);
        seconds.push((used.user + used.system) * 1e-6);
      }
      seconds.sort((a, b) => a - b);
      const error = sampledError(plan, points, from, out, type, real);
      const ours = each.points / seconds[0]! / 1e6;
      const peer = each.peer[type - 1] ?? null;
      const precision = each.kind === 'float32' ? 'single' : 'double';
      const { kernel, fine } = plan.design;
      rows.push({
        case: `type ${type}${real ? ' real' : ''} ${precision} ${n}^3 ${each.points / 1e6}e6 points eps ${each.eps} (error ${error.toExponential(1)}, w ${kernel.width}, grid ${fine[2]})`,
        ours,
        peer,
        peerName: peer === null ? null : PEER,
        unit: 'Mpt/s',
        ratio: peer === null ? null : ours / peer,
        spread: (seconds[REPEATS - 1]! - seconds[0]!) / seconds[REPEATS >> 1]!,
      });
    }
    plan.close();
  }
  return rows;
}

/** The relative l2 error of a few dozen results against direct sums over all of the input. */
function sampledError(
  plan: NufftPlan,
  points: Points,
  from: Reals,
  out: Reals,
  type: 1 | 2,
  real: boolean,
): number {
  const n = plan.design.modes[0];
  const step = real ? 1 : 2;
  const results = out.length / step;
  const samples = type === 1 ? 40 : 80;
  const next = numbers(7);
  let difference = 0;
  let norm = 0;
  for (let s = 0; s < samples; s++) {
    const at = Math.floor(next() * results);
    const [re, im] =
      type === 1 ? directMode(points, from, n, at, real) : directPoint(points, from, n, at, real);
    difference += (out[step * at]! - re) ** 2 + (real ? 0 : (out[step * at + 1]! - im) ** 2);
    norm += re ** 2 + (real ? 0 : im ** 2);
  }
  return Math.sqrt(difference / norm);
}

function directMode(points: Points, values: Reals, n: number, mode: number, real: boolean): [number, number] {
  const low = Math.floor(n / 2);
  const k = [Math.floor(mode / (n * n)) - low, (Math.floor(mode / n) % n) - low, (mode % n) - low];
  let re = 0;
  let im = 0;
  for (let j = 0; j < points[0].length; j++) {
    const phase = -(k[0]! * points[0][j]! + k[1]! * points[1][j]! + k[2]! * points[2][j]!);
    const [c, s] = [Math.cos(phase), Math.sin(phase)];
    const [a, b] = real ? [values[j]!, 0] : [values[2 * j]!, values[2 * j + 1]!];
    re += a * c - b * s;
    im += a * s + b * c;
  }
  return [re, im];
}

function directPoint(
  points: Points,
  modes: Reals,
  n: number,
  point: number,
  real: boolean,
): [number, number] {
  const low = Math.floor(n / 2);
  const powers = points.map((axis) =>
    Array.from({ length: n }, (_, i) => [
      Math.cos((i - low) * axis[point]!),
      -Math.sin((i - low) * axis[point]!),
    ]),
  );
  let re = 0;
  let im = 0;
  let at = 0;
  for (const [ax, bx] of powers[0]! as [number, number][]) {
    for (const [ay, by] of powers[1]! as [number, number][]) {
      const [a, b] = [ax * ay - bx * by, ax * by + bx * ay];
      for (const [az, bz] of powers[2]! as [number, number][]) {
        const [c, s] = [a * az - b * bz, a * bz + b * az];
        const [f, g] = real ? [modes[at]!, 0] : [modes[2 * at]!, modes[2 * at + 1]!];
        re += f * c - g * s;
        im += f * s + g * c;
        at++;
      }
    }
  }
  return [re, im];
}

/** Reproducible numbers in [0, 1) (Mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
