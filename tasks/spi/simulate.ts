/**
 * Single-particle diffraction images: randomly turned particles, one per image, on a detector across the beam,
 * with fluence jitter, polarisation, solid angle, masked pixels and counting noise.
 *
 * The numbers of an image depend on (specification, seed, number of the image) alone: blocks of images can be
 * simulated anywhere, in any order, and are the same bits.
 */
import { UsageError } from '../../runtime/errors.js';
import {
  type Beam,
  type Detector,
  photonsPerIntensity,
  pixelCount,
  polarizationFactors,
  reciprocalPositions,
  solidAngles,
} from './geometry.js';
import type { Particle } from './particles/particle.js';
import { type RandomStream, randomStream } from './philox.js';
import { poisson } from './poisson.js';
import { randomQuaternion, rotateBack } from './rotation.js';
import {
  type PreparedParticle,
  prepareParticle,
  type StructureFactorMethod,
  structureFactorsOf,
} from './structure-factor.js';

/** Lanes of the random streams of an image. */
const LANE_PARTICLE = 0;
const LANE_NOISE = 1;

export interface SimulationSpec {
  /** The conformations; every image shows one of them. */
  readonly particles: readonly Particle[];
  /** Relative frequencies of the conformations; default equal. */
  readonly populations?: readonly number[];
  /** Number of images. */
  readonly images: number;
  readonly detector: Detector;
  readonly beam: Beam;
  /**
   * Mean number of photons in the unmasked pixels of an image, the mean being over orientations, conformations and
   * fluences. Left out, the counts follow from the fluence of the beam.
   */
  readonly photonsPerImage?: number;
  /** Relative spread of the fluence from shot to shot; both distributions have mean exactly 1. */
  readonly fluenceJitter?: { readonly distribution: 'lognormal' | 'gaussian'; readonly sigma: number };
  /** Photons expected from elsewhere in every pixel; default 0. */
  readonly background?: number;
  /** Counting noise; default 'poisson'. 'none' gives the expected photons. */
  readonly noise?: 'poisson' | 'none';
  /** (panels, ny, nx): 0 good, 1 use for orientation only, 2 bad. Bad pixels read 0. */
  readonly mask?: Uint8Array;
  /** False leaves out polarisation and solid angle: the images are |F|^2 times a scale. Default true. */
  readonly corrections?: boolean;
  /** How structure factors are computed; default by the number of atoms, see `prepareParticle`. */
  readonly structureFactors?: StructureFactorMethod;
  /** Given orientations (images, 4) instead of random ones. */
  readonly orientations?: Float64Array;
  readonly seed: number;
}

/** What all images of a simulation share. Plain data: computed once, sent to whoever simulates a block. */
export interface SimulationScene {
  readonly spec: SimulationSpec;
  /** s-vectors (3, panels, ny, nx), 1/Angstrom. */
  readonly s: Float64Array;
  /** Expected photons per unit of |F|^2 at mean fluence, (panels, ny, nx); 0 in bad pixels. */
  readonly gain: Float64Array;
  /** The particles, ready for these s-vectors. */
  readonly prepared: readonly PreparedParticle[];
}

/** A block of simulated images with the truth about them. */
export interface ImageBlock {
  /** Number of the first image. */
  readonly first: number;
  readonly count: number;
  /** (count, panels, ny, nx), photons. */
  readonly intensities: Float32Array;
  /** (count, 4), (w, x, y, z). */
  readonly orientations: Float64Array;
  /** (count), index into the particles. */
  readonly conformation: Int32Array;
  /** (count), relative to the mean. */
  readonly fluences: Float64Array;
}

export interface Simulation extends ImageBlock {
  /** Number of images: `count` again, under the name that `hdf5.writeImages` knows. */
  readonly images: number;
  readonly shape: readonly [panels: number, ny: number, nx: number];
  /** (3, panels, ny, nx), 1/m. */
  readonly pixelPositionReciprocal: Float64Array;
  /** (panels, ny, nx). */
  readonly mask: Uint8Array;
  /** (panels, ny, nx): polarisation x solid angle relative to the beam direction; 1 without corrections. */
  readonly correction: Float64Array;
}

/** Checks a specification and computes what its images share. */
export function simulationScene(spec: SimulationSpec): SimulationScene {
  check(spec);
  const n = pixelCount(spec.detector);
  const s = reciprocalPositions(spec.detector, spec.beam.photonEnergy);
  for (let i = 0; i < s.length; i++) s[i] = s[i]! * 1e-10;
  const prepared = spec.particles.map((particle) => prepareParticle(particle, s, spec.structureFactors));
  let gain: Float64Array;
  if (spec.photonsPerImage === undefined) {
    gain = photonsPerIntensity(spec.detector, spec.beam);
    if (spec.corrections === false) {
      // The value in the direction of the beam, the same for every pixel.
      const correction = relativeCorrection(spec);
      for (let i = 0; i < n; i++) gain[i] = gain[i]! / correction[i]!;
    }
  } else {
    gain = spec.corrections === false ? new Float64Array(n).fill(1) : relativeCorrection(spec);
  }
  if (spec.mask) for (let i = 0; i < n; i++) if (spec.mask[i] === 2) gain[i] = 0;
  if (spec.photonsPerImage !== undefined) {
    const expected = meanTotal(spec, prepared, s, gain);
    if (!(expected > 0)) throw new UsageError('simulation: no unmasked pixel receives any photons');
    const scale = spec.photonsPerImage / expected;
    for (let i = 0; i < n; i++) gain[i] = gain[i]! * scale;
  }
  return { spec, s, gain, prepared };
}

/** Images first ... first+count-1 of a simulation. */
export function simulateImages(scene: SimulationScene, first: number, count: number): ImageBlock {
  const { spec, s, gain, prepared } = scene;
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(count) && first >= 0 && count >= 0)) {
    throw new RangeError(`simulation: images ${first} ... +${count} are not a block of images`);
  }
  if (first + count > spec.images) {
    throw new RangeError(
      `simulation: images ${first} ... ${first + count - 1} asked of ${spec.images} images`,
    );
  }
  const n = gain.length;
  const intensities = new Float32Array(count * n);
  const orientations = new Float64Array(4 * count);
  const conformation = new Int32Array(count);
  const fluences = new Float64Array(count);
  const turned = new Float64Array(3 * n);
  const F = new Float64Array(2 * n);
  const cumulative = cumulativePopulations(spec);
  const background = spec.background ?? 0;
  for (let image = 0; image < count; image++) {
    const random = randomStream(spec.seed, first + image, LANE_PARTICLE);
    randomQuaternion(random, orientations, 4 * image);
    const draw = random.uniform();
    while (draw > cumulative[conformation[image]!]!) conformation[image] = conformation[image]! + 1;
    const fluence = drawFluence(random, spec.fluenceJitter);
    fluences[image] = fluence;
    if (spec.orientations) {
      orientations.set(spec.orientations.subarray(4 * (first + image), 4 * (first + image) + 4), 4 * image);
    }
    rotateBack(orientations, 4 * image, s, turned);
    structureFactorsOf(prepared[conformation[image]!]!, turned, F);
    const noise = spec.noise === 'none' ? undefined : randomStream(spec.seed, first + image, LANE_NOISE);
    for (let i = 0; i < n; i++) {
      if (spec.mask?.[i] === 2) continue;
      const re = F[2 * i]!;
      const im = F[2 * i + 1]!;
      const expected = (re * re + im * im) * gain[i]! * fluence + background;
      intensities[image * n + i] = noise ? poisson(noise, expected) : expected;
    }
  }
  return { first, count, intensities, orientations, conformation, fluences };
}

/** All images of a simulation, with geometry and truth. */
export function simulate(spec: SimulationSpec): Simulation {
  const block = simulateImages(simulationScene(spec), 0, spec.images);
  return { ...block, images: spec.images, ...simulationGeometry(spec) };
}

/** The parts of a simulation that are the same for all images. */
export function simulationGeometry(
  spec: SimulationSpec,
): Pick<Simulation, 'shape' | 'pixelPositionReciprocal' | 'mask' | 'correction'> {
  const n = pixelCount(spec.detector);
  return {
    shape: spec.detector.shape,
    pixelPositionReciprocal: reciprocalPositions(spec.detector, spec.beam.photonEnergy),
    mask: spec.mask ? spec.mask.slice() : new Uint8Array(n),
    correction: spec.corrections === false ? new Float64Array(n).fill(1) : relativeCorrection(spec),
  };
}

/** Polarisation x solid angle, relative to a pixel in the beam at the distance of the nearest pixel to it. */
function relativeCorrection(spec: SimulationSpec): Float64Array {
  const out = solidAngles(spec.detector);
  const polarization = polarizationFactors(spec.detector, spec.beam.polarization);
  let distance = Number.POSITIVE_INFINITY;
  for (let i = 2; i < spec.detector.positions.length; i += 3) {
    distance = Math.min(distance, Math.abs(spec.detector.positions[i]!));
  }
  const inBeam = spec.detector.pixelArea / (distance * distance);
  for (let i = 0; i < out.length; i++) out[i] = (out[i]! * polarization[i]!) / inBeam;
  return out;
}

/**
 * The mean over orientations and conformations of sum_pixels gain |F|^2. |F|^2 averaged over orientations depends
 * on |s| alone: it is averaged over a spiral of directions on a half sphere (|F(-s)| = |F(s)|) at some radii, and
 * interpolated between them.
 */
function meanTotal(
  spec: SimulationSpec,
  prepared: readonly PreparedParticle[],
  s: Float64Array,
  gain: Float64Array,
): number {
  const radii = 64;
  const directions = 256;
  const n = gain.length;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    if (gain[i]! > 0) largest = Math.max(largest, Math.hypot(s[i]!, s[n + i]!, s[2 * n + i]!));
  }
  const m = (radii + 1) * directions;
  const points = new Float64Array(3 * m);
  const golden = Math.PI * (3 - Math.sqrt(5));
  for (let r = 0; r <= radii; r++) {
    for (let d = 0; d < directions; d++) {
      const radius = (largest * r) / radii;
      const z = (d + 0.5) / directions;
      const across = Math.sqrt(1 - z * z);
      const i = r * directions + d;
      points[i] = radius * across * Math.cos(golden * d);
      points[m + i] = radius * across * Math.sin(golden * d);
      points[2 * m + i] = radius * z;
    }
  }
  const profile = new Float64Array(radii + 1);
  const cumulative = cumulativePopulations(spec);
  spec.particles.forEach((particle, c) => {
    const share = cumulative[c]! - (c > 0 ? cumulative[c - 1]! : 0);
    const F = structureFactorsOf(prepareParticle(particle, points, undefined, prepared[c]!), points);
    for (let i = 0; i < m; i++) {
      const r = Math.floor(i / directions);
      profile[r] = profile[r]! + (share * (F[2 * i]! ** 2 + F[2 * i + 1]! ** 2)) / directions;
    }
  });
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (gain[i] === 0) continue;
    const r = largest > 0 ? (Math.hypot(s[i]!, s[n + i]!, s[2 * n + i]!) / largest) * radii : 0;
    const below = Math.min(Math.floor(r), radii - 1);
    // Scattering falls about exponentially: interpolate its logarithm.
    const low = Math.log(Math.max(profile[below]!, Number.MIN_VALUE));
    const high = Math.log(Math.max(profile[below + 1]!, Number.MIN_VALUE));
    total += gain[i]! * Math.exp(low + (high - low) * (r - below));
  }
  return total;
}

/** Cumulative probabilities of the conformations; the last is exactly 1. */
function cumulativePopulations(spec: SimulationSpec): Float64Array {
  const populations = spec.populations ?? spec.particles.map(() => 1);
  const total = populations.reduce((sum, p) => sum + p, 0);
  const out = new Float64Array(populations.length);
  let sum = 0;
  populations.forEach((p, i) => {
    sum += p;
    out[i] = sum / total;
  });
  out[out.length - 1] = 1;
  return out;
}

function drawFluence(random: RandomStream, jitter: SimulationSpec['fluenceJitter']): number {
  if (!jitter || jitter.sigma === 0) return 1;
  if (jitter.distribution === 'lognormal') {
    return Math.exp(jitter.sigma * random.normal() - 0.5 * jitter.sigma * jitter.sigma);
  }
  // A fluence cannot be negative: both tails beyond +-1 are drawn again, so that the mean stays 1.
  for (;;) {
    const deviation = jitter.sigma * random.normal();
    if (Math.abs(deviation) <= 1) return 1 + deviation;
  }
}

function check(spec: SimulationSpec): void {
  const n = pixelCount(spec.detector);
  const refuse = (what: string): never => {
    throw new UsageError(`simulation: ${what}`);
  };
  if (!(Number.isSafeInteger(spec.images) && spec.images > 0)) {
    refuse(`the number of images must be a positive integer, not ${spec.images}`);
  }
  if (spec.particles.length === 0) refuse('there is no particle');
  for (const particle of spec.particles) {
    if (particle.kinds.length === 0) refuse(`particle ${particle.name} has no atoms`);
  }
  if (spec.populations) {
    if (spec.populations.length !== spec.particles.length) {
      refuse(`${spec.populations.length} populations for ${spec.particles.length} particles`);
    }
    const usable = spec.populations.every((p) => p >= 0 && Number.isFinite(p));
    if (!usable || !spec.populations.some((p) => p > 0)) {
      refuse('populations must be non-negative numbers, not all zero');
    }
  }
  if (spec.photonsPerImage !== undefined && !(spec.photonsPerImage > 0 && spec.photonsPerImage < 1e15)) {
    refuse(`photons per image must be positive and below 1e15, not ${spec.photonsPerImage}`);
  }
  if (spec.fluenceJitter && !(spec.fluenceJitter.sigma >= 0 && spec.fluenceJitter.sigma <= 3)) {
    refuse(`the fluence jitter must be between 0 and 3, not ${spec.fluenceJitter.sigma}`);
  }
  if (spec.background !== undefined && !(spec.background >= 0 && spec.background < 1e15)) {
    refuse(`the background must be a non-negative number of photons, not ${spec.background}`);
  }
  if (spec.mask && spec.mask.length !== n)
    refuse(`the mask has ${spec.mask.length} pixels, the detector ${n}`);
  if (spec.orientations && spec.orientations.length !== 4 * spec.images) {
    refuse(
      `${spec.orientations.length} orientation values for ${spec.images} images, expected ${4 * spec.images}`,
    );
  }
  if (!(Number.isSafeInteger(spec.seed) && spec.seed >= 0)) {
    refuse(`the seed must be a non-negative integer below 2^53, not ${spec.seed}`);
  }
  const { photonEnergy } = spec.beam;
  if (!(photonEnergy > 0 && Number.isFinite(photonEnergy))) {
    refuse(`the photon energy must be a positive number of eV, not ${photonEnergy}`);
  }
}
