// Density maps between MRC files and cubic volumes.
import { DataError } from '../../runtime/errors.js';
import { mrc } from '../../tasks/formats/index.js';
import type { Volume } from '../../tasks/spi/index.js';

/** Reads a map that must be a cube of cubic voxels. @throws DataError */
export function readMap(path: string): Volume {
  const { data, shape, voxel } = mrc.readMrc(path);
  const [n] = shape;
  if (shape.some((edge) => edge !== n)) {
    throw new DataError(path, 'header', `the map has ${shape.join(' x ')} voxels; a cube is needed`);
  }
  if (voxel.some((edge) => Math.abs(edge / voxel[0] - 1) > 1e-3)) {
    throw new DataError(path, 'header', `the voxels are ${voxel.join(' x ')} A; cubic voxels are needed`);
  }
  return { data, n, voxel: voxel[0] };
}

/** Writes a volume with the origin of coordinates at its middle voxel. */
export function writeMap(path: string, volume: Volume, label: string): void {
  const shape = [volume.n, volume.n, volume.n] as const;
  mrc.writeMrc(path, volume.data, shape, { voxel: volume.voxel, start: mrc.centred(shape), label });
}
