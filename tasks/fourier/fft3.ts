/** Three-dimensional discrete Fourier transforms of plain typed arrays in C order, complex numbers interleaved. */
import { addon } from '../../native/index.js';
import { fft3Twin, irfft3Twin, rfft3Twin, type Samples, type Shape3 } from './twin.js';

export interface RealTransformOptions<A extends Samples> {
  /** Every result is multiplied by this number. Default 1: the transforms are not normalised. */
  scale?: number;
  /** Where the result goes; same kind as the input and exactly as long as the result. Default: a new array. */
  out?: A;
}

export interface TransformOptions<A extends Samples> extends RealTransformOptions<A> {
  /** The sign in the exponent; -1 is the forward transform. Default -1. */
  sign?: -1 | 1;
}

export interface BackwardOptions<A extends Samples> extends RealTransformOptions<A> {
  /** The spectrum is not needed any more and may be overwritten, which spares a copy. Default false. */
  spend?: boolean;
}

/** Throws unless the shape is three whole numbers and the array has exactly the length that follows from it. */
function checkLength(name: string, what: string, data: Samples, wanted: number, shape: Shape3): void {
  if (shape.length !== 3 || shape.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new RangeError(`${name}: the shape must be three whole numbers from 1, not [${shape.join(', ')}]`);
  }
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new TypeError(`${name}: ${what} must be a Float32Array or a Float64Array`);
  }
  if (data.length !== wanted) {
    throw new RangeError(
      `${name}: ${what} has ${data.length} elements, the shape [${shape.join(', ')}] needs ${wanted}`,
    );
  }
}

/** The array for the result: the caller's, checked, or a new one of the kind of `data`. */
function resultArray<A extends Samples>(
  name: string,
  data: A,
  out: A | undefined,
  length: number,
  shape: Shape3,
): A {
  if (out === undefined) {
    return (data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)) as A;
  }
  checkLength(name, 'out', out, length, shape);
  if (out instanceof Float32Array !== data instanceof Float32Array) {
    throw new TypeError(`${name}: out must be of the same kind as the input`);
  }
  return out;
}

/**
 * Complex transform: X[k] = scale * sum_j x[j] exp(sign 2 pi i (j1 k1 / nx + j2 k2 / ny + j3 k3 / nz)).
 *
 * `data` holds 2 nx ny nz numbers; `out` may be `data`. Any shape works; lengths whose factors are 2, 3, 5 and 7 are
 * fast (`goodSize`), a prime factor p costs O(n p). Relative error about 1e-7 for Float32Array, 3e-16 for
 * Float64Array, growing as the square root of the number of factors.
 *
 * @example
 * const x = new Float64Array([1, 0, 2, 0]); // 1, 2
 * fft3(x, [1, 1, 2]); // 3, -1: Float64Array [3, 0, -1, 0]
 */
export function fft3(
  data: Float32Array,
  shape: Shape3,
  options?: TransformOptions<Float32Array>,
): Float32Array;
export function fft3(
  data: Float64Array,
  shape: Shape3,
  options?: TransformOptions<Float64Array>,
): Float64Array;
export function fft3(data: Samples, shape: Shape3, options?: TransformOptions<Samples>): Samples;
export function fft3<A extends Samples>(data: A, shape: Shape3, options: TransformOptions<A> = {}): A {
  const { sign = -1, scale = 1 } = options;
  const total = shape[0] * shape[1] * shape[2];
  checkLength('fft3', 'data', data, 2 * total, shape);
  if (sign !== -1 && sign !== 1) throw new RangeError(`fft3: sign must be -1 or 1, not ${sign}`);
  const out = resultArray('fft3', data, options.out, 2 * total, shape);
  if (out.buffer === data.buffer && out.byteOffset !== data.byteOffset) checkApart('fft3', data, out);
  if (addon !== null) addon.fftComplex(data, out, ...shape, sign, scale);
  else fft3Twin(data, shape, sign, scale, out);
  return out;
}

/**
 * Transform of real samples, sign -1: (nx, ny, nz) real to (nx, ny, floor(nz/2) + 1) complex, the half that the
 * symmetry X[-k] = conj X[k] leaves free; NumPy's rfftn. Half the work of {@link fft3}.
 */
export function rfft3(
  real: Float32Array,
  shape: Shape3,
  options?: RealTransformOptions<Float32Array>,
): Float32Array;
export function rfft3(
  real: Float64Array,
  shape: Shape3,
  options?: RealTransformOptions<Float64Array>,
): Float64Array;
export function rfft3(real: Samples, shape: Shape3, options?: RealTransformOptions<Samples>): Samples;
export function rfft3<A extends Samples>(real: A, shape: Shape3, options: RealTransformOptions<A> = {}): A {
  const [nx, ny, nz] = shape;
  checkLength('rfft3', 'the input', real, nx * ny * nz, shape);
  const out = resultArray('rfft3', real, options.out, 2 * nx * ny * (Math.floor(nz / 2) + 1), shape);
  if (out.buffer === real.buffer) checkApart('rfft3', real, out);
  const scale = options.scale ?? 1;
  if (addon !== null) addon.fftForward(real, out, nx, ny, nz, -1, scale);
  else rfft3Twin(real, shape, scale, out);
  return out;
}

/**
 * The way back, sign +1: the half spectrum (nx, ny, floor(nz/2) + 1) to real samples (nx, ny, nz). `shape` is that of
 * the result. Not normalised: with `scale: 1 / (nx * ny * nz)` it undoes {@link rfft3}, as NumPy's irfftn does. The
 * spectrum is left as it is, unless `spend` is set.
 */
export function irfft3(
  spectrum: Float32Array,
  shape: Shape3,
  options?: BackwardOptions<Float32Array>,
): Float32Array;
export function irfft3(
  spectrum: Float64Array,
  shape: Shape3,
  options?: BackwardOptions<Float64Array>,
): Float64Array;
export function irfft3(spectrum: Samples, shape: Shape3, options?: BackwardOptions<Samples>): Samples;
export function irfft3<A extends Samples>(spectrum: A, shape: Shape3, options: BackwardOptions<A> = {}): A {
  const [nx, ny, nz] = shape;
  checkLength('irfft3', 'the spectrum', spectrum, 2 * nx * ny * (Math.floor(nz / 2) + 1), shape);
  const out = resultArray('irfft3', spectrum, options.out, nx * ny * nz, shape);
  if (out.buffer === spectrum.buffer) checkApart('irfft3', spectrum, out);
  const { scale = 1, spend = false } = options;
  if (addon !== null) addon.fftBackward(spectrum, out, nx, ny, nz, 1, scale, spend);
  else irfft3Twin(spectrum, shape, scale, out);
  return out;
}

/** Throws where input and output share memory without being the same elements. */
function checkApart(name: string, a: Samples, b: Samples): void {
  if (a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength) {
    throw new RangeError(`${name}: out overlaps the input`);
  }
}
