/**
 * The size of a particle from its images alone: the rotational average of the intensity is that of a solution of
 * particles, and its sine transform the distribution p(r) of distances between their parts (A. Guinier and G. Fournet,
 * Small-Angle Scattering of X-Rays, 1955).
 */
import { type PixelSelection, radialProfile } from './pixels.js';

const RINGS = 64;
/** p(r) counts as ended where it stays below this part of its maximum. */
const ENDED = 0.02;
/** The few longest distances are too rare to be seen: added, for a support that is too small does more harm. */
const ALLOWANCE = 1.15;
/** More where a beam stop hides the smallest angles, in which the longest distances show. */
const HIDDEN_ALLOWANCE = 1.4;
/** Pixels around the beam that may be missing before it counts as hidden. */
const HIDDEN_PIXELS = 1.5;

/**
 * An estimate of the largest distance within the particle, Angstrom. Good to 10 % or so, rather too large than too small; behind
 * a beam stop wider than the central maximum it cannot be known: then give the size.
 * @param meanImage (pixels of the selection), photons
 */
export function estimateDiameter(meanImage: ArrayLike<number>, selection: PixelSelection): number {
  const profile = radialProfile(meanImage, selection, RINGS);
  const width = selection.extent / RINGS;
  // Twice the largest size that pixels this far apart can still show.
  const longest = 1 / spacing(selection);
  const allowance = nearest(selection) * longest > HIDDEN_PIXELS ? HIDDEN_ALLOWANCE : ALLOWANCE;
  const steps = 256;
  const p = new Float64Array(steps);
  for (let i = 1; i < steps; i++) {
    const r = (longest * i) / steps;
    let sum = 0;
    for (let ring = 0; ring < RINGS; ring++) {
      const s = (ring + 0.5) * width;
      // The window lets the profile end softly: a sharp end would ring in r.
      const window = Math.exp(-3 * (s / selection.extent) ** 2);
      sum += profile[ring]! * window * s * Math.sin(2 * Math.PI * s * r);
    }
    p[i] = sum * r;
  }
  let top = 0;
  for (let i = 1; i < steps; i++) if (p[i]! > p[top]!) top = i;
  for (let i = top; i < steps; i++)
    if (p[i]! < ENDED * p[top]!) return Math.min(longest, (allowance * longest * i) / steps);
  return longest;
}

/** The mean distance of a pixel to its neighbour, from the area that the pixels fill. */
function spacing(selection: PixelSelection): number {
  return Math.sqrt((Math.PI * selection.extent ** 2) / selection.index.length);
}

/** The smallest |s| that a pixel of the selection sees. */
function nearest(selection: PixelSelection): number {
  const n = selection.index.length;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const { s } = selection;
    least = Math.min(least, Math.hypot(s[i]!, s[n + i]!, s[2 * n + i]!));
  }
  return least;
}
