/** What the first generation matches against: the autocorrelation of random blobs, for it has to break the symmetry. */
import { autocorrelationOf } from './align.js';
import { frequency } from './centre.js';
import { smooth } from './phase.js';
import { randomStream } from './philox.js';
import type { Volume } from './slice.js';

const LANE_START = 18;

/** @param diameter of the particle, Angstrom */
export function startModel(n: number, voxel: number, diameter: number, seed: number): Volume {
  const random = randomStream(seed, 0, LANE_START);
  const density = Float32Array.from({ length: n ** 3 }, () => random.normal());
  smooth(density, n, 1, new Float32Array(2 * n * n * (Math.floor(n / 2) + 1)));
  const radius = (0.4 * diameter) / voxel;
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++, at++) {
        const r = Math.hypot(frequency(i, n), frequency(j, n), frequency(k, n));
        density[at] = r < radius ? Math.max(0, density[at]!) : 0;
      }
  const { data } = autocorrelationOf({ data: density, n, voxel });
  return { data: Float32Array.from(data), n, voxel };
}
