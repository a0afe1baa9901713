// Diffraction images from files, for the reconstruction.
import { statSync } from 'node:fs';
import { DataError, UsageError } from '../../runtime/errors.js';
import { hdf5 } from '../../tasks/formats/index.js';
import type { Values } from '../command/setting.js';
import type { ImageData } from './engine.js';
import type { dataSection } from './settings.js';

/**
 * Reads images from one HDF5 file or several that belong together.
 * @throws DataError for files that are missing, damaged, misshapen, or hold pixels that are no numbers
 */
export async function readImageData(
  files: readonly string[],
  settings: Values<typeof dataSection>,
): Promise<ImageData> {
  const folder = files.find((file) => statSync(file, { throwIfNoEntry: false })?.isDirectory());
  if (folder !== undefined) throw new UsageError(`${folder} is a folder; name the HDF5 files in it`);
  const { dataset, nan, images_max } = settings;
  const all = await hdf5.readImages(files, { nan, ...(dataset !== null && { dataset }) });
  if (all.images < 2)
    throw new DataError(files[0]!, 'images', 'there is one image; a reconstruction takes at least 2');
  if (!all.intensities.some((photons) => photons > 0)) {
    throw new DataError(files[0]!, 'images', 'no pixel of any image holds a photon');
  }
  if (images_max === null || images_max >= all.images) return all;
  const pixels = all.mask.length;
  return {
    ...all,
    images: images_max,
    intensities: all.intensities.subarray(0, images_max * pixels),
    ...(all.orientations && { orientations: all.orientations.subarray(0, 4 * images_max) }),
  };
}
