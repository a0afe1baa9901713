// Looking at a density map: central slices and projections along the three axes, and the part of the map that is
// worth showing.
import type { ReportVolume } from './report-data.js';

/** A picture of a map: (n, n) values, row-major. */
export interface Plane {
  readonly axis: 0 | 1 | 2;
  readonly n: number;
  readonly values: Float64Array;
}

/** The part of a map that is shown: a cube of n voxels an edge, from voxel `start` on every axis. */
export interface Crop {
  readonly start: number;
  readonly n: number;
}

/** The part of the squared density that must lie inside the cube that is shown: the particle, not its noise. */
const SHOWN = 0.97;

/**
 * A cube around the centre of the grid that shows all maps, so that their pictures are on one scale. Maps of one
 * report have the same n.
 * @param margin what is added on every side, as a part of the half edge
 */
export function cropFor(volumes: readonly ReportVolume[], margin = 0.25): Crop {
  const n = volumes[0]!.n;
  const center = Math.floor(n / 2);
  let half = 2;
  for (const { density } of volumes) {
    // Squared density by distance from the centre, in the metric whose balls are cubes.
    const at = new Float64Array(center + 1);
    let total = 0;
    for (let i = 0; i < density.length; i++) {
      const value = Math.max(0, density[i]!) ** 2;
      const x = Math.abs(Math.floor(i / (n * n)) - center);
      const y = Math.abs((Math.floor(i / n) % n) - center);
      const reach = Math.max(x, y, Math.abs((i % n) - center));
      at[reach] = at[reach]! + value;
      total += value;
    }
    let reach = 0;
    for (let inside = at[0]!; reach < center && inside < SHOWN * total; ) inside += at[++reach]!;
    half = Math.max(half, reach);
  }
  half = Math.min(Math.ceil(half * (1 + margin)), center);
  return { start: center - half, n: Math.min(2 * half + 1, n - (center - half)) };
}

/** Row and column of a picture along `axis`, as axes of the map: seen along z, x points right and y up. */
const ACROSS: readonly (readonly [row: 0 | 1 | 2, column: 0 | 1 | 2])[] = [
  [2, 1],
  [2, 0],
  [1, 0],
];

/** The names of the axes of a picture along an axis: [up, right]. */
export function planeAxes(axis: 0 | 1 | 2): [string, string] {
  const [row, column] = ACROSS[axis]!;
  return ['xyz'[row]!, 'xyz'[column]!];
}

/** Sums of the map over `thickness` layers around the centre along `axis`: 1 is the central slice, n a projection. */
export function planeOf(volume: ReportVolume, crop: Crop, axis: 0 | 1 | 2, thickness: number): Plane {
  const { n, density } = volume;
  const strides = [n * n, n, 1] as const;
  const [row, column] = ACROSS[axis]!;
  const values = new Float64Array(crop.n * crop.n);
  const center = Math.floor(n / 2);
  const first = Math.max(0, center - Math.floor(thickness / 2));
  const last = Math.min(n, first + thickness);
  for (let r = 0; r < crop.n; r++) {
    // Pictures have their first row at the top; the axis points up.
    const base = (crop.start + crop.n - 1 - r) * strides[row];
    for (let c = 0; c < crop.n; c++) {
      const at = base + (crop.start + c) * strides[column];
      let sum = 0;
      for (let layer = first; layer < last; layer++) sum += density[at + layer * strides[axis]]!;
      values[r * crop.n + c] = sum;
    }
  }
  return { axis, n: crop.n, values };
}

/** The cropped map as bytes, 0 to 255 for 0 to its largest density: what the page turns and lights. C order. */
export function volumeBytes(volume: ReportVolume, crop: Crop): Uint8Array {
  const { n, density } = volume;
  const out = new Uint8Array(crop.n ** 3);
  let largest = 0;
  for (const value of density) if (value > largest) largest = value;
  const scale = largest > 0 ? 255 / largest : 0;
  let i = 0;
  for (let x = 0; x < crop.n; x++) {
    for (let y = 0; y < crop.n; y++) {
      const at = ((x + crop.start) * n + y + crop.start) * n + crop.start;
      for (let z = 0; z < crop.n; z++) {
        const value = density[at + z]!;
        out[i++] = value > 0 ? Math.round(value * scale) : 0;
      }
    }
  }
  return out;
}
