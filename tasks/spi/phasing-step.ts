/**
 * Steps of iterative phasing. In each the moduli of the density's transform are replaced by the measured ones, its phases
 * kept; then the density is brought onto the support (J. Fienup, Appl. Opt. 21 (1982) 2758). The native ones do not
 * write the image between the two; the plain ones are their oracle and stand in where there is no add-on.
 */
import { addon, type PhasingAddon } from '../../native/index.js';
import { irfft3, rfft3 } from '../fourier/index.js';

/** The moduli to impose on a spectrum, (re, im) pairs in place; phase 0 where it is 0. A negative modulus imposes nothing. */
export function imposeModuli(spectrum: Float32Array, modulus: Float32Array): void {
  for (let at = 0; at < modulus.length; at++) {
    const wanted = modulus[at]!;
    if (wanted < 0) continue;
    const re = spectrum[2 * at]!;
    const im = spectrum[2 * at + 1]!;
    const now = Math.sqrt(re * re + im * im);
    if (now > 0) {
      const factor = wanted / now;
      spectrum[2 * at] = re * factor;
      spectrum[2 * at + 1] = im * factor;
    } else {
      spectrum[2 * at] = wanted;
      spectrum[2 * at + 1] = 0;
    }
  }
}

/**
 * Steps in plain TypeScript.
 * @param density n^3, in place
 * @param spectrum room for the half spectrum; holds anything afterwards
 * @param modulus (n, n, floor(n/2) + 1), the largest about 1: squares are in single precision where the step is native;
 *   negative where nothing is imposed
 * @param support n^3, 1 inside
 * @param beta feedback of hybrid input-output; null for error reduction, which sets the density to 0 where it may not be
 * @param steps how many
 */
export const plainPhasingSteps: PhasingAddon['phasingSteps'] = (
  density,
  spectrum,
  modulus,
  support,
  n,
  beta,
  steps,
) => {
  const shape: [number, number, number] = [n, n, n];
  for (let step = 0; step < steps; step++) {
    rfft3(density, shape, { out: spectrum });
    imposeModuli(spectrum, modulus);
    const image = irfft3(spectrum, shape, { scale: 1 / n ** 3, spend: true });
    ontoSupport(density, image, support, beta);
  }
};

function ontoSupport(
  density: Float32Array,
  image: Float32Array,
  support: Uint8Array,
  beta: number | null,
): void {
  for (let i = 0; i < density.length; i++) {
    const value = image[i]!;
    if (support[i] && value > 0) density[i] = value;
    else density[i] = beta === null ? 0 : density[i]! - beta * value;
  }
}

/** Steps by the fastest means there are: see {@link plainPhasingSteps}. */
export const phasingSteps: PhasingAddon['phasingSteps'] = addon?.phasingSteps ?? plainPhasingSteps;

/** The loops with which a support is found, in plain TypeScript: they are the native ones bit for bit. */
export const plainSupport: Pick<PhasingAddon, 'positivePart' | 'above'> = {
  positivePart(values, out) {
    for (let i = 0; i < values.length; i++) out[i] = values[i]! > 0 ? values[i]! : 0;
  },
  above(volume, part, support) {
    const level = part * largest(volume);
    for (let i = 0; i < volume.length; i++) support[i] = volume[i]! > level ? 1 : 0;
  },
};

/** The largest value above 0, or 0. */
export function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The same by the fastest means there are. */
export const { positivePart, above }: Pick<PhasingAddon, 'positivePart' | 'above'> = addon ?? plainSupport;
