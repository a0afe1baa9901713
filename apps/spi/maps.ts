// Density maps between files and cubic volumes: MRC, or NumPy's .npy (no voxel size in it) and .npz.
import { DataError, UsageError } from '../../runtime/errors.js';
import { mrc, npy } from '../../tasks/formats/index.js';
import type { Volume } from '../../tasks/spi/index.js';

/** The names that a map may have in an archive, and those of its voxel. */
const DENSITY = ['density', 'map', 'volume', 'data'] as const;
const VOXEL = ['voxel', 'voxel_A'] as const;

/**
 * Reads a map that must be a cube of cubic voxels.
 * @param voxel_A edge of a voxel, for files that do not say it
 * @throws DataError
 */
export function readMap(path: string, voxel_A: number | null = null): Volume {
  if (/\.npy$/i.test(path)) return volumeOf(path, npy.readNpy(path), voxel_A);
  if (/\.npz$/i.test(path)) {
    const arrays = npy.readNpz(path);
    const density = DENSITY.map((name) => arrays.get(name)).find((array) => array !== undefined);
    if (density === undefined) {
      throw new DataError(
        path,
        'arrays',
        `it has none of ${DENSITY.join(', ')}, but ${[...arrays.keys()].join(', ')}`,
      );
    }
    const voxel = VOXEL.map((name) => arrays.get(name)?.data[0]).find((value) => value !== undefined);
    return volumeOf(path, density, voxel_A ?? (voxel === undefined ? null : Number(voxel)));
  }
  const { data, shape, voxel } = mrc.readMrc(path);
  const n = edgeOf(path, shape);
  if (voxel.some((edge) => Math.abs(edge / voxel[0] - 1) > 1e-3)) {
    throw new DataError(path, 'header', `the voxels are ${voxel.join(' x ')} A; cubic voxels are needed`);
  }
  return finite(path, { data, n, voxel: voxel_A ?? voxel[0] });
}

function volumeOf(path: string, { data, shape, complex }: npy.NpyArray, voxel_A: number | null): Volume {
  if (complex) throw new DataError(path, 'header', 'the numbers are complex; a density is real');
  if (voxel_A === null) throw new UsageError(`${path} does not say how large its voxels are; give --voxel`);
  const n = edgeOf(path, shape);
  return finite(path, { data: Float32Array.from(data as ArrayLike<number>, Number), n, voxel: voxel_A });
}

function edgeOf(path: string, shape: readonly number[]): number {
  const [n] = shape;
  if (shape.length !== 3 || n === undefined || n < 2 || shape.some((edge) => edge !== n)) {
    throw new DataError(path, 'header', `the map has ${shape.join(' x ') || 'no'} voxels; a cube is needed`);
  }
  return n;
}

function finite(path: string, volume: Volume): Volume {
  const { data, n } = volume;
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return volume;
  const place = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n].join(', ');
  throw new DataError(path, `voxel (${place})`, `the value is ${data[at]}; a density is finite`);
}

/** True for names of files that `writeMap` writes. */
export function isMapName(path: string): boolean {
  return /\.(mrc|map|ccp4|npy|npz)$/i.test(path);
}

/** Writes a volume; in MRC with the origin of coordinates at its middle voxel. */
export function writeMap(path: string, volume: Volume, label: string): void {
  const shape = [volume.n, volume.n, volume.n] as const;
  const data = Float32Array.from(volume.data);
  if (/\.npy$/i.test(path)) npy.writeNpy(path, data, shape);
  else if (/\.npz$/i.test(path)) {
    const voxel = { data: Float64Array.of(volume.voxel), shape: [] };
    npy.writeNpz(path, { density: { data, shape }, voxel });
  } else mrc.writeMrc(path, data, shape, { voxel: volume.voxel, start: mrc.centred(shape), label });
}
