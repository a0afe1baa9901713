// The reconstruction as a task graph (M-TIP: J. Donatelli et al., PNAS 114 (2017) 7222; Spinifel: H. Chang et al.,
// arXiv 2109.05339). The control program only launches: all generations are in the graph before the first has ended, and
// the privileges of the tasks say what may run beside what.
import type { Ctx, FutureMap, Region } from '../../runtime/index.js';
import * as leaf from '../../tasks/spi/graph/leaves.js';
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
} from '../../tasks/spi/graph/regions.js';
import type { HalfSets } from '../../tasks/spi/half-sets.js';
import { type Level, levelOf } from '../../tasks/spi/level.js';
import { estimateDiameter } from '../../tasks/spi/particle-size.js';
import type { PhasingSchedule } from '../../tasks/spi/phase.js';
import { type DetectorPixels, selectPixels } from '../../tasks/spi/pixels.js';
import { randomQuaternions } from '../../tasks/spi/quaternion.js';
import type {
  GenerationMetrics,
  Reconstruction,
  ReconstructionOptions,
} from '../../tasks/spi/reconstruct.js';
import { type Generation, planSchedule } from '../../tasks/spi/schedule.js';
import type { Volume } from '../../tasks/spi/slice.js';
import { startModel } from '../../tasks/spi/start-model.js';
import { solve } from './solve.js';

/** Where a generation ended. */
export interface GenerationEnd {
  /** From 0, and how many there will be. */
  readonly number: number;
  readonly of: number;
  readonly generation: Generation;
  /** (images, 4). */
  readonly orientations: Float64Array;
  readonly metrics: GenerationMetrics;
}

type ImagesRegion =
  | Region<typeof Images.fields, { photons: 'R' | 'W' | 'A:sum' }>
  | ReturnType<typeof imagesRegion>;

/** A region for `count` images of `pixels` pixels. */
export function imagesRegion(ctx: Ctx, count: number, pixels: number) {
  return ctx.region([count, pixels], Images, { name: 'images' });
}

/** A level's sizes and its pixels as a region. */
interface PlacedLevel {
  readonly args: leaf.LevelArgs;
  readonly count: number;
  readonly pixels: ReturnType<typeof pixelsRegion>;
}

function pixelsRegion(ctx: Ctx, level: Level) {
  const { index, s, correction, mergeable } = level.selection;
  const n = index.length;
  const region = ctx.region([n], Pixels, { name: 'pixels' });
  region.write('index', index);
  region.write('sx', s.subarray(0, n));
  region.write('sy', s.subarray(n, 2 * n));
  region.write('sz', s.subarray(2 * n));
  region.write('correction', correction);
  region.write('mergeable', mergeable);
  region.write('weight', level.weights);
  return region;
}

/** Orientations, intensity and density from images alone. */
export async function reconstruct(
  ctx: Ctx,
  images: ImagesRegion,
  detector: DetectorPixels,
  options: Omit<ReconstructionOptions, 'onGeneration'>,
  onGeneration: (end: GenerationEnd) => void = () => {},
): Promise<Reconstruction> {
  const { seed, block = 125 } = options;
  const count = images.indexSpace.hi[0]! + 1;
  const width = images.indexSpace.hi[1]! + 1;
  // Blocks of images, and of rotations. They fix the order of sums, so the bits depend on them, and on no number of workers.
  const blocks = Math.ceil(count / block);
  const imageBlocks = images.partition.equal([blocks]);

  // What is planned depends on the particle's size, which is read off the mean image: the one wait of the program.
  const sum = ctx.region([width], ImageSum, { name: 'image sum' });
  ctx.index([blocks], leaf.sumImages, { images: imageBlocks.at(), sum });
  const mean = (await sum.read('photons')).map((photons) => photons / count);
  sum.free();
  const whole = selectPixels(detector, options.resolution ? 1 / options.resolution : undefined);
  const diameter =
    options.diameter ??
    estimateDiameter(
      Float64Array.from(whole.index, (i) => mean[i]!),
      whole,
    );
  const schedule = planSchedule(diameter, whole.extent, options.schedule);

  const placed = new Map<number, PlacedLevel>();
  const levelAt = (extent: number): PlacedLevel => {
    let level = placed.get(extent);
    if (level === undefined) {
      const made = levelOf(detector, mean, extent, diameter);
      level = {
        args: { n: made.n, voxel: made.voxel, extent: made.selection.extent, diameter },
        count: made.selection.index.length,
        pixels: pixelsRegion(ctx, made),
      };
      placed.set(extent, level);
    }
    return level;
  };

  const orientations = ctx.region([count, 4], Orientations, { name: 'orientations' });
  const orientationBlocks = orientations.partition.equal([blocks]);
  orientations.write('q', randomQuaternions(count, seed));
  const fluence = ctx.region([count], Fluences, { name: 'fluence' });
  const fluenceBlocks = fluence.partition.equal([blocks]);
  const all = levelAt(whole.extent);
  ctx.index([blocks], leaf.countPhotons, {
    images: imageBlocks.at(),
    pixels: all.pixels,
    fluence: fluenceBlocks.at(),
  });
  ctx.launch(leaf.normaliseFluence, { fluence });

  let level = levelAt(schedule.generations[0]!.extent);
  let model = modelRegion(ctx, level);
  model.write('autocorrelation', startModel(level.args.n, level.args.voxel, diameter, seed).data);

  /** Model slices of a grid of rotations, in blocks. */
  const slices = (rotations: number) => {
    const references = ctx.region([rotations, level.count], References, { name: 'references' });
    const parts = Math.min(rotations, blocks);
    ctx.index(
      [parts],
      leaf.makeReferences,
      { model, pixels: level.pixels, references: references.partition.equal([parts]).at() },
      { level: level.args, rotations },
    );
    return references;
  };

  const ends: Promise<GenerationMetrics>[] = [];
  let spent = cpuSeconds();
  schedule.generations.forEach((generation, number) => {
    const next = levelAt(generation.extent);
    const { n } = next.args;
    using rightSide = ctx.region([n, n, n], RightSide, { name: 'right side' });
    using kernel = ctx.region([2 * n, 2 * n, 2 * n], Kernel, { name: 'kernel' });
    let moved: FutureMap<Float64Array>;
    if (generation.kind === 'match') {
      const { rotations, perplexity } = generation;
      using references = slices(rotations);
      using photons = ctx.region([rotations, next.count], SharedPhotons, { name: 'shared photons' });
      using exposure = ctx.region([rotations], SharedExposure, { name: 'shared exposure' });
      moved = ctx.index(
        [blocks],
        leaf.match,
        {
          images: imageBlocks.at(),
          fluence: fluenceBlocks.at(),
          references,
          matched: level.pixels,
          summed: next.pixels,
          orientations: orientationBlocks.at(),
          photons,
          exposure,
        },
        { rotations, perplexity },
      );
      const parts = Math.min(rotations, blocks);
      ctx.index(
        [parts],
        leaf.mergeShared,
        {
          photons: photons.partition.equal([parts]).at(),
          exposure: exposure.partition.equal([parts]).at(),
          pixels: next.pixels,
          rightSide,
          kernel,
        },
        { level: next.args, rotations },
      );
    } else {
      const held = {
        images: imageBlocks.at(),
        model,
        pixels: level.pixels,
        orientations: orientationBlocks.at(),
        fluence: fluenceBlocks.at(),
      };
      if (generation.rematch > 0) {
        using references = slices(generation.rematch);
        moved = ctx.index(
          [blocks],
          leaf.searchAndRefine,
          { ...held, references },
          { level: level.args, generation },
        );
      } else {
        moved = ctx.index([blocks], leaf.refine, held, { level: level.args, generation });
      }
      ctx.launch(leaf.normaliseFluence, { fluence });
      ctx.index(
        [blocks],
        leaf.mergeBlock,
        {
          images: imageBlocks.at(),
          fluence: fluenceBlocks.at(),
          orientations: orientationBlocks.at(),
          pixels: next.pixels,
          rightSide,
          kernel,
        },
        { level: next.args, halves: false },
      );
    }
    const solved = modelRegion(ctx, next);
    const done = solve(ctx, { rightSide, kernel, model: solved }, supportRadius(next));
    model.free();
    model = solved;
    level = next;
    ends.push(
      generationEnd(moved, done, orientations.read('q'), (angles, snapshot) => {
        const now = cpuSeconds();
        const metrics: GenerationMetrics = {
          resolution: 1 / next.args.extent,
          medianChange: angles[Math.floor(angles.length / 2)]!,
          settled: angles.filter((angle) => angle < 2).length / angles.length,
          seconds: now - spent,
        };
        spent = now;
        onGeneration({
          number,
          of: schedule.generations.length,
          generation,
          orientations: snapshot,
          metrics,
        });
        return metrics;
      }),
    );
  });

  // The map and the half sets need the same things only: they run side by side.
  const { n } = level.args;
  const phasing = options.phasing ?? {};
  const { map, averaged } = phaseMaps(ctx, model, level, {
    seed,
    stream: 0,
    maps: 1,
    starts: schedule.starts,
    keep: schedule.keep,
    phasing,
  });
  // The map comes first: workers turn to the half sets when it leaves them nothing to do.
  const background = { priority: 'background' } as const;
  let halves: PromiseLike<HalfSets> | null = null;
  if (schedule.halfStarts > 0) {
    using rightSide = ctx.region([2 * n, n, n], RightSide, { name: 'right sides of halves' });
    using kernel = ctx.region([4 * n, 2 * n, 2 * n], Kernel, { name: 'kernels of halves' });
    using models = ctx.region([2 * n, n, n], Model, { name: 'models of halves' });
    const half = ([h]: readonly number[]) => [h!];
    const block = ([, b]: readonly number[]) => [b!];
    const [rightSides, kernels, halfModels] = [
      rightSide.partition.equal([2]),
      kernel.partition.equal([2]),
      models.partition.equal([2]),
    ];
    ctx.index(
      [2, blocks],
      leaf.mergeBlock,
      {
        images: imageBlocks.at(block),
        fluence: fluenceBlocks.at(block),
        orientations: orientationBlocks.at(block),
        pixels: level.pixels,
        rightSide: rightSides.at(half),
        kernel: kernels.at(half),
      },
      { level: level.args, halves: true },
      background,
    );
    for (const h of [0, 1]) {
      solve(
        ctx,
        { rightSide: rightSides[h]!, kernel: kernels[h]!, model: halfModels[h]! },
        supportRadius(level),
        background,
      );
    }
    const both = phaseMaps(ctx, models, level, {
      seed,
      stream: 1,
      maps: 2,
      starts: schedule.halfStarts,
      keep: schedule.keep,
      phasing,
      ...background,
    });
    halves = ctx.launch(leaf.compare, { maps: both.map }, { level: level.args }, background);
    both.map.free();
  }

  const volume = (data: Float32Array): Volume => ({ data, n, voxel: level.args.voxel });
  const generations = await Promise.all(ends);
  const { rFactors, kept, agreement } = (await averaged)[0]!;
  const result: Reconstruction = {
    generations,
    orientations: await orientations.read('q'),
    fluence: await fluence.read('value'),
    diameter,
    autocorrelation: volume(await model.read('autocorrelation')),
    map: { density: volume(await map.read('value')), rFactors, kept, agreement },
    ...(halves !== null && { halves: await halves }),
    schedule,
  };
  for (const region of [
    orientations,
    fluence,
    model,
    map,
    ...[...placed.values()].map(({ pixels }) => pixels),
  ])
    region.free();
  return result;
}

function modelRegion(ctx: Ctx, { args: { n } }: PlacedLevel) {
  return ctx.region([n, n, n], Model, { name: 'model' });
}

/** The radius of the ball in which an autocorrelation can differ from zero, voxels. */
function supportRadius({ args: { diameter, voxel } }: PlacedLevel): number {
  return diameter / voxel;
}

/** Several phasings of each of several autocorrelations that lie side by side, and the average of the best of each. */
function phaseMaps(
  ctx: Ctx,
  models: ReturnType<typeof modelRegion>,
  { args: level }: PlacedLevel,
  options: {
    readonly seed: number;
    readonly stream: number;
    readonly maps: number;
    readonly starts: number;
    readonly keep: number;
    readonly phasing: Partial<PhasingSchedule>;
    readonly priority?: 'background';
  },
) {
  const { seed, stream, maps, starts, keep, phasing, priority } = options;
  const { n } = level;
  using densities = ctx.region([maps * starts * n, n, n], Densities, { name: 'phasings' });
  using rFactors = ctx.region([maps * starts], RFactors, { name: 'R-factors' });
  ctx.index(
    [maps * starts],
    leaf.phaseOnce,
    {
      model: models.partition.equal([maps]).at(([start]) => [Math.floor(start! / starts)]),
      density: densities.partition.equal([maps * starts]).at(),
      rFactor: rFactors.partition.equal([maps * starts]).at(),
    },
    { level, seed, stream, perMap: starts, schedule: phasing },
    { priority },
  );
  const map = ctx.region([maps * n, n, n], Densities, { name: 'map' });
  const averaged = ctx.index(
    [maps],
    leaf.average,
    {
      densities: densities.partition.equal([maps]).at(),
      rFactors: rFactors.partition.equal([maps]).at(),
      map: map.partition.equal([maps]).at(),
    },
    { level, keep },
    { priority },
  );
  return { map, averaged };
}

/** Waits for a generation, and hands what is known of it to `measure`. */
async function generationEnd(
  moved: FutureMap<Float64Array>,
  solved: PromiseLike<void>,
  orientations: Promise<Float64Array>,
  measure: (angles: Float64Array, orientations: Float64Array) => GenerationMetrics,
): Promise<GenerationMetrics> {
  const [blocks, snapshot] = await Promise.all([moved, orientations, solved]);
  return measure(Float64Array.from(blocks.flatMap((block) => [...block])).sort(), snapshot);
}

/** CPU time of all threads. Generations overlap, so a generation is charged what was spent since the last one ended. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
