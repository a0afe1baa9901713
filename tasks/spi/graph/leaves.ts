// The steps of a reconstruction as leaf tasks: each declares what it reads, writes and sums, and calls the pure function
// of the same name. Sizes of a level (`LevelArgs`) come as arguments, its pixels as a region.
import { overwrites, reads, reduces, task, updates } from '../../../runtime/index.js';
import { averagePhased } from '../average.js';
import { matchBlock, mergeImages, mergeReferences, referenceBlock, refineBlock } from '../generation.js';
import { compareHalves, type HalfSets } from '../half-sets.js';
import type { Level } from '../level.js';
import type { NormalSums } from '../normal-sums.js';
import { type PhasingSchedule, phase } from '../phase.js';
import { gatherPixels, type PixelSelection } from '../pixels.js';
import { angularDistance } from '../quaternion.js';
import { superFibonacci } from '../rotation-grid.js';
import type { RefineGeneration } from '../schedule.js';
import { type SimulationScene, simulateImages } from '../simulate.js';
import type { Volume } from '../slice.js';
import { workspace } from '../workspace.js';
import {
  Densities,
  Fluences,
  ImageSum,
  Images,
  Kernel,
  Model,
  Orientations,
  Pixels,
  References,
  RFactors,
  RightSide,
  SharedExposure,
  SharedPhotons,
  Truth,
} from './regions.js';

const module = import.meta.url;

/** What a level is besides its pixels. */
export interface LevelArgs {
  /** Voxels an edge, and their size in Angstrom. */
  readonly n: number;
  readonly voxel: number;
  /** Largest |s|, 1/Angstrom. */
  readonly extent: number;
  /** Of the particle, Angstrom. */
  readonly diameter: number;
}

interface PixelsView {
  readonly volume: number;
  readonly index: { unsafeRaw(): Int32Array };
  readonly sx: { unsafeRaw(): Float32Array };
  readonly sy: { unsafeRaw(): Float32Array };
  readonly sz: { unsafeRaw(): Float32Array };
  readonly correction: { unsafeRaw(): Float32Array };
  readonly mergeable: { unsafeRaw(): Uint8Array };
  readonly weight: { unsafeRaw(): Float32Array };
}

const allPixels = reads(Pixels, 'index', 'sx', 'sy', 'sz', 'correction', 'mergeable', 'weight');

function selectionOf(pixels: PixelsView, extent: number): PixelSelection {
  const s = new Float32Array(3 * pixels.volume);
  s.set(pixels.sx.unsafeRaw(), 0);
  s.set(pixels.sy.unsafeRaw(), pixels.volume);
  s.set(pixels.sz.unsafeRaw(), 2 * pixels.volume);
  return {
    index: pixels.index.unsafeRaw(),
    s,
    correction: pixels.correction.unsafeRaw(),
    mergeable: pixels.mergeable.unsafeRaw(),
    extent,
  };
}

function levelFrom(pixels: PixelsView, { n, voxel, extent, diameter }: LevelArgs): Level {
  return {
    selection: selectionOf(pixels, extent),
    n,
    voxel,
    weights: pixels.weight.unsafeRaw(),
    radius: diameter / voxel,
  };
}

/** Angles in degrees by which orientations change, half turns identified. */
function moved(before: Float64Array, after: Float64Array): Float64Array {
  return Float64Array.from({ length: before.length / 4 }, (_, i) =>
    angularDistance(before, 4 * i, after, 4 * i, true),
  );
}

/** Rows `first` to `last` (inclusive) of a grid of rotations, which every task computes for itself. */
function rotationRows(rotations: number, first: number, last: number): Float64Array {
  return superFibonacci(rotations).subarray(4 * first, 4 * (last + 1));
}

/** Adds a block of images to the sum of all. */
export const sumImages = task({
  module,
  name: 'sum images',
  regions: { images: reads(Images, 'photons'), sum: reduces(ImageSum, 'sum', 'photons') },
  run({ images, sum }) {
    const pixels = sum.volume;
    const part = new Float64Array(pixels);
    const photons = images.photons.unsafeRaw();
    for (let at = 0; at < photons.length; at += pixels)
      for (let p = 0; p < pixels; p++) part[p]! += photons[at + p]!;
    sum.photons.foldAll(part);
  },
});

/** A first idea of the fluences: photons on the pixels in use. */
export const countPhotons = task({
  module,
  name: 'count photons',
  regions: { images: reads(Images, 'photons'), pixels: allPixels, fluence: overwrites(Fluences, 'value') },
  run({ images, pixels, fluence }) {
    const index = pixels.index.unsafeRaw();
    const photons = images.photons.unsafeRaw();
    const width = photons.length / fluence.volume;
    for (let i = 0; i < fluence.volume; i++) {
      let sum = 0;
      for (const p of index) sum += photons[i * width + p]!;
      fluence.value[i] = sum;
    }
  },
});

/** Scales all fluences to mean 1. */
export const normaliseFluence = task({
  module,
  name: 'normalise fluence',
  regions: { fluence: updates(Fluences, 'value') },
  run({ fluence }) {
    let mean = 0;
    for (const i of fluence.points) mean += fluence.value[i]! / fluence.volume;
    if (!(mean > 0)) throw new RangeError('the images hold no photons on the pixels in use');
    for (const i of fluence.points) fluence.value[i]! /= mean;
  },
});

/** Model slices for a block of rotations. */
export const makeReferences = task({
  module,
  name: 'slice',
  regions: {
    model: reads(Model, 'autocorrelation'),
    pixels: allPixels,
    references: overwrites(References, 'logarithm'),
  },
  run({ model, pixels, references }, { level, rotations }: { level: LevelArgs; rotations: number }) {
    const volume = volumeOf(model.autocorrelation.unsafeRaw(), level);
    const rows = rotationRows(rotations, references.lo[0]!, references.hi[0]!);
    references.logarithm.set(referenceBlock(volume, rows, selectionOf(pixels, level.extent)));
  },
});

/** Shares a block of images out over all rotations; the best one becomes the orientation. Returns how far each moved. */
export const match = task({
  module,
  name: 'match',
  regions: {
    images: reads(Images, 'photons'),
    fluence: reads(Fluences, 'value'),
    references: reads(References, 'logarithm'),
    matched: allPixels,
    summed: allPixels,
    orientations: updates(Orientations, 'q'),
    photons: reduces(SharedPhotons, 'sum', 'photons'),
    exposure: reduces(SharedExposure, 'sum', 'value'),
  },
  run(
    { images, fluence, references, matched, summed, orientations, photons, exposure },
    { rotations, perplexity }: { rotations: number; perplexity: number },
  ) {
    const all = images.photons.unsafeRaw();
    const count = fluence.volume;
    const width = all.length / count;
    const { best, ...sums } = matchBlock(
      gatherPixels(all, count, width, selectionOf(matched, 0), 'matched pixels'),
      gatherPixels(all, count, width, selectionOf(summed, 0), 'summed pixels'),
      fluence.value.unsafeRaw(),
      references.logarithm.unsafeRaw(),
      { matched: matched.volume, summed: summed.volume },
      perplexity,
      workspace('shared photons', rotations * summed.volume),
    );
    photons.photons.foldAll(sums.photons);
    exposure.value.foldAll(sums.exposure);
    const before = orientations.q.slice();
    const grid = superFibonacci(rotations);
    best.forEach((r, i) => {
      orientations.q.set(grid.subarray(4 * r, 4 * r + 4), 4 * i);
    });
    return moved(before, orientations.q);
  },
});

/** Adds a block of rotations, with what was shared out to it, to the normal equations. */
export const mergeShared = task({
  module,
  name: 'merge rotations',
  regions: {
    photons: reads(SharedPhotons, 'photons'),
    exposure: reads(SharedExposure, 'value'),
    pixels: allPixels,
    rightSide: reduces(RightSide, 'sum', 'value'),
    kernel: reduces(Kernel, 'sum', 'value'),
  },
  run(
    { photons, exposure, pixels, rightSide, kernel },
    { level, rotations }: { level: LevelArgs; rotations: number },
  ) {
    const rows = rotationRows(rotations, exposure.lo[0]!, exposure.hi[0]!);
    const sums = mergeReferences(
      { photons: photons.photons.unsafeRaw(), exposure: exposure.value.unsafeRaw() },
      rows,
      levelFrom(pixels, level),
      keptSums(level.n),
    );
    foldSums(sums, rightSide.value, kernel.value);
  },
});

/** Adds a block of images in their orientations to the normal equations; `parity` 0 or 1 takes every other image, -1 all. */
export const mergeBlock = task({
  module,
  name: 'merge',
  regions: {
    images: reads(Images, 'photons'),
    fluence: reads(Fluences, 'value'),
    orientations: reads(Orientations, 'q'),
    pixels: allPixels,
    rightSide: reduces(RightSide, 'sum', 'value'),
    kernel: reduces(Kernel, 'sum', 'value'),
  },
  run(
    { images, fluence, orientations, pixels, rightSide, kernel },
    { level, halves }: { level: LevelArgs; halves: boolean },
    { point },
  ) {
    const all = images.photons.unsafeRaw();
    const count = fluence.volume;
    const full = levelFrom(pixels, level);
    const exposure = fluence.value.slice();
    if (halves) {
      const parity = point[0]!;
      for (let i = 0; i < count; i++) if ((fluence.lo[0]! + i) % 2 !== parity) exposure[i] = 0;
    }
    const photons = gatherPixels(all, count, all.length / count, full.selection, 'gathered pixels');
    const sums = mergeImages(photons, exposure, orientations.q.unsafeRaw(), full, keptSums(level.n));
    foldSums(sums, rightSide.value, kernel.value);
  },
});

/** Where a task of this thread makes its sums before they are folded. */
function keptSums(n: number): NormalSums {
  return { rightSide: workspace('right side', n ** 3), kernel: workspace('kernel', (2 * n) ** 3) };
}

interface Folds {
  foldAll(values: Float32Array): void;
}

function foldSums(sums: NormalSums, rightSide: Folds, kernel: Folds): void {
  rightSide.foldAll(sums.rightSide as Float32Array);
  kernel.foldAll(sums.kernel as Float32Array);
}

/** Better orientations for a block of images. Returns how far each moved. */
export const refine = task({
  module,
  name: 'refine',
  regions: {
    images: reads(Images, 'photons'),
    model: reads(Model, 'autocorrelation'),
    pixels: allPixels,
    orientations: updates(Orientations, 'q'),
    fluence: overwrites(Fluences, 'value'),
  },
  run(
    { images, model, pixels, orientations, fluence },
    { level, generation }: { level: LevelArgs; generation: RefineGeneration },
  ) {
    const all = images.photons.unsafeRaw();
    const count = fluence.volume;
    const selection = selectionOf(pixels, level.extent);
    const volume = volumeOf(model.autocorrelation.unsafeRaw(), level);
    const before = orientations.q.slice();
    const refined = refineBlock(
      gatherPixels(all, count, all.length / count, selection, 'gathered pixels'),
      before,
      volume,
      selection,
      generation,
    );
    orientations.q.set(refined.rotations);
    fluence.value.set(refined.fluence);
    return moved(before, orientations.q);
  },
});

/** The same, after a new search over all orientations. */
export const searchAndRefine = task({
  module,
  name: 'search and refine',
  regions: {
    images: reads(Images, 'photons'),
    model: reads(Model, 'autocorrelation'),
    references: reads(References, 'logarithm'),
    pixels: allPixels,
    orientations: updates(Orientations, 'q'),
    fluence: overwrites(Fluences, 'value'),
  },
  run(
    { images, model, references, pixels, orientations, fluence },
    { level, generation }: { level: LevelArgs; generation: RefineGeneration },
  ) {
    const all = images.photons.unsafeRaw();
    const count = fluence.volume;
    const selection = selectionOf(pixels, level.extent);
    const volume = volumeOf(model.autocorrelation.unsafeRaw(), level);
    const before = orientations.q.slice();
    const refined = refineBlock(
      gatherPixels(all, count, all.length / count, selection, 'gathered pixels'),
      before,
      volume,
      selection,
      generation,
      {
        rotations: superFibonacci(generation.rematch),
        references: references.logarithm.unsafeRaw(),
      },
    );
    orientations.q.set(refined.rotations);
    fluence.value.set(refined.fluence);
    return moved(before, orientations.q);
  },
});

/** One phasing from a random start of its own. */
export const phaseOnce = task({
  module,
  name: 'phase',
  regions: {
    model: reads(Model, 'autocorrelation'),
    density: overwrites(Densities, 'value'),
    rFactor: overwrites(RFactors, 'value'),
  },
  run(
    { model, density, rFactor },
    {
      level,
      seed,
      stream,
      perMap,
      schedule,
    }: {
      level: LevelArgs;
      seed: number;
      /** Numbers the starts: those of map m = point / perMap begin at 1000 (stream + m). */
      stream: number;
      perMap: number;
      schedule: Partial<PhasingSchedule>;
    },
    { point },
  ) {
    const start = point[0]!;
    const phased = phase(volumeOf(model.autocorrelation.unsafeRaw(), level), {
      seed,
      start: 1000 * (stream + Math.floor(start / perMap)) + (start % perMap),
      radius: 0.55 * level.diameter,
      extent: 1,
      schedule,
    });
    density.value.set(phased.density.data);
    rFactor.value[0] = phased.rFactor;
  },
});

/** What averaging several phasings gave, besides the map. */
export interface AverageReport {
  readonly rFactors: readonly number[];
  readonly kept: readonly number[];
  readonly agreement: number;
}

/** Averages the best of several phasings, brought onto each other. */
export const average = task({
  module,
  name: 'average',
  regions: {
    densities: reads(Densities, 'value'),
    rFactors: reads(RFactors, 'value'),
    map: overwrites(Densities, 'value'),
  },
  run({ densities, rFactors, map }, { level, keep }: { level: LevelArgs; keep: number }): AverageReport {
    const size = map.volume;
    const all = densities.value.unsafeRaw();
    const runs = Array.from({ length: rFactors.volume }, (_, i) => ({
      density: volumeOf(all.subarray(i * size, (i + 1) * size), level),
      rFactor: rFactors.value[i]!,
    }));
    const averaged = averagePhased(runs, keep);
    map.value.set(averaged.density.data);
    return { rFactors: averaged.rFactors, kept: averaged.kept, agreement: averaged.agreement };
  },
});

/** Compares two half-set maps that lie side by side. */
export const compare = task({
  module,
  name: 'compare halves',
  regions: { maps: reads(Densities, 'value') },
  run({ maps }, { level }: { level: LevelArgs }): HalfSets {
    const all = maps.value.unsafeRaw();
    const size = maps.volume / 2;
    return compareHalves(volumeOf(all.slice(0, size), level), volumeOf(all.slice(size), level));
  },
});

function volumeOf(data: Float32Array, { n, voxel }: LevelArgs): Volume {
  return { data, n, voxel };
}

/** Simulates a block of images, and the truth about them. */
export const simulateBlock = task({
  module,
  name: 'simulate',
  regions: {
    images: overwrites(Images, 'photons'),
    orientations: overwrites(Orientations, 'q'),
    truth: overwrites(Truth, 'fluence', 'conformation'),
  },
  run({ images, orientations, truth }, { scene }: { scene: SimulationScene }) {
    const block = simulateImages(scene, truth.lo[0]!, truth.volume);
    images.photons.set(block.intensities);
    orientations.q.set(block.orientations);
    truth.fluence.set(block.fluences);
    truth.conformation.set(block.conformation);
  },
});
