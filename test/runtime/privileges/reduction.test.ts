// Reductions of every kind against exact arithmetic on bigints and doubles.
import fc from 'fast-check';
import t from 'tap';
import {
  ELEMENT_KINDS,
  type ElementKind,
  fillIdentity,
  fold,
  foldArrays,
  foldElement,
  identity,
  REDUCTIONS,
  type ReductionName,
  reductionFault,
  type TypedArray,
} from '../../../runtime/privileges/index.js';
import { holds, same } from '../../support/property.js';

const arrays = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  c64: Float32Array,
  c128: Float64Array,
  bool: Uint8Array,
} as const;

const legal = ELEMENT_KINDS.flatMap((kind) =>
  REDUCTIONS.filter((op) => reductionFault(kind, op) === null).map((op) => [kind, op] as const),
);
const isFloat = (kind: ElementKind) => kind.startsWith('f') || kind.startsWith('c');

/** Four elements of a kind whose bits come from random bytes; NaN payloads are made plain. */
function make(kind: ElementKind, bytes: Uint8Array): TypedArray {
  const array = new arrays[kind](bytes.slice().buffer);
  if (kind === 'bool') return (array as Uint8Array).map((value) => value & 1);
  if (isFloat(kind))
    return (array as Float64Array).map((value) => (Number.isNaN(value) ? Number.NaN : value));
  return array;
}

/** The bytes, with all NaN alike: which of its bit patterns a NaN has is up to the processor. */
function bits(array: TypedArray): string {
  const plain = array.slice();
  for (let i = 0; i < plain.length; i++) if (Number.isNaN(plain[i])) plain[i] = Number.NaN;
  return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('hex');
}

/** Floats also get the special values, which random bytes hardly hit. */
const specials = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1.5, -2.25];
const operands = fc.constantFrom(...legal).chain(([kind, op]) => {
  const raw = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => make(kind, bytes));
  const special = fc
    .array(fc.constantFrom(...specials), { minLength: 4, maxLength: 4 })
    .map((list) => new (arrays[kind] as Float64ArrayConstructor)(list) as TypedArray);
  const one = isFloat(kind) ? fc.oneof(raw, special) : raw;
  return fc.tuple(fc.constant(kind), fc.constant(op), one, one, one).map(([k, o, a, b, c]) => {
    const length = Math.min(a.length, b.length, c.length) & ~1;
    return { kind: k, op: o, a: a.slice(0, length), b: b.slice(0, length), c: c.slice(0, length) };
  });
});

/** Integer operators without wrapping, and one wrap at the end. */
function exact(kind: ElementKind, op: ReductionName, a: bigint, b: bigint): bigint {
  const results: Record<ReductionName, bigint> = {
    sum: a + b,
    prod: a * b,
    min: a < b ? a : b,
    max: a > b ? a : b,
    and: a & b,
    or: a | b,
    xor: a ^ b,
  };
  const width = kind === 'bool' ? 8 : Number(kind.slice(1));
  return kind.startsWith('i') ? BigInt.asIntN(width, results[op]) : BigInt.asUintN(width, results[op]);
}

function expected(kind: ElementKind, op: ReductionName, a: TypedArray, b: TypedArray): TypedArray {
  const result = a.slice();
  const lanes = result as Float64Array;
  const [x, y] = [a as Float64Array, b as Float64Array];
  if (isFloat(kind)) {
    if (kind.startsWith('c') && op === 'prod') {
      for (let i = 0; i < a.length; i += 2) {
        const isOne = (v: Float64Array) => Object.is(v[i], 1) && Object.is(v[i + 1], 0);
        const product = [x[i]! * y[i]! - x[i + 1]! * y[i + 1]!, x[i]! * y[i + 1]! + x[i + 1]! * y[i]!];
        lanes.set(isOne(y) ? x.subarray(i, i + 2) : isOne(x) ? y.subarray(i, i + 2) : product, i);
      }
      return result;
    }
    const operators: Partial<Record<ReductionName, (p: number, q: number) => number>> = {
      sum: (p, q) => p + q,
      prod: (p, q) => p * q,
      min: Math.min,
      max: Math.max,
    };
    for (let i = 0; i < a.length; i++) lanes[i] = operators[op]!(x[i]!, y[i]!);
    return result;
  }
  for (let i = 0; i < a.length; i++) {
    const value = exact(kind, op, BigInt(a[i]!), BigInt(b[i]!));
    if (result instanceof BigInt64Array || result instanceof BigUint64Array) result[i] = value;
    else result[i] = Number(value);
  }
  return result;
}

function folded(kind: ElementKind, op: ReductionName, a: TypedArray, b: TypedArray): TypedArray {
  const result = a.slice();
  foldArrays(kind, op, result, b);
  return result;
}

t.test('every kind and operator', (t) => {
  holds(
    t,
    'arrays, elements and scalars agree with exact arithmetic',
    operands,
    ({ kind, op, a, b }) => {
      const want = bits(expected(kind, op, a, b));
      same(bits(folded(kind, op, a, b)), want, `${kind} ${op} of arrays`);
      const complex = kind.startsWith('c');
      const byElement = a.slice();
      const element = foldElement(kind, op);
      for (let i = 0; i < (complex ? a.length / 2 : a.length); i++) element(byElement, i, b, i);
      same(bits(byElement), want, `${kind} ${op} of elements`);
      if (complex && op === 'prod') return;
      const byScalar = a.slice();
      const scalar = fold(kind, op);
      for (let i = 0; i < a.length; i++) (byScalar as Float64Array)[i] = scalar(a[i]!, b[i]!) as number;
      same(bits(byScalar), want, `${kind} ${op} of scalars`);
      for (let i = 0; i < a.length; i++) {
        const value = scalar(a[i]!, b[i]!);
        same(Object.is(value, (byScalar as TypedArray)[i]), true, `${kind} ${op} gives a value of its kind`);
      }
    },
    3000,
  );
  holds(
    t,
    'the identity changes no bit, on either side; the operators commute; exact ones associate',
    operands,
    ({ kind, op, a, b, c }) => {
      const neutral = a.slice();
      fillIdentity(kind, op, neutral);
      same(bits(folded(kind, op, a, neutral)), bits(a), `${kind} ${op}: x with the identity`);
      same(bits(folded(kind, op, neutral, a)), bits(a), `${kind} ${op}: the identity with x`);
      same(bits(folded(kind, op, a, b)), bits(folded(kind, op, b, a)), `${kind} ${op} commutes`);
      if (isFloat(kind) && (op === 'sum' || op === 'prod')) return;
      const left = folded(kind, op, folded(kind, op, a, b), c);
      same(bits(left), bits(folded(kind, op, a, folded(kind, op, b, c))), `${kind} ${op} associates`);
    },
    3000,
  );
  t.equal(
    legal.length,
    2 * 4 + 6 * 7 + 2 * 7 + 2 * 2 + 5,
    'all legal pairs: floats 4, integers 7, complex 2, bool 5',
  );
  t.end();
});

t.test('identities', (t) => {
  t.ok(Object.is(identity('f64', 'sum'), -0), 'the identity of a float sum is -0');
  t.same(identity('c64', 'sum'), [-0, -0]);
  t.same(identity('c128', 'prod'), [1, 0]);
  t.same([identity('i8', 'min'), identity('i8', 'max'), identity('u16', 'and')], [127, -128, 65535]);
  t.same([identity('i64', 'min'), identity('u64', 'max'), identity('i64', 'and')], [2n ** 63n - 1n, 0n, -1n]);
  t.end();
});

t.test('bad input ends in one sentence', (t) => {
  t.throws(() => identity('f32', 'xor'), {
    message: /xor works on bits and is not defined for f32: use an integer/,
  });
  t.throws(() => fold('c128', 'min'), {
    message: /min is not defined for c128, because complex numbers have no order/,
  });
  t.throws(() => foldElement('bool', 'sum'), { message: /sum is not defined for bool/ });
  t.throws(() => fold('c64', 'prod'), { message: /needs both lanes/ });
  t.throws(() => foldArrays('f64', 'sum', new Float64Array(2), new Float64Array(3)), {
    message: /fold 3 elements of f64 into 2/,
  });
  t.throws(() => foldArrays('c64', 'sum', new Float32Array(3), new Float32Array(3)), { message: /3 lanes/ });
  t.end();
});
