// The default mapper's placement: blocks of consecutive points per worker, so that a point of one launch lands where
// the same point of the last one ran, beside its data. Idle workers take from busy ones; results do not depend on it.

/** Worker for record `index` of `count`. */
export function place(index: number, count: number, workers: number): number {
  return Math.floor((index * workers) / count);
}
