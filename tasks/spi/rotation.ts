/**
 * Rotations of the particle for simulation. Quaternions are (w, x, y, z), active: R(q) turns the particle, so the
 * pixel at s sees the unrotated particle at R(q)^-1 s.
 */
import type { RandomStream } from './philox.js';

/** A uniformly random rotation into out[offset ... offset+3] (K. Shoemake, Graphics Gems III, 1992). */
export function randomQuaternion(random: RandomStream, out: Float64Array, offset = 0): void {
  const u = random.uniform();
  const first = 2 * Math.PI * random.uniform();
  const second = 2 * Math.PI * random.uniform();
  out[offset] = Math.sqrt(1 - u) * Math.sin(first);
  out[offset + 1] = Math.sqrt(1 - u) * Math.cos(first);
  out[offset + 2] = Math.sqrt(u) * Math.sin(second);
  out[offset + 3] = Math.sqrt(u) * Math.cos(second);
}

/** out = R(q)^-1 s for all vectors of s, (3, n). The quaternion at `offset` of `quaternions` is normalised first. */
export function rotateBack(
  quaternions: Float64Array,
  offset: number,
  s: Float64Array,
  out = new Float64Array(s.length),
): Float64Array {
  const norm = Math.hypot(
    quaternions[offset]!,
    quaternions[offset + 1]!,
    quaternions[offset + 2]!,
    quaternions[offset + 3]!,
  );
  if (!(norm > 0)) throw new RangeError('rotation: the zero quaternion (or NaN) is no rotation');
  const w = quaternions[offset]! / norm;
  const x = quaternions[offset + 1]! / norm;
  const y = quaternions[offset + 2]! / norm;
  const z = quaternions[offset + 3]! / norm;
  const r00 = 1 - 2 * (y * y + z * z);
  const r01 = 2 * (x * y - w * z);
  const r02 = 2 * (x * z + w * y);
  const r10 = 2 * (x * y + w * z);
  const r11 = 1 - 2 * (x * x + z * z);
  const r12 = 2 * (y * z - w * x);
  const r20 = 2 * (x * z - w * y);
  const r21 = 2 * (y * z + w * x);
  const r22 = 1 - 2 * (x * x + y * y);
  const n = s.length / 3;
  for (let i = 0; i < n; i++) {
    const a = s[i]!;
    const b = s[n + i]!;
    const c = s[2 * n + i]!;
    out[i] = r00 * a + r10 * b + r20 * c;
    out[n + i] = r01 * a + r11 * b + r21 * c;
    out[2 * n + i] = r02 * a + r12 * b + r22 * c;
  }
  return out;
}
