/** The nonuniform transforms as the sums they are: the truth that fast ones are compared with. */
import type { Modes, Points, Reals } from '../../../tasks/fourier/nufft.js';

/** Powers exp(i sign k x) of one axis for every mode, complex, (modes, 2). */
function powers(x: number, n: number, sign: number): Float64Array {
  const low = Math.floor(n / 2);
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    out[2 * i] = Math.cos((i - low) * x);
    out[2 * i + 1] = sign * Math.sin((i - low) * x);
  }
  return out;
}

function overPhases(
  points: Points,
  modes: Modes,
  sign: number,
  visit: (point: number, mode: number, re: number, im: number) => void,
): void {
  for (let point = 0; point < points[0].length; point++) {
    const [a, b, c] = [0, 1, 2].map((axis) => powers(points[axis]![point]!, modes[axis]!, sign)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    let mode = 0;
    for (let i = 0; i < modes[0]; i++) {
      for (let j = 0; j < modes[1]; j++) {
        const re = a[2 * i]! * b[2 * j]! - a[2 * i + 1]! * b[2 * j + 1]!;
        const im = a[2 * i]! * b[2 * j + 1]! + a[2 * i + 1]! * b[2 * j]!;
        for (let k = 0; k < modes[2]; k++) {
          visit(point, mode++, re * c[2 * k]! - im * c[2 * k + 1]!, re * c[2 * k + 1]! + im * c[2 * k]!);
        }
      }
    }
  }
}

export function directType1(points: Points, values: Reals, modes: Modes, sign: number): Float64Array {
  const out = new Float64Array(2 * modes[0] * modes[1] * modes[2]);
  overPhases(points, modes, sign, (point, mode, re, im) => {
    out[2 * mode]! += values[2 * point]! * re - values[2 * point + 1]! * im;
    out[2 * mode + 1]! += values[2 * point]! * im + values[2 * point + 1]! * re;
  });
  return out;
}

export function directType2(points: Points, coefficients: Reals, modes: Modes, sign: number): Float64Array {
  const out = new Float64Array(2 * points[0].length);
  overPhases(points, modes, sign, (point, mode, re, im) => {
    out[2 * point]! += coefficients[2 * mode]! * re - coefficients[2 * mode + 1]! * im;
    out[2 * point + 1]! += coefficients[2 * mode]! * im + coefficients[2 * mode + 1]! * re;
  });
  return out;
}

export function relativeError(got: Reals, truth: Reals): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < truth.length; i++) {
    difference += (got[i]! - truth[i]!) ** 2;
    norm += truth[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** A small generator of reproducible numbers in [0, 1) (Mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface NufftCase {
  points: [Float64Array, Float64Array, Float64Array];
  values: Float64Array;
  coefficients: Float64Array;
  modes: Modes;
}

/** Points in [-3 pi, 3 pi], complex values and coefficients in the square [-1, 1]. */
export function nufftCase(seed: number, count: number, modes: Modes): NufftCase {
  const next = numbers(seed);
  const fill = (length: number, scale: number): Float64Array =>
    Float64Array.from({ length }, () => (2 * next() - 1) * scale);
  return {
    points: [fill(count, 3 * Math.PI), fill(count, 3 * Math.PI), fill(count, 3 * Math.PI)],
    values: fill(2 * count, 1),
    coefficients: fill(2 * modes[0] * modes[1] * modes[2], 1),
    modes,
  };
}

export function toSingle(points: Points): Points {
  return [Float32Array.from(points[0]), Float32Array.from(points[1]), Float32Array.from(points[2])];
}
