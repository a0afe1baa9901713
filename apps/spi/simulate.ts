// `maniple spi simulate`: diffraction images of a particle, in an HDF5 file of Spinifel's layout or CXI, or a NumPy archive.
import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import { makeFolder, reason } from '../../tasks/formats/files.js';
import { hdf5 } from '../../tasks/formats/index.js';
import { particleRadius } from '../../tasks/spi/index.js';
import type { Command } from '../command/command.js';
import { formatBytes } from '../command/format.js';
import { runSection } from '../command/run-settings.js';
import { particleOf } from './particle.js';
import { simulateSection } from './settings.js';
import { simulationRun, simulationSpec } from './simulation.js';

/** The file to write: `--out` itself when it looks like a file, else `images.h5` in that folder. */
export function imageFile(out: string | null): string {
  const place = out ?? '.';
  if (/^\.(h5|hdf5|cxi|npz)$/.test(extname(place))) return place;
  if (existsSync(place) && !statSync(place).isDirectory()) {
    throw new UsageError(
      `--out ${place} is a file of another kind; name a folder, or a file that ends in .h5, .cxi or .npz`,
    );
  }
  return join(place, 'images.h5');
}

export const simulate: Command = {
  name: 'spi simulate',
  summary: 'make diffraction images of a particle',
  details:
    'Writes HDF5 (.h5: the layout of Spinifel, .cxi: CXI) or a NumPy archive (.npz); into a folder: images.h5. The file holds the images, the geometry, the mask, and the truth: orientations and fluences.',
  positionals: [],
  options: [],
  sections: [simulateSection],
  examples: [
    'maniple spi simulate --images 1000 --out images.h5',
    'maniple spi simulate --pdb 1EI7.pdb --photons 1e5 --out images.cxi',
  ],
  dryRun: true,
  async run({ configuration, progress, signal, dryRun }) {
    const settings = configuration.of(simulateSection);
    const { out, seed } = configuration.of(runSection);
    const file = imageFile(out);
    const particle = particleOf(settings);
    const spec = simulationSpec(settings, particle, seed);
    const [panels, ny, nx] = spec.detector.shape;
    const bytes = 4 * spec.images * panels * ny * nx;
    if (dryRun) {
      const text = `would ${existsSync(file) ? 'replace' : 'write'} ${file}, ${formatBytes(bytes)}`;
      return { json: { file, bytes, replaces: existsSync(file) }, text };
    }
    // Before the work, not after it.
    try {
      makeFolder(dirname(file));
    } catch (error) {
      throw new UsageError(`cannot write ${file}: ${reason(error)}`);
    }
    const data = await simulationRun(spec, configuration.of(runSection), progress, signal);
    const layout = extname(file) === '.cxi' ? 'cxi' : 'spinifel';
    await hdf5.writeImages(file, data, layout);
    const json = {
      file,
      images: spec.images,
      shape: spec.detector.shape,
      photons_per_image: data.intensities.reduce((sum, count) => sum + count, 0) / spec.images,
      particle: particle.name,
      radius_A: particleRadius(particle),
      seed,
    };
    const text = `${file}: ${spec.images} images of ${spec.detector.shape.join(' x ')} pixels, ${Math.round(json.photons_per_image)} photons each, of ${particle.name}`;
    return { json, text };
  },
};
