// What the command and the process of one run tell each other.
import type { PlacementName, Timeline } from '../../runtime/index.js';
import type { Values } from '../command/setting.js';
import type { RunSettings } from '../run/start-runtime.js';
import type { dataSection, reconstructSection, simulateSection } from '../spi/settings.js';

/** What is run: a program of the user's, or the reconstruction of images in files. */
export type Application =
  | { readonly kind: 'program'; readonly program: string; readonly args: readonly string[] }
  | {
      readonly kind: 'reconstruct';
      readonly files: readonly string[];
      readonly data: Values<typeof dataSection>;
      readonly reconstruct: Values<typeof reconstructSection>;
    };

/** The images of the demo, made before anything is measured. */
export interface Simulation {
  readonly kind: 'simulate';
  readonly simulate: Values<typeof simulateSection>;
  readonly file: string;
}

/** How it is run. */
export interface Variant {
  readonly name: string;
  readonly mode: 'tasks' | 'bulk';
  readonly placement: PlacementName;
}

export const TASKS: Variant = { name: 'tasks', mode: 'tasks', placement: 'block' };
export const VARIANTS: readonly Variant[] = [
  TASKS,
  { name: 'bulk, blocks', mode: 'bulk', placement: 'block' },
  { name: 'bulk, longest first', mode: 'bulk', placement: 'lpt' },
];

/** The one message to a run's process. */
export interface Job {
  readonly application: Application | Simulation;
  readonly settings: RunSettings;
  /** The timeline of the recording run, for longest first. */
  readonly recorded: Timeline | null;
}

/** What came out of one run. */
export interface Measured {
  /** From the call of the program to the end of its last task: without starting and ending node and the threads. */
  readonly seconds: number;
  /** On the clock of the timeline, milliseconds. */
  readonly began: number;
  readonly ended: number;
  readonly workers: number;
  readonly timeline: Timeline;
  /** Of what the program returned; null when it returned nothing. */
  readonly result: string | null;
}

/** What a run's process says. */
export type Answer =
  | { readonly simulated: true }
  | { readonly measured: Measured }
  | { readonly step: { readonly done: number; readonly total: number; readonly label: string } }
  | {
      readonly failed: {
        readonly message: string;
        readonly exitCode: number;
        readonly stack: string | undefined;
      };
    };
