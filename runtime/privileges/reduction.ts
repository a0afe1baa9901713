// Reduction operators: identity and fold for every kind of element. All are associative and commutative up to the
// rounding of floating-point sums and products.
import { addon } from '../../native/index.js';
import { UsageError } from '../errors.js';
import type { ElementKind, TypedArray } from './element.js';
import type { ReductionName } from './usage.js';

interface IntegerKind {
  readonly bits: number;
  readonly signed: boolean;
}

const INTEGERS: Partial<Record<ElementKind, IntegerKind>> = {
  i32: { bits: 32, signed: true },
  u32: { bits: 32, signed: false },
  i16: { bits: 16, signed: true },
  u16: { bits: 16, signed: false },
  i8: { bits: 8, signed: true },
  u8: { bits: 8, signed: false },
};

const isComplex = (kind: ElementKind): boolean => kind === 'c64' || kind === 'c128';
const isBig = (kind: ElementKind): boolean => kind === 'i64' || kind === 'u64';

/** One sentence saying why the operator is not defined for the kind, or null when it is. */
export function reductionFault(kind: ElementKind, op: ReductionName): string | null {
  const bitwise = op === 'and' || op === 'or' || op === 'xor';
  if (bitwise && (kind === 'f64' || kind === 'f32' || isComplex(kind))) {
    return `The reduction ${op} works on bits and is not defined for ${kind}: use an integer or bool field.`;
  }
  if (isComplex(kind) && (op === 'min' || op === 'max')) {
    return `The reduction ${op} is not defined for ${kind}, because complex numbers have no order.`;
  }
  if (kind === 'bool' && (op === 'sum' || op === 'prod')) {
    return `The reduction ${op} is not defined for bool: use ${op === 'sum' ? 'or, or an integer field to count' : 'and'}.`;
  }
  return null;
}

function check(kind: ElementKind, op: ReductionName): void {
  const fault = reductionFault(kind, op);
  if (fault !== null) throw new UsageError(fault);
}

/**
 * The identity of an operator: folding it in changes no bit. For float sums it is -0, because 0 + -0 is 0 while
 * -0 + 0 is not -0. One number, or [re, im] for complex kinds.
 */
export function identity(kind: ElementKind, op: ReductionName): number | bigint | readonly [number, number] {
  check(kind, op);
  if (isComplex(kind)) return op === 'sum' ? [-0, -0] : [1, 0];
  if (kind === 'f64' || kind === 'f32') {
    switch (op) {
      case 'sum':
        return -0;
      case 'prod':
        return 1;
      case 'min':
        return Number.POSITIVE_INFINITY;
      default:
        return Number.NEGATIVE_INFINITY;
    }
  }
  if (kind === 'bool') return op === 'and' || op === 'min' ? 1 : 0;
  if (isBig(kind)) {
    switch (op) {
      case 'prod':
        return 1n;
      case 'and':
        return kind === 'i64' ? -1n : 2n ** 64n - 1n;
      case 'min':
        return kind === 'i64' ? 2n ** 63n - 1n : 2n ** 64n - 1n;
      case 'max':
        return kind === 'i64' ? -(2n ** 63n) : 0n;
      default:
        return 0n;
    }
  }
  const { bits, signed } = INTEGERS[kind]!;
  switch (op) {
    case 'prod':
      return 1;
    case 'and':
      return signed ? -1 : 2 ** bits - 1;
    case 'min':
      return 2 ** (signed ? bits - 1 : bits) - 1;
    case 'max':
      return signed ? -(2 ** (bits - 1)) : 0;
    default:
      return 0;
  }
}

/** From so many numbers on a native loop saves more than its call costs. Both give the same bits. */
const NATIVE_FROM = 512;

const isFloats = (array: TypedArray): array is Float32Array | Float64Array =>
  array instanceof Float32Array || array instanceof Float64Array;

/** Fills an array (whole elements; complex interleaved) with the identity. */
export function fillIdentity(kind: ElementKind, op: ReductionName, target: TypedArray): void {
  const pair = identity(kind, op);
  // The sum's has two like lanes.
  const value = typeof pair === 'object' && Object.is(pair[0], pair[1]) ? pair[0] : pair;
  if (typeof value === 'object') {
    const lanes = target as Float64Array;
    for (let i = 0; i + 1 < lanes.length; i += 2) {
      lanes[i] = value[0];
      lanes[i + 1] = value[1];
    }
  } else {
    // In shared memory the engine's fill stores number by number.
    if (addon !== null && isFloats(target) && target.length >= NATIVE_FROM)
      addon.fillArray(target, value as number);
    // The kind decides whether the array holds numbers or bigints; the type system does not know that link.
    else (target as Float64Array).fill(value as number);
  }
}

/**
 * The operator on two elements of the kind, with the kind's rounding or wrapping. For complex sums it is the sum
 * of one lane; complex products need both lanes, so they exist only as `foldArrays` and `foldElement`.
 */
export function fold(
  kind: ElementKind,
  op: ReductionName,
): (a: number | bigint, b: number | bigint) => number | bigint {
  check(kind, op);
  if (isComplex(kind) && op === 'prod') {
    throw new UsageError(`A product of ${kind} needs both lanes: use foldElement or foldArrays.`);
  }
  // The kind decides whether callers hold numbers or bigints; the cast states that link once.
  return scalarFold(kind, op) as (a: number | bigint, b: number | bigint) => number | bigint;
}

type NumberFold = (a: number, b: number) => number;
type BigFold = (a: bigint, b: bigint) => bigint;

function scalarFold(kind: ElementKind, op: ReductionName): NumberFold | BigFold {
  if (isBig(kind)) return bigFold(kind, op);
  if (kind === 'bool') return boolFold(op);
  const integer = INTEGERS[kind];
  if (integer !== undefined) return integerFold(integer, op);
  return floatFold(kind === 'f32' || kind === 'c64', op);
}

function floatFold(single: boolean, op: ReductionName): NumberFold {
  switch (op) {
    case 'sum':
      return single ? (a, b) => Math.fround(a + b) : (a, b) => a + b;
    case 'prod':
      return single ? (a, b) => Math.fround(a * b) : (a, b) => a * b;
    case 'min':
      return (a, b) => Math.min(a, b);
    default:
      return (a, b) => Math.max(a, b);
  }
}

function bigFold(kind: ElementKind, op: ReductionName): BigFold {
  const wrap = kind === 'i64' ? (v: bigint) => BigInt.asIntN(64, v) : (v: bigint) => BigInt.asUintN(64, v);
  switch (op) {
    case 'sum':
      return (a, b) => wrap(a + b);
    case 'prod':
      return (a, b) => wrap(a * b);
    case 'min':
      return (a, b) => (a < b ? a : b);
    case 'max':
      return (a, b) => (a > b ? a : b);
    case 'and':
      return (a, b) => wrap(a & b);
    case 'or':
      return (a, b) => wrap(a | b);
    case 'xor':
      return (a, b) => wrap(a ^ b);
  }
}

function boolFold(op: ReductionName): NumberFold {
  switch (op) {
    case 'xor':
      return (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0);
    case 'and':
    case 'min':
      return (a, b) => (a !== 0 && b !== 0 ? 1 : 0);
    default:
      return (a, b) => (a !== 0 || b !== 0 ? 1 : 0);
  }
}

function integerFold(kind: IntegerKind, op: ReductionName): NumberFold {
  const shift = 32 - kind.bits;
  const wrap = kind.signed ? (v: number) => (v << shift) >> shift : (v: number) => (v << shift) >>> shift;
  switch (op) {
    case 'sum':
      return (a, b) => wrap(a + b);
    case 'prod':
      return (a, b) => wrap(Math.imul(a, b));
    case 'min':
      return (a, b) => (a < b ? a : b);
    case 'max':
      return (a, b) => (a > b ? a : b);
    case 'and':
      return (a, b) => wrap(a & b);
    case 'or':
      return (a, b) => wrap(a | b);
    case 'xor':
      return (a, b) => wrap(a ^ b);
  }
}

type Lanes = { [i: number]: number };

/** Complex multiplication, except that the exact identity (1, +0) leaves the other factor's bits alone. */
function multiply(target: Lanes, t: number, source: Lanes, s: number): void {
  const re = target[t]!;
  const im = target[t + 1]!;
  const re2 = source[s]!;
  const im2 = source[s + 1]!;
  if (re2 === 1 && Object.is(im2, 0)) return;
  if (re === 1 && Object.is(im, 0)) {
    target[t] = re2;
    target[t + 1] = im2;
    return;
  }
  target[t] = re * re2 - im * im2;
  target[t + 1] = re * im2 + im * re2;
}

/** Folds one element of `source` into one of `target`; positions count elements (a complex number is one). */
export type ElementFold = (target: TypedArray, at: number, source: TypedArray, from: number) => void;

/** The operator on one element of two arrays of the kind. */
export function foldElement(kind: ElementKind, op: ReductionName): ElementFold {
  check(kind, op);
  if (isComplex(kind)) {
    if (op === 'prod')
      return (target, at, source, from) => multiply(target as Lanes, 2 * at, source as Lanes, 2 * from);
    return (target, at, source, from) => {
      const lanes = target as Lanes;
      lanes[2 * at] = lanes[2 * at]! + (source as Lanes)[2 * from]!;
      lanes[2 * at + 1] = lanes[2 * at + 1]! + (source as Lanes)[2 * from + 1]!;
    };
  }
  const operator = scalarFold(kind, op) as NumberFold;
  return (target, at, source, from) => {
    (target as Lanes)[at] = operator((target as Lanes)[at]!, (source as Lanes)[from]!);
  };
}

/**
 * target[i] = target[i] op source[i] over whole arrays of the kind (complex interleaved). Both have one length;
 * they may not overlap in memory unless they are the same array.
 */
export function foldArrays(
  kind: ElementKind,
  op: ReductionName,
  target: TypedArray,
  source: TypedArray,
): void {
  check(kind, op);
  if (target.length !== source.length) {
    throw new UsageError(
      `Cannot fold ${source.length} elements of ${kind} into ${target.length}: the lengths must agree.`,
    );
  }
  if (isComplex(kind) && target.length % 2 !== 0) {
    throw new UsageError(
      `An array of ${kind} has ${target.length} lanes, but every complex number takes two.`,
    );
  }
  // The two sums that carry nearly all traffic have loops of their own: a loop that has seen many kinds of array
  // is several times slower. Stores round (float32) and wrap (integers) by themselves.
  if (op === 'sum') {
    if (isFloats(target) && target.length >= NATIVE_FROM && foldAtOnce(kind, op, target, source)) return;
    if (target instanceof Float64Array) {
      addFloat64(target, source as Float64Array);
      return;
    }
    if (target instanceof Float32Array) {
      addFloat32(target, source as Float32Array);
      return;
    }
  }
  if (isComplex(kind)) {
    for (let i = 0; i < target.length; i += 2) multiply(target as Lanes, i, source as Lanes, i);
    return;
  }
  const operator = scalarFold(kind, op) as NumberFold;
  const into = target as Lanes;
  for (let i = 0; i < target.length; i++) into[i] = operator(into[i]!, (source as Lanes)[i]!);
}

/**
 * `foldArrays` by a single call, during which the thread cannot be ended: it is done or not begun. False where there is no
 * such call for the operator, and then nothing was done.
 */
export function foldAtOnce(
  kind: ElementKind,
  op: ReductionName,
  target: TypedArray,
  source: TypedArray,
): boolean {
  if (op !== 'sum' || addon === null || !isFloats(target)) return false;
  check(kind, op);
  addon.addArrays(target, source as typeof target);
  return true;
}

function addFloat64(target: Float64Array, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + source[i]!;
}

function addFloat32(target: Float32Array, source: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + source[i]!;
}
