// What ran so far: for a placement that learns from it, and for whoever asks at the end.
import type { TimelineEntry } from '../events/timeline.js';
import type { Placement } from '../mapping/static-placement.js';
import type { RunLog, RunLogOptions } from './run-log.js';

export interface TimelineOptions {
  readonly placement: Placement | null;
  readonly record: RunLogOptions | null;
}

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #runLog: RunLog | null;
  readonly #taskNames: readonly string[];
  /** What was taken from the log, if that is wanted at the end. */
  readonly #entries: TimelineEntry[] = [];

  constructor(options: TimelineOptions, runLog: RunLog | null, taskNames: readonly string[]) {
    this.#options = options;
    this.#runLog = runLog;
    this.#taskNames = taskNames;
  }

  /** Tells a placement that learns what ran since the last barrier. */
  learn(): void {
    const { placement, record } = this.#options;
    if (placement?.learn === undefined || this.#runLog === null) return;
    const ran = this.#runLog.ran();
    placement.learn(ran, this.#taskNames);
    if (record?.timeline === 'keep') this.#keep(ran);
  }

  /** What ran so far. */
  entries(): readonly TimelineEntry[] {
    if (this.#runLog !== null) this.#keep(this.#runLog.ran());
    return this.#entries;
  }

  #keep(ran: readonly TimelineEntry[]): void {
    for (const entry of ran) this.#entries.push(entry);
  }
}
