// The quality of a reconstruction where the truth is known, and its half sets.
import {
  align,
  fourierShellCorrelation,
  type HalfSets,
  orientationErrors,
  type Particle,
  particleDensity,
  type Reconstruction,
  resolutionAt,
  type ShellCorrelation,
  type Volume,
} from '../../tasks/spi/index.js';
import type { ReportCurve } from '../report/report-data.js';

/** A map beside a reference. */
export interface Comparison {
  /** The map, turned, shifted and of the hand that fits the reference. */
  readonly aligned: Volume;
  readonly reference: Volume;
  /** The reference turned by this (w, x, y, z) is the map. */
  readonly rotation: Float64Array;
  readonly inverted: boolean;
  readonly correlation: number;
  readonly shells: ShellCorrelation;
}

/** Aligns a map to a reference on the same grid, and compares them shell by shell. */
export function compareMaps(map: Volume, reference: Volume): Comparison {
  const { volume, rotation, inverted, correlation } = align(map, reference);
  const shells = fourierShellCorrelation(volume.data, reference.data, map.n, map.voxel);
  return { aligned: volume, reference, rotation, inverted, correlation, shells };
}

/** How good a reconstruction is. */
export interface Judgement {
  /** Where the particle is known. */
  readonly truth: Comparison | null;
  readonly halves: HalfSets | null;
  /** Part of the images within 10 degrees of the truth, after the best common rotation; where the truth is known. */
  readonly within10deg: number | null;
}

/**
 * Judges a reconstruction by what is known.
 * @param orientations the true ones, (images, 4)
 * @param symmetry rotations that leave the true particle as it is, (m, 4)
 */
export function judge(
  { map, halves, orientations: found }: Reconstruction,
  particle: Particle | null,
  orientations: Float64Array | null,
  symmetry?: Float64Array,
): Judgement {
  const { density } = map;
  const truth =
    particle === null ? null : compareMaps(density, particleDensity(particle, density.n, density.voxel));
  const within10deg =
    orientations === null ? null : orientationErrors(found, orientations, symmetry).within10;
  return { truth, halves: halves ?? null, within10deg };
}

/** A curve as the report draws it. */
export function reportCurve(name: string, shells: ShellCorrelation, threshold: number): ReportCurve {
  const falls = shells.correlation.some((value, k) => k > 0 && value < threshold);
  const crossing_A = falls ? resolutionAt(shells, threshold) : null;
  return { name, resolution_A: shells.resolution, correlation: shells.correlation, threshold, crossing_A };
}
