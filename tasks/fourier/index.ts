/** `maniple/fourier`: Fourier transforms of gridded and scattered data in three dimensions. */
export * from './nufft.js';
