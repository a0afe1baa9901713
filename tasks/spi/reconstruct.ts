/**
 * The reconstruction as a plain program: the steps of `generation.ts` block after block, on the calling thread. The task
 * graph in `apps/spinifel` launches the same steps; the blocks here are its blocks, so both compute the same sums.
 *
 * Nothing here knows the truth: `onGeneration` hands out the state for whoever wants to compare.
 */

import { type Averaged, averagePhased } from './average.js';
import {
  matchBlock,
  mergeImages,
  mergeReferences,
  referenceBlock,
  refineBlock,
  solveModel,
} from './generation.js';
import { compareHalves, type HalfSets } from './half-sets.js';
import { checkPixels, checkVectors } from './inputs.js';
import { type Level, levelOf } from './level.js';
import { addSums, type NormalSums } from './normal-sums.js';
import { estimateDiameter } from './particle-size.js';
import { type Phased, type PhasingSchedule, phase } from './phase.js';
import { type DetectorPixels, gatherPixels, MASK, selectPixels } from './pixels.js';
import { angularDistance, type Quaternions, randomQuaternions } from './quaternion.js';
import { superFibonacci } from './rotation-grid.js';
import { type Generation, planSchedule, type Schedule, type ScheduleOptions } from './schedule.js';
import type { Volume } from './slice.js';
import { startModel } from './start-model.js';

export interface ReconstructionInput {
  /** (count, pixels of the detector), photons. */
  readonly images: Float32Array;
  readonly count: number;
  readonly detector: DetectorPixels;
}

export interface ReconstructionOptions {
  readonly seed: number;
  /** Largest distance within the particle, Angstrom; estimated from the images when absent. */
  readonly diameter?: number;
  /** Finest detail to use, Angstrom; all that the detector sees when absent. */
  readonly resolution?: number;
  readonly schedule?: ScheduleOptions;
  readonly phasing?: Partial<PhasingSchedule>;
  /** Images in a block. Default 125. Bits depend on it, as sums do on their order. */
  readonly block?: number;
  readonly onGeneration?: (state: GenerationState) => void;
}

/** Where a generation ended. */
export interface GenerationState {
  /** From 0. */
  readonly number: number;
  /** How many generations there will be. */
  readonly of: number;
  readonly generation: Generation;
  readonly orientations: Quaternions;
  readonly model: Volume;
  readonly metrics: GenerationMetrics;
}

export interface GenerationMetrics {
  /** Finest detail of the model, Angstrom. */
  readonly resolution: number;
  /** By how much orientations changed, degrees, half turns identified. */
  readonly medianChange: number;
  /** The part of the images that moved by less than 2 degrees. */
  readonly settled: number;
  /** CPU seconds. */
  readonly seconds: number;
}

export interface Reconstruction {
  readonly orientations: Quaternions;
  /** (images), relative. */
  readonly fluence: Float64Array;
  readonly diameter: number;
  readonly autocorrelation: Volume;
  readonly map: Averaged;
  readonly halves?: HalfSets;
  readonly generations: readonly GenerationMetrics[];
  readonly schedule: Schedule;
}

/**
 * Orientations, intensity and density from images alone.
 * @throws RangeError for arrays that do not fit together, pixels in use that are no numbers, images without photons
 */
export function reconstruct(input: ReconstructionInput, options: ReconstructionOptions): Reconstruction {
  const { images, count, detector } = input;
  const { seed, block = 125 } = options;
  const pixels = detector.s.length / 3;
  if (images.length !== count * pixels || count < 2) {
    throw new RangeError(
      `reconstruct: ${images.length} numbers are not ${count} images of ${pixels} pixels; it takes at least 2 images`,
    );
  }
  checkVectors('reconstruct', detector.s);
  checkPixels('reconstruct', 'image', images, pixels, (pixel) => detector.mask?.[pixel] === MASK.bad);
  const mean = meanImage(images, count, pixels);
  const whole = selectPixels(detector, options.resolution ? 1 / options.resolution : undefined);
  const diameter =
    options.diameter ??
    estimateDiameter(
      Float64Array.from(whole.index, (i) => mean[i]!),
      whole,
    );
  const schedule = planSchedule(diameter, whole.extent, options.schedule);

  const blocks = Array.from({ length: Math.ceil(count / block) }, (_, b) => {
    const first = b * block;
    return { first, count: Math.min(block, count - first) };
  });
  const pick = (level: Level, b: { first: number; count: number }): Float32Array =>
    gatherPixels(
      images.subarray(b.first * pixels, (b.first + b.count) * pixels),
      b.count,
      pixels,
      level.selection,
    );
  const levels = new Map<number, Level>();
  const levelAt = (extent: number): Level => {
    const level = levels.get(extent) ?? levelOf(detector, mean, extent, diameter);
    levels.set(extent, level);
    return level;
  };

  let level = levelAt(schedule.generations[0]!.extent);
  let model = startModel(level.n, level.voxel, diameter, seed);
  const orientations: Quaternions = randomQuaternions(count, seed);
  let fluence = totals(images, count, pixels, whole.index);
  const history: GenerationMetrics[] = [];

  schedule.generations.forEach((generation, number) => {
    const started = cpuSeconds();
    const next = levelAt(generation.extent);
    const before = orientations.slice();
    let sums: NormalSums | undefined;
    const add = (part: NormalSums): void => {
      if (sums === undefined) sums = part;
      else addSums(sums, part);
    };
    if (generation.kind === 'match') {
      const grid = superFibonacci(generation.rotations);
      const references = referenceBlock(model, grid, level.selection);
      const shared = {
        photons: new Float32Array(generation.rotations * next.selection.index.length),
        exposure: new Float64Array(generation.rotations),
      };
      for (const b of blocks) {
        const part = matchBlock(
          pick(level, b),
          pick(next, b),
          fluence.slice(b.first, b.first + b.count),
          references,
          { matched: level.selection.index.length, summed: next.selection.index.length },
          generation.perplexity,
        );
        for (let i = 0; i < shared.photons.length; i++) shared.photons[i]! += part.photons[i]!;
        for (let r = 0; r < shared.exposure.length; r++) shared.exposure[r]! += part.exposure[r]!;
        part.best.forEach((r, i) => {
          orientations.set(grid.subarray(4 * r, 4 * r + 4), 4 * (b.first + i));
        });
      }
      add(mergeReferences(shared, grid, next));
    } else {
      const rotations = generation.rematch > 0 ? superFibonacci(generation.rematch) : undefined;
      const search = rotations && {
        rotations,
        references: referenceBlock(model, rotations, level.selection),
      };
      for (const b of blocks) {
        const refined = refineBlock(
          pick(level, b),
          orientations.slice(4 * b.first, 4 * (b.first + b.count)),
          model,
          level.selection,
          generation,
          search,
        );
        orientations.set(refined.rotations, 4 * b.first);
        fluence.set(refined.fluence, b.first);
      }
      fluence = normalised(fluence);
      for (const b of blocks) {
        add(
          mergeImages(
            pick(next, b),
            fluence.slice(b.first, b.first + b.count),
            orientations.slice(4 * b.first, 4 * (b.first + b.count)),
            next,
          ),
        );
      }
    }
    model = solveModel(sums!, next);
    level = next;
    const metrics = {
      resolution: 1 / next.selection.extent,
      ...change(before, orientations),
      seconds: cpuSeconds() - started,
    };
    history.push(metrics);
    options.onGeneration?.({
      number,
      of: schedule.generations.length,
      generation,
      orientations,
      model,
      metrics,
    });
  });

  const radius = diameter / 2;
  const phased = (autocorrelation: Volume, starts: number, stream: number): Phased[] =>
    Array.from({ length: starts }, (_, start) =>
      phase(autocorrelation, {
        seed,
        start: 1000 * stream + start,
        radius: 1.1 * radius,
        extent: 1,
        ...(options.phasing ? { schedule: options.phasing } : {}),
      }),
    );
  const map = averagePhased(phased(model, schedule.starts, 0), schedule.keep);
  const result = {
    orientations,
    fluence,
    diameter,
    autocorrelation: model,
    map,
    generations: history,
    schedule,
  };
  if (schedule.halfStarts === 0) return result;

  const halves = [0, 1].map((parity) => {
    const chosen = Array.from({ length: count }, (_, i) => i).filter((i) => i % 2 === parity);
    const photons = gatherPixels(selectRows(images, chosen, pixels), chosen.length, pixels, level.selection);
    const rotations = new Float64Array(4 * chosen.length);
    chosen.forEach((i, at) => {
      rotations.set(orientations.subarray(4 * i, 4 * i + 4), 4 * at);
    });
    const sums = mergeImages(
      photons,
      Float64Array.from(chosen, (i) => fluence[i]!),
      rotations,
      level,
    );
    const runs = phased(solveModel(sums, level), schedule.halfStarts, 1 + parity);
    return averagePhased(runs, schedule.keep).density;
  });
  return { ...result, halves: compareHalves(halves[0]!, halves[1]!) };
}

function selectRows(images: Float32Array, rows: readonly number[], pixels: number): Float32Array {
  const out = new Float32Array(rows.length * pixels);
  rows.forEach((row, at) => {
    out.set(images.subarray(row * pixels, (row + 1) * pixels), at * pixels);
  });
  return out;
}

/** The mean of all images, (pixels of the detector). */
export function meanImage(images: Float32Array, count: number, pixels: number): Float64Array {
  const mean = new Float64Array(pixels);
  for (let i = 0; i < count; i++) for (let p = 0; p < pixels; p++) mean[p]! += images[i * pixels + p]!;
  for (let p = 0; p < pixels; p++) mean[p]! /= count;
  return mean;
}

/** Photons of every image on the given pixels, mean 1: a first idea of the fluences. */
function totals(images: Float32Array, count: number, pixels: number, index: Int32Array): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) for (const p of index) out[i]! += images[i * pixels + p]!;
  return normalised(out);
}

function normalised(values: Float64Array): Float64Array {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  if (!(mean > 0)) throw new RangeError('reconstruct: the images hold no photons');
  return values.map((value) => value / mean);
}

function change(before: Quaternions, after: Quaternions): { medianChange: number; settled: number } {
  const count = before.length / 4;
  const moved = Float64Array.from({ length: count }, (_, i) =>
    angularDistance(before, 4 * i, after, 4 * i, true),
  ).sort();
  return { medianChange: moved[Math.floor(count / 2)]!, settled: moved.filter((m) => m < 2).length / count };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
