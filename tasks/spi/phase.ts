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
import { centreToOrigin, frequency, originToCentre } from './centre.js';
import { checkVolume } from './inputs.js';
import { phasingStep } from './phasing-step.js';
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
  const origin = centreToOrigin(new Float32Array(autocorrelation.data), n);
  const spectrum = rfft3(origin, shape);
  const modulus = moduli(spectrum, n, options.extent ?? Number.POSITIVE_INFINITY);
  // Moduli of about 1: single precision holds their squares. A power of two changes no other bit.
  const unit = 2 ** -Math.floor(Math.log2(largest(modulus) || 1));
  for (let at = 0; at < modulus.length; at++) if (modulus[at]! > 0) modulus[at]! *= unit;
  let support = firstSupport(origin, n, (options.radius ?? (n * voxel) / 4) / voxel, spectrum);
  const density = new Float32Array(size);
  const random = randomStream(options.seed, options.start ?? 0, LANE_PHASING);
  for (let i = 0; i < size; i++) density[i] = support[i] ? unit * random.uniform() : 0;
  const image = new Float32Array(size);

  const reduce = (): void => phasingStep(density, spectrum, modulus, support, n, null);
  const hybrid = (): void => phasingStep(density, spectrum, modulus, support, n, schedule.beta);

  let sigma = schedule.sigma[0];
  for (let loop = 0; loop < schedule.loops; loop++) {
    for (let step = 0; step < schedule.hybrid; step++) hybrid();
    for (let step = 0; step < schedule.reduction; step++) reduce();
    positivePart(density, image);
    smooth(image, n, sigma, spectrum);
    support = above(image, schedule.threshold);
    sigma = Math.max(schedule.sigma[2], sigma * schedule.sigma[1]);
  }
  for (let step = 0; step < schedule.final; step++) reduce();

  rfft3(density, shape, { out: spectrum });
  for (let i = 0; i < size; i++) density[i]! /= unit;
  const centred = centreMass(density, support, n);
  return {
    density: { data: originToCentre(centred.density, n), n, voxel },
    support: new Uint8Array(originToCentre(centred.support, n)),
    rFactor: rFactorOf(spectrum, modulus),
  };
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

/** Where the smoothed autocorrelation is above a hundredth of its peak, within the radius (in voxels). */
function firstSupport(origin: Float32Array, n: number, radius: number, scratch: Float32Array): Uint8Array {
  const positive = new Float32Array(origin.length);
  positivePart(origin, positive);
  const kept = scratch.slice();
  smooth(positive, n, 1, kept);
  const support = above(positive, 0.01);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const across = frequency(i, n) ** 2 + frequency(j, n) ** 2;
      for (let k = 0; k < n; k++, at++) {
        if (across + frequency(k, n) ** 2 > radius * radius) support[at] = 0;
      }
    }
  return support;
}

function positivePart(values: Float32Array, out: Float32Array): void {
  for (let i = 0; i < values.length; i++) out[i] = values[i]! > 0 ? values[i]! : 0;
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

function above(volume: Float32Array, part: number): Uint8Array {
  const level = part * largest(volume);
  const support = new Uint8Array(volume.length);
  for (let i = 0; i < volume.length; i++) support[i] = volume[i]! > level ? 1 : 0;
  return support;
}

/** Convolution with a periodic Gaussian of `sigma` voxels, in place. */
export function smooth(volume: Float32Array, n: number, sigma: number, spectrum: Float32Array): void {
  const half = Math.floor(n / 2) + 1;
  const gainAt = (f: number): number => Math.exp(-2 * (Math.PI * sigma * (f / n)) ** 2);
  const gain = Float64Array.from({ length: n }, (_, i) => gainAt(frequency(i, n)));
  const along = Float64Array.from({ length: half }, (_, k) => gainAt(k));
  rfft3(volume, [n, n, n], { out: spectrum });
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const row = gain[i]! * gain[j]!;
      for (let k = 0; k < half; k++, at += 2) {
        const factor = row * along[k]!;
        spectrum[at]! *= factor;
        spectrum[at + 1]! *= factor;
      }
    }
  }
  irfft3(spectrum, [n, n, n], { out: volume, scale: 1 / n ** 3, spend: true });
}

/** Shifts the periodic centre of mass of the density to index 0 of every axis, by whole voxels. */
function centreMass(
  density: Float32Array,
  support: Uint8Array,
  n: number,
): { density: Float32Array; support: Float32Array } {
  const mass = [new Float64Array(n), new Float64Array(n), new Float64Array(n)] as const;
  planeMasses(density, n, mass);
  const [x, y, z] = mass.map((planes) => centreOf(planes)) as [number, number, number];
  const moved = { density: new Float32Array(n ** 3), support: new Float32Array(n ** 3) };
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++, at++) {
        const from = (((i + x) % n) * n + ((j + y) % n)) * n + ((k + z) % n);
        moved.density[at] = density[from]!;
        moved.support[at] = support[from]!;
      }
  return moved;
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
