// The kinds of the numbers that a field is made of, and the typed arrays that hold them.

/** Every typed array a field can be stored in. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array;

/** `number`, or `bigint` for the 64-bit integers. */
export type Element<A> = A extends BigInt64Array | BigUint64Array ? bigint : number;

/** c64 is a complex of two float32, c128 of two float64 (re, im interleaved); bool is 0 or 1 in a byte. */
export type ElementKind =
  | 'f64'
  | 'f32'
  | 'i32'
  | 'u32'
  | 'i16'
  | 'u16'
  | 'i8'
  | 'u8'
  | 'i64'
  | 'u64'
  | 'c64'
  | 'c128'
  | 'bool';

export const ELEMENT_KINDS: readonly ElementKind[] = [
  'f64',
  'f32',
  'i32',
  'u32',
  'i16',
  'u16',
  'i8',
  'u8',
  'i64',
  'u64',
  'c64',
  'c128',
  'bool',
];
