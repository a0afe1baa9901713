/**
 * Phasing: the density whose autocorrelation is given, by iterative projections. The Fourier moduli are the square roots
 * of the intensity; the density is real, not negative, and confined to a support that is found on the way (shrinkwrap).
 * Hybrid input-output and error reduction: J. Fienup, Appl. Opt. 21 (1982) 2758; shrinkwrap: S. Marchesini et al.,
 * Phys. Rev. B 68 (2003) 140101.
 *
 * The solution is unique up to translation and inversion; different starts reach it to different degrees, and the
 * R-factor tells which came closest without knowing the truth.
 */
import { irfft3, rfft3 } from '../fourier/index.js';
import { centreToOrigin, frequency, roll } from './centre.js';
import { checkVolume } from './inputs.js';
import { above, largest, phasingSteps, positivePart } from './phasing-step.js';
import { randomStream } from './philox.js';
import type { Volume } from './slice.js';

/** Lane of the random streams of starting densities. */
const LANE_PHASING = 17;

/** What is done, in this order: loops x (hybrid steps, reduction steps, new support), then the final reduction steps. */
export interface PhasingSchedule {
  readonly loops: number;
  /** Hybrid input-output steps of a loop. */
  readonly hybrid: number;
  /** Error reduction steps of a loop. */
  readonly reduction: number;
  /** Error reduction steps at the end. */
  readonly final: number;
  /** Feedback of the hybrid steps. */
  readonly beta: number;
  /** The support is where the smoothed density exceeds this part of its largest value. */
  readonly threshold: number;
  /** Smoothing for the support, voxels: of the first loop, factor from loop to loop, least. */
  readonly sigma: readonly [first: number, factor: number, least: number];
}

export const PHASING: PhasingSchedule = {
  loops: 6,
  hybrid: 40,
  reduction: 10,
  final: 50,
  beta: 0.9,
  threshold: 0.06,
  sigma: [2, 0.85, 1],
};

export interface PhaseOptions {
  readonly seed: number;
  /** Number of the start: starts of one seed are independent. */
  readonly start?: number;
  readonly schedule?: Partial<PhasingSchedule>;
  /** The density lies within this of the centre, Angstrom; a quarter of the box by default. */
  readonly radius?: number;
  /**
   * Moduli are imposed up to this part of the largest frequency on an axis: 1 is the sphere that rotated images fill.
   * Default: everywhere, for an autocorrelation that is known in the corners too.
   */
  readonly extent?: number;
}

export interface Phased {
  readonly density: Volume;
  /** n^3, 1 inside; centred as the density. */
  readonly support: Uint8Array;
  /** sum | |F| - modulus | / sum modulus over the imposed moduli. */
  readonly rFactor: number;
}

/**
 * One phasing from one random start.
 * @throws RangeError for an autocorrelation that is not finite, or zero everywhere
 */
export function phase(autocorrelation: Volume, options: PhaseOptions): Phased {
  const { n, voxel } = autocorrelation;
  checkVolume('phase', autocorrelation);
  if (!autocorrelation.data.some((value) => value > 0)) {
    throw new RangeError(
      'phase: the autocorrelation is nowhere above zero, so that there is nothing to phase',
    );
  }
  const schedule = { ...PHASING, ...options.schedule };
  const shape: [number, number, number] = [n, n, n];
  const size = n ** 3;
  const { data } = autocorrelation;
  const image = centreToOrigin(data instanceof Float32Array ? data : new Float32Array(data), n);
  const spectrum = rfft3(image, shape);
  const modulus = moduli(spectrum, n, options.extent ?? Number.POSITIVE_INFINITY);
  const unit = toUnit(modulus);
  const support = new Uint8Array(size);
  firstSupport(image, n, (options.radius ?? (n * voxel) / 4) / voxel, spectrum, support);
  const density = new Float32Array(size);
  fillAtRandom(density, support, unit, randomStream(options.seed, options.start ?? 0, LANE_PHASING));

  let sigma = schedule.sigma[0];
  for (let loop = 0; loop < schedule.loops; loop++) {
    phasingSteps(density, spectrum, modulus, support, n, schedule.beta, schedule.hybrid);
    phasingSteps(density, spectrum, modulus, support, n, null, schedule.reduction);
    positivePart(density, image);
    smooth(image, n, sigma, spectrum);
    above(image, schedule.threshold, support);
    sigma = Math.max(schedule.sigma[2], sigma * schedule.sigma[1]);
  }
  phasingSteps(density, spectrum, modulus, support, n, null, schedule.final);

  rfft3(density, shape, { out: spectrum });
  scale(density, 1 / unit);
  const first = massToCentre(density, n);
  return {
    density: { data: roll(density, n, first), n, voxel },
    support: roll(support, n, first),
    rFactor: rFactorOf(spectrum, modulus),
  };
}

/** Makes the largest about 1: single precision holds their squares. A power of two, which changes no other bit. */
function toUnit(modulus: Float32Array): number {
  const unit = 2 ** -Math.floor(Math.log2(largest(modulus) || 1));
  for (let at = 0; at < modulus.length; at++) if (modulus[at]! > 0) modulus[at]! *= unit;
  return unit;
}

function fillAtRandom(
  density: Float32Array,
  support: Uint8Array,
  unit: number,
  random: { uniform(): number },
): void {
  for (let i = 0; i < density.length; i++) density[i] = support[i] ? unit * random.uniform() : 0;
}

function scale(values: Float32Array, by: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= by;
}

function rFactorOf(spectrum: Float32Array, modulus: Float32Array): number {
  let difference = 0;
  let sum = 0;
  for (let at = 0; at < modulus.length; at++) {
    const wanted = modulus[at]!;
    if (wanted < 0) continue;
    difference += Math.abs(Math.sqrt(spectrum[2 * at]! ** 2 + spectrum[2 * at + 1]! ** 2) - wanted);
    sum += wanted;
  }
  return sum > 0 ? difference / sum : 0;
}

/** Square roots of the intensity within the sphere; -1 where none is imposed: outside, and at zero frequency. */
function moduli(spectrum: Float32Array, n: number, extent: number): Float32Array {
  const half = Math.floor(n / 2) + 1;
  const modulus = new Float32Array(n * n * half);
  const reach = (extent * n) / 2;
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const across = frequency(i, n) ** 2 + frequency(j, n) ** 2;
      for (let k = 0; k < half; k++, at++) {
        const square = across + k * k;
        const imposed = square > 0 && square <= reach * reach;
        modulus[at] = imposed ? Math.sqrt(Math.max(0, spectrum[2 * at]!)) : -1;
      }
    }
  }
  return modulus;
}

/** Where the smoothed autocorrelation is above a hundredth of its peak, within the radius (in voxels). Spends both arrays. */
function firstSupport(
  origin: Float32Array,
  n: number,
  radius: number,
  spectrum: Float32Array,
  support: Uint8Array,
): void {
  positivePart(origin, origin);
  smooth(origin, n, 1, spectrum);
  above(origin, 0.01, support);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const across = frequency(i, n) ** 2 + frequency(j, n) ** 2;
      for (let k = 0; k < n; k++, at++) {
        if (across + frequency(k, n) ** 2 > radius * radius) support[at] = 0;
      }
    }
}

/** Convolution with a periodic Gaussian of `sigma` voxels, in place. */
export function smooth(volume: Float32Array, n: number, sigma: number, spectrum: Float32Array): void {
  const half = Math.floor(n / 2) + 1;
  const gain = new Float64Array(n);
  for (let i = 0; i < n; i++) gain[i] = Math.exp(-2 * (Math.PI * sigma * (frequency(i, n) / n)) ** 2);
  rfft3(volume, [n, n, n], { out: spectrum });
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const row = gain[i]! * gain[j]!;
      for (let k = 0; k < half; k++, at += 2) {
        const factor = row * gain[k]!;
        spectrum[at]! *= factor;
        spectrum[at + 1]! *= factor;
      }
    }
  }
  irfft3(spectrum, [n, n, n], { out: volume, scale: 1 / n ** 3, spend: true });
}

/** The voxel to roll to the first place, so that the periodic centre of mass comes to voxel floor(n/2) of every axis. */
function massToCentre(density: Float32Array, n: number): [number, number, number] {
  const mass = [new Float64Array(n), new Float64Array(n), new Float64Array(n)] as const;
  planeMasses(density, n, mass);
  return mass.map((planes) => (centreOf(planes) + n - Math.floor(n / 2)) % n) as [number, number, number];
}

/** The mass of every plane across each axis. */
function planeMasses(density: Float32Array, n: number, [a, b, c]: readonly Float64Array[]): void {
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let row = 0;
      for (let k = 0; k < n; k++, at++) {
        row += density[at]!;
        c![k]! += density[at]!;
      }
      a![i]! += row;
      b![j]! += row;
    }
}

/** The centre of mass of a periodic line, to the nearest index: the phase of its first Fourier component. */
function centreOf(line: Float64Array): number {
  const n = line.length;
  let re = 0;
  let im = 0;
  for (let i = 0; i < n; i++) {
    re += line[i]! * Math.cos((2 * Math.PI * i) / n);
    im += line[i]! * Math.sin((2 * Math.PI * i) / n);
  }
  return Math.round((Math.atan2(im, re) * n) / (2 * Math.PI) + n) % n;
}
