/**
 * Rotations as unit quaternions (w, x, y, z), stored (n, 4) in C order. R(q) is active: it turns the particle, so that
 * the pixel at s sees the unturned particle at R(q)^-1 s.
 *
 * A turn of an image by 180 degrees about the beam, and inversion of the particle, cannot be told apart where the
 * Ewald sphere is flat: |F(-s)| = |F(s)|. Comparisons can therefore identify a rotation q with `halfTurn` q.
 */
import { randomStream } from './philox.js';
import { randomQuaternion } from './rotation.js';

/** (n, 4): w, x, y, z of every rotation. */
export type Quaternions = Float64Array;

/** Lane of the random streams of orientations. */
const LANE_ORIENTATION = 16;

/** `count` uniformly random rotations; number i depends on (seed, first + i) alone. */
export function randomQuaternions(count: number, seed: number, first = 0): Quaternions {
  const out = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    randomQuaternion(randomStream(seed, first + i, LANE_ORIENTATION), out, 4 * i);
  }
  return out;
}

/** The rotation matrix of the unit quaternion at `offset`, nine numbers by rows, into out[at ... at + 8]. */
export function rotationMatrix(
  q: Float64Array,
  offset = 0,
  out: Float64Array = new Float64Array(9),
  at = 0,
): Float64Array {
  const w = q[offset]!;
  const x = q[offset + 1]!;
  const y = q[offset + 2]!;
  const z = q[offset + 3]!;
  out[at] = 1 - 2 * (y * y + z * z);
  out[at + 1] = 2 * (x * y - w * z);
  out[at + 2] = 2 * (x * z + w * y);
  out[at + 3] = 2 * (x * y + w * z);
  out[at + 4] = 1 - 2 * (x * x + z * z);
  out[at + 5] = 2 * (y * z - w * x);
  out[at + 6] = 2 * (x * z - w * y);
  out[at + 7] = 2 * (y * z + w * x);
  out[at + 8] = 1 - 2 * (x * x + y * y);
  return out;
}

/** The product a b: first turn by b, then by a. Offsets count numbers, not rotations. */
export function multiply(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  out: Float64Array = new Float64Array(4),
  at = 0,
): Float64Array {
  const a0 = a[aAt]!;
  const a1 = a[aAt + 1]!;
  const a2 = a[aAt + 2]!;
  const a3 = a[aAt + 3]!;
  const b0 = b[bAt]!;
  const b1 = b[bAt + 1]!;
  const b2 = b[bAt + 2]!;
  const b3 = b[bAt + 3]!;
  out[at] = a0 * b0 - a1 * b1 - a2 * b2 - a3 * b3;
  out[at + 1] = a0 * b1 + a1 * b0 + a2 * b3 - a3 * b2;
  out[at + 2] = a0 * b2 - a1 * b3 + a2 * b0 + a3 * b1;
  out[at + 3] = a0 * b3 + a1 * b2 - a2 * b1 + a3 * b0;
  return out;
}

/** The inverse of the unit quaternion at `offset`. */
export function conjugate(q: Float64Array, offset = 0): Float64Array {
  return Float64Array.of(q[offset]!, -q[offset + 1]!, -q[offset + 2]!, -q[offset + 3]!);
}

/** The rotation by |v| radians about v. */
export function fromRotationVector(x: number, y: number, z: number): Float64Array {
  const angle = Math.sqrt(x * x + y * y + z * z);
  const s = angle < 1e-12 ? 0.5 : Math.sin(angle / 2) / angle;
  return Float64Array.of(Math.cos(angle / 2), s * x, s * y, s * z);
}

/** The image turned by 180 degrees about the beam: (0, 0, 0, 1) q. */
export function halfTurn(q: Float64Array, offset = 0): Float64Array {
  return Float64Array.of(-q[offset + 3]!, -q[offset + 2]!, q[offset + 1]!, q[offset]!);
}

/**
 * The angle in degrees of the turn that takes rotation a to rotation b, 0 ... 180.
 * @param identifyHalfTurns the smaller of the distances to b and to its half turn: 0 ... 90 or so
 */
export function angularDistance(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  identifyHalfTurns = false,
): number {
  const a0 = a[aAt]!;
  const a1 = a[aAt + 1]!;
  const a2 = a[aAt + 2]!;
  const a3 = a[aAt + 3]!;
  const b0 = b[bAt]!;
  const b1 = b[bAt + 1]!;
  const b2 = b[bAt + 2]!;
  const b3 = b[bAt + 3]!;
  let cosine = Math.abs(a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3);
  if (identifyHalfTurns) {
    cosine = Math.max(cosine, Math.abs(-a0 * b3 - a1 * b2 + a2 * b1 + a3 * b0));
  }
  return (360 / Math.PI) * Math.acos(Math.min(1, cosine));
}
