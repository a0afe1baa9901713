/** Writing single-particle images: the layouts that `images.ts` reads. */
import { writeNpz } from '../npy.js';
import { isArchive } from './archive.js';
import { createHdf5 } from './container.js';
import { CXI_DATA, type ImageSet, type ImageSetWithIntensities, SPINIFEL_DATA } from './images.js';

/** Writes images in Spinifel's layout (with a mask), as CXI, or as `.npz` where the path says so, through a temporary name. */
export async function writeImages(
  path: string,
  data: ImageSetWithIntensities,
  layout: 'spinifel' | 'cxi' = 'spinifel',
): Promise<void> {
  if (isArchive(path)) return writeArchive(path, data);
  const writer = await createImages(path, data, layout);
  try {
    writer.write(0, data.intensities);
    writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

interface NamedArray {
  readonly name: string;
  readonly data: Float64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** The arrays that all images share and the truth about them, as files name them. */
function companions(set: ImageSet): NamedArray[] {
  const { images, shape, orientations, conformation, fluences, correction, symmetry } = set;
  const arrays: NamedArray[] = [
    { name: 'pixel_position_reciprocal', data: set.pixelPositionReciprocal, shape: [3, ...shape] },
    { name: 'mask', data: set.mask, shape },
  ];
  if (orientations) arrays.push({ name: 'orientations', data: orientations, shape: [images, 4] });
  if (conformation) arrays.push({ name: 'conformation', data: conformation, shape: [images] });
  if (fluences) arrays.push({ name: 'fluences', data: fluences, shape: [images] });
  if (correction) arrays.push({ name: 'correction', data: correction, shape });
  if (symmetry) arrays.push({ name: 'symmetry', data: symmetry, shape: [symmetry.length / 4, 4] });
  return arrays;
}

function writeArchive(path: string, set: ImageSetWithIntensities): void {
  writeNpz(path, {
    [SPINIFEL_DATA]: { data: set.intensities, shape: [set.images, ...set.shape] },
    ...Object.fromEntries(companions(set).map(({ name, data, shape }) => [name, { data, shape }])),
  });
}

/** A file of images being written block by block, in any order. */
export interface ImageWriter {
  /** Writes images first ...; `intensities` is (count, panels, ny, nx). */
  write(first: number, intensities: Float32Array): void;
  close(): void;
  abandon(): void;
}

/** Starts a file of images: everything but the images is written at once. */
export async function createImages(
  path: string,
  set: ImageSet,
  layout: 'spinifel' | 'cxi' = 'spinifel',
): Promise<ImageWriter> {
  const file = await createHdf5(path);
  try {
    const { images, shape } = set;
    for (const { name, data, shape: dims } of companions(set)) file.write(name, data, dims);
    const rows = file.rows(layout === 'cxi' ? CXI_DATA : SPINIFEL_DATA, [images, ...shape], 'f4');
    if (layout === 'cxi') file.write('cxi_version', new Int32Array([160]), []);
    return {
      write: (first, intensities) => rows.write(first, intensities),
      close: file.close,
      abandon: file.abandon,
    };
  } catch (error) {
    file.abandon();
    throw error;
  }
}
