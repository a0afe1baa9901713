/**
 * The structure factor of a particle as the direct sum over its atoms:
 * F(s) = sum_j w_j f_j(|s|/2) exp(2 pi i s.r_j). The exact twin of every faster way.
 */
import { addon, addonAbsence } from '../../native/index.js';
import { type AtomGroups, groupAtoms } from './atom-groups.js';
import { formFactor, type Particle } from './particles/particle.js';
import {
  gridBytes,
  interpolateStructureFactors,
  largestCoordinate,
  type StructureFactorGrid,
  structureFactorGrid,
} from './structure-factor-grid.js';

/** Adding and subtracting this rounds a double below 2^51 to the nearest integer. */
const ROUNDER = 6755399441055744;

/** Coefficients of sin(2 pi t) / t in t^2, Taylor; |t| <= 1/4, so that the last term is below one ulp. */
const SINE = taylor(1);
/** Coefficients of cos(2 pi t) in t^2, Taylor. */
const COSINE = taylor(0);

function taylor(first: 0 | 1): Float64Array {
  const coefficients = new Float64Array(11);
  let term = first === 1 ? 2 * Math.PI : 1;
  for (let i = 0, power: number = first; i < coefficients.length; i++) {
    coefficients[i] = term;
    term *= -(4 * Math.PI * Math.PI) / ((power + 1) * (power + 2));
    power += 2;
  }
  return coefficients;
}

const [S0 = 0, S1 = 0, S2 = 0, S3 = 0, S4 = 0, S5 = 0, S6 = 0, S7 = 0, S8 = 0, S9 = 0, S10 = 0] = SINE;
const [C0 = 0, C1 = 0, C2 = 0, C3 = 0, C4 = 0, C5 = 0, C6 = 0, C7 = 0, C8 = 0, C9 = 0, C10 = 0] = COSINE;

/** A particle made ready for a set of |s|: rotations of the s-vectors leave all of it as it is. */
export interface PreparedParticle {
  readonly groups: AtomGroups;
  /** (kinds, n): the form factor of every kind at every s-vector, electrons. */
  readonly form: Float64Array;
  /** Interpolate in this instead of summing over the atoms. */
  readonly grid?: StructureFactorGrid;
}

/** From this many atoms on `prepareParticle` chooses the grid: a rule of the particle alone, so that bits do not change with the machine. */
const GRID_ATOMS = 6000;
/** Grids above this are not made; the direct sum needs no memory. */
const GRID_BYTES = 2 ** 30;

/** How structure factors are computed: 'direct' is exact, 'grid' has errors of about 1e-7 of F(0). */
export type StructureFactorMethod = 'direct' | 'grid';

/**
 * Groups the atoms and tabulates the form factors at the lengths of `s`, (3, n), 1/Angstrom; for many atoms (or where
 * asked) samples the particle on a grid. `like` is the same particle prepared for other, not longer s-vectors, whose
 * grid is used again.
 */
export function prepareParticle(
  particle: Particle,
  s: Float64Array,
  method?: StructureFactorMethod,
  like?: PreparedParticle,
): PreparedParticle {
  const n = s.length / 3;
  const form = new Float64Array(particle.scatterers.length * n);
  let extent = 0;
  for (let i = 0; i < n; i++) {
    const squared = s[i]! * s[i]! + s[n + i]! * s[n + i]! + s[2 * n + i]! * s[2 * n + i]!;
    extent = Math.max(extent, Math.sqrt(squared));
    particle.scatterers.forEach((scatterer, kind) => {
      form[kind * n + i] = formFactor(scatterer, squared);
    });
  }
  const groups = like?.groups ?? groupAtoms(particle);
  if (like) return { ...like, form };
  const fits =
    gridBytes(largestCoordinate(groups.positions), extent, particle.scatterers.length) <= GRID_BYTES;
  const chosen = method ?? (groups.weights.length >= GRID_ATOMS && fits ? 'grid' : 'direct');
  return chosen === 'grid' ? { groups, form, grid: structureFactorGrid(groups, extent) } : { groups, form };
}

/** Which code adds up: the add-on's or the one here, which agree to about 1e-14 of the largest |F|. */
export interface StructureFactorOptions {
  readonly variant?: 'native' | 'plain';
}

/**
 * Structure factors by direct summation.
 * @param s s-vectors (3, n), 1/Angstrom
 * @param out complex (n), interleaved; allocated when left out
 */
export function structureFactors(
  particle: Particle,
  s: Float64Array,
  out = new Float64Array((2 * s.length) / 3),
  options: StructureFactorOptions = {},
): Float64Array {
  return structureFactorsOf(prepareParticle(particle, s, 'direct'), s, out, options);
}

/** The same for a prepared particle; `s` has the lengths that it was prepared for. */
export function structureFactorsOf(
  prepared: PreparedParticle,
  s: Float64Array,
  out = new Float64Array((2 * s.length) / 3),
  options: StructureFactorOptions = {},
): Float64Array {
  const { groups, form, grid } = prepared;
  const n = s.length / 3;
  if (grid) {
    interpolateStructureFactors(grid, s, form, out);
    return out;
  }
  const native = options.variant === 'plain' ? null : addon;
  if (options.variant === 'native' && native === null) {
    throw new Error(`structure factors: the native add-on was asked for, but ${addonAbsence}`);
  }
  out.fill(0);
  for (let kind = 0; kind + 1 < groups.starts.length; kind++) {
    const from = groups.starts[kind]!;
    const to = groups.starts[kind + 1]!;
    if (from === to) continue;
    const kindForm = form.subarray(kind * n, (kind + 1) * n);
    if (native) {
      native.structureFactorAdd(groups.positions, groups.weights, from, to, s, kindForm, out);
      continue;
    }
    for (let i = 0; i < n; i++) {
      addPhases(groups, from, to, s[i]!, s[n + i]!, s[2 * n + i]!);
      out[2 * i] = out[2 * i]! + kindForm[i]! * sum[0]!;
      out[2 * i + 1] = out[2 * i + 1]! + kindForm[i]! * sum[1]!;
    }
  }
  return out;
}

const sum = new Float64Array(2);

/** sum = sum_j w_j exp(2 pi i s.r_j) over the atoms from ... to-1. */
function addPhases(groups: AtomGroups, from: number, to: number, x: number, y: number, z: number): void {
  const { positions, weights } = groups;
  let re = 0;
  let im = 0;
  for (let j = from; j < to; j++) {
    const turns = x * positions[3 * j]! + y * positions[3 * j + 1]! + z * positions[3 * j + 2]!;
    // Reduce to a quarter turn about 0 or about a half turn, where both series converge fast.
    const halfTurns = 2 * turns + ROUNDER - ROUNDER;
    const t = turns - 0.5 * halfTurns;
    const parity = halfTurns - 2 * (0.5 * halfTurns + ROUNDER - ROUNDER);
    const sign = weights[j]! * (1 - 2 * Math.abs(parity));
    const u = t * t;
    im +=
      sign *
      t *
      (S0 +
        u *
          (S1 +
            u * (S2 + u * (S3 + u * (S4 + u * (S5 + u * (S6 + u * (S7 + u * (S8 + u * (S9 + u * S10))))))))));
    re +=
      sign *
      (C0 +
        u *
          (C1 +
            u * (C2 + u * (C3 + u * (C4 + u * (C5 + u * (C6 + u * (C7 + u * (C8 + u * (C9 + u * C10))))))))));
  }
  sum[0] = re;
  sum[1] = im;
}
