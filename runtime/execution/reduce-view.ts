// The view of a field that a task may only reduce into: no value can be read, contributions are folded in.
import { ELEMENT_KINDS, type TypedArray } from '../privileges/element.js';
import { fold, foldArrays } from '../privileges/reduction.js';
import { REDUCTIONS, type ReductionName } from '../privileges/usage.js';

type Numbers = { [i: number]: number };

/** Folds with any operator. Offsets count array elements, as in the view of a field that may be read. */
export class ReduceView {
  readonly #array: TypedArray;
  readonly #kind: number;
  readonly #op: ReductionName;
  readonly #fold: (a: number, b: number) => number;
  readonly length: number;

  constructor(kind: number, op: ReductionName, array: TypedArray) {
    this.#array = array;
    this.#kind = kind;
    this.#op = op;
    this.length = array.length;
    const element = ELEMENT_KINDS[kind]!;
    const complexProduct = (element === 'c64' || element === 'c128') && op === 'prod';
    // A product of complex numbers needs both lanes at once, which only foldAll can give it.
    this.#fold = complexProduct
      ? () => {
          throw new TypeError(
            'A complex product cannot be folded lane by lane: use foldAll([re, im], offset).',
          );
        }
      : (fold(element, op) as (a: number, b: number) => number);
  }

  /** Folds one value into the element at an offset. */
  fold(i: number, value: number | bigint): void {
    const array = this.#array as Numbers;
    array[i] = this.#fold(array[i]!, value as number);
  }

  /** Folds an array of values into the elements from an offset on. */
  foldAll(values: TypedArray | readonly number[], from = 0): void {
    const target = this.#array.subarray(from, from + values.length) as TypedArray;
    const Kind = target.constructor as new (values: ArrayLike<number>) => TypedArray;
    const source =
      values.constructor === Kind ? (values as TypedArray) : new Kind(values as readonly number[]);
    foldArrays(ELEMENT_KINDS[this.#kind]!, this.#op, target, source);
  }
}

/** The same for sums, which are nearly all reductions: a store rounds and wraps by itself. */
class SumView {
  readonly #array: Numbers;
  readonly #all: ReduceView;
  readonly length: number;
  constructor(kind: number, array: TypedArray) {
    this.#array = array as Numbers;
    this.#all = new ReduceView(kind, 'sum', array);
    this.length = array.length;
  }
  fold(i: number, value: number | bigint): void {
    this.#array[i]! += value as number;
  }
  foldAll(values: TypedArray | readonly number[], from = 0): void {
    this.#all.foldAll(values, from);
  }
}

/** A view of `array` for the operator at `op` in REDUCTIONS. */
export function reduceView(kind: number, op: number, array: TypedArray): SumView | ReduceView {
  return op === 0 && ELEMENT_KINDS[kind] !== 'bool'
    ? new SumView(kind, array)
    : new ReduceView(kind, REDUCTIONS[op]!, array);
}
