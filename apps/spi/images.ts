// Diffraction images from files, for the reconstruction.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../runtime/errors.js';
import { hdf5 } from '../../tasks/formats/index.js';
import { MASK, reciprocalExtent } from '../../tasks/spi/index.js';
import type { Values } from '../command/setting.js';
import type { ImageData } from './engine.js';
import type { dataSection } from './settings.js';

/** Between these, in 1/m, lies the |s| of any detector: 10 micrometres to a hundredth of an Angstrom. */
const EXTENT_LEAST = 1e5;
const EXTENT_MOST = 1e12;

/** How far from 1 the length of a true orientation may be. */
const UNIT_WITHIN = 1e-3;

/** The files of images that are meant: a folder stands for all in it, in the order of their names. */
function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /^[^.].*\.(h5|hdf5|cxi|npz)$/i.test(name));
    if (names.length === 0)
      throw new DataError(path, '', 'no file of images (.h5, .cxi, .npz) is in this folder');
    return names.sort().map((name) => join(path, name));
  });
}

/**
 * Reads images from one file or several that belong together.
 * @throws DataError for files that are missing, damaged, misshapen, hold pixels that are no numbers, or nothing to
 * reconstruct from
 */
export async function readImageData(
  paths: readonly string[],
  settings: Values<typeof dataSection>,
): Promise<ImageData> {
  const files = filesOf(paths);
  const { dataset, nan, images_max } = settings;
  const all = await hdf5.readImages(files, { nan, ...(dataset !== null && { dataset }) });
  check(all, files[0]!);
  if (images_max === null || images_max >= all.images) return all;
  const pixels = all.mask.length;
  return {
    ...all,
    images: images_max,
    intensities: all.intensities.subarray(0, images_max * pixels),
    ...(all.orientations && { orientations: all.orientations.subarray(0, 4 * images_max) }),
  };
}

/** What no reader of files asks for, but every reconstruction. */
function check(data: ImageData, file: string): void {
  const { images, intensities, mask, pixelPositionReciprocal, orientations } = data;
  if (images < 2)
    throw new DataError(file, 'images', 'there is one image; a reconstruction takes at least 2');
  if (mask.every((value) => value === MASK.bad)) {
    throw new DataError(
      file,
      'dataset mask',
      'it marks every pixel bad; nothing is left to reconstruct from',
    );
  }
  if (!intensities.some((photons, i) => photons > 0 && mask[i % mask.length] !== MASK.bad)) {
    throw new DataError(file, 'images', 'no usable pixel of any image holds a photon');
  }
  const extent = reciprocalExtent(pixelPositionReciprocal);
  if (!(extent >= EXTENT_LEAST && extent <= EXTENT_MOST)) {
    throw new DataError(
      file,
      'dataset pixel_position_reciprocal',
      `the largest |s| is ${extent.toPrecision(3)}, which cannot be 1/m; multiply 1/Angstrom by 1e10, 1/nm by 1e9`,
    );
  }
  for (let i = 0; i < (orientations?.length ?? 0); i += 4) {
    const q = orientations!.subarray(i, i + 4);
    if (Math.abs(Math.hypot(...q) - 1) <= UNIT_WITHIN) continue;
    throw new DataError(
      file,
      `dataset orientations, image ${i / 4}`,
      `(${q.join(', ')}) is no unit quaternion (w, x, y, z); leave the dataset out where the truth is not known`,
    );
  }
}
