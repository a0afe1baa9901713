// The settings of single-particle imaging. Names end in their unit.
import {
  boolean,
  choice,
  integer,
  optional,
  path,
  real,
  section,
  setting,
  text,
} from '../command/setting.js';

/** What `spi simulate` makes. */
export const simulateSection = section('simulate', 'Simulated diffraction images.', {
  pdb: setting(optional(path('FILE.pdb')), null, 'the particle: the atoms of a PDB file', { flag: 'pdb' }),
  assembly: setting(optional(integer({ min: 1 })), null, 'biological assembly of the PDB file (REMARK 350)'),
  model: setting(
    choice('three-lobe', 'ring-open', 'ring-closed'),
    'three-lobe',
    'the particle: a built-in model',
    { flag: 'model' },
  ),
  images: setting(integer({ min: 1 }), 1000, 'number of images', { flag: 'images' }),
  pixels: setting(integer({ min: 8, max: 4096 }), 64, 'pixels along an edge of the square detector', {
    flag: 'pixels',
  }),
  edge_A: setting(real({ min: 0.5 }), 10, 'resolution at the middle of an edge of the detector', {
    flag: 'edge',
    unit: 'A',
  }),
  energy_eV: setting(real({ min: 100, max: 200_000 }), 4600, 'photon energy', { flag: 'energy', unit: 'eV' }),
  photons: setting(real({ min: 1 }), 50_000, 'mean number of photons in an image', { flag: 'photons' }),
  fluence_jitter: setting(real({ min: 0, max: 3 }), 0, 'relative spread of the fluence from shot to shot'),
  background: setting(real({ min: 0 }), 0, 'photons from elsewhere in every pixel'),
  beam_stop_pixels: setting(
    real({ min: 0 }),
    0,
    'radius of the beam stop: pixels nearer to the beam are masked',
    {
      unit: 'pixels',
    },
  ),
  broken_fraction: setting(real({ min: 0, max: 1 }), 0, 'part of the pixels that are broken, and masked'),
  noise: setting(boolean(), true, 'Poisson noise', {
    flag: { name: 'no-noise', sets: false, doc: 'expected photons instead of counts' },
  }),
  corrections: setting(boolean(), true, 'polarisation and solid angle'),
});

/** How data files are read. */
export const dataSection = section('data', 'Reading diffraction images.', {
  dataset: setting(
    optional(text('NAME')),
    null,
    'the HDF5 dataset of the images, where it has no usual name',
  ),
  nan: setting(
    choice('refuse', 'mask'),
    'refuse',
    'pixels that are no number: refuse the file, or mask the pixel',
    {
      flag: 'nan',
    },
  ),
  images_max: setting(optional(integer({ min: 1 })), null, 'use at most so many images'),
});

/** How `spi reconstruct` works. */
export const reconstructSection = section('reconstruct', 'Orientations, intensity and density from images.', {
  diameter_A: setting(
    optional(real({ min: 1 })),
    null,
    'largest distance within the particle; by default estimated from the images',
    { flag: 'diameter', unit: 'A' },
  ),
  detail_A: setting(
    optional(real({ min: 0.1 })),
    null,
    'finest detail to use; by default all that the detector sees',
    {
      flag: 'detail',
      unit: 'A',
    },
  ),
  rotations_factor: setting(
    real({ min: 0.01, max: 100 }),
    1,
    'factor on the numbers of rotations that are searched',
  ),
  phasings: setting(integer({ min: 1 }), 8, 'phasings of the map, each from another random start'),
  averaged: setting(integer({ min: 1 }), 4, 'the best of them that are averaged, at most'),
  half_phasings: setting(integer({ min: 0 }), 2, 'phasings of each half set; 0 leaves the half sets out'),
  block_images: setting(
    integer({ min: 1 }),
    125,
    'images in a task; the last bits of the result depend on it',
  ),
  required_A: setting(
    optional(real({ min: 0.1 })),
    null,
    'end with exit code 6 when the resolution by half sets is worse',
    { flag: 'require', unit: 'A' },
  ),
});

/** All sections of single-particle imaging. */
export const spiSections = [simulateSection, dataSection, reconstructSection] as const;
