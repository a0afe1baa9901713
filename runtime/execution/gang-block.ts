// How a gang lies in shared memory: who its members are, which seats are taken, and the words that members wait on.
import type { Heap } from '../memory/heap.js';
import { resultsBytes } from '../memory/launch-layout.js';

/** Words of a gang's block; the records of the members follow, by rank, then their seats, then what they called (in `SETS`). */
export const GangWord = {
  size: 0,
  /** Members whose preconditions are met. */
  ready: 1,
  /** Seats taken. */
  seats: 2,
  /** Link in the list of gangs that are ready: slot + 1. */
  next: 3,
  /** What becomes of all members: a number of `Decision`. */
  decision: 4,
  /** Barriers that were completed. */
  generation: 5,
  /** Futex word: bumped when a barrier is completed, and when the gang breaks. */
  wakes: 6,
  /** Members at the barrier, and 65536 times those that have ended. */
  state: 7,
  /** A number of `Broken`. */
  broken: 8,
  /** Values that members exchange: two per member, used in turn. */
  values: 9,
  data: 16,
} as const;

export const Decision = { none: 0, run: 1, otherwise: 2, cancelled: 3 } as const;

/** Whole; a member failed; members wait for one that has ended. */
export const Broken = { no: 0, failed: 1, deserted: 2 } as const;

export const ENDED = 1 << 16;

/** Values that members exchange are kept in two sets, used in turn: nobody can be two collectives ahead. */
export const SETS = 2;

export function gangBytes(size: number): number {
  return 4 * (GangWord.data + (2 + SETS) * size);
}

export function gangValuesBytes(size: number): number {
  return resultsBytes(SETS * size);
}

/** Written by the launching thread; both blocks are zeros. */
export function writeGang(heap: Heap, unit: number, values: number, size: number): void {
  heap.store(unit, GangWord.size, size);
  heap.store(unit, GangWord.values, values);
}

export function memberOf(heap: Heap, unit: number, rank: number): number {
  return heap.load(unit, GangWord.data + rank);
}

export function setMember(heap: Heap, unit: number, rank: number, record: number): void {
  heap.store(unit, GangWord.data + rank, record);
}

/** All words of a gang, for atomic operations. */
export function gangWords(heap: Heap, unit: number): Int32Array {
  return heap.int32(unit, gangBytes(heap.load(unit, GangWord.size)) / 4);
}
