/** Form factors of elements and ions as scatterers. */
import type { Scatterer } from './particles/particle.js';
import { WAASMAIER_KIRFEL } from './waasmaier-kirfel.js';

const byLabel = new Map<string, Scatterer>(
  WAASMAIER_KIRFEL.map(([label, , a1, a2, a3, a4, a5, c, b1, b2, b3, b4, b5]) => [
    label,
    { label, a: [a1!, a2!, a3!, a4!, a5!], b: [b1!, b2!, b3!, b4!, b5!], c: c! },
  ]),
);
const numbers = new Map<string, number>(WAASMAIER_KIRFEL.map(([label, Z]) => [label, Z]));

/** `fe`, `FE` and `Fe` are `Fe`; deuterium and tritium scatter X-rays as hydrogen does. */
export function elementSymbol(text: string): string {
  const symbol = text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
  return symbol === 'D' || symbol === 'T' ? 'H' : symbol;
}

/** Atomic number of an element symbol, or undefined when there is no form factor for it. */
export function atomicNumber(element: string): number | undefined {
  return numbers.get(elementSymbol(element));
}

/**
 * The scatterer of an element; of its ion where the table has that ion, of the neutral atom where it has not.
 * @returns undefined for an unknown element
 */
export function elementScatterer(element: string, charge = 0): Scatterer | undefined {
  const symbol = elementSymbol(element);
  if (charge !== 0) {
    const ion = byLabel.get(`${symbol}${Math.abs(charge)}${charge > 0 ? '+' : '-'}`);
    if (ion) return ion;
  }
  return byLabel.get(symbol);
}

/** The scatterer of a neutral atom by atomic number, or undefined. */
export function atomicNumberScatterer(Z: number): Scatterer | undefined {
  const row = WAASMAIER_KIRFEL.find(([, number]) => number === Z);
  return row && elementScatterer(row[0].replace(/\d*[+-]$/, ''));
}
