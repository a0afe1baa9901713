// Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, SC'11). The number is a pure
// function of key and counter, so it does not depend on which worker asks, or when.

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** Two uint32 from a key and a counter of two uint32 each, into `out`. */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Uint32Array,
): void {
  const key2 = (PARITY ^ key0 ^ key1) | 0;
  const keys = [key0 | 0, key1 | 0, key2];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round & 7]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const turn = (round >> 2) + 1;
      x0 = (x0 + keys[turn % 3]!) | 0;
      x1 = (x1 + keys[(turn + 1) % 3]! + turn) | 0;
    }
  }
  out[0] = x0;
  out[1] = x1;
}

const words = new Uint32Array(2);

/** A double in [0, 1) with 53 random bits. */
export function randomAt(seed: number, stream: number, index: number, draw: number): number {
  threefry2x32(seed, stream, index, draw, words);
  return ((words[0]! >>> 5) * 67108864 + (words[1]! >>> 6)) / 9007199254740992;
}
