/**
 * One map from several phasings: those of the lowest R-factors, brought onto the best and averaged. What the runs do not
 * agree on averages out.
 */
import { alignShift } from './align.js';
import { pearson } from './fsc.js';
import type { Phased } from './phase.js';
import type { Volume } from './slice.js';

export interface Averaged {
  readonly density: Volume;
  /** R-factors of all phasings, in their order. */
  readonly rFactors: readonly number[];
  /** Which were averaged, best first. */
  readonly kept: readonly number[];
  /** Mean correlation of the kept ones with the best; 1 if it stands alone. */
  readonly agreement: number;
}

/** A run whose R-factor exceeds the best by this factor has failed. */
const TOLERATED = 1.25;

/** @param keep average at most this many */
export function averagePhased(runs: readonly Pick<Phased, 'density' | 'rFactor'>[], keep: number): Averaged {
  if (runs.length === 0) throw new RangeError('average: there are no phasings to average');
  const order = runs.map((_, i) => i).sort((a, b) => runs[a]!.rFactor - runs[b]!.rFactor);
  const best = runs[order[0]!]!;
  const kept = order.slice(0, Math.max(1, keep)).filter((i) => runs[i]!.rFactor <= TOLERATED * best.rFactor);
  const sum = new Float64Array(best.density.data);
  let agreement = 0;
  for (const i of kept.slice(1)) {
    const { volume } = alignShift(runs[i]!.density, best.density);
    agreement += pearson(volume.data, best.density.data);
    addTo(sum, volume.data);
  }
  const data = new Float32Array(sum.length);
  for (let v = 0; v < sum.length; v++) data[v] = sum[v]! / kept.length;
  return {
    density: { ...best.density, data },
    rFactors: runs.map((run) => run.rFactor),
    kept,
    agreement: kept.length > 1 ? agreement / (kept.length - 1) : 1,
  };
}

function addTo(sum: Float64Array, values: Volume['data']): void {
  for (let v = 0; v < sum.length; v++) sum[v]! += values[v]!;
}
