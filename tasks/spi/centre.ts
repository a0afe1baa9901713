/** Volumes centred at voxel floor(n/2), and the same with that voxel moved to the first place, as transforms want them. */

type Numbers = Float32Array | Float64Array | Uint8Array;

/** Moves the voxel at floor(n/2) of every axis to index 0 (`ifftshift`). */
export function centreToOrigin<A extends Numbers>(volume: A, n: number): A {
  const by = Math.floor(n / 2);
  return roll(volume, n, [by, by, by]);
}

/** Moves index 0 to floor(n/2) of every axis (`fftshift`). */
export function originToCentre<A extends Numbers>(volume: A, n: number): A {
  const by = n - Math.floor(n / 2);
  return roll(volume, n, [by, by, by]);
}

/** A new volume whose first voxel is the one at `first`, periodic. */
export function roll<A extends Numbers>(
  volume: A,
  n: number,
  [x, y, z]: readonly [number, number, number],
): A {
  const out = new (volume.constructor as new (length: number) => A)(n ** 3);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const from = (((i + x) % n) * n + ((j + y) % n)) * n;
      moveRow(volume, from, out, (i * n + j) * n, n, z % n);
    }
  }
  return out;
}

function moveRow(volume: Numbers, from: number, out: Numbers, to: number, n: number, by: number): void {
  for (let k = 0; k < n - by; k++) out[to + k] = volume[from + by + k]!;
  for (let k = n - by; k < n; k++) out[to + k] = volume[from + by + k - n]!;
}

/** The frequency of index i of a transform of n: 0, 1, ... then the negative ones. */
export function frequency(i: number, n: number): number {
  return i <= (n - 1) / 2 ? i : i - n;
}
