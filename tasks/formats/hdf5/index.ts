/** HDF5: containers, and single-particle images in them. */
export * from './container.js';
export * from './images.js';
