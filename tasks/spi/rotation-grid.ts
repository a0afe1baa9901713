/** Sets of rotations that cover all rotations evenly: where orientation matching starts. */
import type { Quaternions } from './quaternion.js';

const PASSES_MOST = 1000;

/**
 * The reference grid of Spinifel and skopi (`get_uniform_quat(n, avoid_symmetric=True)`): nested spherical coordinates
 * of equal spacing d on half the 3-sphere, d scaled by (points / n)^(1/3) until the count fits; the smallest set with at
 * least n points, cut to n. Kept for comparison: `superFibonacci` covers better at equal count.
 */
export function uniformRotations(n: number): Quaternions {
  checkCount('uniformRotations', n);
  let d = (Math.PI ** 2 / n) ** (1 / 3);
  let best: number[] | undefined;
  for (let pass = 0; pass < PASSES_MOST; pass++) {
    const points = nested(d);
    const count = points.length / 4;
    if (count >= n && (best === undefined || count < best.length / 4)) best = points;
    if (count === n) break;
    d *= (count / n) ** (1 / 3);
  }
  if (best === undefined) throw new RangeError(`uniformRotations: found no grid of at least ${n} rotations`);
  return Float64Array.from(best.slice(0, 4 * n));
}

function nested(d: number): number[] {
  const points: number[] = [];
  for (const w of halfSteps(d)) {
    for (const v of halfSteps(d / Math.sin(w))) {
      for (const u of halfSteps(d / Math.sin(w) / Math.sin(v))) {
        points.push(
          Math.cos(w),
          Math.sin(w) * Math.cos(v),
          Math.sin(w) * Math.sin(v) * Math.cos(u),
          Math.sin(w) * Math.sin(v) * Math.sin(u),
        );
      }
    }
  }
  return points;
}

/** d/2, 3d/2, ... below pi - d/2, formed as start + index * step: so the original's rounding is met. */
function halfSteps(d: number): number[] {
  const steps: number[] = [];
  const count = Math.ceil((Math.PI - d / 2 - d / 2) / d);
  for (let i = 0; i < count; i++) steps.push(d / 2 + i * d);
  return steps;
}

/**
 * The super-Fibonacci spiral of M. Alexa, "Super-Fibonacci Spirals: Fast, Low-Discrepancy Sampling of SO(3)", CVPR
 * 2022: n rotations in closed form, of lower discrepancy than nested grids. Rotation i depends on (i, n) alone, so a
 * block of a grid can be made anywhere.
 */
export function superFibonacci(n: number, first = 0, count = n - first): Quaternions {
  checkCount('superFibonacci', n);
  const phi = Math.SQRT2;
  // The positive real root of psi^4 = psi + 4.
  const psi = 1.5337511687552043;
  const out = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    const s = first + i + 0.5;
    const r = Math.sqrt(s / n);
    const R = Math.sqrt(1 - s / n);
    const alpha = (2 * Math.PI * s) / phi;
    const beta = (2 * Math.PI * s) / psi;
    out[4 * i] = r * Math.sin(alpha);
    out[4 * i + 1] = r * Math.cos(alpha);
    out[4 * i + 2] = R * Math.sin(beta);
    out[4 * i + 3] = R * Math.cos(beta);
  }
  return out;
}

function checkCount(where: string, n: number): void {
  if (!(Number.isSafeInteger(n) && n >= 1)) {
    throw new RangeError(`${where}: the number of rotations must be a positive integer, not ${n}`);
  }
}
