/** The atoms of a particle sorted by kind, so that each form factor is applied to one sum. */
import type { Particle } from './particles/particle.js';

/** The atoms of a particle grouped by kind: what the sums run over. */
export interface AtomGroups {
  /** (n, 3) Angstrom, kind after kind */
  readonly positions: Float64Array;
  /** (n) */
  readonly weights: Float64Array;
  /** (kinds + 1): the atoms of kind k are starts[k] ... starts[k+1] - 1. */
  readonly starts: Int32Array;
}

/** Sorts the atoms of `particle` by kind (stable). */
export function groupAtoms(particle: Particle): AtomGroups {
  const n = particle.kinds.length;
  if (particle.positions.length !== 3 * n) {
    throw new RangeError(
      `particle ${particle.name}: ${n} kinds but ${particle.positions.length} coordinates, expected ${3 * n}`,
    );
  }
  const starts = new Int32Array(particle.scatterers.length + 1);
  for (const kind of particle.kinds) {
    if (kind >= particle.scatterers.length) {
      throw new RangeError(`particle ${particle.name}: no scatterer of kind ${kind}`);
    }
    starts[kind + 1] = starts[kind + 1]! + 1;
  }
  for (let k = 0; k < particle.scatterers.length; k++) starts[k + 1] = starts[k + 1]! + starts[k]!;
  const next = starts.slice();
  const positions = new Float64Array(3 * n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const kind = particle.kinds[i]!;
    const to = next[kind]!;
    next[kind] = to + 1;
    positions.set(particle.positions.subarray(3 * i, 3 * i + 3), 3 * to);
    weights[to] = particle.weights?.[i] ?? 1;
  }
  return { positions, weights, starts };
}
