// The regions of a reconstruction: what they hold and how they are cut. Everything that tasks share is in one of them.
import { c64, f32, f64, fieldSpace, i32, u8 } from '../../../runtime/index.js';

/** (images, pixels of the detector): photons. Cut by blocks of images. */
export const Images = fieldSpace({ photons: f32 });
/** (images, 4): unit quaternions. Cut like the images. */
export const Orientations = fieldSpace({ q: f64 });
/** (images): relative fluences. Cut like the images. */
export const Fluences = fieldSpace({ value: f64 });
/** (pixels of the detector): the sum of all images. */
export const ImageSum = fieldSpace({ photons: f64 });
/** (pixels of a level): which pixels of the detector it looks at, where they are, what they weigh (`Level`). */
export const Pixels = fieldSpace({
  index: i32,
  sx: f32,
  sy: f32,
  sz: f32,
  correction: f32,
  mergeable: u8,
  weight: f32,
});
/** (n, n, n): the autocorrelation at a level of detail. */
export const Model = fieldSpace({ autocorrelation: f32 });
/** (rotations, pixels of a level): logarithms of model slices. Cut by blocks of rotations. */
export const References = fieldSpace({ logarithm: f32 });
/** (rotations, pixels of a level): photons that images gave to rotations. Cut by blocks of rotations. */
export const SharedPhotons = fieldSpace({ photons: f32 });
/** (rotations): exposure that images gave to rotations. */
export const SharedExposure = fieldSpace({ value: f64 });
/** (n, n, n) and (2n, 2n, 2n): the normal equations; of several sets of images side by side along the first axis. */
export const RightSide = fieldSpace({ value: f32 });
export const Kernel = fieldSpace({ value: f32 });
/** (n, n, n): the vectors of conjugate gradients besides the model, and where the model may differ from zero. */
export const Search = fieldSpace({ residual: f32, direction: f32, product: f32, inside: u8 });
/** (n, P, P/2 + 1) and, for the kernel, (P, P, P/2 + 1): planes transformed over y and z. P: see `paddingFor`. */
export const Spectrum = fieldSpace({ value: c64 });
/** (P, P, P/2 + 1): the kernel's transform. */
export const Gain = fieldSpace({ value: f32 });
/** (maps * n, n, n): densities of several phasings side by side along the first axis. */
export const Densities = fieldSpace({ value: f32 });
/** (maps): their R-factors. */
export const RFactors = fieldSpace({ value: f64 });
/** (images): what a simulation knows besides the orientations. */
export const Truth = fieldSpace({ fluence: f64, conformation: i32 });
