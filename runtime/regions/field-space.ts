// Field spaces: the named fields that every point of a region has, each a kind of number times a count of lanes.
import { UsageError } from '../errors.js';
import type { ElementKind, TypedArray } from '../privileges/element.js';

/** The part of a typed-array constructor that storage needs. */
export interface ArrayConstructor<A extends TypedArray> {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
  new (length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/**
 * The type of a field: `lanes` numbers of one kind per point, stored side by side. A complex number is two lanes
 * (re, im), so `c64` has 2 and `vec(c64, 3)` has 6.
 */
export interface FieldType<A extends TypedArray = TypedArray, Lanes extends number = number> {
  readonly kind: ElementKind;
  /** The typed array that holds the lanes. */
  readonly array: ArrayConstructor<A>;
  readonly lanes: Lanes;
  /** Bytes of one point's value: all its lanes. */
  readonly bytesPerElement: number;
  readonly complex: boolean;
}

/** Field names with their types. */
export type Fields = Record<string, FieldType>;

function fieldType<A extends TypedArray, const N extends number>(
  kind: ElementKind,
  array: ArrayConstructor<A>,
  lanes: N,
): FieldType<A, N> {
  return Object.freeze({
    kind,
    array,
    lanes,
    bytesPerElement: lanes * array.BYTES_PER_ELEMENT,
    complex: kind === 'c64' || kind === 'c128',
  });
}

export const f64: FieldType<Float64Array, 1> = fieldType('f64', Float64Array, 1);
export const f32: FieldType<Float32Array, 1> = fieldType('f32', Float32Array, 1);
export const i32: FieldType<Int32Array, 1> = fieldType('i32', Int32Array, 1);
export const u32: FieldType<Uint32Array, 1> = fieldType('u32', Uint32Array, 1);
export const i16: FieldType<Int16Array, 1> = fieldType('i16', Int16Array, 1);
export const u16: FieldType<Uint16Array, 1> = fieldType('u16', Uint16Array, 1);
export const i8: FieldType<Int8Array, 1> = fieldType('i8', Int8Array, 1);
export const u8: FieldType<Uint8Array, 1> = fieldType('u8', Uint8Array, 1);
export const i64: FieldType<BigInt64Array, 1> = fieldType('i64', BigInt64Array, 1);
export const u64: FieldType<BigUint64Array, 1> = fieldType('u64', BigUint64Array, 1);
/** Complex numbers of two float32. */
export const c64: FieldType<Float32Array, 2> = fieldType('c64', Float32Array, 2);
/** Complex numbers of two float64. */
export const c128: FieldType<Float64Array, 2> = fieldType('c128', Float64Array, 2);
/** Truth values: 0 or 1 in one byte. */
export const bool: FieldType<Uint8Array, 1> = fieldType('bool', Uint8Array, 1);

/** A field of `count` values of one scalar or complex type per point: `vec(f32, 4)`. One field, not four. */
export function vec<A extends TypedArray, const N extends number>(
  type: FieldType<A, 1>,
  count: N,
): FieldType<A, N>;
export function vec<A extends TypedArray>(type: FieldType<A, 2>, count: number): FieldType<A, number>;
export function vec<A extends TypedArray>(type: FieldType<A>, count: number): FieldType<A> {
  if (type.lanes !== (type.complex ? 2 : 1)) {
    throw new UsageError(
      `A vec of a field with ${type.lanes} lanes is not possible: vec takes a scalar or complex type.`,
    );
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(
      `A vec has ${String(count)} lanes, but the number of lanes is an integer of at least 1.`,
    );
  }
  return fieldType(type.kind, type.array, count * type.lanes);
}

/** The fields of a region. The index of a field is its place in the declaration. */
export interface FieldSpace<F extends Fields = Fields> {
  readonly fields: F;
  /** The names in the order of the declaration. */
  readonly names: readonly string[];
  /** The place of each name in `names`. */
  readonly indices: Readonly<Record<string, number>>;
  /** Bytes of all fields of one point. */
  readonly bytesPerPoint: number;
}

/** Names that views use for themselves, so that no field can have them. */
export const RESERVED_FIELD_NAMES: readonly string[] = [
  'points',
  'pieces',
  'strides',
  'coord',
  'at',
  'constructor',
  '__proto__',
];

/**
 * A field space from names and types.
 *
 * ```ts
 * const Particle = fieldSpace({ mass: f64, position: vec(f64, 3), wave: c64 });
 * Particle.names;            // ['mass', 'position', 'wave']
 * Particle.bytesPerPoint;    // 40
 * ```
 */
export function fieldSpace<const F extends Fields>(fields: F): FieldSpace<F> {
  const names = Object.keys(fields);
  if (names.length === 0)
    throw new UsageError('A field space has no fields: give at least one name and type.');
  const indices: Record<string, number> = {};
  let bytesPerPoint = 0;
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) {
      throw new UsageError(
        `The field name ${JSON.stringify(name)} is not an identifier: use letters, digits and _.`,
      );
    }
    if (RESERVED_FIELD_NAMES.includes(name)) {
      throw new UsageError(`The field name ${name} is taken by every view: choose another name.`);
    }
    const type = fields[name];
    if (typeof type !== 'object' || type === null || !(type.bytesPerElement > 0)) {
      throw new UsageError(
        `The field ${name} has no type: use f64, f32, i32, ... c64, bool or vec(type, lanes).`,
      );
    }
    indices[name] = index;
    bytesPerPoint += type.bytesPerElement;
  }
  return Object.freeze({
    fields: Object.freeze({ ...fields }),
    names: Object.freeze(names),
    indices: Object.freeze(indices),
    bytesPerPoint,
  });
}

/** The index of a field, or a UsageError that lists the fields there are. */
export function fieldIndex(space: FieldSpace, name: string): number {
  const index = Object.hasOwn(space.indices, name) ? space.indices[name] : undefined;
  if (index === undefined) {
    throw new UsageError(
      `There is no field ${JSON.stringify(name)}: the fields are ${space.names.join(', ')}.`,
    );
  }
  return index;
}
