// What the verbs need of a reconstruction, whoever computes it: what goes in, what is told on the way, what comes out.
// The science's own types are used throughout; only what a run adds to them stands here.
import type {
  GenerationMetrics,
  Quaternions,
  Reconstruction,
  ReconstructionInput,
  ReconstructionOptions,
} from '../../tasks/spi/index.js';
import type { ReportTask, ReportTimes } from '../report/report-data.js';
import type { RunSettings } from '../run/start-runtime.js';

/** Diffraction images as files hold them and as simulations make them. */
export interface ImageData {
  readonly images: number;
  readonly shape: readonly [panels: number, ny: number, nx: number];
  /** (images, panels, ny, nx), photons. */
  readonly intensities: Float32Array;
  /** s-vectors (3, panels, ny, nx), 1/m. */
  readonly pixelPositionReciprocal: Float64Array;
  /** (panels, ny, nx): 0 good, 1 orientation only, 2 bad. */
  readonly mask: Uint8Array;
  /** (panels, ny, nx): polarisation x solid angle that the intensities still contain, relative. */
  readonly correction?: Float64Array;
  /** (images, 4), where the truth is known. */
  readonly orientations?: Float64Array;
  /** (rotations, 4), where the truth is known and symmetric. */
  readonly symmetry?: Float64Array;
}

/** The state after a generation. */
export interface GenerationEnd {
  /** From 0. */
  readonly number: number;
  /** How many generations there will be. */
  readonly of: number;
  readonly orientations: Quaternions;
  readonly metrics: GenerationMetrics;
}

/** What a reconstruction tells while it runs. */
export interface ReconstructionHooks {
  /** Aborted at Ctrl-C: end soon, by throwing `signal.reason`. */
  readonly signal: AbortSignal;
  /** `done` of `total` is any measure of the work. */
  readonly step: (done: number, total: number, label: string) => void;
  readonly generation: (end: GenerationEnd) => void;
}

/** What a run of a reconstruction gives. */
export interface RunResult {
  readonly result: Reconstruction;
  /** What ran where, seconds from the start of the reconstruction; empty when nothing was recorded. */
  readonly tasks: readonly ReportTask[];
  /** Where the time went, generation by generation. */
  readonly times: readonly ReportTimes[];
}

/** A reconstruction as a run: on whatever threads, with whatever scheduling. */
export type ReconstructionRun = (
  input: ReconstructionInput,
  options: Omit<ReconstructionOptions, 'onGeneration'>,
  settings: RunSettings,
  hooks: ReconstructionHooks,
) => Promise<RunResult>;
