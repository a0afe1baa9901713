/** Pixel masks of a simulation: what a beam stop hides, what is broken. Values as everywhere: 0 good, 2 bad. */
import { UsageError } from '../../runtime/errors.js';
import { type Detector, pixelCount } from './geometry.js';
import { randomStream } from './philox.js';

const BAD = 2;

/** Hides the pixels within `radius` (m, in the plane across the beam) of the beam. */
export function beamStopMask(detector: Detector, radius: number): Uint8Array {
  if (!(radius >= 0)) throw new UsageError(`beam stop: the radius must be a length in m, not ${radius}`);
  return Uint8Array.from({ length: pixelCount(detector) }, (_, i) =>
    Math.hypot(detector.positions[3 * i]!, detector.positions[3 * i + 1]!) < radius ? BAD : 0,
  );
}

/** Breaks each pixel with the probability `fraction`; the same pixels for the same seed. */
export function brokenPixelMask(detector: Detector, fraction: number, seed: number): Uint8Array {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new UsageError(`broken pixels: the fraction must be between 0 and 1, not ${fraction}`);
  }
  const random = randomStream(seed, 0, 32);
  return Uint8Array.from({ length: pixelCount(detector) }, () => (random.uniform() < fraction ? BAD : 0));
}

/** A pixel is as bad as in the worst of the masks, which have the same pixels. */
export function combineMasks(...masks: readonly Uint8Array[]): Uint8Array {
  const first = masks[0];
  if (!first) throw new RangeError('masks: there is nothing to combine');
  const out = first.slice();
  for (const mask of masks) {
    if (mask.length !== out.length) {
      throw new RangeError(`masks of ${mask.length} and ${out.length} pixels cannot be combined`);
    }
    for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i]!, mask[i]!);
  }
  return out;
}
