// From the settings of [simulate] to images: the specification, and the images block by block.

import { UsageError } from '../../runtime/errors.js';
import { simulateBlock } from '../../tasks/spi/graph/leaves.js';
import { Images, Orientations, Truth } from '../../tasks/spi/graph/regions.js';
import {
  beamStopMask,
  brokenPixelMask,
  combineMasks,
  type Particle,
  type SimulationSpec,
  simulationGeometry,
  simulationScene,
  squareReaching,
} from '../../tasks/spi/index.js';
import type { Progress } from '../command/progress.js';
import type { Values } from '../command/setting.js';
import { type RunSettings, runtimeOptions, startRuntime } from '../run/start-runtime.js';
import type { ImageData } from './engine.js';
import type { simulateSection } from './settings.js';

/** Images in a task. */
const BLOCK = 16;

/** The simulation that the settings describe. @throws UsageError for settings that contradict each other */
export function simulationSpec(
  settings: Values<typeof simulateSection>,
  particle: Particle,
  seed: number,
): SimulationSpec {
  const { images, pixels, energy_eV, edge_A, photons, fluence_jitter, background, noise, corrections } =
    settings;
  const { beam_stop_pixels, broken_fraction } = settings;
  try {
    const detector = squareReaching(pixels, energy_eV, edge_A);
    const stop = beamStopMask(detector, beam_stop_pixels * Math.sqrt(detector.pixelArea));
    return {
      particles: [particle],
      images,
      detector,
      beam: { photonEnergy: energy_eV },
      photonsPerImage: photons,
      ...(fluence_jitter > 0 && { fluenceJitter: { distribution: 'lognormal', sigma: fluence_jitter } }),
      background,
      noise: noise ? 'poisson' : 'none',
      mask: combineMasks(stop, brokenPixelMask(detector, broken_fraction, seed)),
      corrections,
      seed,
    };
  } catch (error) {
    if (error instanceof RangeError || error instanceof UsageError)
      throw new UsageError(`simulate.edge_A, simulate.energy_eV: ${error.message}`);
    throw error;
  }
}

/** Simulated images with the truth about them. */
export interface SimulatedImages extends ImageData {
  readonly orientations: Float64Array;
  /** (images): index into the particles of the specification. */
  readonly conformation: Int32Array;
  /** (images), relative to the mean. */
  readonly fluences: Float64Array;
}

/** Simulates all images, a task for each block of them; tells the progress, and stops at an interruption. */
export async function simulationRun(
  spec: SimulationSpec,
  settings: RunSettings,
  progress: Progress,
  signal: AbortSignal,
): Promise<SimulatedImages> {
  const scene = simulationScene(spec);
  const geometry = simulationGeometry(spec);
  const pixels = geometry.mask.length;
  const blocks = Math.ceil(spec.images / BLOCK);
  progress.step(0, blocks, 'simulating images');
  const images = await startRuntime(
    async (ctx) => {
      const photons = ctx.region([spec.images, pixels], Images, { name: 'images' });
      const orientations = ctx.region([spec.images, 4], Orientations, { name: 'orientations' });
      const truth = ctx.region([spec.images], Truth, { name: 'truth' });
      const done = ctx.index(
        [blocks],
        simulateBlock,
        {
          images: photons.partition.equal([blocks]).at(),
          orientations: orientations.partition.equal([blocks]).at(),
          truth: truth.partition.equal([blocks]).at(),
        },
        { scene },
      );
      for (let block = 0; block < blocks; block++) {
        await done.at(block);
        progress.step(block + 1, blocks, 'simulating images');
      }
      return {
        intensities: await photons.read('photons'),
        orientations: await orientations.read('q'),
        conformation: await truth.read('conformation'),
        fluences: await truth.read('fluence'),
      };
    },
    runtimeOptions(settings),
    signal,
  );
  progress.end();
  const [particle] = spec.particles;
  const symmetry = spec.particles.length === 1 ? particle?.symmetry : undefined;
  return { images: spec.images, ...geometry, ...images, ...(symmetry && { symmetry }) };
}
