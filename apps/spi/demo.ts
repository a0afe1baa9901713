// `maniple demo`: from nothing to a reconstructed particle, with a report. What `npm start` runs.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { hdf5 } from '../../tasks/formats/index.js';
import type { Particle } from '../../tasks/spi/index.js';
import type { Command, Invocation } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { runtimeOptions } from '../run/start-runtime.js';
import {
  inRunDirectory,
  type RunDirectory,
  readRunRecord,
  replacedFiles,
} from '../run-directory/run-directory.js';
import type { ImageData } from './engine.js';
import { particleOf } from './particle.js';
import { checkQuality, outcomeText, reconstructInto } from './reconstruct.js';
import { dataSection, reconstructSection, simulateSection } from './settings.js';
import { simulationRun, simulationSpec } from './simulation.js';

/** The file of the demo's images, in its folder. */
export const IMAGES = 'images.h5';

/** True when the folder holds the images of an earlier demo with the same settings and seed. */
export function simulatedBefore(folder: string, { configuration }: Invocation): boolean {
  const earlier = readRunRecord(folder);
  if (earlier === null || !existsSync(join(folder, IMAGES))) return false;
  const wanted: unknown = JSON.parse(JSON.stringify(configuration.plain([simulateSection])['simulate']));
  return (
    earlier.seed === configuration.of(runSection).seed &&
    isDeepStrictEqual(earlier.configuration['simulate'], wanted)
  );
}

async function imagesFor(
  directory: RunDirectory,
  particle: Particle,
  kept: boolean,
  { configuration, progress, signal }: Invocation,
): Promise<ImageData> {
  const file = directory.file(IMAGES);
  if (kept) {
    progress.note(`using the images of the last demo, ${file}`);
    return hdf5.readImages(file);
  }
  const begun = directory.elapsed_s;
  const spec = simulationSpec(configuration.of(simulateSection), particle, configuration.of(runSection).seed);
  // A profile shows the reconstruction.
  const settings = { ...configuration.of(runSection), profile: null };
  const data = await simulationRun(spec, settings, progress, signal);
  await hdf5.writeImages(file, data);
  directory.addPhase('simulate', directory.elapsed_s - begun);
  return data;
}

export const demo: Command = {
  name: 'demo',
  summary: 'from nothing to a reconstructed particle, with a report',
  details:
    'Simulates diffraction images (once), reconstructs the particle from random orientations, and compares it with the truth.',
  positionals: [],
  options: [],
  sections: [simulateSection, reconstructSection],
  examples: ['maniple demo', 'maniple demo --out run/demo --images 500 --pixels 32 --edge 17 --json'],
  dryRun: true,
  async run(invocation) {
    const { configuration, signal, dryRun, commandLine } = invocation;
    const { out, seed } = configuration.of(runSection);
    const folder = out ?? 'run/demo';
    runtimeOptions(configuration.of(runSection)); // what cannot be run is refused before anything is replaced
    const replaced = replacedFiles(folder);
    if (dryRun) {
      const text =
        replaced.length === 0
          ? `would write ${folder}`
          : `would replace in ${folder}: ${replaced.join(', ')}`;
      return { json: { folder, replaced }, text };
    }
    const settings = configuration.of(simulateSection);
    const particle = particleOf(settings);
    const kept = simulatedBefore(folder, invocation);
    const sections = [runSection, simulateSection, reconstructSection, dataSection];
    const description = { command: commandLine, configuration, sections, seed, keep: kept ? [IMAGES] : [] };
    const outcome = await inRunDirectory(folder, description, signal, async (directory) => {
      const data = await imagesFor(directory, particle, kept, invocation);
      const title = `${particle.name} from ${data.images.toLocaleString('en')} images`;
      return reconstructInto(directory, data, particle, title, invocation);
    });
    checkQuality(outcome, configuration.of(reconstructSection).required_A);
    return { json: outcome, text: outcomeText(outcome) };
  },
};
