/**
 * Where a detector sees reciprocal space: pixel positions, s-vectors on the curved Ewald sphere, solid angle,
 * polarisation. Lengths in metres, s-vectors in 1/m without 2 pi: s = (k_out - k_in) / lambda with unit vectors,
 * so that |s| = 2 sin(theta) / lambda = 1 / d. The beam runs along +z.
 */

import { UsageError } from '../../runtime/errors.js';

/** Photon energy (eV) times wavelength (m): h c / e. */
export const ENERGY_TIMES_WAVELENGTH = 1.23984197386209e-6;
/** The classical electron radius, m. */
export const ELECTRON_RADIUS = 2.817895019671143e-15;

/** Flat panels across the beam, as plain data. Pixel arrays are (panels, ny, nx), x fastest. */
export interface Detector {
  readonly shape: readonly [panels: number, ny: number, nx: number];
  /** Pixel centres, (panels * ny * nx, 3), m. */
  readonly positions: Float64Array;
  /** Unit normal of every panel, (panels, 3). */
  readonly normals: Float64Array;
  /** Area of a pixel, m^2. */
  readonly pixelArea: number;
}

/** The X-ray beam. `photons / focusArea` is the fluence; both may be left out where a total per image is given. */
export interface Beam {
  /** eV */
  readonly photonEnergy: number;
  /** Photons per pulse in the focus. */
  readonly photons?: number;
  /** m^2; pi/4 x y for an elliptic focus of full widths x, y. */
  readonly focusArea?: number;
  /** Direction of the electric field, a unit vector; default (1, 0, 0). */
  readonly polarization?: readonly [number, number, number];
}

/** Area of a focus of full widths x and y, m^2. */
export function focusArea(x: number, y = x, shape: 'ellipse' | 'rectangle' = 'ellipse'): number {
  if (!(x > 0 && y > 0)) throw new UsageError(`focus: widths must be positive, not ${x} m and ${y} m`);
  return x * y * (shape === 'ellipse' ? Math.PI / 4 : 1);
}

/** Wavelength in m of photons of `photonEnergy` eV. */
export function wavelength(photonEnergy: number): number {
  if (!(photonEnergy > 0 && Number.isFinite(photonEnergy))) {
    throw new UsageError(`photon energy must be a positive number of eV, not ${photonEnergy}`);
  }
  return ENERGY_TIMES_WAVELENGTH / photonEnergy;
}

/** Number of pixels of a detector. */
export function pixelCount(detector: Detector): number {
  const [panels, ny, nx] = detector.shape;
  return panels * ny * nx;
}

/**
 * One square panel across the beam, centred on it.
 * @param pixels pixels along an edge
 * @param size length of an edge, m
 * @param distance from the particle, m
 */
export function simpleSquare(pixels: number, size: number, distance: number): Detector {
  if (!(Number.isSafeInteger(pixels) && pixels > 0)) {
    throw new UsageError(`detector: pixels along an edge must be a positive integer, not ${pixels}`);
  }
  if (!(size > 0 && distance > 0)) {
    throw new UsageError(`detector: size and distance must be positive, not ${size} m and ${distance} m`);
  }
  const pitch = size / pixels;
  const positions = new Float64Array(3 * pixels * pixels);
  for (let iy = 0, i = 0; iy < pixels; iy++) {
    for (let ix = 0; ix < pixels; ix++, i += 3) {
      positions[i] = -size / 2 + pitch / 2 + ix * pitch;
      positions[i + 1] = -size / 2 + pitch / 2 + iy * pitch;
      positions[i + 2] = distance;
    }
  }
  return {
    shape: [1, pixels, pixels],
    positions,
    normals: new Float64Array([0, 0, 1]),
    pixelArea: pitch * pitch,
  };
}

/**
 * The square detector of edge 0.1 m whose border (the middle of an edge, or a corner) lies at `resolution`.
 * @param resolution d = 1/|s| there, Angstrom
 * @param at where on the border; the corner sees finer detail than the edge by about sqrt(2)
 */
export function squareReaching(
  pixels: number,
  photonEnergy: number,
  resolution: number,
  at: 'edge' | 'corner' = 'edge',
): Detector {
  const size = 0.1;
  const sine = (wavelength(photonEnergy) * 1e10) / (2 * resolution);
  if (!(sine > 0 && sine < Math.SQRT1_2)) {
    throw new UsageError(
      `a flat detector across a beam of ${photonEnergy} eV cannot reach ${resolution} Angstrom: ` +
        `lambda / 2d = ${sine.toFixed(3)} must be below ${Math.SQRT1_2.toFixed(3)}`,
    );
  }
  const radius = at === 'edge' ? size / 2 : size * Math.SQRT1_2;
  return simpleSquare(pixels, size, radius / Math.tan(2 * Math.asin(sine)));
}

/** s-vectors of all pixels, (3, panels, ny, nx), 1/m. */
export function reciprocalPositions(detector: Detector, photonEnergy: number): Float64Array {
  const inverse = 1 / wavelength(photonEnergy);
  const n = pixelCount(detector);
  const s = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const x = detector.positions[3 * i]!;
    const y = detector.positions[3 * i + 1]!;
    const z = detector.positions[3 * i + 2]!;
    const r = Math.sqrt(x * x + y * y + z * z);
    s[i] = (x / r) * inverse;
    s[n + i] = (y / r) * inverse;
    // z/r - 1 without the cancellation near the beam
    s[2 * n + i] = z > 0 ? (-(x * x + y * y) / (r * (r + z))) * inverse : (z / r - 1) * inverse;
  }
  return s;
}

/** The largest |s| of a set of s-vectors (3, ...), in their unit: the reciprocal extent. */
export function reciprocalExtent(s: Float32Array | Float64Array): number {
  const n = s.length / 3;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const squared = s[i]! ** 2 + s[n + i]! ** 2 + s[2 * n + i]! ** 2;
    if (squared > largest) largest = squared;
  }
  return Math.sqrt(largest);
}

/** Solid angle of every pixel seen from the particle, sr, (panels, ny, nx). */
export function solidAngles(detector: Detector): Float64Array {
  const n = pixelCount(detector);
  const perPanel = n / detector.shape[0];
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = detector.positions[3 * i]!;
    const y = detector.positions[3 * i + 1]!;
    const z = detector.positions[3 * i + 2]!;
    const panel = 3 * Math.floor(i / perPanel);
    const squared = x * x + y * y + z * z;
    const along =
      x * detector.normals[panel]! + y * detector.normals[panel + 1]! + z * detector.normals[panel + 2]!;
    out[i] = ((detector.pixelArea / squared) * Math.abs(along)) / Math.sqrt(squared);
  }
  return out;
}

/** Polarisation factor |u x p|^2 = 1 - (u.p)^2 of every pixel, (panels, ny, nx). */
export function polarizationFactors(
  detector: Detector,
  polarization: readonly [number, number, number] = [1, 0, 0],
): Float64Array {
  const n = pixelCount(detector);
  const length = Math.hypot(...polarization);
  if (!(length > 0)) throw new UsageError('polarisation must be a direction, not the zero vector');
  const [px, py, pz] = polarization;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = detector.positions[3 * i]!;
    const y = detector.positions[3 * i + 1]!;
    const z = detector.positions[3 * i + 2]!;
    const cx = y * pz - z * py;
    const cy = z * px - x * pz;
    const cz = x * py - y * px;
    out[i] = (cx * cx + cy * cy + cz * cz) / ((x * x + y * y + z * z) * length * length);
  }
  return out;
}

/**
 * Expected photons per unit of |F|^2 (F in electrons) in every pixel: fluence * r_e^2 * polarisation * solid angle.
 * @throws UsageError when the beam states no photons or no focus
 */
export function photonsPerIntensity(detector: Detector, beam: Beam): Float64Array {
  if (
    !(beam.photons !== undefined && beam.photons > 0 && beam.focusArea !== undefined && beam.focusArea > 0)
  ) {
    throw new UsageError('beam: photons and focusArea must be given and positive to predict photon counts');
  }
  const factor = (beam.photons / beam.focusArea) * ELECTRON_RADIUS * ELECTRON_RADIUS;
  const out = solidAngles(detector);
  const polarization = polarizationFactors(detector, beam.polarization);
  for (let i = 0; i < out.length; i++) out[i] = factor * out[i]! * polarization[i]!;
  return out;
}
