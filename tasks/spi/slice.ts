/**
 * Slices: what the detector sees of a particle in given orientations, from the Fourier coefficients of its intensity,
 * which are its autocorrelation: I(s) = Re sum_k ac[k] exp(-2 pi i k.s voxel), a nonuniform transform of type 2.
 */
import { nufft2Real } from '../fourier/index.js';
import { checkRotations, checkVectors, checkVolume } from './inputs.js';
import { merging, turnPoints } from './merging-twin.js';
import { type Quaternions, rotationMatrix } from './quaternion.js';
import { workspace } from './workspace.js';

/** The matrix of one rotation, between two lines. */
const R = new Float64Array(9);

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
  const scale = 2 * Math.PI * voxel;
  const matrices = new Float64Array(9 * count);
  for (let i = 0; i < count; i++) inverseMatrix(rotations, 4 * i, scale, matrices, 9 * i);
  if (precision === 'single') {
    const [x, y, z] = [make('x'), make('y'), make('z')];
    if (s instanceof Float32Array) merging.slicePoints(matrices, s, x, y, z);
    else for (let i = 0; i < count; i++) turnPoints(matrices, 9 * i, s, pixels, x, y, z, i * pixels);
    return [x, y, z];
  }
  const [x, y, z] = [makeDouble(), makeDouble(), makeDouble()];
  for (let i = 0; i < count; i++) turnPoints(matrices, 9 * i, s, pixels, x, y, z, i * pixels);
  return [x, y, z];
}

/** scale R(q)^-1, which is the transpose, rows first; the quaternion is at place `q`, the matrix goes to place `to`. */
function inverseMatrix(
  rotations: Quaternions,
  q: number,
  scale: number,
  out: Float64Array,
  to: number,
): void {
  rotationMatrix(rotations, q, R);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) out[to + 3 * row + column] = R[3 * column + row]! * scale;
  }
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
