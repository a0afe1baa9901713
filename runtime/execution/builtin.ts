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

export const builtinLeaves: ReadonlyMap<string, Leaf> = new Map([[fill.name, fill]]);
