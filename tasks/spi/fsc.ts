/** Fourier shell correlation: how far two volumes agree, shell by shell of resolution, and the resolution that follows. */
import { rfft3 } from '../fourier/index.js';
import { frequency } from './centre.js';
import { checkCube, checkGrid } from './inputs.js';

type Reals = Float32Array | Float64Array;

export interface ShellCorrelation {
  /** Angstrom, of shell 0 (infinite), 1, ... floor(n/2). */
  readonly resolution: Float64Array;
  /** sum Re(A conj B) / sqrt(sum |A|^2 sum |B|^2) in each shell; 0 where a volume is empty. */
  readonly correlation: Float64Array;
}

/**
 * Correlation in shells one frequency step wide: shell k holds the components whose radius rounds to k, at the
 * resolution n voxel / k.
 * @param n edge of both volumes, voxels
 * @param voxel Angstrom
 */
export function fourierShellCorrelation(a: Reals, b: Reals, n: number, voxel: number): ShellCorrelation {
  checkGrid('fourierShellCorrelation', n, voxel);
  checkCube('fourierShellCorrelation', a, n);
  checkCube('fourierShellCorrelation', b, n);
  const shells = Math.floor(n / 2) + 1;
  const correlation = correlate(a, b, n, shells, (i, j, k) =>
    roundHalfToEven(Math.sqrt(i * i + j * j + k * k)),
  );
  const resolution = Float64Array.from({ length: shells }, (_, k) => (n * voxel) / k);
  return { resolution, correlation };
}

/**
 * The same in shells of equal width on the mesh linspace(-extent, extent, n) of reciprocal space, as Spinifel counts
 * them: boundaries exclusive on both sides, radii formed as it forms them, so that components on a boundary fall the
 * same way.
 * @param extent largest |s| on an axis of the mesh, 1/m
 * @param spacing width of a shell, 1/Angstrom
 */
export function meshShellCorrelation(
  a: Reals,
  b: Reals,
  n: number,
  extent: number,
  spacing = 0.01,
): { readonly radius: Float64Array; readonly correlation: Float64Array } {
  checkCube('meshShellCorrelation', a, n);
  checkCube('meshShellCorrelation', b, n);
  const shells = Math.floor((extent * 1e-10) / spacing + 1e-9) + 1;
  const radius = Float64Array.from({ length: shells }, (_, shell) => shell * spacing + spacing / 2);
  const step = (2 * extent) / (n - 1);
  const low = Math.floor(n / 2);
  const square = Float64Array.from({ length: n }, (_, i) => (i * step - extent) ** 2);
  const correlation = correlate(a, b, n, shells, (i, j, k) => {
    const length = Math.sqrt(square[i + low]! + square[j + low]! + square[k + low]!) * 1e-10;
    for (let shell = Math.max(0, Math.floor(length / spacing) - 1); shell < shells; shell++) {
      if (length <= shell * spacing) return -1;
      if (length < (shell + 1) * spacing) return shell;
    }
    return -1;
  });
  return { radius, correlation };
}

/** NumPy's rint. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function correlate(
  a: Reals,
  b: Reals,
  n: number,
  shells: number,
  shellOf: (i: number, j: number, k: number) => number,
): Float64Array {
  const A = rfft3(Float64Array.from(a), [n, n, n]);
  const B = rfft3(Float64Array.from(b), [n, n, n]);
  const half = Math.floor(n / 2) + 1;
  const cross = new Float64Array(shells);
  const ownA = new Float64Array(shells);
  const ownB = new Float64Array(shells);
  const add = (shell: number, at: number): void => {
    if (shell < 0 || shell >= shells) return;
    cross[shell]! += A[at]! * B[at]! + A[at + 1]! * B[at + 1]!;
    ownA[shell]! += A[at]! ** 2 + A[at + 1]! ** 2;
    ownB[shell]! += B[at]! ** 2 + B[at + 1]! ** 2;
  };
  const mirrored = (f: number): number => (2 * f === -n ? f : -f);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [x, y] = [frequency(i, n), frequency(j, n)];
      for (let k = 0; k < half; k++, at += 2) {
        const z = 2 * k === n ? -k : k;
        add(shellOf(x, y, z), at);
        // The other half of the spectrum is the conjugate of this one.
        if (k !== 0 && 2 * k !== n) add(shellOf(mirrored(x), mirrored(y), -z), at);
      }
    }
  }
  return cross.map((value, shell) => {
    const scale = Math.sqrt(ownA[shell]! * ownB[shell]!);
    return scale > 0 ? value / scale : 0;
  });
}

/**
 * The resolution in Angstrom at which a shell correlation first falls below a threshold, linear between shells in
 * frequency. A curve that never falls gives its last shell: "at least this good".
 * @param threshold 0.5 against a known structure, 0.143 between two independent half sets
 */
export function resolutionAt(curve: ShellCorrelation, threshold: number): number {
  const { resolution, correlation } = curve;
  for (let k = 1; k < correlation.length; k++) {
    if (correlation[k]! >= threshold) continue;
    if (k === 1) return resolution[1]!;
    const before = correlation[k - 1]!;
    const part = (before - threshold) / (before - correlation[k]!);
    return resolution[1]! / (k - 1 + part);
  }
  return resolution[correlation.length - 1]!;
}

/** Pearson's correlation of two equally long arrays. */
export function pearson(a: Reals, b: Reals): number {
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < a.length; i++) {
    meanA += a[i]!;
    meanB += b[i]!;
  }
  meanA /= a.length;
  meanB /= a.length;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
