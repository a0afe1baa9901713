/**
 * Counter-based random numbers: a stream is a function of (seed, stream number, lane), so that image 731 gets
 * the same numbers whoever computes it, in whatever order. Philox4x32-10 of Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC11 (2011).
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The high 32 bits of an unsigned 32 x 32 bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** Philox4x32-10: turns `block` (4 words, in place) into 4 random words under the 64-bit key. */
export function philox4x32(block: Uint32Array, key0: number, key1: number): void {
  let c0 = block[0]!;
  let c1 = block[1]!;
  let c2 = block[2]!;
  let c3 = block[3]!;
  let k0 = key0 >>> 0;
  let k1 = key1 >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** A stream of random numbers; two streams with the same key produce the same numbers. */
export interface RandomStream {
  /** The next 32 random bits. */
  word(): number;
  /** Uniform in the open interval (0, 1), 53 bits: never 0, so that its logarithm is finite. */
  uniform(): number;
  /** Normal with mean 0 and variance 1 (Box-Muller). */
  normal(): number;
}

/**
 * The stream of numbers that belongs to (seed, stream, lane).
 * @param seed a non-negative integer below 2^53
 * @param stream e.g. the number of an image, a non-negative integer below 2^53
 * @param lane e.g. what the numbers are for, 0 ... 2^32-1
 */
export function randomStream(seed: number, stream: number, lane = 0): RandomStream {
  for (const [name, value] of [
    ['seed', seed],
    ['stream', stream],
    ['lane', lane],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`random stream: ${name} must be a non-negative integer below 2^53, not ${value}`);
    }
  }
  const key0 = seed % 4294967296;
  const key1 = Math.floor(seed / 4294967296);
  const stream0 = stream % 4294967296;
  const stream1 = Math.floor(stream / 4294967296);
  const block = new Uint32Array(4);
  let counter = 0;
  let used = 4;
  let spareNormal: number | undefined;

  function word(): number {
    if (used === 4) {
      block[0] = counter++;
      block[1] = lane;
      block[2] = stream0;
      block[3] = stream1;
      philox4x32(block, key0, key1);
      used = 0;
    }
    return block[used++]!;
  }
  function uniform(): number {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 67108864 + low + 0.5) / 9007199254740992;
  }
  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
  return { word, uniform, normal };
}
