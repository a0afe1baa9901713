// Where tests put faults into the analysis, so that the oracles can show that they notice each. A probe is asked wherever
// an order is about to be imposed; a run without one asks nobody, and pays for that with a look at a null.
import type { Graph } from '../graph/layout.js';
import type { RecordBuilder } from './record-builder.js';

/** How the analysis came to two users of which the later one may have to wait. */
export const PATHS = [
  /** The partition shaped the equivalence sets: one array look-up found the set. */
  'fast',
  /** An overlap table found the set, which the later user covers: whoever is listed shares a point with it. */
  'covered',
  /** An overlap table found the set; both use the same colour of the same partition. */
  'same',
  /** An overlap table found the set, and the overlap table of the two partitions the other user. */
  'table',
  /** Two spaces were met with each other. */
  'geometry',
  /** The later one reads every set. */
  'all',
  /** The earlier one reads every set, and is kept once for all of them. */
  'wide',
  /** The join of all writers for readers of everything: its predecessors, and its readers. */
  'writers join',
  'joined writers',
  /** The joins of many readers. */
  'readers join',
  'wide join',
] as const;
export type Path = (typeof PATHS)[number];

/** Where something is forgotten that was used. */
export type Forgetting = 'superfluous' | 'wide seen' | 'reshape' | 'split' | 'rename';

/** How the colours of a partition meet the equivalence sets: rows of set numbers, and whether a colour covers the set. */
export interface MeetingTable {
  readonly start: Int32Array;
  readonly sets: Int32Array;
  readonly covers: Uint8Array;
}

/** Answers in place of the analysis; a right probe gives back what it was told. */
export interface AnalysisProbe {
  /** Whether the record being built is ordered after another. `earlier` is -1 for a join of many. */
  orders(meets: boolean, earlier: number, later: number, path: Path): boolean;
  /** Whether a user is left out of what later ones are tested against. */
  forgets(right: boolean, where: Forgetting): boolean;
  /** The table through which a partition finds its sets. */
  meets(table: MeetingTable): MeetingTable;
}

/** Faults for the tests of the tests. */
export interface AnalysisFaults {
  readonly interference?: Uint8Array;
  /** Elements stay where they are, whichever rank wants them. */
  readonly stay?: boolean;
  readonly probe?: AnalysisProbe;
  /** Makes the records and edges in place of the right one; `nameOf` tells the task of a launch slot. */
  readonly builder?: (graph: Graph, starve: () => void, nameOf: (slot: number) => string) => RecordBuilder;
}
