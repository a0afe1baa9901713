// Tasks that the runtime itself launches: found by name, without a module.
import type { TypedArray } from '../privileges/element.js';
import { fileLeaves } from './attached-file.js';
import { copyLeaf, copyShape } from './copy.js';
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

/** A number stands for all lanes, but in a complex field for a real number; two numbers stand for every complex lane. */
interface FillArguments {
  readonly value: unknown;
  readonly complex?: boolean;
}

function lanesOf({ value, complex }: FillArguments, lanes: number): unknown {
  if (complex !== true) return value;
  const pair = Array.isArray(value) ? value : [value, 0];
  return Array.from({ length: lanes }, (_, lane) => pair[lane % pair.length]);
}

/** Sets every point of one field, called `value` here whatever its name, to one value: a number, or one per lane. */
const fill: Leaf = {
  name: 'fill',
  harmless: true,
  requirements: ['region'],
  fields: [[FILLED]],
  run: (views, args) => {
    const view = views['region'] as FillView;
    if (view.volume === 0) return;
    const last = view.pieces.at(-1)!;
    const lanes = view.value.length / (last.offset + last.length);
    const value = lanesOf(args as FillArguments, lanes);
    // Bigints for 64-bit integers, numbers for all others: the launch checked it.
    const array = view.value as Float64Array;
    for (const { offset, length } of view.pieces) {
      const from = offset * lanes;
      const until = (offset + length) * lanes;
      if (!Array.isArray(value)) array.fill(value as number, from, until);
      else {
        for (let lane = 0; lane < lanes; lane++) array[from + lane] = value[lane] as number;
        // What is written already is copied on, twice as much each time.
        for (let done = from + lanes; done < until; done += done - from)
          array.copyWithin(done, from, Math.min(done, from + until - done));
      }
    }
  },
};

/** Combines conditions; numbers hold unless they are 0. */
const predicate: Leaf = {
  name: 'predicate',
  harmless: true,
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

const leaves = new Map<string, Leaf>([fill, predicate, ...fileLeaves].map((leaf) => [leaf.name, leaf]));

/** The built-in task of a name: the same object every time. */
export function builtinLeaf(name: string): Leaf | undefined {
  let leaf = leaves.get(name);
  if (leaf === undefined) {
    const shape = copyShape(name);
    if (shape !== null) leaves.set(name, (leaf = copyLeaf(shape)));
  }
  return leaf;
}
