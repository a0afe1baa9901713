// Calls of the exact kernels (merging, conjugate gradients, supports, sums) over sizes and edge cases, as digests of the
// results: one per case, so that a difference names its case. Run with the twin, and with the add-on at every vector level.
import { createHash } from 'node:crypto';
import type {
  ConjugateGradientsAddon,
  MergingAddon,
  PhasingAddon,
  ReductionAddon,
} from '../../native/index.js';
import { randomStream } from '../../tasks/spi/philox.js';

type Reals = Float32Array | Float64Array;

/** Numbers that rounding, signs and ranges are hard for. */
const SPECIALS = [0, -0, 1e-45, -3e-42, 1.2e-38, 3e38, -3e38, 1, Number.POSITIVE_INFINITY, 2 ** 24 + 2];

/** Fills an array of a kind that begins one number into its memory, so that no vector is aligned. */
function filled<A extends Reals>(
  Kind: new (buffer: ArrayBuffer, from: number, length: number) => A,
  length: number,
  seed: number,
  wild = false,
): A {
  const bytes = Kind === (Float64Array as unknown) ? 8 : 4;
  const out = new Kind(new ArrayBuffer(bytes * (length + 1)), bytes, length);
  const random = randomStream(seed, length, 23);
  for (let i = 0; i < length; i++) {
    const special = wild && random.uniform() < 0.2;
    out[i] = special
      ? SPECIALS[Math.floor(SPECIALS.length * random.uniform())]!
      : (random.uniform() - 0.5) * 10 ** (8 * random.uniform() - 4);
  }
  return out;
}

/** All NaN count as one: which of its bit patterns a NaN has is up to the processor. */
function digest(...arrays: Reals[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) {
    const plain = array.map((value) => (Number.isNaN(value) ? Number.NaN : value));
    hash.update(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Sizes on either side of every vector's length. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 200, 1031];

/** Digests of all results of the merging kernels, by case. */
export function mergingDigests(kernels: MergingAddon): Record<string, string> {
  const out: Record<string, string> = {};
  const f32 = (length: number, seed: number, wild = false) => filled(Float32Array, length, seed, wild);
  const f64 = (length: number, seed: number, wild = false) => filled(Float64Array, length, seed, wild);
  for (const wild of [false, true]) {
    const how = wild ? ', with special values' : '';
    for (const pixels of LENGTHS) {
      for (const count of [0, 1, 3]) {
        const [x, y, z] = [f32(count * pixels, 1), f32(count * pixels, 1), f32(count * pixels, 1)];
        kernels.slicePoints(f64(9 * count, 2, wild), f32(3 * pixels, 3, wild), x, y, z);
        out[`slicePoints, ${count} of ${pixels}${how}`] = digest(x, y, z);
        const values = f32(2 * count * pixels, 4);
        const rows = Int32Array.from({ length: count }, (_, i) => [4, 0, 3][i]!);
        kernels.mergeValues(
          f32(5 * pixels, 5, wild),
          rows,
          f64(count, 6, wild),
          f32(pixels, 7, wild),
          f32(pixels, 8, wild),
          values,
        );
        out[`mergeValues, ${count} of ${pixels}${how}`] = digest(values);
      }
      if (pixels === 0) continue;
      const photons = f32(4 * pixels, 9);
      const shares = Float64Array.of(0.25, 0, 0.1, 0.65);
      kernels.addShares(f32(2 * pixels, 10, wild), 1, pixels, shares, photons);
      out[`addShares, ${pixels}${how}`] = digest(photons);
    }
    for (const n of [1, 2, 3, 4, 7, 8, 13]) {
      const [rightSide, kernel] = [f32(n ** 3, 11), f32(8 * n ** 3, 12)];
      kernels.evenParts(f32(16 * n ** 3, 13, wild), n, rightSide, kernel);
      out[`evenParts, ${n}${how}`] = digest(rightSide, kernel);
    }
  }
  return out;
}

/** The same for sums of arrays. */
export function sumDigests(add: ReductionAddon['addArrays']): Record<string, string> {
  const out: Record<string, string> = {};
  for (const wild of [false, true]) {
    for (const Kind of [Float32Array, Float64Array]) {
      for (const length of LENGTHS) {
        const name = `${Kind.name}, ${length}${wild ? ', with special values' : ''}`;
        const target = filled<Reals>(Kind, length, 14, wild);
        add(target, filled<Reals>(Kind, length, 15, wild));
        out[name] = digest(target);
        add(target, target);
        out[`${name}, to itself`] = digest(target);
      }
    }
  }
  return out;
}

/** The same for the steps of conjugate gradients, with the inner products that they return. */
export function stepDigests(steps: ConjugateGradientsAddon): Record<string, string> {
  const out: Record<string, string> = {};
  for (const wild of [false, true]) {
    for (const length of LENGTHS) {
      for (const factor of wild ? [-0.3, 0, Number.POSITIVE_INFINITY] : [1e-3]) {
        const f32 = (seed: number) => filled(Float32Array, length, seed, wild);
        const inside = Uint8Array.from({ length }, (_, i) => [1, 0, 255][i % 3]!);
        const [x, r, p, q] = [f32(16), f32(17), f32(18), f32(19)];
        const name = `${length}, ${factor}${wild ? ', with special values' : ''}`;
        out[`dot, ${name}`] = digest(Float64Array.of(steps.dot(p, q)));
        out[`beginStep, ${name}`] = digest(Float64Array.of(steps.beginStep(r, f32(20), inside, factor)), r);
        steps.directionStep(p, r, factor);
        out[`directionStep, ${name}`] = digest(p);
        out[`productStep, ${name}`] = digest(Float64Array.of(steps.productStep(q, p, inside, factor)), q);
        out[`updateStep, ${name}`] = digest(Float64Array.of(steps.updateStep(x, f32(21), p, q, factor)), x);
      }
    }
  }
  return out;
}

/** The same for the loops that find supports. */
export function supportDigests({
  positivePart,
  above,
}: Pick<PhasingAddon, 'positivePart' | 'above'>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const wild of [false, true]) {
    for (const length of LENGTHS) {
      const name = `${length}${wild ? ', with special values' : ''}`;
      const values = filled(Float32Array, length, 22, wild);
      for (const part of [0, 0.01, 0.06, 1, -1e-3]) {
        const support = new Uint8Array(length + 1).fill(7).subarray(1);
        above(values, part, support);
        out[`above, ${name}, ${part}`] = digest(Float32Array.from(support));
      }
      const positive = filled(Float32Array, length, 23);
      positivePart(values, positive);
      positivePart(values, values);
      out[`positivePart, ${name}`] = digest(positive, values);
    }
  }
  return out;
}
