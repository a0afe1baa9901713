/**
 * Alignment of two volumes: the rotation, the hand and the shift that bring one onto the other.
 *
 * The intensity |F|^2 knows neither shift nor hand, so the rotation is found first, by comparing intensities on shells;
 * then both hands are tried, each with the shift at the peak of the cross-correlation, to a fraction of a voxel.
 */
import { irfft3, nufft2, rfft3 } from '../fourier/index.js';
import { centreToOrigin, frequency, originToCentre } from './centre.js';
import { pearson } from './fsc.js';
import { checkVolume } from './inputs.js';
import { conjugate, fromRotationVector, multiply, type Quaternions } from './quaternion.js';
import { superFibonacci } from './rotation-grid.js';
import { slice, type Volume } from './slice.js';

export interface AlignOptions {
  /** False: the volumes are known not to be turned against each other. Default true. */
  readonly rotation?: boolean;
  /** Rotations of the first scan. Default 4000: 7.4 degrees on average to the nearest. */
  readonly scan?: number;
}

export interface Alignment {
  /** The volume brought onto the reference, on its own grid. */
  readonly volume: Volume;
  /** The reference turned by this rotation is the original volume. */
  readonly rotation: Float64Array;
  /** Whether the hand was changed (inversion through the centre). */
  readonly inverted: boolean;
  /** By how many voxels it was shifted after that. */
  readonly shift: readonly [number, number, number];
  /** Pearson correlation of `volume` with the reference. */
  readonly correlation: number;
}

/**
 * Brings `volume` onto `reference`; both of equal size and voxel.
 * @throws RangeError where they are not, or where one is not finite
 */
export function align(volume: Volume, reference: Volume, options: AlignOptions = {}): Alignment {
  if (volume.n !== reference.n || Math.abs(volume.voxel / reference.voxel - 1) > 1e-3) {
    throw new RangeError(
      `align: the volumes differ: ${volume.n}^3 voxels of ${volume.voxel} Angstrom and ` +
        `${reference.n}^3 of ${reference.voxel}; resample one onto the grid of the other`,
    );
  }
  checkVolume('align', volume);
  checkVolume('align', reference);
  if (options.rotation === false) {
    const shifted = alignShift(volume, reference);
    return { ...shifted, rotation: Float64Array.of(1, 0, 0, 0) };
  }
  const rotation = findRotation(volume, reference, options.scan ?? 4000);
  const turned = rotateVolume(volume, conjugate(rotation));
  return { ...alignShift(turned, reference), rotation };
}

/** The better hand of a volume, shifted onto a reference. */
export function alignShift(volume: Volume, reference: Volume): Omit<Alignment, 'rotation'> {
  const { n, voxel } = volume;
  const shape: [number, number, number] = [n, n, n];
  const target = rfft3(centreToOrigin(new Float64Array(reference.data), n), shape);
  const own = rfft3(centreToOrigin(new Float64Array(volume.data), n), shape);
  const product = new Float64Array(own.length);
  const samples = new Float64Array(n ** 3);
  const inverse = { scale: 1 / n ** 3, out: samples };
  let best:
    | { correlation: number; data: Float64Array; shift: [number, number, number]; inverted: boolean }
    | undefined;
  for (const inverted of [false, true]) {
    if (inverted) conjugateSpectrum(own);
    correlate(target, own, product);
    const shift = sharpen(product, n, peak(irfft3(product, shape, inverse), n));
    shiftSpectrum(own, shift, n, product);
    const data = originToCentre(irfft3(product, shape, { ...inverse, spend: true }), n);
    const correlation = pearson(data, reference.data);
    if (best === undefined || correlation > best.correlation) best = { correlation, data, shift, inverted };
  }
  const { data, ...rest } = best!;
  return { volume: { data: new Float32Array(data), n, voxel }, ...rest };
}

/** Inversion of a real volume through the origin. */
function conjugateSpectrum(spectrum: Float64Array): void {
  for (let i = 1; i < spectrum.length; i += 2) spectrum[i] = -spectrum[i]!;
}

/** The spectrum of the cross-correlation of two real volumes: target times the conjugate of own. */
function correlate(target: Float64Array, own: Float64Array, product: Float64Array): void {
  for (let i = 0; i < own.length; i += 2) {
    product[i] = target[i]! * own[i]! + target[i + 1]! * own[i + 1]!;
    product[i + 1] = target[i + 1]! * own[i]! - target[i]! * own[i + 1]!;
  }
}

/** The half spectrum of a volume shifted by so many voxels. */
function shiftSpectrum(
  own: Float64Array,
  shift: readonly [number, number, number],
  n: number,
  out: Float64Array,
): void {
  const half = Math.floor(n / 2) + 1;
  const [x, y, z] = planeWaves([-shift[0], -shift[1], -shift[2]], n);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const re = x[2 * i]! * y[2 * j]! - x[2 * i + 1]! * y[2 * j + 1]!;
      const im = x[2 * i]! * y[2 * j + 1]! + x[2 * i + 1]! * y[2 * j]!;
      for (let k = 0; k < half; k++, at += 2) {
        const c = re * z[2 * k]! - im * z[2 * k + 1]!;
        const s = re * z[2 * k + 1]! + im * z[2 * k]!;
        out[at] = own[at]! * c - own[at + 1]! * s;
        out[at + 1] = own[at]! * s + own[at + 1]! * c;
      }
    }
}

/** The place of the largest value, with a parabola through its neighbours on each axis. */
function peak(values: Float64Array, n: number): [number, number, number] {
  let top = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[top]!) top = i;
  const index = [Math.floor(top / (n * n)), Math.floor(top / n) % n, top % n];
  const at = (axis: number, by: number): number => {
    const [i, j, k] = index.map((v, a) => (a === axis ? (v + by + n) % n : v)) as [number, number, number];
    return values[(i * n + j) * n + k]!;
  };
  return index.map((v, axis) => {
    const before = at(axis, -1);
    const after = at(axis, 1);
    const curvature = before + after - 2 * values[top]!;
    const fraction = curvature < 0 ? (0.5 * (before - after)) / curvature : 0;
    return (v > n / 2 ? v - n : v) + Math.max(-0.5, Math.min(0.5, fraction));
  }) as [number, number, number];
}

/**
 * Newton's method on the trigonometric sum whose samples `peak` saw: sum Re(P exp(2 pi i k.x / n)). A step that leaves
 * the voxel, or a curvature that is no maximum's, ends it.
 */
function sharpen(
  product: Float64Array,
  n: number,
  start: [number, number, number],
): [number, number, number] {
  let at = start;
  const sums = new Float64Array(9);
  for (let pass = 0; pass < 4; pass++) {
    derivatives(product, planeWaves(at, n), n, sums);
    const step = solveSymmetric(sums.subarray(3), sums).map((s) => (-s * n) / (2 * Math.PI));
    const moved = at.map((x, axis) => x + step[axis]!) as [number, number, number];
    if (!step.every(Number.isFinite) || moved.some((x, axis) => Math.abs(x - start[axis]!) > 1)) return at;
    at = moved;
    if (step.every((s) => Math.abs(s) < 1e-9)) return at;
  }
  return at;
}

/** Gradient (x, y, z) and second derivatives (xx, yy, zz, xy, xz, yz) of the sum of `sharpen`, in units of 2 pi / n. */
function derivatives(product: Float64Array, [u, v, w]: Waves, n: number, out: Float64Array): void {
  out.fill(0);
  const row = new Float64Array(5);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const re = u[2 * i]! * v[2 * j]! - u[2 * i + 1]! * v[2 * j + 1]!;
      const im = u[2 * i]! * v[2 * j + 1]! + u[2 * i + 1]! * v[2 * j]!;
      rowSums(product, i * n + j, n, re, im, w, row);
      const x = frequency(i, n);
      const y = frequency(j, n);
      out[0]! += x * row[0]!;
      out[1]! += y * row[0]!;
      out[2]! += row[1]!;
      out[3]! -= x * x * row[2]!;
      out[4]! -= y * y * row[2]!;
      out[5]! -= row[4]!;
      out[6]! -= x * y * row[2]!;
      out[7]! -= x * row[3]!;
      out[8]! -= y * row[3]!;
    }
}

/** Along one row of a half spectrum: sums of the slope, times 1 and k, and of the value, times 1, k and k^2. */
function rowSums(
  product: Float64Array,
  row: number,
  n: number,
  re: number,
  im: number,
  wave: Float64Array,
  out: Float64Array,
): void {
  const half = wave.length / 2;
  let slope = 0;
  let slopeK = 0;
  let value = 0;
  let valueK = 0;
  let valueKK = 0;
  for (let k = 0, c = 2 * row * half; k < half; k++, c += 2) {
    const weight = k === 0 || 2 * k === n ? 1 : 2;
    const cosine = (re * wave[2 * k]! - im * wave[2 * k + 1]!) * weight;
    const sine = (re * wave[2 * k + 1]! + im * wave[2 * k]!) * weight;
    const a = -product[c]! * sine - product[c + 1]! * cosine;
    const b = product[c]! * cosine - product[c + 1]! * sine;
    slope += a;
    slopeK += k * a;
    value += b;
    valueK += k * b;
    valueKK += k * k * b;
  }
  out[0] = slope;
  out[1] = slopeK;
  out[2] = value;
  out[3] = valueK;
  out[4] = valueKK;
}

type Waves = readonly [Float64Array, Float64Array, Float64Array];

/**
 * exp(2 pi i f x / n) for the frequency f of every index of an axis, (re, im) pairs, for the three axes of a half
 * spectrum: the last axis counts from 0 up.
 */
function planeWaves(shift: readonly [number, number, number], n: number): Waves {
  const wave = (x: number, count: number, f: (index: number) => number): Float64Array => {
    const out = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      const angle = (2 * Math.PI * f(i) * x) / n;
      out[2 * i] = Math.cos(angle);
      out[2 * i + 1] = Math.sin(angle);
    }
    return out;
  };
  const full = (i: number): number => frequency(i, n);
  return [wave(shift[0], n, full), wave(shift[1], n, full), wave(shift[2], Math.floor(n / 2) + 1, (k) => k)];
}

/** Solves [[a, d, e], [d, b, f], [e, f, c]] x = r by Cramer's rule. */
function solveSymmetric(m: Float64Array, r: Float64Array): number[] {
  const [a, b, c, d, e, f] = m as unknown as [number, number, number, number, number, number];
  const [x, y, z] = r as unknown as [number, number, number];
  const A = b * c - f * f;
  const B = e * f - d * c;
  const C = d * f - b * e;
  const determinant = a * A + d * B + e * C;
  return [
    (A * x + B * y + C * z) / determinant,
    (B * x + (a * c - e * e) * y + (d * e - a * f) * z) / determinant,
    (C * x + (d * e - a * f) * y + (a * b - d * d) * z) / determinant,
  ];
}

/** The volume turned by R(q) about its centre, exactly at every Fourier component of the grid: F'(s) = F(R^-1 s). */
export function rotateVolume(volume: Volume, q: Float64Array): Volume {
  const { n, voxel } = volume;
  const half = Math.floor(n / 2) + 1;
  const count = n * n * half;
  const s = new Float64Array(3 * count);
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < half; k++, at++) {
        s[at] = frequency(i, n) / (n * voxel);
        s[count + at] = frequency(j, n) / (n * voxel);
        s[2 * count + at] = k / (n * voxel);
      }
  const points = turnedPoints(s, q, voxel);
  const coefficients = new Float64Array(2 * n ** 3);
  for (let i = 0; i < n ** 3; i++) coefficients[2 * i] = volume.data[i]!;
  const spectrum = nufft2(points, coefficients, [n, n, n], { eps: 1e-6, sign: -1 });
  for (let i = 0; i < count; i++) {
    // A turned corner sticks out of the cube of known frequencies.
    const outside =
      Math.max(Math.abs(points[0][i]!), Math.abs(points[1][i]!), Math.abs(points[2][i]!)) > Math.PI;
    if (!outside) continue;
    spectrum[2 * i] = 0;
    spectrum[2 * i + 1] = 0;
  }
  const data = originToCentre(irfft3(spectrum, [n, n, n], { scale: 1 / n ** 3 }), n);
  return { data: new Float32Array(data), n, voxel };
}

function turnedPoints(
  s: Float64Array,
  q: Float64Array,
  voxel: number,
): [Float64Array, Float64Array, Float64Array] {
  const count = s.length / 3;
  const inverse = conjugate(q);
  const w = inverse[0]!;
  const x = inverse[1]!;
  const y = inverse[2]!;
  const z = inverse[3]!;
  const scale = 2 * Math.PI * voxel;
  const out: [Float64Array, Float64Array, Float64Array] = [
    new Float64Array(count),
    new Float64Array(count),
    new Float64Array(count),
  ];
  for (let i = 0; i < count; i++) {
    const a = s[i]! * scale;
    const b = s[count + i]! * scale;
    const c = s[2 * count + i]! * scale;
    out[0][i] = (1 - 2 * (y * y + z * z)) * a + 2 * (x * y - w * z) * b + 2 * (x * z + w * y) * c;
    out[1][i] = 2 * (x * y + w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z - w * x) * c;
    out[2][i] = 2 * (x * z - w * y) * a + 2 * (y * z + w * x) * b + (1 - 2 * (x * x + y * y)) * c;
  }
  return out;
}

/** The autocorrelation of a volume: the Fourier coefficients of its intensity. */
export function autocorrelationOf(volume: Volume): Volume {
  const { n, voxel } = volume;
  const spectrum = rfft3(new Float64Array(volume.data), [n, n, n]);
  for (let i = 0; i < spectrum.length; i += 2) {
    spectrum[i] = spectrum[i]! ** 2 + spectrum[i + 1]! ** 2;
    spectrum[i + 1] = 0;
  }
  return { data: originToCentre(irfft3(spectrum, [n, n, n], { scale: 1 / n ** 3 }), n), n, voxel };
}

/** How many candidates of the scan are followed further. */
const CANDIDATES = 6;
const SHELLS = 8;

/** The rotation by which `reference` has to be turned so that its intensity is that of `volume`. */
function findRotation(volume: Volume, reference: Volume, scan: number): Float64Array {
  const size = extentOf(reference);
  // Single precision holds far more than the error of these slices.
  const own = inSingle(autocorrelationOf(volume));
  const model = inSingle(autocorrelationOf(reference));
  const nyquist = 0.5 / volume.voxel;
  const coarse = shellPoints(Math.min(0.9 * nyquist, 4 / size), 64);
  const fine = shellPoints(Math.min(0.9 * nyquist, 9 / size), 300);
  const comparison = (points: ShellPoints): ((rotations: Quaternions) => Float64Array) => {
    const target = flatten(slice(own, Float64Array.of(1, 0, 0, 0), points.s, { eps: 1e-4 }), points.perShell);
    const count = points.s.length / 3;
    return (rotations) => {
      const turned = slice(model, rotations, points.s, { eps: 1e-4 });
      return Float64Array.from({ length: rotations.length / 4 }, (_, i) =>
        pearson(target, flatten(turned.subarray(i * count, (i + 1) * count), points.perShell)),
      );
    };
  };
  const [coarsely, finely] = [comparison(coarse), comparison(fine)];
  const grid = superFibonacci(scan);
  const scores = coarsely(grid);
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const pitch = ((2 * Math.PI ** 2) / scan) ** (1 / 3);
  const starts = order.slice(0, CANDIDATES).map((index) => grid.slice(4 * index, 4 * index + 4));
  const near = climb(starts, pitch, pitch / 6, coarsely).map(({ q }) => q);
  const found = climb(near, pitch / 4, 0.002, finely);
  return found.reduce((best, one) => (one.score > best.score ? one : best)).q;
}

/** The volume scaled to a largest value of about 1. */
function inSingle({ data, n, voxel }: Volume): Volume {
  let most = 0;
  for (const value of data) most = Math.max(most, Math.abs(value));
  const scale = most > 0 ? 1 / most : 0;
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = data[i]! * scale;
  return { data: out, n, voxel };
}

interface Climber {
  readonly q: Float64Array;
  readonly score: number;
  /** Radians. */
  readonly step: number;
}

/**
 * Each moves to the best of its six neighbours while one is better, else halves its step (radians). All ask at once: one
 * transform of the intensity serves them all.
 */
function climb(
  starts: readonly Float64Array[],
  first: number,
  last: number,
  evaluate: (rotations: Quaternions) => Float64Array,
): Climber[] {
  const all = new Float64Array(4 * starts.length);
  starts.forEach((q, i) => {
    all.set(q, 4 * i);
  });
  const begun = evaluate(all);
  let climbers: Climber[] = starts.map((q, i) => ({ q, score: begun[i]!, step: first }));
  for (;;) {
    const moving = climbers.filter(({ step }) => step >= last);
    if (moving.length === 0) return climbers;
    const around = new Float64Array(24 * moving.length);
    moving.forEach(({ q, step }, i) => {
      neighbours(q, step, around, 24 * i);
    });
    const scores = evaluate(around);
    const moved = new Map(
      moving.map((climber, i) => {
        let top = 6 * i;
        for (let c = top + 1; c < 6 * i + 6; c++) if (scores[c]! > scores[top]!) top = c;
        const better = scores[top]! > climber.score;
        const next: Climber = better
          ? { ...climber, q: around.slice(4 * top, 4 * top + 4), score: scores[top]! }
          : { ...climber, step: climber.step / 2 };
        return [climber, next];
      }),
    );
    climbers = climbers.map((climber) => moved.get(climber) ?? climber);
  }
}

/** The rotation turned a step further about each axis, either way: six, to place `to` on. */
function neighbours(q: Float64Array, step: number, out: Float64Array, to: number): void {
  for (let c = 0; c < 6; c++) {
    const angle = c % 2 === 0 ? step : -step;
    const axis = Math.floor(c / 2);
    const turn = fromRotationVector(axis === 0 ? angle : 0, axis === 1 ? angle : 0, axis === 2 ? angle : 0);
    multiply(turn, 0, q, 0, out, to + 4 * c);
  }
}

interface ShellPoints {
  /** (3, shells x points). */
  readonly s: Float32Array;
  readonly perShell: number;
}

/** Points on spirals over half spheres of equally spaced radii up to `extent`. */
function shellPoints(extent: number, perShell: number): ShellPoints {
  const count = SHELLS * perShell;
  const s = new Float32Array(3 * count);
  const golden = Math.PI * (3 - Math.sqrt(5));
  for (let shell = 0; shell < SHELLS; shell++) {
    const radius = (extent * (shell + 2)) / (SHELLS + 1);
    for (let d = 0; d < perShell; d++) {
      const z = (d + 0.5) / perShell;
      const across = Math.sqrt(1 - z * z);
      const at = shell * perShell + d;
      s[at] = radius * across * Math.cos(golden * d);
      s[count + at] = radius * across * Math.sin(golden * d);
      s[2 * count + at] = radius * z;
    }
  }
  return { s, perShell };
}

/** Square roots, each shell with mean 0 and variance 1: so that no shell drowns the others. */
function flatten(intensity: Float32Array | Float64Array, perShell: number): Float64Array {
  const out = new Float64Array(intensity.length);
  for (let from = 0; from < out.length; from += perShell) {
    let mean = 0;
    for (let i = from; i < from + perShell; i++) {
      out[i] = Math.sqrt(Math.max(0, intensity[i]!));
      mean += out[i]! / perShell;
    }
    let variance = 0;
    for (let i = from; i < from + perShell; i++) variance += (out[i]! - mean) ** 2 / perShell;
    const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
    for (let i = from; i < from + perShell; i++) out[i] = (out[i]! - mean) * scale;
  }
  return out;
}

/** A length that stands for the size of what is in a volume: 3 times the radius of gyration of its positive part. */
export function extentOf(volume: Volume): number {
  const { n, voxel, data } = volume;
  let mass = 0;
  const first = [0, 0, 0];
  let second = 0;
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++, at++) {
        const value = Math.max(0, data[at]!);
        mass += value;
        first[0]! += value * i;
        first[1]! += value * j;
        first[2]! += value * k;
        second += value * (i * i + j * j + k * k);
      }
  if (!(mass > 0)) throw new RangeError('align: a volume is empty');
  const centre = first.reduce((sum, f) => sum + (f / mass) ** 2, 0);
  return 3 * voxel * Math.sqrt(Math.max(1, second / mass - centre));
}
