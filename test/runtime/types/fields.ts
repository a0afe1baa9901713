// What the compiler knows of fields and spaces. Compiled with the project, and checked by types.test.ts; never run.
import {
  c64,
  type FieldSpace,
  type FieldType,
  f32,
  f64,
  fieldSpace,
  i64,
  vec,
} from '../../../runtime/regions/index.js';
import { IndexSpace } from '../../../runtime/spaces/index.js';

/** Compiles only for equal types. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const certain = <T extends true>(): T | undefined => undefined;

const Particle = fieldSpace({ mass: f64, position: vec(f32, 3), wave: c64, waves: vec(c64, 2), count: i64 });

// Names, arrays and lanes are part of the type.
certain<Equal<keyof typeof Particle.fields, 'mass' | 'position' | 'wave' | 'waves' | 'count'>>();
certain<Equal<(typeof Particle.fields)['position'], FieldType<Float32Array, 3>>>();
certain<Equal<(typeof Particle.fields)['wave'], FieldType<Float32Array, 2>>>();
certain<Equal<(typeof Particle.fields)['waves'], FieldType<Float32Array, number>>>();
certain<Equal<InstanceType<(typeof Particle.fields)['count']['array']>, BigInt64Array>>();

// A space with more fields serves where fewer are needed.
export const some: FieldSpace<{ mass: FieldType<Float64Array, 1> }> = Particle;
export const any: FieldSpace = Particle;
// @ts-expect-error TS2322: Property 'charge' is missing
export const missing: FieldSpace<{ charge: FieldType<Float64Array, 1> }> = Particle;
// @ts-expect-error TS2322: Type 'Float64Array
export const single: FieldSpace<{ mass: FieldType<Float32Array, 1> }> = Particle;

// @ts-expect-error TS2322: Type 'string' is not assignable to type 'FieldType
fieldSpace({ mass: 'f64' });
// @ts-expect-error TS2769: No overload matches this call
vec(vec(f32, 3), 2);
// @ts-expect-error TS2540: Cannot assign to 'mass' because it is a read-only property
Particle.fields.mass = f64;

// Index spaces do not change.
const space = IndexSpace.extent([4, 4]);
// @ts-expect-error TS2540: Cannot assign to 'volume' because it is a read-only property
space.volume = 3;
// @ts-expect-error TS2542: only permits reading
space.lo[0] = 1;
// @ts-expect-error TS2673: Constructor of class 'IndexSpace' is private
new IndexSpace(1, [0], [1], 2, null);
