// The thread of `reconstruction-run.ts`: one reconstruction, from start to end.
import { parentPort, workerData } from 'node:worker_threads';
import {
  type Reconstruction,
  type ReconstructionInput,
  type ReconstructionOptions,
  reconstruct,
} from '../../tasks/spi/index.js';
import type { GenerationEnd } from './engine.js';

/** What the thread is given. */
export interface ThreadTask {
  readonly input: ReconstructionInput;
  readonly options: Omit<ReconstructionOptions, 'onGeneration'>;
}

/** What the thread tells. */
export type ThreadMessage =
  | { readonly kind: 'generation'; readonly end: GenerationEnd }
  | { readonly kind: 'result'; readonly result: Reconstruction };

const { input, options } = workerData as ThreadTask;
const tell = (message: ThreadMessage) => parentPort!.postMessage(message);
const result = reconstruct(input, {
  ...options,
  onGeneration: ({ number, of, orientations, metrics }) =>
    tell({ kind: 'generation', end: { number, of, orientations, metrics } }),
});
tell({ kind: 'result', result });
