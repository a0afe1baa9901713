/**
 * The nonuniform transforms written plainly: the oracle of the native ones, and what runs where there is no add-on.
 * All sums are in double precision, whatever the arrays hold.
 */

import { fft3 } from './fft3.js';
import type { Modes, NufftDesign } from './nufft-design.js';
import { checkFinite, type Points, type Reals } from './nufft-input.js';
import { kernelValues, type SpreadingKernel } from './spreading-kernel.js';

export type Sign = 1 | -1;

/** The transforms of one design. Results go to `out`, whose length the caller has checked. */
export interface NufftEngine {
  /** Takes over a set of points; `where` opens the message when one of them is not finite. */
  setPoints(where: string, points: Points): void;
  type1(values: Reals, out: Reals): void;
  type2(coefficients: Reals, out: Reals): void;
  /** The real part of type 1 for real values. */
  type1Real(values: Reals, out: Reals): void;
  /** The real part of type 2 for real coefficients. */
  type2Real(coefficients: Reals, out: Reals): void;
  close(): void;
}

/** The plain engine. Points are copied. */
export function twinEngine(design: NufftDesign, sign: Sign): NufftEngine {
  let points: Points = [new Float64Array(0), new Float64Array(0), new Float64Array(0)];
  return {
    setPoints: (where, given) => {
      checkFinite(where, given);
      points = [given[0].slice(), given[1].slice(), given[2].slice()];
    },
    type1: (values, out) => type1Twin(design, points, values, sign, out),
    type2: (coefficients, out) => type2Twin(design, points, coefficients, sign, out),
    type1Real: (values, out) => {
      const whole = new Float64Array(2 * out.length);
      type1Twin(design, points, complexOf(values), sign, whole);
      realPart(whole, out);
    },
    type2Real: (coefficients, out) => {
      const whole = new Float64Array(2 * out.length);
      type2Twin(design, points, complexOf(coefficients), sign, whole);
      realPart(whole, out);
    },
    close: () => {},
  };
}

/** f_k = sum_j c_j exp(i sign k.x_j). `values` complex (M), `out` complex (modes). */
export function type1Twin(design: NufftDesign, points: Points, values: Reals, sign: Sign, out: Reals): void {
  const grid = spread(design, points, values);
  transform(grid, design.fine, sign);
  keepModes(design, grid, out);
}

/** c_j = sum_k f_k exp(i sign k.x_j). `coefficients` complex (modes), `out` complex (M). */
export function type2Twin(
  design: NufftDesign,
  points: Points,
  coefficients: Reals,
  sign: Sign,
  out: Reals,
): void {
  const grid = padModes(design, coefficients);
  transform(grid, design.fine, sign);
  interpolate(design, points, grid, out);
}

/** Adds every value times its kernel to the periodic fine grid. */
export function spread(design: NufftDesign, points: Points, values: Reals): Float64Array {
  const grid = new Float64Array(2 * design.fine[0] * design.fine[1] * design.fine[2]);
  overFootprints(design, points, (point, at, weight) => {
    grid[at]! += weight * values[2 * point]!;
    grid[at + 1]! += weight * values[2 * point + 1]!;
  });
  return grid;
}

/** The reverse of spreading: every value is the sum of the grid times the kernel of the point. */
export function interpolate(design: NufftDesign, points: Points, grid: Float64Array, out: Reals): void {
  const sums = new Float64Array(out.length);
  overFootprints(design, points, (point, at, weight) => {
    sums[2 * point]! += weight * grid[at]!;
    sums[2 * point + 1]! += weight * grid[at + 1]!;
  });
  out.set(sums);
}

/** Calls `visit` for each of the w^3 fine-grid points of each point, with the index of the real part there. */
function overFootprints(
  design: NufftDesign,
  points: Points,
  visit: (point: number, at: number, weight: number) => void,
): void {
  const { fine, kernel } = design;
  const w = kernel.width;
  const values = new Float64Array(3 * w);
  const wrapped = new Int32Array(3 * w);
  for (let point = 0; point < points[0].length; point++) {
    for (let axis = 0; axis < 3; axis++) {
      footprint(kernel, points[axis]![point]!, fine[axis]!, axis * w, values, wrapped);
    }
    for (let i = 0; i < w; i++) {
      for (let j = 0; j < w; j++) {
        const row = (wrapped[i]! * fine[1] + wrapped[w + j]!) * fine[2];
        const weight = values[i]! * values[w + j]!;
        for (let k = 0; k < w; k++)
          visit(point, 2 * (row + wrapped[2 * w + k]!), weight * values[2 * w + k]!);
      }
    }
  }
}

function footprint(
  kernel: SpreadingKernel,
  x: number,
  n: number,
  at: number,
  values: Float64Array,
  wrapped: Int32Array,
): void {
  const first = kernelValues(kernel, finePosition(x, n), values, at);
  for (let j = 0; j < kernel.width; j++) wrapped[at + j] = (first + j + n) % n;
}

/** Radians of any size to a position in [0, n) on a fine grid of n points. */
export function finePosition(x: number, n: number): number {
  const turns = x / (2 * Math.PI);
  const position = (turns - Math.floor(turns)) * n;
  return position < n ? position : 0;
}

/** Keeps the central modes of the transformed grid and divides by the transform of the kernel. */
function keepModes(design: NufftDesign, grid: Float64Array, out: Reals): void {
  overModes(design, (mode, at, factor) => {
    out[2 * mode] = grid[at]! * factor;
    out[2 * mode + 1] = grid[at + 1]! * factor;
  });
}

/** The reverse: modes divided by the transform of the kernel, zeros elsewhere. */
function padModes(design: NufftDesign, coefficients: Reals): Float64Array {
  const grid = new Float64Array(2 * design.fine[0] * design.fine[1] * design.fine[2]);
  overModes(design, (mode, at, factor) => {
    grid[at] = coefficients[2 * mode]! * factor;
    grid[at + 1] = coefficients[2 * mode + 1]! * factor;
  });
  return grid;
}

function overModes(design: NufftDesign, visit: (mode: number, at: number, factor: number) => void): void {
  const { modes, fine, deconvolution } = design;
  const at = (i: number, axis: number): number => {
    const k = i - Math.floor(modes[axis]! / 2);
    return k < 0 ? k + fine[axis]! : k;
  };
  let mode = 0;
  for (let i = 0; i < modes[0]; i++) {
    for (let j = 0; j < modes[1]; j++) {
      const row = (at(i, 0) * fine[1] + at(j, 1)) * fine[2];
      const factor = deconvolution[0][i]! * deconvolution[1][j]!;
      for (let k = 0; k < modes[2]; k++) visit(mode++, 2 * (row + at(k, 2)), factor * deconvolution[2][k]!);
    }
  }
}

function transform(grid: Float64Array, shape: Modes, sign: Sign): void {
  fft3(grid, [shape[0], shape[1], shape[2]], { sign, out: grid });
}

function complexOf(values: Reals): Float64Array {
  const complex = new Float64Array(2 * values.length);
  for (let i = 0; i < values.length; i++) complex[2 * i] = values[i]!;
  return complex;
}

function realPart(complex: Reals, out: Reals): void {
  for (let i = 0; i < out.length; i++) out[i] = complex[2 * i]!;
}
