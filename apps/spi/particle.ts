// The particle that the settings name: a built-in model, or the atoms of a PDB file.
import { basename } from 'node:path';
import { pdb } from '../../tasks/formats/index.js';
import { molecule, type Particle, ring, threeLobe } from '../../tasks/spi/index.js';
import type { Values } from '../command/setting.js';
import type { simulateSection } from './settings.js';

/**
 * The particle to simulate.
 * @throws DataError for a PDB file that is missing, damaged, without atoms, or with unknown elements
 */
export function particleOf(settings: Values<typeof simulateSection>): Particle {
  if (settings.pdb !== null) return particleOfPdb(settings.pdb, settings.assembly);
  switch (settings.model) {
    case 'ring-open':
      return ring({ state: 'open' });
    case 'ring-closed':
      return ring({ state: 'closed' });
    case 'three-lobe':
      return threeLobe();
  }
}

/** The atoms of a PDB file as a particle about its centre of mass. */
export function particleOfPdb(file: string, assembly: number | null = null): Particle {
  const atoms = pdb.readPdb(file, assembly === null ? {} : { assembly });
  return molecule(atoms, { name: basename(file) });
}
