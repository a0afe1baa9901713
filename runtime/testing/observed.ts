// What a program lets its user see.
import type { Value } from './values.js';

/** The number that a task returned, or which failure kept it from running. */
export type Result = number | string;

/** What stands for a value that a failure has spoiled. */
export const failedIn = (operation: string): string => `failed in ${operation}`;

/** All that a program lets its user see. */
export interface Observed {
  /**
   * The numbers that each launch returned, by point in lexicographic order; one for single launches and reductions.
   * A task that failed or was skipped has a text instead, `failed in NAME`, with the operation that failed first.
   */
  readonly results: Readonly<Record<string, readonly Result[]>>;
  /** What each read saw, points in lexicographic order, lanes fastest; the text alone where it met a failure. */
  readonly reads: Readonly<Record<string, readonly (Value | string)[]>>;
  /** The final contents of every living region, by field, likewise. */
  readonly contents: Readonly<Record<string, Readonly<Record<string, readonly (Value | string)[]>>>>;
}
