// How arguments, results, domain and reduction tree of a launch lie in shared memory.
import { deserialize, serialize } from 'node:v8';
import type { Heap } from './heap.js';

// ---- values: results of points, and what futures hold ----

/** Tags of a value: nothing, a number inline, a boolean inline, or a serialized value in a block of its own. */
export const Tag = { none: 0, number: 1, boolean: 2, block: 3 } as const;

/** Bytes of the results of `count` points: their doubles, then their tags. */
export function resultsBytes(count: number): number {
  return 12 * count;
}

const BLOCK_HEADER = 8;

/** Results of the points of one launch: doubles and tags over shared memory. */
export class Results {
  readonly values: Float64Array;
  readonly tags: Int32Array;
  readonly #heap: Heap;

  constructor(heap: Heap, unit: number, count: number) {
    const { buffer, byte } = heap.locate(unit);
    this.#heap = heap;
    this.values = new Float64Array(buffer, byte, count);
    this.tags = new Int32Array(buffer, byte + 8 * count, count);
  }

  set(index: number, value: unknown): void {
    if (typeof value === 'number') {
      this.values[index] = value;
      this.tags[index] = Tag.number;
    } else if (value === undefined) this.tags[index] = Tag.none;
    else if (typeof value === 'boolean') {
      this.values[index] = value ? 1 : 0;
      this.tags[index] = Tag.boolean;
    } else {
      this.values[index] = writeValue(this.#heap, value);
      this.tags[index] = Tag.block;
    }
  }

  /** Sets a value and gives back what the old one took. */
  replace(index: number, value: unknown): void {
    if (this.tags[index] === Tag.block) freeValue(this.#heap, this.values[index]!);
    this.set(index, value);
  }

  get(index: number): unknown {
    switch (this.tags[index]) {
      case Tag.number:
        return this.values[index];
      case Tag.boolean:
        return this.values[index] !== 0;
      case Tag.block:
        return readValue(this.#heap, this.values[index]!);
      default:
        return undefined;
    }
  }

  /** Gives back what serialized values take. */
  freeBlocks(): void {
    this.tags.forEach((tag, index) => {
      if (tag === Tag.block) freeValue(this.#heap, this.values[index]!);
    });
  }
}

/** Serializes any structured-cloneable value into a block of its own. */
export function writeValue(heap: Heap, value: unknown): number {
  const bytes = serialize(value);
  const unit = Math.abs(heap.allocate(BLOCK_HEADER + bytes.length));
  if (unit === 0) throw new RangeError(`no room for a value of ${bytes.length} bytes`);
  heap.store(unit, 0, bytes.length);
  const { buffer, byte } = heap.locate(unit);
  new Uint8Array(buffer, byte + BLOCK_HEADER, bytes.length).set(bytes);
  return unit;
}

export function readValue(heap: Heap, unit: number): unknown {
  const { buffer, byte } = heap.locate(unit);
  // A copy: the deserializer makes views of its input, and the block may be used again.
  return deserialize(Buffer.from(new Uint8Array(buffer, byte + BLOCK_HEADER, heap.load(unit, 0))));
}

/** Bytes of a block that `writeValue` made. */
export function valueBytes(heap: Heap, unit: number): number {
  return BLOCK_HEADER + heap.load(unit, 0);
}

export function freeValue(heap: Heap, unit: number): void {
  heap.free(unit, valueBytes(heap, unit));
}

// ---- arguments ----

/** Words at the head of an argument block; the futures follow, then the numbers. */
export const ArgsWord = { keys: 0, value: 1, futures: 2, numbers: 3, data: 4 } as const;

/** An argument that is a point's result of a launch that has not ended yet. */
export interface FutureArgument {
  readonly key: string;
  /** Heap block of the results, number of points it has, and the one meant. */
  readonly results: number;
  readonly count: number;
  readonly index: number;
}

export interface ArgsBlock {
  readonly unit: number;
  readonly bytes: number;
}

/**
 * Writes arguments: numbers side by side with their names in a block shared by all launches with the same names,
 * everything else serialized. Both kinds may come together.
 */
export function writeArgs(
  heap: Heap,
  keysUnit: number,
  numbers: readonly number[],
  rest: unknown,
  futures: readonly FutureArgument[],
): ArgsBlock {
  const numbersAt = 2 * Math.ceil((ArgsWord.data + 3 * futures.length) / 2);
  const bytes = 4 * numbersAt + 8 * numbers.length;
  const unit = Math.abs(heap.allocate(bytes));
  const words = heap.int32(unit, numbersAt);
  words[ArgsWord.keys] = keysUnit;
  words[ArgsWord.value] = rest === undefined ? 0 : writeValue(heap, rest);
  words[ArgsWord.futures] = futures.length;
  words[ArgsWord.numbers] = numbers.length;
  futures.forEach((future, i) => {
    words[ArgsWord.data + 3 * i] = future.results;
    words[ArgsWord.data + 3 * i + 1] = future.count;
    words[ArgsWord.data + 3 * i + 2] = future.index;
  });
  const { buffer, byte } = heap.locate(unit);
  new Float64Array(buffer, byte + 4 * numbersAt, numbers.length).set(numbers);
  return { unit, bytes };
}

/** Reads arguments back; `keys` are the names in the keys block: of the numbers first, then of the futures. */
export function readArgs(heap: Heap, unit: number, keys: readonly string[]): Record<string, unknown> {
  const value = heap.load(unit, ArgsWord.value);
  const args = (value === 0 ? {} : readValue(heap, value)) as Record<string, unknown>;
  const futures = heap.load(unit, ArgsWord.futures);
  const count = heap.load(unit, ArgsWord.numbers);
  const numbersAt = 2 * Math.ceil((ArgsWord.data + 3 * futures) / 2);
  const { buffer, byte } = heap.locate(unit);
  const numbers = new Float64Array(buffer, byte + 4 * numbersAt, count);
  for (let i = 0; i < count; i++) args[keys[i]!] = numbers[i];
  for (let i = 0; i < futures; i++) {
    const at = ArgsWord.data + 3 * i;
    const results = new Results(heap, heap.load(unit, at), heap.load(unit, at + 1));
    args[keys[count + i]!] = results.get(heap.load(unit, at + 2));
  }
  return args;
}

export function freeArgs(heap: Heap, block: ArgsBlock): void {
  const value = heap.load(block.unit, ArgsWord.value);
  if (value !== 0) freeValue(heap, value);
  heap.free(block.unit, block.bytes);
}

// ---- reductions ----

/** Blocks of consecutive points that a reducing launch is cut into, by its domain alone (design: Reductions). */
export const REDUCTION_BLOCKS = 64;

export function reductionBlocks(points: number): number {
  return Math.min(points, REDUCTION_BLOCKS);
}

/** First point of a block. */
export function blockStart(block: number, blocks: number, points: number): number {
  return Math.floor((block * points) / blocks);
}

/** The block that a point lies in. */
export function blockAt(point: number, blocks: number, points: number): number {
  if (blocks === points) return point;
  let block = Math.floor((point * blocks) / points);
  while (blockStart(block + 1, blocks, points) <= point) block++;
  return block;
}
