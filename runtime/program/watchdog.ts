// Speaks up when nothing has ended for a long time though something should: what the program waits for may never come.
import type { Graph } from '../graph/layout.js';
import { heldRecords, progressOf } from './why-blocked.js';

/** How often records that run are looked at. */
const LOOK_MS = 250;

/** After so long without an end it is asked whether anything runs at all. */
const REST_MS = 1000;

export class Watchdog {
  readonly #graph: Graph;
  readonly #patience_ms: number;
  readonly #bark: (silence_s: number) => void;
  readonly #rest: () => void;
  #timer: NodeJS.Timeout | null = null;
  #progress = 0;
  /** How long nothing has ended, as far as this process was there to see it. */
  #silence_ms = 0;
  #looked = Date.now();
  #next_ms: number;
  /** When records that run now were first seen running. */
  readonly running = new Map<number, number>();

  /**
   * `bark` is called after `patience_s` seconds (0 is never) without an end, then after twice as many, and so on; `rest` after a
   * second, and again.
   */
  constructor(graph: Graph, patience_s: number, bark: (silence_s: number) => void, rest: () => void) {
    this.#graph = graph;
    this.#patience_ms = 1000 * patience_s;
    this.#next_ms = this.#patience_ms;
    this.#bark = bark;
    this.#rest = rest;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Looks, unless it did just now. A launching thread that is blocked calls it now and then. */
  look(): void {
    const now = Date.now();
    if (now - this.#looked < LOOK_MS) return;
    // While the process was stopped, or got no processor, its tasks got none either: that is no silence of theirs.
    const passed_ms = Math.min(now - this.#looked, 2 * LOOK_MS);
    this.#looked = now;
    const held = new Set(heldRecords(this.#graph));
    for (const record of this.running.keys()) if (!held.has(record)) this.running.delete(record);
    for (const record of held) if (!this.running.has(record)) this.running.set(record, now);
    const progress = progressOf(this.#graph);
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#silence_ms = 0;
      this.#next_ms = this.#patience_ms;
      return;
    }
    this.#silence_ms += passed_ms;
    if (this.#silence_ms >= REST_MS) this.#rest();
    if (this.#patience_ms === 0 || this.#silence_ms < this.#next_ms) return;
    this.#next_ms *= 2;
    this.#bark(this.#silence_ms / 1000);
  }

  /** Something was launched after a time in which there was nothing to do. */
  rest(): void {
    this.#silence_ms = 0;
    this.#looked = Date.now();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}
