// The pool of users: which record uses which subspace how. Linked lists in struct-of-arrays; the lists belong to the
// equivalence sets. An entry whose record was retired without poison says nothing any more, and is dropped when met.
import type { IndexPartition } from '../regions/index.js';

export const NIL = 0;

export class Users {
  #capacity = 1 << 12;
  record = new Int32Array(this.#capacity);
  generation = new Int32Array(this.#capacity);
  usage = new Int32Array(this.#capacity);
  colour = new Int32Array(this.#capacity);
  next = new Int32Array(this.#capacity);
  partition: (IndexPartition | null)[] = [null];
  #free = NIL;
  #made = 1;

  /** A new entry in front of the list that starts at `next`. */
  add(
    record: number,
    generation: number,
    usage: number,
    partition: IndexPartition,
    colour: number,
    next: number,
  ): number {
    let at = this.#free;
    if (at !== NIL) this.#free = this.next[at]!;
    else {
      if (this.#made === this.#capacity) this.#grow();
      at = this.#made++;
    }
    this.record[at] = record;
    this.generation[at] = generation;
    this.usage[at] = usage;
    this.colour[at] = colour;
    this.partition[at] = partition;
    this.next[at] = next;
    return at;
  }

  /** Gives one entry back; returns the one after it. */
  drop(at: number): number {
    const next = this.next[at]!;
    this.partition[at] = null;
    this.next[at] = this.#free;
    this.#free = at;
    return next;
  }

  dropList(first: number): void {
    for (let at = first; at !== NIL; ) at = this.drop(at);
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = (old: Int32Array) => {
      const array = new Int32Array(this.#capacity);
      array.set(old);
      return array;
    };
    this.record = larger(this.record);
    this.generation = larger(this.generation);
    this.usage = larger(this.usage);
    this.colour = larger(this.colour);
    this.next = larger(this.next);
  }
}
