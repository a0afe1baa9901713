// The settings of single-particle imaging. Names end in their unit.
import { boolean, choice, integer, optional, path, real, section, setting } from '../command/setting.js';

/** What `spi simulate` makes. */
export const simulateSection = section('simulate', 'Simulated diffraction images.', {
  pdb: setting(optional(path('FILE.pdb')), null, 'the particle: atoms of a PDB file', { flag: 'pdb' }),
  model: setting(
    choice('three-lobe', 'ring-open', 'ring-closed'),
    'three-lobe',
    'the particle: a built-in model',
    {
      flag: 'model',
    },
  ),
  images: setting(integer({ min: 1 }), 1000, 'number of images', { flag: 'images' }),
  pixels: setting(integer({ min: 8, max: 4096 }), 64, 'pixels along an edge of the square detector', {
    flag: 'pixels',
  }),
  edge_A: setting(real({ min: 0.5 }), 10, 'resolution at the middle of the edge of the detector', {
    flag: 'edge',
    unit: 'A',
  }),
  energy_eV: setting(real({ min: 100, max: 200_000 }), 4600, 'photon energy', { flag: 'energy', unit: 'eV' }),
  photons: setting(real({ min: 0 }), 50_000, 'mean photons in an image', { flag: 'photons' }),
  fluence_jitter: setting(real({ min: 0, max: 1 }), 0, 'relative spread of the fluence from shot to shot'),
  noise: setting(boolean(), true, 'Poisson noise', { flag: { name: 'no-noise', sets: false } }),
});

export const spiSections = [simulateSection] as const;
