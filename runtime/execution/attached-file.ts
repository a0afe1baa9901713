// The tasks of the I/O lane that move data between regions and the files that they are attached to.
import { closeSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs';
import type { ForeignLayout, Store, StoreReader, StridedLayout } from '../memory/attach/source.js';
import { loadStrided, saveStrided, systemFault } from '../memory/attach/strided-file.js';
import type { TypedArray } from '../privileges/element.js';
import type { Leaf } from './leaf.js';
import { forEachRow } from './rows.js';
import type { Shape } from './view.js';

/** What the field is called in the view, whatever its name. */
export const ATTACHED = 'value';

export interface FileArguments {
  readonly store: Store;
  /** The point of the region that is the first one of the store. */
  readonly origin: readonly number[];
}

interface FileView extends Shape {
  readonly value: TypedArray & { unsafeRaw(): TypedArray };
}

/** Numbers that are asked of a foreign reader at once. */
const NUMBERS = 2 ** 23;

export const isStrided = (layout: StridedLayout | ForeignLayout): layout is StridedLayout =>
  'strides' in layout;

function bytesOf(view: FileView): Uint8Array {
  const { buffer, byteOffset, byteLength } = view.value.unsafeRaw();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function readerOf({ module, name }: ForeignLayout): Promise<StoreReader> {
  const exports = (await import(module)) as Record<string, StoreReader>;
  return exports[name]!;
}

/** Boxes that together hold the points of a view, cut along the first axis; a sparse view may not fill them. */
function* boxesOf(view: Shape, numbersPerPoint: number): Generator<[lo: number[], hi: number[]]> {
  if (view.volume === 0) return;
  const { lo, hi } = view;
  const row = hi.slice(1).reduce((product, h, axis) => product * (h - lo[axis + 1]! + 1), numbersPerPoint);
  const rows = Math.max(1, Math.floor(NUMBERS / row));
  for (let first = lo[0]!; first <= hi[0]!; first += rows)
    yield [
      [first, ...lo.slice(1)],
      [Math.min(hi[0]!, first + rows - 1), ...hi.slice(1)],
    ];
}

/** Calls `visit` for the stretches of a view inside of a box, with the position of each in the box's row-major order. */
function forEachRowIn(
  view: Shape,
  lo: readonly number[],
  hi: readonly number[],
  visit: (offset: number, position: number, length: number) => void,
): void {
  forEachRow(view, (offset, point, length) => {
    if (point[0]! > hi[0]! || (point.length > 1 && point[0]! < lo[0]!)) return;
    // Along one axis a stretch may begin before the box and end after it.
    const skip = point.length === 1 ? Math.max(0, lo[0]! - point[0]!) : 0;
    const count = point.length === 1 ? Math.min(length, hi[0]! - point[0]! + 1) - skip : length;
    if (count <= 0) return;
    let position = 0;
    for (let axis = 0; axis < point.length; axis++)
      position = position * (hi[axis]! - lo[axis]! + 1) + point[axis]! - lo[axis]!;
    visit(offset + skip, position + skip, count);
  });
}

const lanesOf = ({ value, pieces }: FileView): number => {
  const last = pieces.at(-1);
  return last === undefined ? 1 : value.unsafeRaw().length / (last.offset + last.length);
};

const shifted = (point: readonly number[], origin: readonly number[]) =>
  point.map((x, axis) => x - origin[axis]!);

async function loadForeign(layout: ForeignLayout, view: FileView, { store, origin }: FileArguments) {
  const reader = await readerOf(layout);
  const lanes = lanesOf(view);
  const array = view.value.unsafeRaw() as unknown as { [i: number]: number | bigint };
  for (const [lo, hi] of boxesOf(view, lanes)) {
    const numbers = await reader.read(store, shifted(lo, origin), shifted(hi, origin));
    forEachRowIn(view, lo, hi, (offset, position, length) => {
      for (let i = 0; i < length * lanes; i++) array[offset * lanes + i] = numbers[position * lanes + i]!;
    });
  }
}

async function saveForeign(layout: ForeignLayout, view: FileView, { store, origin }: FileArguments) {
  const reader = await readerOf(layout);
  const lanes = lanesOf(view);
  const array = view.value.unsafeRaw();
  // Its own kind of array; the compiler sees a union.
  const Numbers = array.constructor as Float64ArrayConstructor;
  for (const [lo, hi] of boxesOf(view, lanes)) {
    const volume = lo.reduce((product, low, axis) => product * (hi[axis]! - low + 1), 1);
    const from = shifted(lo, origin);
    const until = shifted(hi, origin);
    let filled = 0;
    forEachRowIn(view, lo, hi, (_offset, _position, length) => {
      filled += length;
    });
    const numbers = new Numbers(volume * lanes);
    // What lies between the points of a sparse view is not ours: it is written as it was.
    if (filled < volume) numbers.set((await reader.read(store, from, until)) as ArrayLike<number>);
    forEachRowIn(view, lo, hi, (offset, position, length) => {
      const part = array.subarray(offset * lanes, (offset + length) * lanes);
      numbers.set(part as Float64Array, position * lanes);
    });
    await reader.write(store, from, until, numbers);
  }
}

/** Files that are read at the same time: each takes a handle and some memory. */
const READS_MAX = 16;
let reading = 0;
const turns: (() => void)[] = [];

/** Runs a read when fewer than the most are running. */
async function inTurn(read: () => Promise<void>): Promise<void> {
  if (reading === READS_MAX) await new Promise<void>((resolve) => turns.push(resolve));
  else reading++;
  try {
    await read();
  } finally {
    // The next one takes this one's place.
    const next = turns.shift();
    if (next === undefined) reading--;
    else next();
  }
}

type Move = (view: FileView, args: FileArguments) => Promise<void>;

/** A task that moves the points of one attached field: one way for files with strides, one for all others. */
function fileLeaf(
  name: string,
  strided: (layout: StridedLayout) => Move,
  foreign: (layout: ForeignLayout) => Move,
): Leaf {
  return {
    name,
    requirements: ['region'],
    fields: [[ATTACHED]],
    run: async (views, args) => {
      const { layout } = (args as FileArguments).store;
      const move = isStrided(layout) ? strided(layout) : foreign(layout);
      await move(views['region'] as FileView, args as FileArguments);
    },
  };
}

/** Reads them. */
const load: Leaf = {
  ...fileLeaf(
    'load',
    (layout) =>
      (view, { store, origin }) =>
        inTurn(() => loadStrided(store, layout, origin, view, bytesOf(view))),
    (layout) => (view, args) => loadForeign(layout, view, args),
  ),
  moves: true,
};

/** Writes them. */
const store = fileLeaf(
  'store',
  (layout) =>
    async (view, { store, origin }) =>
      saveStrided(store, layout, origin, view, bytesOf(view)),
  (layout) => (view, args) => saveForeign(layout, view, args),
);

/** The same for elements that are given up. */
const evict: Leaf = { ...store, name: 'evict', moves: true };

/** Gives a file that was made new its name. */
const publish: Leaf = {
  name: 'publish',
  requirements: [],
  fields: [],
  run: async (_views, args, context) => {
    const { store } = args as FileArguments;
    // A thread was lost after it had done so: nothing else is a reason for another attempt.
    if (context.attempt > 0 && !existsSync(store.at) && existsSync(store.path)) return;
    try {
      const file = openSync(store.at, 'r+');
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(store.at, store.path);
    } catch (error) {
      throw systemFault(store, error, 'written');
    }
  },
};

export const fileLeaves: readonly Leaf[] = [load, store, evict, publish];
