/** What a nonuniform transform accepts, and the sentences that refuse the rest. */
import type { Modes } from './nufft-design.js';

export type Reals = Float32Array | Float64Array;

/** x, y and z of every point, in radians. */
export type Points = readonly [Reals, Reals, Reals];

export function checkPoints(where: string, points: Points): number {
  if (!Array.isArray(points) || points.length !== 3) {
    throw new TypeError(`${where}: points must be [x, y, z], three typed arrays`);
  }
  const kinds = points.map(kindOf);
  if (kinds.includes(null)) {
    throw new TypeError(`${where}: x, y and z must each be a Float32Array or a Float64Array`);
  }
  if (kinds[0] !== kinds[1] || kinds[0] !== kinds[2]) {
    throw new TypeError(
      `${where}: x, y and z are of unequal kinds (${kinds.join(', ')}); convert them to one`,
    );
  }
  const lengths = points.map((axis) => axis.length);
  if (lengths[0] !== lengths[1] || lengths[0] !== lengths[2]) {
    throw new RangeError(
      `${where}: x, y and z have unequal lengths ${lengths.join(', ')}; give one of each per point`,
    );
  }
  if (points[0].length > POINTS_MOST) {
    throw new RangeError(
      `${where}: ${points[0].length} points are more than ${POINTS_MOST}; give them in parts`,
    );
  }
  return points[0].length;
}

/** Most points of one transform: their numbers are 32-bit integers. */
const POINTS_MOST = 2 ** 31;

export function checkFinite(where: string, points: Points): void {
  for (let axis = 0; axis < 3; axis++) {
    const values = points[axis]!;
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) throw notFinite(where, axis, i, values[i]!);
    }
  }
}

export function notFinite(where: string, axis: number, index: number, value: number): RangeError {
  return new RangeError(
    `${where}: point ${index} has ${'xyz'[axis]} = ${value}; remove points that are not finite`,
  );
}

/** Largest number of modes on one axis: keeps every index of the fine grid an exact 32-bit integer. */
const MODES_MOST = 4096;

export function checkModes(where: string, modes: Modes): void {
  if (!Array.isArray(modes) || modes.length !== 3) {
    throw new TypeError(`${where}: modes must be [nx, ny, nz], got ${describe(modes)}`);
  }
  for (const n of modes) {
    if (!Number.isInteger(n) || n < 1 || n > MODES_MOST) {
      throw new RangeError(
        `${where}: modes [${modes.join(', ')}] must be three whole numbers between 1 and ${MODES_MOST}`,
      );
    }
  }
}

/** Checks an array of data: kind and length; `what` names it and `shape` says what its length is made of. */
export function checkData(where: string, what: string, data: unknown, length: number, shape: string): void {
  const kind = kindOf(data);
  if (kind === null)
    throw new TypeError(`${where}: ${what} must be a Float32Array or a Float64Array, got ${describe(data)}`);
  const got = (data as Reals).length;
  if (got !== length) {
    throw new RangeError(`${where}: ${what} must hold ${length} numbers (${shape}), it holds ${got}`);
  }
}

export function checkKind(where: string, what: string, data: Reals, like: Reals['BYTES_PER_ELEMENT']): void {
  if (data.BYTES_PER_ELEMENT !== like) {
    const wanted = like === 4 ? 'Float32Array' : 'Float64Array';
    throw new TypeError(
      `${where}: ${what} is a ${kindOf(data)}, but this transform works in ${wanted}; convert it`,
    );
  }
}

export function checkNumbers(where: string, eps: number, sign: number, upsampling: number | undefined): void {
  if (!(Number.isFinite(eps) && eps > 0))
    throw new RangeError(`${where}: eps must be a positive number, got ${eps}`);
  if (sign !== 1 && sign !== -1) throw new RangeError(`${where}: sign must be 1 or -1, got ${sign}`);
  if (upsampling !== undefined && !(upsampling >= 1.15 && upsampling <= 4)) {
    throw new RangeError(`${where}: upsampling must lie between 1.15 and 4, got ${upsampling}`);
  }
}

function kindOf(data: unknown): 'Float32Array' | 'Float64Array' | null {
  if (data instanceof Float32Array) return 'Float32Array';
  return data instanceof Float64Array ? 'Float64Array' : null;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
