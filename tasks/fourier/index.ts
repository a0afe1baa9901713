/** `maniple/fourier`: Fourier transforms of gridded and scattered data in three dimensions. */
export {
  type BackwardOptions,
  fft3,
  irfft3,
  type RealTransformOptions,
  rfft3,
  type TransformOptions,
} from './fft3.js';
export * from './nufft.js';
export { goodSize, isSmooth } from './sizes.js';
export type { Samples, Shape3 } from './twin.js';
