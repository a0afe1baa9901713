/**
 * The projections of iterative phasing: onto the measured moduli, and onto a support (J. Fienup, Appl. Opt. 21 (1982)
 * 2758). Native where the add-on is, with a twin in TypeScript that differs by the rounding of the last bit.
 */
import { addon, type ProjectionsAddon } from '../../native/index.js';

/** Replaces the moduli of a spectrum (re, im pairs); a negative modulus leaves its number as it is. */
function imposeModuli(spectrum: Float32Array, modulus: Float32Array): void {
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

function hybridStep(density: Float32Array, image: Float32Array, support: Uint8Array, beta: number): void {
  for (let i = 0; i < density.length; i++) {
    const value = image[i]!;
    density[i] = support[i] && value > 0 ? value : density[i]! - beta * value;
  }
}

function reductionStep(density: Float32Array, image: Float32Array, support: Uint8Array): void {
  for (let i = 0; i < density.length; i++) {
    const value = image[i]!;
    density[i] = support[i] && value > 0 ? value : 0;
  }
}

export const projectionsTwin: ProjectionsAddon = { imposeModuli, hybridStep, reductionStep };

/** What a phasing calls; see {@link ProjectionsAddon}. */
export const projections: ProjectionsAddon = addon ?? projectionsTwin;
