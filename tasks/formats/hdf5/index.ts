/** HDF5: containers, and single-particle images in them. */
export * from './container.js';
export { createImages, type ImageWriter, writeImages } from './image-writer.js';
export {
  BAD,
  GOOD,
  type ImageReader,
  type ImageReadOptions,
  type ImageSet,
  type ImageSetWithIntensities,
  ORIENTATION_ONLY,
  openImages,
  readImages,
} from './images.js';
export { output } from './output.js';
export { source } from './source.js';
