// SipHash-2-4 (Aumasson and Bernstein, 2012) of whole numbers, as Task Bench draws its random graphs and imbalances.

/** Two 32-bit halves for each of the four words of the state: low, high. */
const v = new Int32Array(8);

function add(a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0);
  v[a + 1] = (v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0)) | 0;
  v[a] = low | 0;
}

/** Rotates to the left by fewer than 32 bits, or by 32. */
function rotate(a: number, bits: number): void {
  const [low, high] = [v[a]!, v[a + 1]!];
  if (bits === 32) {
    v[a] = high;
    v[a + 1] = low;
    return;
  }
  v[a] = (low << bits) | (high >>> (32 - bits));
  v[a + 1] = (high << bits) | (low >>> (32 - bits));
}

function exclusive(a: number, b: number): void {
  v[a]! ^= v[b]!;
  v[a + 1]! ^= v[b + 1]!;
}

function round(): void {
  add(0, 2);
  rotate(2, 13);
  exclusive(2, 0);
  rotate(0, 32);
  add(4, 6);
  rotate(6, 16);
  exclusive(6, 4);
  add(0, 6);
  rotate(6, 21);
  exclusive(6, 0);
  add(4, 2);
  rotate(2, 17);
  exclusive(2, 4);
  rotate(4, 32);
}

/** The key 01 02 ... 0f 00, as two little-endian words. */
const KEY = [0x04030201, 0x08070605, 0x0c0b0a09, 0x000f0e0d] as const;

function absorb(low: number, high: number): void {
  v[6]! ^= low;
  v[7]! ^= high;
  round();
  round();
  v[0]! ^= low;
  v[1]! ^= high;
}

/** The hash of 64-bit integers, laid out one after the other in little-endian order; as low and high half. */
export function sipHash(words: readonly number[]): readonly [low: number, high: number] {
  v[0] = 0x70736575 ^ KEY[0];
  v[1] = 0x736f6d65 ^ KEY[1];
  v[2] = 0x6e646f6d ^ KEY[2];
  v[3] = 0x646f7261 ^ KEY[3];
  v[4] = 0x6e657261 ^ KEY[0];
  v[5] = 0x6c796765 ^ KEY[1];
  v[6] = 0x79746573 ^ KEY[2];
  v[7] = 0x74656462 ^ KEY[3];
  for (const word of words) absorb(word | 0, Math.floor(word / 2 ** 32) | 0);
  absorb(0, (8 * words.length) << 24);
  v[4]! ^= 0xff;
  for (let i = 0; i < 4; i++) round();
  return [(v[0]! ^ v[2]! ^ v[4]! ^ v[6]!) >>> 0, (v[1]! ^ v[3]! ^ v[5]! ^ v[7]!) >>> 0];
}

/** A number from 0 to 1 for a key: its hash, rounded to a double, times 2^-64. */
export function uniform(...key: readonly number[]): number {
  const [low, high] = sipHash(key);
  return (high * 2 ** 32 + low) * 2 ** -64;
}
