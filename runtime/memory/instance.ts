// A physical instance: the memory of one field of a region tree, laid out over the bounding box of the root.
import type { IndexSpace } from '../spaces/index.js';

/** Elements that a failed or skipped operation did not write, so that nobody may read them. */
export interface Spoilt {
  readonly space: IndexSpace;
  /** The operation that would have written them. */
  readonly operation: number;
  /** 1 + the operation that failed first. */
  readonly root: number;
  /** How it would have written them, as a usage code. */
  readonly usage: number;
}

export interface Instance {
  /** Where it lies in the heap; 0 while it is on disk. */
  unit: number;
  readonly bytes: number;
  /** Position, in the layout of the tree, of the first point that it holds; 0 for those that hold all. */
  readonly first: number;
  /** What it holds, in words, for memory reports. */
  readonly what: string;
  /** Launches that use it and have not ended. */
  users: number;
  /** Replaced by a newer instance, or its region was freed: give it back when the last user has ended. */
  dead: boolean;
  /** Place in the spill file; -1 while it is in memory. */
  place: number;
  /** The launch that used it last, counted as launches are prepared: who was used longest ago goes to disk first. */
  touched: number;
  /** What failures have left unwritten; null where nothing is. */
  spoilt: Spoilt[] | null;
  /** It can be had again from what it is attached to: it does not go to disk. */
  readonly attached: boolean;
}
