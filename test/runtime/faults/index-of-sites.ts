// Where random programs come by the places at which a fault can be: run once without any fault, they say which program
// shows which. A place that none of them comes by cannot be tested by them, and is told of.

import { EXECUTION_INTERFERENCE, USAGE_CODES, usage, usageOf } from '../../../runtime/privileges/index.js';
import { isOrder } from '../../../runtime/privileges/interference.js';
import { ALONE, CROWD, reaches } from './cell-program.js';
import { type Family, type Sample, wrong } from './corpus.js';
import { faultsOf, relationOf } from './probe.js';

/** Samples of one family kept of one place. */
const KEPT = 16;

export const reduces = (code: number): boolean => code >= 0 && usageOf(code).privilege === 'reduce';

/** Whether the right analysis orders two uses that share a point. */
export function conflicts(earlier: number, later: number): boolean {
  if (earlier < 0 || (reduces(earlier) && reduces(later))) return true;
  return isOrder(EXECUTION_INTERFERENCE[earlier * USAGE_CODES + later]!);
}

/** A table in which every use is ordered after every other, so that the probe is asked about all pairs. */
export const ALL_ORDERED: Uint8Array = EXECUTION_INTERFERENCE.slice().fill(1);

/** Joins are not made for a conflict: readers and their join are the same use. */
export const joins = (path: string): boolean => path === 'readers join' || path === 'wide join';

export class SiteIndex {
  readonly #samples = new Map<string, Sample[]>();
  readonly #counts = new Map<string, number>();
  /** Programs in which something is wrong without a fault. */
  readonly wrong: string[] = [];
  programs = 0;

  /** The places that were come by, in order. */
  get keys(): string[] {
    return [...this.#samples.keys()].sort();
  }

  samples(key: string): readonly Sample[] {
    return this.#samples.get(key) ?? [];
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #seen(key: string, sample: Sample): void {
    this.#counts.set(key, this.count(key) + 1);
    const samples = this.#samples.get(key);
    if (samples === undefined) this.#samples.set(key, [sample]);
    else if (
      samples.at(-1) !== sample &&
      samples.filter(({ family }) => family === sample.family).length < KEPT
    )
      samples.push(sample);
  }

  /** Looks through programs drawn from seeds. */
  async addRandom(family: Family, from: number, until: number): Promise<void> {
    for (let seed = from; seed < until; seed++) await this.#add({ family, seed });
  }

  /** Looks through programs of two launches, of every two exclusive uses and in every way in which they can meet. */
  async addPairs(): Promise<void> {
    const uses = [
      usage('read'),
      usage('update'),
      usage('overwrite'),
      usage('reduce', 'sum'),
      usage('reduce', 'prod'),
    ];
    for (const later of uses.slice(1))
      await this.#add({ family: 'cell', uses: [uses[0]!, later], reach: CROWD });
    for (const earlier of uses) {
      for (const later of uses) {
        if (earlier.privilege === 'read' && later.privilege === 'read') continue;
        for (const reach of [...reaches.keys(), ALONE])
          await this.#add({ family: 'cell', uses: [earlier, later], reach });
      }
    }
  }

  async #add(sample: Sample): Promise<void> {
    const seen = (key: string) => this.#seen(key, sample);
    const faults = faultsOf({
      interference: ALL_ORDERED,
      orders(meets, earlier, later, path) {
        if (joins(path)) return meets;
        const right = conflicts(earlier, later);
        if (!meets) seen(`apart: ${path}`);
        else if (!right) seen(`free: ${path}`);
        if (meets && earlier >= 0) seen(`cell: ${earlier} ${later}`);
        return meets && right;
      },
      forgets(right, where) {
        seen(`forget: ${where} ${right}`);
        return right;
      },
      edge({ use, from: earlier, to: later }) {
        if (use !== null) seen(`edge: ${relationOf(use.earlier, use.later)}, ${use.path}`);
        seen(`operation: ${use === null ? 'value' : 'use'}, ${earlier} before ${later}`);
        return true;
      },
    });
    const what = await wrong(sample, faults, true);
    if (what !== null) this.wrong.push(`${JSON.stringify(sample)}: ${what}`);
    this.programs++;
  }
}
