// The types that carry privileges: what a handle may be used for, and what a task body gets to see.

import type { Shape } from '../execution/view.js';
import type { Element, ReductionName, TypedArray } from '../privileges/index.js';
import type { FieldSpace, Fields, FieldType } from '../regions/index.js';

/** One thing that may be done with a field: read it, write it, fold into it with one operator. */
export type Cap = 'R' | 'W' | `A:${ReductionName}`;
export type Caps = { readonly [field: string]: Cap };
/** Everything may be done with every field: what the creator of a region holds. */
export type AllCaps<F extends Fields> = { [K in keyof F]: Cap };

/** A field that may be read: indices cannot be assigned to. */
export interface ReadView<A extends TypedArray> {
  readonly length: number;
  readonly [i: number]: Element<A>;
  slice(start?: number, end?: number): A;
  subarray(start?: number, end?: number): ReadView<A>;
  [Symbol.iterator](): IterableIterator<Element<A>>;
  /** The array itself, for native kernels. Nothing stops a writer behind this door but --check. */
  unsafeRaw(): A;
}

/** A field that may be folded into, and not read. */
export interface FoldView<A extends TypedArray> {
  readonly length: number;
  fold(i: number, value: Element<A>): void;
  /** Folds an array of values into the elements from an offset on. */
  foldAll(values: A | readonly number[], from?: number): void;
}

/** What a body gets for a field of type T under capabilities C. */
export type View<T, C> =
  T extends FieldType<infer A, number>
    ? 'W' extends C
      ? A & { unsafeRaw(): A }
      : 'R' extends C
        ? ReadView<A>
        : FoldView<A>
    : never;

export type Views<F extends Fields, C extends Caps> = {
  readonly [K in keyof C & keyof F]: View<F[K], C[K]>;
} & Shape;

/**
 * A region as an argument. Holding more capability is assignable to needing less, never the other way: the
 * capabilities stand in a contravariant place. (`| undefined` says nothing new, but keeps the compiler's messages to
 * the point under exactOptionalPropertyTypes.)
 */
export interface RegionRef<F extends Fields, C extends Caps> {
  readonly space: FieldSpace<F>;
  readonly __caps?: { readonly [K in keyof C]: (cap: C[K]) => void } | undefined;
}

/** What is known, by its constructor, of the overlaps of a partition. */
export type Disjointness = 'disjoint' | 'aliased' | 'unknown';

/** A partition with a projection, as an argument of an index launch. */
export interface Projected<F extends Fields, C extends Caps, D extends Disjointness> {
  readonly space: FieldSpace<F>;
  readonly disjoint: D;
  readonly __caps?: { readonly [K in keyof C]: (cap: C[K]) => void } | undefined;
}
