/** Volumes centred at voxel floor(n/2), and the same with that voxel moved to the first place, as transforms want them. */

type Reals = Float32Array | Float64Array;

/** Moves the voxel at floor(n/2) of every axis to index 0 (`ifftshift`). */
export function centreToOrigin<A extends Reals>(volume: A, n: number): A {
  return roll(volume, n, n - Math.floor(n / 2));
}

/** Moves index 0 to floor(n/2) of every axis (`fftshift`). */
export function originToCentre<A extends Reals>(volume: A, n: number): A {
  return roll(volume, n, Math.floor(n / 2));
}

function roll<A extends Reals>(volume: A, n: number, by: number): A {
  const out = (volume instanceof Float32Array ? new Float32Array(n ** 3) : new Float64Array(n ** 3)) as A;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const from = (i * n + j) * n;
      const to = (((i + by) % n) * n + ((j + by) % n)) * n;
      for (let k = 0; k < n; k++) out[to + ((k + by) % n)] = volume[from + k]!;
    }
  }
  return out;
}

/** The frequency of index i of a transform of n: 0, 1, ... then the negative ones. */
export function frequency(i: number, n: number): number {
  return i <= (n - 1) / 2 ? i : i - n;
}
