/**
 * The elementwise work of merging in plain TypeScript: where pixels look, what they weigh, which part of an image goes to
 * which reference, and what is left of the transformed sums. Oracle and fallback of the native functions, which give the
 * same bits: products and sums in double precision, rounded apart, and rounded once more where they are stored.
 */
import { addon, type MergingAddon } from '../../native/index.js';

type Reals = Float32Array | Float64Array;

/**
 * matrix s for every matrix and every pixel.
 * @param matrices (count, 9), rows first
 * @param s (3, pixels)
 * @param x (count, pixels), as y and z
 */
const slicePoints: MergingAddon['slicePoints'] = (matrices, s, x, y, z) => {
  const pixels = s.length / 3;
  for (let i = 0; i < matrices.length / 9; i++) {
    turnPoints(matrices, 9 * i, s, pixels, x, y, z, i * pixels);
  }
};

/** One matrix, from place `m` on, to place `at`: of any kind of floating-point numbers. */
export function turnPoints<A extends Reals>(
  matrices: Float64Array,
  m: number,
  s: Reals,
  pixels: number,
  x: A,
  y: A,
  z: A,
  at: number,
): void {
  const m0 = matrices[m]!;
  const m1 = matrices[m + 1]!;
  const m2 = matrices[m + 2]!;
  const m3 = matrices[m + 3]!;
  const m4 = matrices[m + 4]!;
  const m5 = matrices[m + 5]!;
  const m6 = matrices[m + 6]!;
  const m7 = matrices[m + 7]!;
  const m8 = matrices[m + 8]!;
  for (let p = 0; p < pixels; p++) {
    const a = s[p]!;
    const b = s[pixels + p]!;
    const c = s[2 * pixels + p]!;
    x[at + p] = m0 * a + m1 * b + m2 * c;
    y[at + p] = m3 * a + m4 * b + m5 * c;
    z[at + p] = m6 * a + m7 * b + m8 * c;
  }
}

/**
 * Weight times datum, and weight, of chosen images: photons weight and exposure correction weight.
 * @param photons (images, pixels)
 * @param rows which images
 * @param exposure (rows)
 * @param out (rows, pixels, 2)
 */
const mergeValues: MergingAddon['mergeValues'] = (photons, rows, exposure, correction, weights, out) => {
  const pixels = weights.length;
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * pixels;
    for (let p = 0; p < pixels; p++) {
      out[at++] = photons[from + p]! * weights[p]!;
      out[at++] = exposure[i]! * correction[p]! * weights[p]!;
    }
  }
};

/**
 * The even parts of two real sequences whose transforms are the real and the imaginary part of the modes' even part.
 * @param modes (2n)^3 complex, from -n to n-1 on each axis
 * @param rightSide n^3, from -floor(n/2): (Re modes[k] + Re modes[-k]) / 2
 * @param kernel (2n)^3: (Im modes[k] + Im modes[-k]) / 2; 0 where -k is no mode
 */
export function evenParts(modes: Reals, n: number, rightSide: Reals, kernel: Reals): void {
  const N = 2 * n;
  const low = n - Math.floor(n / 2);
  kernel.fill(0, 0, N ** 3);
  for (let i = 1; i < N; i++) {
    for (let j = 1; j < N; j++) {
      const row = (i * N + j) * N;
      const mirrored = ((N - i) * N + (N - j)) * N;
      for (let k = 1; k < N; k++) {
        kernel[row + k] = 0.5 * (modes[2 * (row + k) + 1]! + modes[2 * (mirrored + N - k) + 1]!);
      }
      if (i < low || i >= low + n || j < low || j >= low + n) continue;
      const to = ((i - low) * n + (j - low)) * n;
      for (let k = 0; k < n; k++) {
        rightSide[to + k] = 0.5 * (modes[2 * (row + low + k)]! + modes[2 * (mirrored + N - low - k)]!);
      }
    }
  }
}

/**
 * photons[r] += shares[r] image, for every reference.
 * @param images (images, pixels); `image` says which
 * @param shares (references)
 * @param photons (references, pixels)
 */
const addShares: MergingAddon['addShares'] = (images, image, pixels, shares, photons) => {
  for (let r = 0; r < shares.length; r++) {
    if (shares[r] !== 0) addShare(photons, r * pixels, images, image * pixels, pixels, shares[r]!);
  }
};

function addShare(
  photons: Float32Array,
  to: number,
  images: Float32Array,
  from: number,
  pixels: number,
  share: number,
): void {
  for (let k = 0; k < pixels; k++) photons[to + k]! += share * images[from + k]!;
}

export const mergingTwin: MergingAddon = { slicePoints, mergeValues, evenParts, addShares };

/** Merging by the fastest means there are. */
export const merging: MergingAddon = addon ?? mergingTwin;
