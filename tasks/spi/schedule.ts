/**
 * What happens in which generation: frequency marching, as data.
 *
 * From random orientations only the coarsest features can be found: their landscape has few false optima. So matching
 * starts with |s| D of about 3 (D: size of the particle; D |s| counts resolution elements across it), and goes to finer
 * detail and denser rotations as orientations get better. Then each image is refined below the pitch of the grid, and once
 * matched anew against the much better model, because a few images sit in the wrong hollow.
 */

/** Images shared out over a grid of rotations. */
export interface MatchGeneration {
  readonly kind: 'match';
  /** Detail of the model that this generation ends with: its largest |s|, 1/Angstrom. */
  readonly extent: number;
  readonly rotations: number;
  /** How many rotations an image is spread over. */
  readonly perplexity: number;
}

/** Every image moved to a better orientation. */
export interface RefineGeneration {
  readonly kind: 'refine';
  readonly extent: number;
  /** Half width of the parabolas, radians. */
  readonly step: number;
  /** Whether the half turn of each image is tried too. */
  readonly halfTurns: boolean;
  /** Number of rotations of a new search over all orientations before it; 0 for none. */
  readonly rematch: number;
}

export type Generation = MatchGeneration | RefineGeneration;

export interface Schedule {
  readonly generations: readonly Generation[];
  /** Phasings of the final autocorrelation, each from another random start. */
  readonly starts: number;
  /** The best of them are averaged, at most this many. */
  readonly keep: number;
  /** Phasings of each half set. 0: no half sets. */
  readonly halfStarts: number;
}

export interface ScheduleOptions {
  /** Factor on the numbers of rotations; default 1. */
  readonly density?: number;
  readonly starts?: number;
  readonly keep?: number;
  readonly halfStarts?: number;
}

/** |s| D, rotations, perplexity, generations. */
const MATCHING = [
  [3.4, 500, 10, 6],
  [4.7, 1000, 6, 5],
  [6.7, 2000, 4, 3],
] as const;

/** |s| D of the model searched, step in units of 1 / (|s| D), half turns, rotations of a new search. */
const REFINING = [
  [6.7, 0.58, false, 0],
  [6.7, 0.35, false, 0],
  [6.7, 0.35, false, 4000],
  [8, 0.42, false, 0],
  [8, 0.28, false, 0],
  [10, 0.43, true, 0],
  [10, 0.26, false, 0],
  [Number.POSITIVE_INFINITY, 0.4, true, 0],
  [Number.POSITIVE_INFINITY, 0.22, false, 0],
] as const;

/**
 * The schedule for a particle of a size on a detector.
 * @param diameter Angstrom
 * @param extent largest |s| to be used, 1/Angstrom
 */
export function planSchedule(diameter: number, extent: number, options: ScheduleOptions = {}): Schedule {
  const { density = 1, starts = 8, keep = 4, halfStarts = 2 } = options;
  const reach = (elements: number): number => Math.min(extent, elements / diameter);
  const generations: Generation[] = [];
  for (const [elements, rotations, perplexity, count] of MATCHING) {
    for (let i = 0; i < count; i++) {
      generations.push({
        kind: 'match',
        extent: reach(elements),
        rotations: Math.max(1, Math.round(rotations * density)),
        perplexity,
      });
    }
  }
  REFINING.forEach(([elements, step, halfTurns, rematch], i) => {
    const searched = reach(elements);
    generations.push({
      kind: 'refine',
      // The model that it ends with is the one that the next generation searches.
      extent: reach(REFINING[i + 1]?.[0] ?? Number.POSITIVE_INFINITY),
      step: step / (searched * diameter),
      halfTurns,
      rematch: Math.round(rematch * density),
    });
  });
  return { generations, starts, keep, halfStarts };
}
