// What every lane says about itself in shared memory, on a cache line of its own: where it is in its loop, so that whoever
// takes its place after it died can go on from there. The protocol is told in ../execution/README.md ("Lost workers").

/** Words of a lane's line. */
export const LaneWord = {
  /** Status of its thread. */
  status: 0,
  /** What it is doing: a Phase. */
  phase: 1,
  /** How often it has looked for work: it has left the steps between two looks when this has changed. */
  looks: 2,
  /** The record it holds. */
  record: 3,
  /** 1 while it counts as a sleeper. */
  asleep: 4,
  /** 1 when the record it holds has failed. */
  failed: 5,
  /** Ending a record: the next successor edge to count down, or one of Edge. */
  edge: 6,
  /** The partial reduction that it fills, not yet part of the tree; 0 is none. */
  partial: 7,
  /** Climbing the reduction tree: level, value carried, whether its sibling had arrived. */
  level: 8,
  value: 9,
  arrived: 10,
  /** Pieces folded so far, of the two values that are being folded; COMMITTED when `value` is the result. */
  step: 11,
  /** 1 once the record's task was called; 2 once the member of a gang was counted as ended, `value` being the count before. */
  began: 12,
  /** 1 once the end of the record it holds was written into the log. */
  logged: 13,
  /** The system's number of its thread, where only the system can tell that it has ended; else 0. */
  thread: 14,
  words: 16,
} as const;

export const Status = { absent: 0, alive: 1, left: 2 } as const;

export const Phase = {
  /** Looks for work, or has just taken a record. */
  looking: 0,
  /** Runs a record, or loads its task: the record may have to be run again. */
  body: 1,
  /** Folds partial reductions on its way up the tree. */
  climbing: 2,
  /** Folds the root of a tree into a region. */
  applying: 3,
  /** The record's own work is complete. */
  complete: 4,
  /** Tells the successors. */
  ending: 5,
} as const;

/** `LaneWord.edge` before the first edge: nothing was told yet; the launching thread was told. */
export const Edge = { untold: -3, told: -4 } as const;

/** `LaneWord.step`: the folded value has replaced the two. */
export const COMMITTED = -1;
