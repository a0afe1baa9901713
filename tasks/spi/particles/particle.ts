/** What scatters: atoms or pseudo-atoms with their form factors, as plain data that crosses threads. */

/**
 * A kind of scatterer. Its form factor in electrons is sum_i a_i exp(-b_i t^2) + c with t = sin(theta)/lambda =
 * |s|/2 in 1/Angstrom (the form of Waasmaier & Kirfel 1995).
 */
export interface Scatterer {
  readonly label: string;
  readonly a: readonly number[];
  /** Angstrom^2 */
  readonly b: readonly number[];
  readonly c: number;
}

export interface Particle {
  readonly name: string;
  /** (n, 3), Angstrom; the origin is what rotations turn about. */
  readonly positions: Float64Array;
  /** (n), index into `scatterers`. */
  readonly kinds: Uint16Array;
  readonly scatterers: readonly Scatterer[];
  /** (n), occupancies that multiply the form factors; left out when all are 1. */
  readonly weights?: Float64Array;
  /** (m, 4): the rotations that leave it as it is, as unit quaternions (w, x, y, z); left out where only the identity does. */
  readonly symmetry?: Float64Array;
}

/** A Gaussian blob of `electrons`: f(q) = electrons exp(-B |q|^2 / 4). */
export function gaussianScatterer(label: string, electrons: number, temperatureFactor: number): Scatterer {
  return { label, a: [electrons], b: [temperatureFactor], c: 0 };
}

/** The form factor of `scatterer` at |s|^2 in 1/Angstrom^2, electrons. */
export function formFactor(scatterer: Scatterer, squaredS: number): number {
  const squaredT = squaredS / 4;
  let sum = scatterer.c;
  for (let i = 0; i < scatterer.a.length; i++) sum += scatterer.a[i]! * Math.exp(-scatterer.b[i]! * squaredT);
  return sum;
}

/** The largest distance of an atom from the origin, Angstrom. */
export function particleRadius(particle: Particle): number {
  let largest = 0;
  for (let i = 0; i < particle.positions.length; i += 3) {
    const squared =
      particle.positions[i]! ** 2 + particle.positions[i + 1]! ** 2 + particle.positions[i + 2]! ** 2;
    if (squared > largest) largest = squared;
  }
  return Math.sqrt(largest);
}
