// What a report is made from. Plain data; every part may be missing, and is then left out of the page.

/** A number that the reader should see first. */
export interface Headline {
  readonly label: string;
  /** Already formatted, without the unit. */
  readonly value: string;
  readonly unit?: string;
  /** One short line below, e.g. the target or the edge of the detector. */
  readonly note?: string;
}

/** A density map on a cubic grid. */
export interface ReportVolume {
  readonly name: string;
  /** Voxels along an edge. */
  readonly n: number;
  readonly voxel_A: number;
  /** n^3 values, C order (x, y, z), origin at the voxel floor(n/2). */
  readonly density: Float32Array | Float64Array;
}

/** One Fourier shell correlation curve. */
export interface ReportCurve {
  readonly name: string;
  /** Resolution of each shell, Angstrom; falling. Infinity for the shell at the origin. */
  readonly resolution_A: ArrayLike<number>;
  readonly correlation: ArrayLike<number>;
  /** The correlation at which this curve is read: 0.5 against the truth, 0.143 between half sets. */
  readonly threshold: number;
  /** Where the curve falls below the threshold, Angstrom; null when it does not. */
  readonly crossing_A: number | null;
}

/** A quantity that was recorded once for each generation. */
export interface ReportMetric {
  readonly name: string;
  readonly unit: string;
  readonly generations: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** A line to compare with: a target, or the pitch of the grid of orientations. */
  readonly target?: { readonly value: number; readonly label: string };
}

/** The wall-clock seconds that a part of the run spent in each phase. */
export interface ReportTimes {
  /** "1", "2", ... for generations, or a word. */
  readonly part: string;
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

/** One task that a worker ran. Times in seconds since the start of the run. */
export interface ReportTask {
  readonly worker: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** First point (its position in the launch domain) and number of points, where known. */
  readonly first?: number;
  readonly points?: number;
}

/** A diffraction image. */
export interface ReportImage {
  readonly label: string;
  readonly ny: number;
  readonly nx: number;
  /** (ny, nx), photons; NaN where the pixel is masked. */
  readonly photons: ArrayLike<number>;
}

/** A setting of the run. */
export interface ReportSetting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

/** Everything that a report shows. */
export interface ReportData {
  readonly title: string;
  /** One sentence: what came out. */
  readonly summary: string;
  readonly headlines: readonly Headline[];
  /** The reconstruction first, then what it is compared with, on the same grid and aligned. */
  readonly volumes?: readonly ReportVolume[];
  readonly fsc?: readonly ReportCurve[];
  /** What the reader must know to judge the curves. */
  readonly fscNote?: string;
  /** The finest resolution that the detector sees at its edge, Angstrom: where the curves should end. */
  readonly edge_A?: number;
  readonly metrics?: readonly ReportMetric[];
  readonly times?: readonly ReportTimes[];
  readonly tasks?: readonly ReportTask[];
  readonly images?: readonly ReportImage[];
  readonly settings?: readonly ReportSetting[];
  /** Facts about the run: command, versions, machine, seed, commit. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
}
