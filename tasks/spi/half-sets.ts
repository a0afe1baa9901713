/** Resolution without the truth: two maps from the even and the odd images, compared shell by shell. */
import { alignShift } from './align.js';
import { fourierShellCorrelation, resolutionAt, type ShellCorrelation } from './fsc.js';
import type { Volume } from './slice.js';

export interface HalfSets {
  readonly maps: readonly [Volume, Volume];
  readonly curve: ShellCorrelation;
  /** Angstrom, at a correlation of 0.143. */
  readonly resolution: number;
}

/** The shell correlation of two half-set maps; they share a frame, but not hand and origin. */
export function compareHalves(a: Volume, b: Volume): HalfSets {
  const { volume } = alignShift(b, a);
  const curve = fourierShellCorrelation(a.data, volume.data, a.n, a.voxel);
  return { maps: [a, volume], curve, resolution: resolutionAt(curve, 0.143) };
}
