/** Particles made of real atoms. */
import { DataError } from '../../../runtime/errors.js';
import { elementScatterer } from '../form-factors.js';
import type { Particle, Scatterer } from './particle.js';

/** Atoms as a PDB file lists them; `pdb.readPdb` of `maniple/formats` gives this. */
export interface AtomList {
  /** Where the atoms come from, for messages. */
  readonly file: string;
  /** (n, 3), Angstrom. */
  readonly positions: Float64Array;
  readonly elements: readonly string[];
  /** (n), in units of the elementary charge; default neutral. */
  readonly charges?: ArrayLike<number>;
  /** (n); default 1. */
  readonly occupancies?: ArrayLike<number>;
  /** (n): names of atoms for messages. */
  readonly names?: readonly string[];
  /** (n): line numbers for messages. */
  readonly lines?: ArrayLike<number>;
}

export interface MoleculeOptions {
  readonly name?: string;
  /** What becomes the origin: the centre of mass (electrons), the centre of the bounding box, or nothing moves. */
  readonly centre?: 'mass' | 'box' | 'none';
}

/**
 * A particle of atoms with Waasmaier-Kirfel form factors, weighted by occupancy.
 * @throws DataError when there is no atom, or an element is unknown: it names the atom and its line
 */
export function molecule(atoms: AtomList, options: MoleculeOptions = {}): Particle {
  const n = atoms.elements.length;
  if (n === 0) throw new DataError(atoms.file, '', 'there are no atoms in it');
  const scatterers: Scatterer[] = [];
  const kindOf = new Map<Scatterer, number>();
  const kinds = new Uint16Array(n);
  const weights = new Float64Array(n).fill(1);
  for (let i = 0; i < n; i++) {
    const element = atoms.elements[i]!;
    const scatterer = elementScatterer(element, atoms.charges?.[i] ?? 0);
    if (!scatterer) {
      const where = atoms.lines ? `line ${atoms.lines[i]}` : `atom ${i + 1}`;
      const name = atoms.names ? `atom ${atoms.names[i]}: ` : '';
      throw new DataError(
        atoms.file,
        where,
        `${name}no form factor is known for the element "${element}"; correct columns 77-78 or remove the atom`,
      );
    }
    let kind = kindOf.get(scatterer);
    if (kind === undefined) {
      kind = scatterers.length;
      scatterers.push(scatterer);
      kindOf.set(scatterer, kind);
    }
    kinds[i] = kind;
    weights[i] = atoms.occupancies?.[i] ?? 1;
  }
  const positions = atoms.positions.slice();
  const origin = centreOf(positions, kinds, scatterers, weights, options.centre ?? 'mass');
  for (let i = 0; i < positions.length; i++) positions[i] = positions[i]! - origin[i % 3]!;
  return { name: options.name ?? atoms.file, positions, kinds, scatterers, weights };
}

function centreOf(
  positions: Float64Array,
  kinds: Uint16Array,
  scatterers: readonly Scatterer[],
  weights: Float64Array,
  centre: 'mass' | 'box' | 'none',
): readonly number[] {
  if (centre === 'none') return [0, 0, 0];
  if (centre === 'box') {
    return [0, 1, 2].map((c) => {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let i = c; i < positions.length; i += 3) {
        low = Math.min(low, positions[i]!);
        high = Math.max(high, positions[i]!);
      }
      return (low + high) / 2;
    });
  }
  const electrons = scatterers.map((s) => s.a.reduce((sum, a) => sum + a, s.c));
  const moment = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < kinds.length; i++) {
    const mass = electrons[kinds[i]!]! * weights[i]!;
    total += mass;
    for (let c = 0; c < 3; c++) moment[c] = moment[c]! + mass * positions[3 * i + c]!;
  }
  return total > 0 ? moment.map((m) => m / total) : [0, 0, 0];
}
