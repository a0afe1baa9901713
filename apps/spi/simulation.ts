// From the settings of [simulate] to images: the specification, and the images block by block.

import { UsageError } from '../../runtime/errors.js';
import {
  beamStopMask,
  brokenPixelMask,
  combineMasks,
  type Particle,
  type SimulationSpec,
  simulateImages,
  simulationGeometry,
  simulationScene,
  squareReaching,
} from '../../tasks/spi/index.js';
import type { Progress } from '../command/progress.js';
import type { Values } from '../command/setting.js';
import type { ImageData } from './engine.js';
import type { simulateSection } from './settings.js';

/** Images simulated between two looks at the clock and at Ctrl-C. */
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

/** Simulates all images, block by block; tells the progress, and stops at an interruption. */
export async function simulationRun(
  spec: SimulationSpec,
  progress: Progress,
  signal: AbortSignal,
): Promise<SimulatedImages> {
  const scene = simulationScene(spec);
  const geometry = simulationGeometry(spec);
  const pixels = geometry.mask.length;
  const out = {
    images: spec.images,
    ...geometry,
    intensities: new Float32Array(spec.images * pixels),
    orientations: new Float64Array(4 * spec.images),
    conformation: new Int32Array(spec.images),
    fluences: new Float64Array(spec.images),
  };
  for (let first = 0; first < spec.images; first += BLOCK) {
    signal.throwIfAborted();
    progress.step(first, spec.images, `simulating image ${first + 1} of ${spec.images}`);
    const block = simulateImages(scene, first, Math.min(BLOCK, spec.images - first));
    out.intensities.set(block.intensities, first * pixels);
    out.orientations.set(block.orientations, 4 * first);
    out.conformation.set(block.conformation, first);
    out.fluences.set(block.fluences, first);
    await new Promise(setImmediate); // signals are heard between blocks
  }
  progress.end();
  return out;
}
