// From settings and images to what the science takes.
import type { ReconstructionInput, ReconstructionOptions } from '../../tasks/spi/index.js';
import type { Values } from '../command/setting.js';
import type { ImageData } from './engine.js';
import type { reconstructSection } from './settings.js';

/** The detector as the science sees it: s-vectors in 1/Angstrom. */
export function inputOf({
  images,
  intensities,
  pixelPositionReciprocal,
  mask,
  correction,
}: ImageData): ReconstructionInput {
  const s = pixelPositionReciprocal.map((value) => value * 1e-10);
  return { images: intensities, count: images, detector: { s, mask, ...(correction && { correction }) } };
}

/** The options that the settings mean. */
export function optionsOf(
  settings: Values<typeof reconstructSection>,
  seed: number,
): Omit<ReconstructionOptions, 'onGeneration'> {
  const { diameter_A, detail_A, rotations_factor, phasings, averaged, half_phasings, block_images } =
    settings;
  return {
    seed,
    ...(diameter_A !== null && { diameter: diameter_A }),
    ...(detail_A !== null && { resolution: detail_A }),
    schedule: { density: rotations_factor, starts: phasings, keep: averaged, halfStarts: half_phasings },
    block: block_images,
  };
}
