/** What the functions of this room accept from strangers, and the sentences that refuse the rest. */
import type { Quaternions } from './quaternion.js';

type Reals = Float32Array | Float64Array;

/** How far from 1 the length of a quaternion may be: numbers rounded to single precision, or to a few digits, pass. */
const UNIT_WITHIN = 1e-3;

/** @throws RangeError unless the edge is a whole number of voxels of a positive size */
export function checkGrid(where: string, n: number, voxel: number): void {
  if (!(Number.isSafeInteger(n) && n >= 1)) {
    throw new RangeError(`${where}: the edge must be a whole number of voxels from 1, not ${n}`);
  }
  if (!(voxel > 0 && Number.isFinite(voxel))) {
    throw new RangeError(`${where}: the edge of a voxel must be a positive number of Angstrom, not ${voxel}`);
  }
}

/** @throws RangeError unless an array holds n^3 numbers, all finite */
export function checkCube(where: string, data: Reals, n: number): void {
  if (data.length !== n ** 3) {
    throw new RangeError(`${where}: a volume has ${data.length} voxels, not ${n}^3 = ${n ** 3}`);
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    const place = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].join(', ');
    throw new RangeError(`${where}: voxel (${place}) is ${data[i]}; volumes must be finite`);
  }
}

/** @throws RangeError for a volume whose parts do not fit together, or that is not finite */
export function checkVolume(
  where: string,
  { data, n, voxel }: { readonly data: Reals; readonly n: number; readonly voxel: number },
): void {
  checkGrid(where, n, voxel);
  checkCube(where, data, n);
}

/** @throws RangeError unless every rotation is a unit quaternion of four finite numbers */
export function checkRotations(where: string, rotations: Quaternions): void {
  if (rotations.length % 4 !== 0) {
    throw new RangeError(
      `${where}: ${rotations.length} numbers are no quaternions (w, x, y, z), which take 4 each`,
    );
  }
  for (let at = 0; at < rotations.length; at += 4) {
    const length = Math.hypot(rotations[at]!, rotations[at + 1]!, rotations[at + 2]!, rotations[at + 3]!);
    if (Math.abs(length - 1) <= UNIT_WITHIN) continue;
    throw new RangeError(
      `${where}: quaternion ${at / 4} has length ${length}; rotations are unit quaternions (w, x, y, z)`,
    );
  }
}

/** @throws RangeError unless `s` holds three components of every vector, all finite */
export function checkVectors(where: string, s: Reals): void {
  if (s.length % 3 !== 0) {
    throw new RangeError(`${where}: ${s.length} numbers are no s-vectors (3, pixels), which take 3 each`);
  }
  const pixels = s.length / 3;
  for (let i = 0; i < s.length; i++) {
    if (Number.isFinite(s[i]!)) continue;
    const component = 'xyz'[Math.floor(i / pixels)];
    throw new RangeError(`${where}: pixel ${i % pixels} has s${component} = ${s[i]}; mend the geometry`);
  }
}

/**
 * @param ignored whether pixel i of every row may hold anything
 * @throws RangeError naming the first row and pixel that is no number
 */
export function checkPixels(
  where: string,
  what: string,
  data: Reals,
  pixels: number,
  ignored: (pixel: number) => boolean,
): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!) || ignored(i % pixels)) continue;
    throw new RangeError(
      `${where}: ${what} ${Math.floor(i / pixels)}, pixel ${i % pixels} is ${data[i]}; ` +
        'give the pixel 2 (bad) in the mask',
    );
  }
}

/** @throws RangeError unless the mask has a 0, 1 or 2 for every pixel */
export function checkMask(where: string, mask: ArrayLike<number>, pixels: number): void {
  if (mask.length !== pixels) {
    throw new RangeError(`${where}: the mask has ${mask.length} pixels, an image ${pixels}`);
  }
  for (let i = 0; i < pixels; i++) {
    const value: unknown = mask[i];
    if (value === 0 || value === 1 || value === 2) continue;
    throw new RangeError(
      `${where}: the mask of pixel ${i} is ${value}, which is none of 0 (good), 1 (orientation only), 2 (bad)`,
    );
  }
}
