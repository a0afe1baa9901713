/**
 * Nonuniform fast Fourier transforms in three dimensions, types 1 and 2:
 *
 *   type 1:  f_k = sum_j c_j exp(i sign k.x_j)    from values at points to modes
 *   type 2:  c_j = sum_k f_k exp(i sign k.x_j)    from modes to values at points
 *
 * Points are in radians with period 2 pi. Modes run -floor(n/2) ... ceil(n/2)-1 on each axis, in C order (the last
 * axis, paired with z, fastest). Neither sum is normalised. Complex data are interleaved re, im. The relative l2 error
 * is about `eps`. Errors, widths and grids are derived in the README beside this file.
 */
import { designNufft, type Modes, type NufftDesign } from './nufft-design.js';
import type { Points, Reals } from './nufft-input.js';
import { checkData, checkKind, checkModes, checkNumbers, checkPoints } from './nufft-input.js';
import { nativeEngine, nativeNufft } from './nufft-native.js';
import { type NufftEngine, type Sign, twinEngine } from './nufft-twin.js';

export type { Modes, Points, Reals, Sign };

export interface NufftOptions {
  /** Relative error wanted, 1e-6 by default; clamped to 0.1 ... 5e-7 (Float32Array) or 1e-14 (Float64Array). */
  readonly eps?: number;
  /** Sign of the exponent, -1 by default. */
  readonly sign?: Sign;
  /** Accepted for the sake of callers; every transform runs on the calling thread, and bits never depend on it. */
  readonly threads?: number;
  /** Least size of the fine grid over the modes, 1.15 to 4. Chosen by cost when absent. */
  readonly upsampling?: number;
  /**
   * Which implementation runs: the native one where the add-on is loaded, else the plain one. They agree within the
   * tolerance, not to the bit.
   */
  readonly variant?: 'native' | 'plain';
}

export interface OneShotOptions extends NufftOptions {
  /** Where the result goes; of its kind, and exactly as long. Default: a new array. */
  readonly out?: Reals;
}

export interface PlanOptions extends NufftOptions {
  /** The kind of the data that will be transformed; that of the points when absent. */
  readonly kind?: 'float32' | 'float64';
  /** Tunes the grid for `type1Real` and `type2Real`; all four transforms work either way. */
  readonly real?: boolean;
}

export type SameKind<T extends Reals> = T extends Float32Array ? Float32Array : Float64Array;

/**
 * Type 1: from values at points to modes.
 *
 * @param points x, y, z (M each) in radians
 * @param values complex, 2 M numbers
 * @returns complex, 2 nx ny nz numbers of the same kind as `values`
 * @throws TypeError, RangeError for arrays of wrong kind or length and points that are not finite
 */
export function nufft1<T extends Reals>(
  points: Points,
  values: T,
  modes: Modes,
  options: OneShotOptions = {},
): SameKind<T> {
  const plan = oneShot('nufft1', points, values, 'values', modes, options, false);
  try {
    return plan.type1(values, options.out) as SameKind<T>;
  } finally {
    plan.close();
  }
}

/**
 * Type 2: from modes to values at points.
 *
 * @param coefficients complex, 2 nx ny nz numbers
 * @returns complex, 2 M numbers of the same kind as `coefficients`
 * @throws as `nufft1`
 */
export function nufft2<T extends Reals>(
  points: Points,
  coefficients: T,
  modes: Modes,
  options: OneShotOptions = {},
): SameKind<T> {
  const plan = oneShot('nufft2', points, coefficients, 'coefficients', modes, options, false);
  try {
    return plan.type2(coefficients, options.out) as SameKind<T>;
  } finally {
    plan.close();
  }
}

/**
 * The real part of type 1 for real values: Re f_k = sum_j b_j cos(k.x_j). Half the work of `nufft1`; the sign does
 * not matter.
 *
 * @param values real, M numbers
 * @returns real, nx ny nz numbers
 */
export function nufft1Real<T extends Reals>(
  points: Points,
  values: T,
  modes: Modes,
  options: OneShotOptions = {},
): SameKind<T> {
  const plan = oneShot('nufft1Real', points, values, 'values', modes, options, true);
  try {
    return plan.type1Real(values, options.out) as SameKind<T>;
  } finally {
    plan.close();
  }
}

/**
 * The real part of type 2 for real coefficients: Re c_j = sum_k a_k cos(k.x_j). Half the work of `nufft2`; the sign
 * does not matter.
 *
 * @param coefficients real, nx ny nz numbers
 * @returns real, M numbers
 */
export function nufft2Real<T extends Reals>(
  points: Points,
  coefficients: T,
  modes: Modes,
  options: OneShotOptions = {},
): SameKind<T> {
  const plan = oneShot('nufft2Real', points, coefficients, 'coefficients', modes, options, true);
  try {
    return plan.type2Real(coefficients, options.out) as SameKind<T>;
  } finally {
    plan.close();
  }
}

/**
 * Prepares transforms that share their points: the points are checked and sorted once, and executions allocate
 * nothing but their result (and not even that when given `out`). A plan belongs to the thread that made it. The
 * points are copied: the caller may reuse the arrays.
 *
 * @example
 * const plan = nufftPlan([x, y, z], [64, 64, 64], { eps: 1e-5, sign: -1 });
 * const f = plan.type1(values);
 * const c = plan.type2(f);
 */
export function nufftPlan(points: Points, modes: Modes, options: PlanOptions = {}): NufftPlan {
  return makePlan('nufftPlan', points, modes, options);
}

export class NufftPlan {
  readonly design: NufftDesign;
  private readonly engine: NufftEngine;
  private points = 0;

  /** Use `nufftPlan`, which checks what it is given. */
  constructor(design: NufftDesign, engine: NufftEngine) {
    this.design = design;
    this.engine = engine;
  }

  /** Number of points. */
  get count(): number {
    return this.points;
  }

  /**
   * Exchanges the points, in any number; kernel and grid stay as chosen for the first ones. Memory is reused.
   *
   * @param where opens the messages of refused points
   */
  setPoints(points: Points, where = 'NufftPlan.setPoints'): void {
    const count = checkPoints(where, points);
    this.points = 0;
    this.engine.setPoints(where, points);
    this.points = count;
  }

  /** As `nufft1` with the points, modes and options of the plan. */
  type1(values: Reals, out?: Reals): Reals {
    this.check('NufftPlan.type1', 'values', values, 2 * this.count, '2 per point');
    const result = this.result('NufftPlan.type1', 2 * this.volume, out);
    this.engine.type1(values, result);
    return result;
  }

  /** As `nufft2` with the points, modes and options of the plan. */
  type2(coefficients: Reals, out?: Reals): Reals {
    this.check('NufftPlan.type2', 'coefficients', coefficients, 2 * this.volume, '2 per mode');
    const result = this.result('NufftPlan.type2', 2 * this.count, out);
    this.engine.type2(coefficients, result);
    return result;
  }

  /** As `nufft1Real` with the points, modes and options of the plan. */
  type1Real(values: Reals, out?: Reals): Reals {
    this.check('NufftPlan.type1Real', 'values', values, this.count, '1 per point');
    const result = this.result('NufftPlan.type1Real', this.volume, out);
    this.engine.type1Real(values, result);
    return result;
  }

  /** As `nufft2Real` with the points, modes and options of the plan. */
  type2Real(coefficients: Reals, out?: Reals): Reals {
    this.check('NufftPlan.type2Real', 'coefficients', coefficients, this.volume, '1 per mode');
    const result = this.result('NufftPlan.type2Real', this.count, out);
    this.engine.type2Real(coefficients, result);
    return result;
  }

  /** Frees the working memory now rather than when the plan is collected. The plan cannot be used afterwards. */
  close(): void {
    this.engine.close();
  }

  /** For `using plan = nufftPlan(...)`. */
  [Symbol.dispose](): void {
    this.close();
  }

  private get volume(): number {
    return this.design.modes[0] * this.design.modes[1] * this.design.modes[2];
  }

  private get bytes(): number {
    return this.design.precision === 'single' ? 4 : 8;
  }

  private check(where: string, what: string, data: Reals, length: number, shape: string): void {
    checkData(where, what, data, length, shape);
    checkKind(where, what, data, this.bytes);
  }

  private result(where: string, length: number, out: Reals | undefined): Reals {
    if (out === undefined) return this.array(length);
    this.check(where, 'out', out, length, 'the shape of the result');
    return out;
  }

  private array(length: number): Reals {
    return this.design.precision === 'single' ? new Float32Array(length) : new Float64Array(length);
  }
}

function makePlan(
  where: string,
  points: Points,
  modes: Modes,
  options: PlanOptions,
  brief = false,
): NufftPlan {
  const { eps = 1e-6, sign = -1, upsampling, real = false } = options;
  const count = checkPoints(where, points);
  checkModes(where, modes);
  checkNumbers(where, eps, sign, upsampling);
  const kind = options.kind ?? (points[0] instanceof Float32Array ? 'float32' : 'float64');
  const precision = kind === 'float32' ? 'single' : 'double';
  const design = designNufft({
    modes: [modes[0], modes[1], modes[2]],
    eps,
    precision,
    count,
    real,
    ...(upsampling === undefined ? {} : { upsampling }),
  });
  const variant = options.variant ?? (nativeNufft ? 'native' : 'plain');
  const plan = new NufftPlan(
    design,
    variant === 'native' ? nativeEngine(design, sign, brief) : twinEngine(design, sign),
  );
  try {
    plan.setPoints(points, where);
  } catch (error) {
    plan.close();
    throw error;
  }
  return plan;
}

/** A plan for a single execution; the data are checked before the points are sorted, under the caller's name. */
function oneShot(
  where: string,
  points: Points,
  data: Reals,
  what: 'values' | 'coefficients',
  modes: Modes,
  options: NufftOptions,
  real: boolean,
): NufftPlan {
  const count = checkPoints(where, points);
  checkModes(where, modes);
  const items = what === 'values' ? count : modes[0] * modes[1] * modes[2];
  const shape = `${real ? 1 : 2} per ${what === 'values' ? 'point' : 'mode'}`;
  checkData(where, what, data, real ? items : 2 * items, shape);
  const kind = data instanceof Float32Array ? 'float32' : 'float64';
  return makePlan(where, points, modes, { ...options, kind, real }, true);
}
