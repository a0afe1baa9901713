// `maniple spi evaluate`: how good a map is, against a known structure, or by two half maps.
import { DataError, UsageError } from '../../runtime/errors.js';
import {
  align,
  fourierShellCorrelation,
  particleDensity,
  pearson,
  resolutionAt,
  type Volume,
} from '../../tasks/spi/index.js';
import type { Command } from '../command/command.js';
import { formatColumns } from '../command/format.js';
import { runSection } from '../command/run-settings.js';
import { compareMaps } from './judge.js';
import { isMapName, readMap, writeMap } from './maps.js';
import { particleOfPdb } from './particle.js';

/** The reference on the grid of the map: another map, or the density of the atoms of a PDB file. */
function referenceFor(map: Volume, file: string, voxel_A: number | null): Volume {
  if (/\.(pdb|ent)$/i.test(file)) return particleDensity(particleOfPdb(file), map.n, map.voxel);
  const reference = readMap(file, voxel_A);
  sameGrid(file, reference, map);
  return reference;
}

function sameGrid(file: string, map: Volume, other: Volume): void {
  if (map.n !== other.n || Math.abs(map.voxel / other.voxel - 1) > 1e-3) {
    throw new DataError(
      file,
      'header',
      `the grid is ${map.n}^3 voxels of ${map.voxel} A, the other map has ${other.n}^3 of ${other.voxel} A; resample one of them`,
    );
  }
}

function curveRows(shells: { resolution: Float64Array; correlation: Float64Array }): string[][] {
  return Array.from(shells.correlation, (value, k) => [
    shells.resolution[k]!.toFixed(1),
    value.toFixed(4),
  ]).slice(1);
}

function voxelOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const voxel_A = Number(text);
  if (voxel_A > 0 && Number.isFinite(voxel_A)) return voxel_A;
  throw new UsageError(`--voxel must be a positive number of Angstrom, not ${text}`);
}

export const evaluate: Command = {
  name: 'spi evaluate',
  summary: 'align a map to a reference and measure its resolution',
  details:
    'Both hands and all rotations are tried. Maps are MRC files, or .npy (with --voxel) and .npz of NumPy. With --out FILE.mrc (or .npy, .npz) the aligned map is written.',
  positionals: [{ name: 'MAP', doc: 'a map; not needed with --half alone', required: false }],
  options: [
    {
      name: 'reference',
      takes: ['MAP|PDB'],
      doc: 'a map on the same grid, or the atoms of a known structure',
    },
    { name: 'voxel', takes: ['A'], doc: 'edge of a voxel in Angstrom, for maps that do not say it' },
    { name: 'half', takes: ['MAP1', 'MAP2'], doc: 'two maps from independent halves of the images' },
  ],
  sections: [],
  examples: [
    'maniple spi evaluate run/map.mrc --reference 1EI7.pdb',
    'maniple spi evaluate --half run/half1.mrc run/half2.mrc --json',
  ],
  async run({ positionals, options, configuration }) {
    const [mapFile] = positionals;
    const reference = options.get('reference')?.at(-1);
    const halves = options.get('half');
    if (mapFile !== undefined && reference === undefined && halves === undefined) {
      throw new UsageError(
        'maniple spi evaluate: MAP needs something to compare with: --reference or --half',
      );
    }
    if (mapFile === undefined && (reference !== undefined || halves === undefined)) {
      throw new UsageError('maniple spi evaluate: MAP is missing; or give two half maps with --half');
    }
    const voxel_A = voxelOf(options.get('voxel')?.at(-1));
    const { out } = configuration.of(runSection);
    if (out !== null && !isMapName(out)) {
      throw new UsageError(`--out ${out}: name a file that ends in .mrc, .npy or .npz`);
    }
    const json: Record<string, unknown> = {};
    const lines: string[] = [];
    if (mapFile !== undefined && reference !== undefined) {
      const map = readMap(mapFile, voxel_A);
      const found = compareMaps(map, referenceFor(map, reference, voxel_A));
      const fsc05_A = resolutionAt(found.shells, 0.5);
      Object.assign(json, {
        cc: found.correlation,
        fsc05_A,
        inverted: found.inverted,
        rotation: found.rotation,
      });
      Object.assign(json, { fsc: found.shells });
      lines.push(
        `correlation ${found.correlation.toFixed(4)}, FSC 0.5 at ${fsc05_A.toFixed(2)} A${found.inverted ? ', hand changed' : ''}`,
        '',
        formatColumns([['A', 'FSC'], ...curveRows(found.shells)]),
      );
      if (out !== null) writeMap(out, found.aligned, `aligned to ${reference}`);
    }
    if (halves !== undefined) {
      const [fileA, fileB] = halves as [string, string]; // the option takes two
      const [a, b] = [readMap(fileA, voxel_A), readMap(fileB, voxel_A)];
      sameGrid(fileB, b, a);
      // Halves of one run share a frame, maps of two runs do not: all rotations are tried.
      const { volume } = align(b, a);
      const correlation = pearson(a.data, volume.data);
      const shells = fourierShellCorrelation(a.data, volume.data, a.n, a.voxel);
      const half143_A = resolutionAt(shells, 0.143);
      Object.assign(json, { half_cc: correlation, half143_A, half_fsc: shells });
      lines.push(
        ...(lines.length > 0 ? [''] : []),
        `half maps: correlation ${correlation.toFixed(4)}, FSC 0.143 at ${half143_A.toFixed(2)} A`,
        '',
        formatColumns([['A', 'FSC'], ...curveRows(shells)]),
      );
    }
    return { json, text: lines.join('\n') };
  },
};
