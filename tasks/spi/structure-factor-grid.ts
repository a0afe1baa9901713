/**
 * Structure factors of large particles: sampled once on a grid in reciprocal space, then interpolated at any s. This is
 * a nonuniform transform from points to points ("type 3") in two steps: with a spreading kernel phi of width w on a
 * grid of spacing d,
 *   sum_m phi(s/d - m) exp(2 pi i m d r) = phi^(d r) exp(2 pi i s r) + aliases,
 * so that the sum over atoms needs each atom divided by phi^(d r) once, a transform to the grid (type 1), and w^3 grid
 * points per s afterwards, whatever the number of atoms. The aliases are below 1e-7 of F(0) for w = 8 and a grid twice
 * as fine as the particle asks for.
 */
import { nufft1 } from '../fourier/index.js';
import { kernelValues, spreadingKernel } from '../fourier/spreading-kernel.js';
import type { AtomGroups } from './atom-groups.js';

const WIDTH = 8;
const UPSAMPLING = 2;
const ACCURACY = 1e-10;

/** The phase sums of every kind of atom on a cube of reciprocal space. Shared memory: sending it copies nothing. */
export interface StructureFactorGrid {
  /** Spacing, 1/Angstrom. */
  readonly spacing: number;
  /** Points along an edge; the middle one, floor(n/2), is s = 0. */
  readonly n: number;
  readonly kinds: number;
  /** (n, n, n, kinds), complex. */
  readonly values: Float64Array;
}

/** Bytes of the grid for a particle of `radius` (largest coordinate, Angstrom) up to |s| = `extent` (1/Angstrom). */
export function gridBytes(radius: number, extent: number, kinds: number): number {
  return 16 * kinds * gridSize(gridSpacing(radius), extent) ** 3;
}

/** Samples the phase sums of `groups` for all |s| <= extent, 1/Angstrom. */
export function structureFactorGrid(groups: AtomGroups, extent: number): StructureFactorGrid {
  const kinds = groups.starts.length - 1;
  const spacing = gridSpacing(largestCoordinate(groups.positions));
  const n = gridSize(spacing, extent);
  const kernel = spreadingKernel(WIDTH, UPSAMPLING, ACCURACY);
  const values = new Float64Array(new SharedArrayBuffer(16 * kinds * n * n * n));
  for (let kind = 0; kind < kinds; kind++) {
    const from = groups.starts[kind]!;
    const count = groups.starts[kind + 1]! - from;
    if (count === 0) continue;
    const points = [0, 1, 2].map(() => new Float64Array(count)) as [Float64Array, Float64Array, Float64Array];
    const weights = new Float64Array(2 * count);
    for (let j = 0; j < count; j++) {
      let weight = groups.weights[from + j]!;
      for (let axis = 0; axis < 3; axis++) {
        const along = spacing * groups.positions[3 * (from + j) + axis]!;
        points[axis]![j] = 2 * Math.PI * along;
        weight /= kernel.transform(along, 1);
      }
      weights[2 * j] = weight;
    }
    const sums = nufft1(points, weights, [n, n, n], { eps: ACCURACY, sign: 1 });
    for (let m = 0; m < n * n * n; m++) {
      values[2 * (m * kinds + kind)] = sums[2 * m]!;
      values[2 * (m * kinds + kind) + 1] = sums[2 * m + 1]!;
    }
  }
  return { spacing, n, kinds, values };
}

/**
 * out[i] = sum over kinds of form[kind, i] times the phase sum of the kind at s_i.
 * @param s (3, n), 1/Angstrom, within the extent of the grid
 * @param form (kinds, n)
 * @param out complex (n)
 */
export function interpolateStructureFactors(
  grid: StructureFactorGrid,
  s: Float64Array,
  form: Float64Array,
  out: Float64Array,
): void {
  const { spacing, n, values } = grid;
  const kernel = spreadingKernel(WIDTH, UPSAMPLING, ACCURACY);
  const count = s.length / 3;
  const lanes = 2 * grid.kinds;
  const weights = new Float64Array(3 * WIDTH);
  const sums = new Float64Array(lanes);
  const middle = Math.floor(n / 2);
  const first = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    for (let axis = 0; axis < 3; axis++) {
      const position = s[axis * count + i]! / spacing + middle;
      first[axis] = kernelValues(kernel, position, weights, axis * WIDTH);
      if (!(first[axis]! >= 0 && first[axis]! + WIDTH <= n)) {
        throw new RangeError(`structure factors: s-vector ${i} lies outside the grid, or is not a number`);
      }
    }
    sums.fill(0);
    for (let a = 0; a < WIDTH; a++) {
      for (let b = 0; b < WIDTH; b++) {
        const across = weights[a]! * weights[WIDTH + b]!;
        const row = (((first[0]! + a) * n + first[1]! + b) * n + first[2]!) * lanes;
        for (let lane = 0; lane < lanes; lane++) {
          let along = 0;
          for (let c = 0; c < WIDTH; c++) along += weights[2 * WIDTH + c]! * values[row + c * lanes + lane]!;
          sums[lane] = sums[lane]! + across * along;
        }
      }
    }
    let re = 0;
    let im = 0;
    for (let kind = 0; kind < grid.kinds; kind++) {
      re += form[kind * count + i]! * sums[2 * kind]!;
      im += form[kind * count + i]! * sums[2 * kind + 1]!;
    }
    out[2 * i] = re;
    out[2 * i + 1] = im;
  }
}

/** Atoms within the middle 1/UPSAMPLING of the period of the grid's transform. */
function gridSpacing(radius: number): number {
  return 1 / (2 * UPSAMPLING * Math.max(radius, 1));
}

function gridSize(spacing: number, extent: number): number {
  return 2 * Math.ceil((extent / spacing) * (1 + 1e-12) + WIDTH / 2 + 1) + 1;
}

export function largestCoordinate(positions: Float64Array): number {
  let largest = 0;
  for (const value of positions) largest = Math.max(largest, Math.abs(value));
  return largest;
}
