// Tasks that the runtime itself launches: found by name, without a module.
import type { TypedArray } from '../privileges/element.js';
import type { Leaf } from './leaf.js';
import type { Piece } from './view.js';

/** Stands for a module in the name of a built-in task. */
export const BUILTIN = 'maniple:builtin';

/** What the filled field is called in the view, whatever its name. */
export const FILLED = 'value';

interface FillView {
  readonly value: TypedArray;
  readonly pieces: readonly Piece[];
  readonly volume: number;
}

/** Sets every element of one field, called `value` here whatever its name, to one number. */
const fill: Leaf = {
  name: 'fill',
  requirements: ['region'],
  fields: [[FILLED]],
  run: (views, args) => {
    const view = views['region'] as FillView;
    const { value } = args as { value: number | bigint };
    if (view.volume === 0) return;
    const last = view.pieces.at(-1)!;
    const lanes = view.value.length / (last.offset + last.length);
    // A bigint for 64-bit integers, a number for all others: the launch checked it.
    const array = view.value as Float64Array;
    for (const { offset, length } of view.pieces) {
      array.fill(value as number, offset * lanes, (offset + length) * lanes);
    }
  },
};

/** Combines conditions; numbers hold unless they are 0. */
const predicate: Leaf = {
  name: 'predicate',
  requirements: [],
  fields: [],
  run: (_views, args) => {
    const { how, a, b } = args as { how: string; a: unknown; b: unknown };
    const first = holds(a);
    if (how === 'not') return !first;
    if (how === 'is') return first;
    const second = holds(b);
    return how === 'and' ? first && second : first || second;
  },
};

function holds(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  throw new TypeError(
    `a predicate is made of a boolean or a number, but the future holds ${value === null ? 'null' : `a value of type ${typeof value}`}`,
  );
}

export const builtinLeaves: ReadonlyMap<string, Leaf> = new Map(
  [fill, predicate].map((leaf) => [leaf.name, leaf]),
);
