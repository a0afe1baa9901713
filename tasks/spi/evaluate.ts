/** How good a reconstruction is where the truth is known: orientations and density. Nothing here feeds back. */
import { irfft3, nufft1 } from '../fourier/index.js';
import { groupAtoms } from './atom-groups.js';
import { frequency, originToCentre } from './centre.js';
import { formFactor, type Particle } from './particles/index.js';
import {
  angularDistance,
  conjugate,
  halfTurn,
  multiply,
  type Quaternions,
  rotationMatrix,
} from './quaternion.js';
import type { Volume } from './slice.js';

export interface OrientationErrors {
  /** (images), degrees, after the best global rotation; half turns of images identified. */
  readonly degrees: Float64Array;
  /** The reconstruction is the true particle turned by this rotation. */
  readonly rotation: Float64Array;
  readonly median: number;
  /** The parts of all images within 5, 10 and 15 degrees. */
  readonly within5: number;
  readonly within10: number;
  readonly within15: number;
}

const CANDIDATES = 48;
const PASSES = 6;

/**
 * Errors of found orientations. A reconstruction has a frame of its own, so one global rotation G with truth_i = found_i G
 * is fitted first: every few images propose one, the proposal that the most images agree with is averaged over these.
 * @param found (images, 4)
 * @param truth (images, 4)
 * @param symmetry (m, 4): rotations that leave the particle as it is; the identity alone when absent
 */
export function orientationErrors(
  found: Quaternions,
  truth: Quaternions,
  symmetry: Quaternions = Float64Array.of(1, 0, 0, 0),
): OrientationErrors {
  if (found.length !== truth.length || found.length === 0) {
    throw new RangeError(`evaluate: ${found.length / 4} orientations found, ${truth.length / 4} true ones`);
  }
  const count = found.length / 4;
  const targets = equivalents(truth, symmetry);
  const error = (i: number, G: Float64Array): number => distance(found, targets, i, G);
  let best = Float64Array.of(1, 0, 0, 0);
  let most = -1;
  for (let c = 0; c < Math.min(CANDIDATES, count); c++) {
    const i = Math.floor((c * count) / Math.min(CANDIDATES, count));
    for (const turned of [found.slice(4 * i, 4 * i + 4), halfTurn(found, 4 * i)]) {
      const G = multiply(conjugate(turned), 0, truth, 4 * i);
      let agree = 0;
      for (let j = 0; j < count; j++) if (error(j, G) < 15) agree++;
      if (agree > most) {
        most = agree;
        best = Float64Array.from(G);
      }
    }
  }
  for (let pass = 0; pass < PASSES; pass++) best = averageRotation(found, truth, symmetry, best);
  const degrees = Float64Array.from({ length: count }, (_, i) => error(i, best));
  const within = (limit: number): number => degrees.filter((d) => d < limit).length / count;
  const sorted = degrees.slice().sort();
  return {
    degrees,
    rotation: best,
    median: sorted[Math.floor(count / 2)]!,
    within5: within(5),
    within10: within(10),
    within15: within(15),
  };
}

/** (images, m, 4): every symmetry-equivalent of every true orientation. */
function equivalents(truth: Quaternions, symmetry: Quaternions): Quaternions {
  const out = new Float64Array((truth.length * symmetry.length) / 4);
  for (let i = 0, at = 0; i < truth.length; i += 4)
    for (let m = 0; m < symmetry.length; m += 4, at += 4) multiply(truth, i, symmetry, m, out, at);
  return out;
}

/** found G of one image, between two lines. */
const here = new Float64Array(4);

/** Degrees from found G to the nearest of the equivalents of the truth, half turns identified. */
function distance(found: Quaternions, targets: Quaternions, i: number, G: Float64Array): number {
  multiply(found, 4 * i, G, 0, here);
  const m = (4 * targets.length) / found.length;
  let degrees = Number.POSITIVE_INFINITY;
  for (let at = i * m; at < (i + 1) * m; at += 4) {
    degrees = Math.min(degrees, angularDistance(here, 0, targets, at, true));
  }
  return degrees;
}

/** The symmetry-equivalent and half turn of the truth nearest to found G; the proposal for G that makes them equal. */
function nearest(
  found: Quaternions,
  truth: Quaternions,
  symmetry: Quaternions,
  i: number,
  G: Float64Array,
): { degrees: number; proposal: () => Float64Array } {
  const here = multiply(found, 4 * i, G, 0);
  let degrees = Number.POSITIVE_INFINITY;
  let at = 0;
  const equivalent = new Float64Array(4);
  for (let m = 0; m < symmetry.length; m += 4) {
    multiply(truth, 4 * i, symmetry, m, equivalent);
    const distance = angularDistance(here, 0, equivalent, 0, true);
    if (distance < degrees) {
      degrees = distance;
      at = m;
    }
  }
  return {
    degrees,
    proposal: () => {
      const target = multiply(truth, 4 * i, symmetry, at);
      const direct = angularDistance(here, 0, target, 0);
      const own = found.slice(4 * i, 4 * i + 4);
      const turned = halfTurn(found, 4 * i);
      const start = direct <= degrees + 1e-9 ? own : turned;
      return multiply(conjugate(start), 0, target, 0);
    },
  };
}

/** The mean of the proposals of the images that agree with G (the principal axis of a small ball of quaternions). */
function averageRotation(
  found: Quaternions,
  truth: Quaternions,
  symmetry: Quaternions,
  G: Float64Array,
): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(4);
  for (let i = 0; i < found.length / 4; i++) {
    const match = nearest(found, truth, symmetry, i, G);
    if (match.degrees > 20) continue;
    const q = match.proposal();
    const sign = q[0]! * G[0]! + q[1]! * G[1]! + q[2]! * G[2]! + q[3]! * G[3]! < 0 ? -1 : 1;
    for (let c = 0; c < 4; c++) sum[c]! += sign * q[c]!;
  }
  const norm = Math.hypot(...sum);
  return norm > 0 ? sum.map((v) => v / norm) : Float64Array.from(G);
}

/**
 * The density of a particle on a grid, all Fourier components of the cube included, the origin of the particle at voxel
 * floor(n/2).
 * @param rotation the particle is turned by it first
 */
export function particleDensity(
  particle: Particle,
  n: number,
  voxel: number,
  rotation: Float64Array = Float64Array.of(1, 0, 0, 0),
): Volume {
  const half = Math.floor(n / 2) + 1;
  const low = Math.floor(n / 2);
  const groups = groupAtoms(particle);
  const R = rotationMatrix(rotation);
  const spectrum = new Float64Array(2 * n * n * half);
  const scale = (2 * Math.PI) / (n * voxel);
  for (let kind = 0; kind < particle.scatterers.length; kind++) {
    const from = groups.starts[kind]!;
    const count = groups.starts[kind + 1]! - from;
    if (count === 0) continue;
    const points: [Float64Array, Float64Array, Float64Array] = [
      new Float64Array(count),
      new Float64Array(count),
      new Float64Array(count),
    ];
    const values = new Float64Array(2 * count);
    for (let a = 0; a < count; a++) {
      const [x, y, z] = groups.positions.subarray(3 * (from + a), 3 * (from + a) + 3) as unknown as number[];
      for (let axis = 0; axis < 3; axis++) {
        points[axis]![a] = scale * (R[3 * axis]! * x! + R[3 * axis + 1]! * y! + R[3 * axis + 2]! * z!);
      }
      values[2 * a] = groups.weights[from + a]!;
    }
    // sum_j w_j exp(-i k.x_j): the transform of the density, whose sign is opposite to that of diffraction.
    const phases = nufft1(points, values, [n, n, n], { eps: 1e-9, sign: -1 });
    for (let i = 0, at = 0; i < n; i++) {
      const x = frequency(i, n);
      for (let j = 0; j < n; j++) {
        const y = frequency(j, n);
        for (let k = 0; k < half; k++, at += 2) {
          const z = 2 * k === n ? -k : k;
          const f = formFactor(particle.scatterers[kind]!, (x * x + y * y + z * z) / (n * voxel) ** 2);
          const mode = 2 * (((x + low) * n + (y + low)) * n + z + low);
          spectrum[at]! += f * phases[mode]!;
          spectrum[at + 1]! += f * phases[mode + 1]!;
        }
      }
    }
  }
  const data = originToCentre(irfft3(spectrum, [n, n, n], { scale: 1 / n ** 3 }), n);
  return { data: Float32Array.from(data), n, voxel };
}
