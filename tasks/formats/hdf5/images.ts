/**
 * Single-particle images in HDF5: Spinifel's layout (`intensities` and what belongs to it at the root) and CXI
 * (`/entry_1/data_1/data`, the rest beside it at the root or where CXI puts it). Geometry is (3, panels, ny, nx) in
 * 1/m whatever the order in the file. A NumPy archive (`.npz`) with arrays of the names of Spinifel's layout is read and
 * written like a file in it.
 */
import { DataError } from '../../../runtime/errors.js';
import { isArchive, openArchive } from './archive.js';
import { type Hdf5Dataset, type Hdf5Reader, type NumericArray, openHdf5 } from './container.js';

/** Mask values: use a pixel, use it for finding orientations only, do not use it. */
export const GOOD = 0;
export const ORIENTATION_ONLY = 1;
export const BAD = 2;

export const SPINIFEL_DATA = 'intensities';
export const CXI_DATA = 'entry_1/data_1/data';

/** What all images of a file share, and the truth where a simulation wrote it. */
export interface ImageSet {
  /** Number of images. */
  readonly images: number;
  readonly shape: readonly [panels: number, ny: number, nx: number];
  /** s-vectors (3, panels, ny, nx), 1/m. */
  readonly pixelPositionReciprocal: Float64Array;
  /** (panels, ny, nx): 0 good, 1 orientation only, 2 bad. */
  readonly mask: Uint8Array;
  /** (images, 4): (w, x, y, z). */
  readonly orientations?: Float64Array;
  /** (images). */
  readonly conformation?: Int32Array;
  /** (images), relative. */
  readonly fluences?: Float64Array;
  /** (panels, ny, nx): polarisation x solid angle that the intensities still contain, relative. */
  readonly correction?: Float64Array;
  /** (rotations, 4): the rotations that leave the particle as it is, where a simulation knows more than one. */
  readonly symmetry?: Float64Array;
}

export interface ImageSetWithIntensities extends ImageSet {
  /** (images, panels, ny, nx). */
  readonly intensities: Float32Array;
}

export interface ImageReadOptions {
  /**
   * What to do with NaN and infinite pixels: 'refuse' (default) throws and names image and pixel, 'mask' reads them
   * as 0 and marks the pixel bad for all images.
   */
  readonly nan?: 'refuse' | 'mask';
  /** Dataset of the images, where it has neither usual name. */
  readonly dataset?: string;
}

/** An open file of images: the shared arrays are read, the images are read block by block. */
export interface ImageReader extends ImageSet {
  readonly path: string;
  readonly layout: 'spinifel' | 'cxi' | 'other';
  /**
   * Images first ... first+count-1, (count, panels, ny, nx). With `nan: 'mask'`, pixels found NaN are marked in
   * `mask` as blocks are read.
   * @throws DataError for images that are not there, NaN pixels, damaged data
   */
  read(first: number, count: number): Float32Array;
  close(): void;
}

/** Opens a file of images. @throws DataError naming the file and the dataset that is missing, misshapen or damaged */
export async function openImages(path: string, options: ImageReadOptions = {}): Promise<ImageReader> {
  const file = isArchive(path) ? openArchive(path) : await openHdf5(path);
  try {
    return reader(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Reads whole files of images into memory; several files must have the same shape and geometry, and are joined.
 * @throws DataError as `openImages`, and for files that do not fit together
 */
export async function readImages(
  paths: string | readonly string[],
  options: ImageReadOptions = {},
): Promise<ImageSetWithIntensities> {
  const list = typeof paths === 'string' ? [paths] : paths;
  if (list.length === 0) throw new RangeError('no file of images is named');
  const parts: ImageSetWithIntensities[] = [];
  for (const path of list) {
    const images = await openImages(path, options);
    try {
      const intensities = images.read(0, images.images);
      parts.push({ ...images, intensities });
      if (parts.length > 1) checkSame(parts[0]!, list[0]!, images, path);
    } finally {
      images.close();
    }
  }
  return parts.length === 1 ? pick(parts[0]!) : join(parts);
}

function reader(file: Hdf5Reader, options: ImageReadOptions): ImageReader {
  const { path } = file;
  const data = findData(file, options);
  const layout = data.name === SPINIFEL_DATA ? 'spinifel' : data.name === CXI_DATA ? 'cxi' : 'other';
  if (data.dtype === 'other') {
    throw new DataError(path, `dataset ${data.name}`, `images must be numbers, but it holds ${data.holds}`);
  }
  const shape = imageShape(path, data);
  const images = data.shape[0]!;
  const pixels = shape[0] * shape[1] * shape[2];
  const mask = readMask(file, shape);
  const orientations = optionalRows(file, ['orientations'], images, 4);
  const conformation = optionalRows(file, ['conformation', 'conformations'], images, 1);
  const fluences = optionalRows(file, ['fluences'], images, 1);
  const correction = optionalPixels(file, 'correction', shape);
  const symmetry = file.dataset('symmetry');
  return {
    path,
    layout,
    images,
    shape,
    pixelPositionReciprocal: readPositions(file, shape),
    mask,
    ...(orientations && { orientations: Float64Array.from(orientations) }),
    ...(conformation && { conformation: Int32Array.from(conformation) }),
    ...(fluences && { fluences: Float64Array.from(fluences) }),
    ...(correction && { correction }),
    ...(symmetry && { symmetry: readSymmetry(path, symmetry) }),
    read(first, count) {
      const raw = data.read(first, count);
      const out = raw instanceof Float32Array ? raw : Float32Array.from(raw as ArrayLike<number>, Number);
      handleNaN(out, first, pixels, shape, path, data.name, mask, options.nan ?? 'refuse');
      return out;
    },
    close: () => file.close(),
  };
}

function findData(file: Hdf5Reader, options: ImageReadOptions): Hdf5Dataset {
  if (options.dataset !== undefined) return file.require(options.dataset);
  return file.dataset(SPINIFEL_DATA) ?? file.dataset(CXI_DATA) ?? file.require(SPINIFEL_DATA);
}

function imageShape(path: string, data: Hdf5Dataset): readonly [number, number, number] {
  const where = `dataset ${data.name}`;
  const { shape } = data;
  const text = `(${shape.join(', ')})`;
  if (shape.length !== 3 && shape.length !== 4) {
    throw new DataError(
      path,
      where,
      `images must have shape (N, panels, ny, nx) or (N, ny, nx), not ${text}`,
    );
  }
  if (shape.some((n) => n === 0))
    throw new DataError(path, where, `there are no images or no pixels: shape ${text}`);
  return shape.length === 3 ? [1, shape[1]!, shape[2]!] : [shape[1]!, shape[2]!, shape[3]!];
}

/** Pixel s-vectors with the component first, from (3, panels, ny, nx) or (panels, ny, nx, 3); panels may be absent if 1. */
function readPositions(file: Hdf5Reader, shape: readonly [number, number, number]): Float64Array {
  const name = 'pixel_position_reciprocal';
  const dataset =
    file.dataset(name) ?? file.dataset(`entry_1/instrument_1/detector_1/${name}`) ?? file.require(name);
  const where = `dataset ${dataset.name}`;
  const pixels = shape[0] * shape[1] * shape[2];
  const found = dataset.shape;
  const fits = (dims: readonly number[]) =>
    sameShape(dims, shape) || (shape[0] === 1 && sameShape(dims, shape.slice(1)));
  const componentsFirst = found[0] === 3 && fits(found.slice(1));
  const componentsLast = !componentsFirst && found.at(-1) === 3 && fits(found.slice(0, -1));
  if (!componentsFirst && !componentsLast) {
    throw new DataError(
      file.path,
      where,
      `the shape (${found.join(', ')}) does not fit images of (${shape.join(', ')}): expected (3, ${shape.join(', ')})`,
    );
  }
  const raw = numbers(file.path, dataset);
  const out = new Float64Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < pixels; i++) out[c * pixels + i] = raw[componentsFirst ? c * pixels + i : 3 * i + c]!;
  }
  for (let i = 0; i < out.length; i++) {
    if (!Number.isFinite(out[i]!)) {
      const component = 'xyz'[Math.floor(i / pixels)];
      throw new DataError(
        file.path,
        where,
        `the ${component} component of ${pixelName(i % pixels, shape)} is ${out[i]}`,
      );
    }
  }
  return out;
}

function readMask(file: Hdf5Reader, shape: readonly [number, number, number]): Uint8Array {
  const pixels = shape[0] * shape[1] * shape[2];
  const own = file.dataset('mask');
  const cxi = own
    ? undefined
    : (file.dataset('entry_1/data_1/mask') ?? file.dataset('entry_1/instrument_1/detector_1/mask'));
  const dataset = own ?? cxi;
  if (!dataset) return new Uint8Array(pixels);
  requirePixels(file.path, dataset, shape);
  const raw = numbers(file.path, dataset);
  const out = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    // CXI masks are bit flags of which none must be set; ours are 0, 1, 2.
    if (cxi) out[i] = raw[i] === 0 ? GOOD : BAD;
    else if (raw[i] === GOOD || raw[i] === ORIENTATION_ONLY || raw[i] === BAD) out[i] = raw[i]!;
    else {
      throw new DataError(
        file.path,
        `dataset ${dataset.name}`,
        `${pixelName(i, shape)} has the value ${raw[i]}, which is none of 0 (good), 1 (orientation only), 2 (bad)`,
      );
    }
  }
  return out;
}

function optionalPixels(
  file: Hdf5Reader,
  name: string,
  shape: readonly [number, number, number],
): Float64Array | undefined {
  const dataset = file.dataset(name);
  if (!dataset) return undefined;
  requirePixels(file.path, dataset, shape);
  return Float64Array.from(numbers(file.path, dataset));
}

function readSymmetry(path: string, dataset: Hdf5Dataset): Float64Array {
  if (dataset.shape.length !== 2 || dataset.shape[1] !== 4 || dataset.shape[0] === 0) {
    throw new DataError(
      path,
      `dataset ${dataset.name}`,
      `the shape (${dataset.shape.join(', ')}) is not (rotations, 4)`,
    );
  }
  return Float64Array.from(numbers(path, dataset));
}

function requirePixels(path: string, dataset: Hdf5Dataset, shape: readonly [number, number, number]): void {
  if (sameShape(dataset.shape, shape) || (shape[0] === 1 && sameShape(dataset.shape, shape.slice(1)))) return;
  throw new DataError(
    path,
    `dataset ${dataset.name}`,
    `the shape (${dataset.shape.join(', ')}) does not fit images of (${shape.join(', ')})`,
  );
}

/** One row of `width` numbers per image; Spinifel writes orientations as (N, 1, 4). */
function optionalRows(
  file: Hdf5Reader,
  names: readonly string[],
  images: number,
  width: number,
): ArrayLike<number> | undefined {
  for (const name of names) {
    const dataset = file.dataset(name);
    if (!dataset) continue;
    const size = dataset.shape.reduce((product, n) => product * n, 1);
    if (dataset.shape[0] !== images || size !== images * width) {
      throw new DataError(
        file.path,
        `dataset ${name}`,
        `the shape (${dataset.shape.join(', ')}) does not fit ${images} images: expected ` +
          `(${images}${width > 1 ? `, ${width}` : ''})`,
      );
    }
    return numbers(file.path, dataset);
  }
  return undefined;
}

function numbers(path: string, dataset: Hdf5Dataset): ArrayLike<number> {
  if (dataset.dtype === 'other') {
    throw new DataError(
      path,
      `dataset ${dataset.name}`,
      `numbers were expected, but it holds ${dataset.holds}`,
    );
  }
  const raw: NumericArray = dataset.read();
  return raw instanceof BigInt64Array || raw instanceof BigUint64Array ? Float64Array.from(raw, Number) : raw;
}

function handleNaN(
  values: Float32Array,
  firstImage: number,
  pixels: number,
  shape: readonly [number, number, number],
  path: string,
  dataset: string,
  mask: Uint8Array,
  policy: 'refuse' | 'mask',
): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    const pixel = i % pixels;
    if (policy === 'refuse' && mask[pixel] !== BAD) {
      throw new DataError(
        path,
        `dataset ${dataset}, image ${firstImage + Math.floor(i / pixels)}, ${pixelName(pixel, shape)}`,
        `the value is ${values[i]}; mark the pixel bad in the mask, or read with nan = "mask"`,
      );
    }
    mask[pixel] = BAD;
    values[i] = 0;
  }
}

function pixelName(pixel: number, shape: readonly [number, number, number]): string {
  const x = pixel % shape[2];
  const y = Math.floor(pixel / shape[2]) % shape[1];
  const panel = Math.floor(pixel / (shape[1] * shape[2]));
  return `pixel (panel ${panel}, y ${y}, x ${x})`;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

function checkSame(first: ImageSet, firstPath: string, other: ImageSet, path: string): void {
  if (!sameShape(first.shape, other.shape)) {
    throw new DataError(
      path,
      'images',
      `the images are (${other.shape.join(', ')}), those of ${firstPath} are (${first.shape.join(', ')}): ` +
        'images of one reconstruction must have one shape',
    );
  }
  let largest = 0;
  for (const value of first.pixelPositionReciprocal) largest = Math.max(largest, Math.abs(value));
  const differs = first.pixelPositionReciprocal.some(
    (value, i) => Math.abs(value - other.pixelPositionReciprocal[i]!) > 1e-6 * largest,
  );
  if (differs) {
    throw new DataError(
      path,
      'dataset pixel_position_reciprocal',
      `the pixels lie elsewhere than those of ${firstPath}: different detector distance or photon energy`,
    );
  }
}

function pick(part: ImageSetWithIntensities): ImageSetWithIntensities {
  const {
    images,
    shape,
    pixelPositionReciprocal,
    mask,
    intensities,
    orientations,
    conformation,
    fluences,
    correction,
    symmetry,
  } = part;
  return {
    images,
    shape,
    pixelPositionReciprocal,
    mask,
    intensities,
    ...(orientations && { orientations }),
    ...(conformation && { conformation }),
    ...(fluences && { fluences }),
    ...(correction && { correction }),
    ...(symmetry && { symmetry }),
  };
}

/** Joins files; truth is kept where every file has it, a pixel is as bad as in the worst file. */
function join(parts: readonly ImageSetWithIntensities[]): ImageSetWithIntensities {
  const first = pick(parts[0]!);
  const images = parts.reduce((sum, part) => sum + part.images, 0);
  const intensities = new Float32Array(parts.reduce((sum, part) => sum + part.intensities.length, 0));
  const mask = first.mask.slice();
  let at = 0;
  for (const part of parts) {
    intensities.set(part.intensities, at);
    at += part.intensities.length;
    for (let i = 0; i < mask.length; i++) mask[i] = Math.max(mask[i]!, part.mask[i]!);
  }
  const all = <K extends 'orientations' | 'conformation' | 'fluences'>(key: K): number[] | undefined => {
    if (parts.some((part) => part[key] === undefined)) return undefined;
    return parts.flatMap((part) => Array.from(part[key]!));
  };
  const orientations = all('orientations');
  const conformation = all('conformation');
  const fluences = all('fluences');
  return {
    images,
    shape: first.shape,
    pixelPositionReciprocal: first.pixelPositionReciprocal,
    mask,
    intensities,
    ...(orientations && { orientations: Float64Array.from(orientations) }),
    ...(conformation && { conformation: Int32Array.from(conformation) }),
    ...(fluences && { fluences: Float64Array.from(fluences) }),
    ...(first.correction && { correction: first.correction }),
    ...(first.symmetry && { symmetry: first.symmetry }),
  };
}
