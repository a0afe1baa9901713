// Element kinds: folds and identities of every operator, hashing by bits, and values made from hashes.
import { mix } from './keyed-random.js';

export type Kind = 'i32' | 'u32' | 'i64' | 'f32' | 'f64';
export type Value = number | bigint;
export type ReductionName = 'sum' | 'prod' | 'min' | 'max' | 'and' | 'or' | 'xor';

export const kinds: readonly Kind[] = ['i32', 'u32', 'i64', 'f32', 'f64'];
export const reductionNames: readonly ReductionName[] = ['sum', 'prod', 'min', 'max', 'and', 'or', 'xor'];

export const isFloat = (kind: Kind): boolean => kind === 'f32' || kind === 'f64';

/** The operators that a kind allows: the bitwise ones need integers. */
export const operatorsOf = (kind: Kind): readonly ReductionName[] =>
  isFloat(kind) ? ['sum', 'prod', 'min', 'max'] : reductionNames;

/** A value as an element of that kind stores it: integers wrap around, f32 rounds. */
export function store(kind: Kind, value: Value): Value {
  switch (kind) {
    case 'i32':
      return Number(value) | 0;
    case 'u32':
      return Number(value) >>> 0;
    case 'i64':
      return BigInt.asIntN(64, BigInt(value));
    case 'f32':
      return Math.fround(Number(value));
    case 'f64':
      return Number(value);
  }
}

const integerRange = {
  i32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** The identity of an operator: folding it onto any value of the kind leaves every bit of that value. */
export function identityOf(kind: Kind, operator: ReductionName): Value {
  const [least, greatest] = kind === 'f32' || kind === 'f64' ? [-Infinity, Infinity] : integerRange[kind];
  switch (operator) {
    case 'sum':
      return isFloat(kind) ? -0 : store(kind, 0);
    case 'prod':
      return store(kind, 1);
    case 'min':
      return greatest;
    case 'max':
      return least;
    case 'and':
      return store(kind, -1);
    case 'or':
    case 'xor':
      return store(kind, 0);
  }
}

function foldNumbers(operator: ReductionName, a: number, b: number, integer: boolean): number {
  switch (operator) {
    case 'sum':
      return a + b;
    case 'prod':
      return integer ? Math.imul(a, b) : a * b;
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
  }
}

function foldBigints(operator: ReductionName, a: bigint, b: bigint): bigint {
  switch (operator) {
    case 'sum':
      return a + b;
    case 'prod':
      return a * b;
    case 'min':
      return a < b ? a : b;
    case 'max':
      return a > b ? a : b;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
  }
}

/** One fold, in the arithmetic of the kind. `min` and `max` are those of IEEE 754-2019: -0 is below +0. */
export function fold(kind: Kind, operator: ReductionName, a: Value, b: Value): Value {
  const raw =
    kind === 'i64'
      ? foldBigints(operator, a as bigint, b as bigint)
      : foldNumbers(operator, a as number, b as number, !isFloat(kind));
  return store(kind, raw);
}

const cell = new DataView(new ArrayBuffer(8));

/** Mixes the bits of a value into a hash. All NaNs count as one, since their payload is nobody's promise. */
export function hashValue(state: number, kind: Kind, value: Value): number {
  switch (kind) {
    case 'i32':
    case 'u32':
      return mix(state, value as number);
    case 'i64': {
      const low = Number(BigInt.asIntN(32, value as bigint));
      return mix(mix(state, low), Number(BigInt.asIntN(32, (value as bigint) >> 32n)));
    }
    case 'f32':
      cell.setFloat32(0, Number.isNaN(value) ? Number.NaN : (value as number));
      return mix(state, cell.getInt32(0));
    case 'f64':
      return hashDouble(state, value as number);
  }
}

/** Mixes the bits of a double into a hash. */
export function hashDouble(state: number, value: number): number {
  cell.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
  return mix(mix(state, cell.getInt32(0)), cell.getInt32(4));
}

/** Whether two values have the same bits; all NaNs are one. */
export const sameBits = (a: Value, b: Value): boolean => Object.is(a, b);

/** Bounds of what generated tasks write into a field, both included; for fields that hold colours or pointers. */
export interface ValueRange {
  readonly lo: number;
  readonly hi: number;
}

/** A value that a task writes, from a hash: an integer that the kind holds exactly. */
export function writtenValue(kind: Kind, hash: number, range?: ValueRange): Value {
  if (range) return store(kind, range.lo + ((hash >>> 0) % (range.hi - range.lo + 1)));
  const second = mix(hash, 0x5bd1e995);
  switch (kind) {
    case 'i32':
    case 'u32':
      return store(kind, hash);
    case 'i64':
      return store(kind, (BigInt(hash) << 32n) | BigInt(second >>> 0));
    case 'f32':
      return hash >> 8;
    case 'f64':
      return (hash >> 11) * 0x1_0000_0000 + (second >>> 0);
  }
}

/**
 * A value that a task folds, from a hash. Floats span many binary orders of magnitude, so that another order of the
 * same folds gives other bits; factors stay near one, so that products neither overflow nor vanish.
 */
export function foldedValue(kind: Kind, operator: ReductionName, hash: number): Value {
  const second = mix(hash, 0x27d4eb2f);
  if (!isFloat(kind)) {
    // Odd factors, many ones for `and`, few ones for `or`: else the field soon holds 0 or -1 and tells nothing.
    const bits =
      operator === 'prod'
        ? hash | 1
        : operator === 'and'
          ? hash | second
          : operator === 'or'
            ? hash & second
            : hash;
    return writtenValue(kind, bits);
  }
  const unit = hash / 0x1_0000_0000; // -0.5 .. 0.5
  if (operator === 'prod') return store(kind, (second & 1 ? -1 : 1) * (1 + unit / 2));
  if ((second & 0xf00) === 0) return second & 1 ? -0 : 0;
  return store(kind, unit * 2 ** (second & 15));
}
