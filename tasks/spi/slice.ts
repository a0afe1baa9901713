/**
 * Slices: what the detector sees of a particle in given orientations, from the Fourier coefficients of its intensity,
 * which are its autocorrelation: I(s) = Re sum_k ac[k] exp(-2 pi i k.s voxel), a nonuniform transform of type 2.
 */
import { nufft2Real } from '../fourier/index.js';
import { checkRotations, checkVectors, checkVolume } from './inputs.js';
import { type Quaternions, rotationMatrix } from './quaternion.js';
import { workspace } from './workspace.js';

/** A real volume on a cube of n voxels an edge in C order, its centre at voxel floor(n/2) of each axis. */
export interface Volume {
  readonly data: Float32Array | Float64Array;
  readonly n: number;
  /** Edge of a voxel, Angstrom. */
  readonly voxel: number;
}

/**
 * Where the pixels look in the unturned particle: R(q_i)^-1 s for every rotation of a block and every pixel, in radians
 * of a volume of the given voxel, (rotations, pixels) on each axis.
 * @param s s-vectors (3, pixels), 1/Angstrom
 * @param keep the arrays are the thread's workspace of this name, which the next call with it overwrites
 */
export function slicePoints(
  rotations: Quaternions,
  s: Float32Array | Float64Array,
  voxel: number,
  precision: 'single' | 'double' = 'single',
  keep?: string,
): [Float32Array, Float32Array, Float32Array] | [Float64Array, Float64Array, Float64Array] {
  const count = rotations.length / 4;
  const pixels = s.length / 3;
  const make = (axis: string): Float32Array =>
    keep === undefined ? new Float32Array(count * pixels) : workspace(`${keep} ${axis}`, count * pixels);
  const makeDouble = (): Float64Array => new Float64Array(count * pixels);
  const out: [Float32Array, Float32Array, Float32Array] | [Float64Array, Float64Array, Float64Array] =
    precision === 'single' ? [make('x'), make('y'), make('z')] : [makeDouble(), makeDouble(), makeDouble()];
  const [x, y, z] = out;
  const scale = 2 * Math.PI * voxel;
  const R = new Float64Array(9);
  for (let i = 0; i < count; i++) {
    rotationMatrix(rotations, 4 * i, R);
    const r00 = R[0]! * scale;
    const r01 = R[1]! * scale;
    const r02 = R[2]! * scale;
    const r10 = R[3]! * scale;
    const r11 = R[4]! * scale;
    const r12 = R[5]! * scale;
    const r20 = R[6]! * scale;
    const r21 = R[7]! * scale;
    const r22 = R[8]! * scale;
    const at = i * pixels;
    for (let p = 0; p < pixels; p++) {
      const a = s[p]!;
      const b = s[pixels + p]!;
      const c = s[2 * pixels + p]!;
      x[at + p] = r00 * a + r10 * b + r20 * c;
      y[at + p] = r01 * a + r11 * b + r21 * c;
      z[at + p] = r02 * a + r12 * b + r22 * c;
    }
  }
  return out;
}

/**
 * Slices of a particle from its autocorrelation, (rotations, pixels).
 * @param s s-vectors (3, pixels), 1/Angstrom
 * @param options.eps relative error of the transform, 1e-3 by default: photon noise is larger
 * @throws RangeError for a volume, rotations or s-vectors of the wrong length, or that are no unit quaternions
 */
export function slice(
  autocorrelation: Volume,
  rotations: Quaternions,
  s: Float32Array | Float64Array,
  options: { readonly eps?: number; readonly out?: Float32Array } = {},
): Float32Array | Float64Array {
  checkVolume('slice', autocorrelation);
  checkRotations('slice', rotations);
  checkVectors('slice', s);
  const { data, n, voxel } = autocorrelation;
  const points = slicePoints(
    rotations,
    s,
    voxel,
    data instanceof Float32Array ? 'single' : 'double',
    'points of slices',
  );
  return nufft2Real(points, data, [n, n, n], {
    eps: options.eps ?? 1e-3,
    ...(options.out && { out: options.out }),
  });
}
