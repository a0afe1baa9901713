// The checksum of log blocks. Four chains side by side, as one alone waits for its multiplications; every step can be
// undone, so a change of one word always changes the sum.

const PRIME = 0x9e3779b1;

/** The checksum of words `from` up to `to`. */
export function checksum(words: Int32Array, from: number, to: number): number {
  let a = 1;
  let b = 2;
  let c = 3;
  let d = 4;
  let i = from;
  for (; i + 3 < to; i += 4) {
    a = turned(Math.imul(a ^ words[i]!, PRIME));
    b = turned(Math.imul(b ^ words[i + 1]!, PRIME));
    c = turned(Math.imul(c ^ words[i + 2]!, PRIME));
    d = turned(Math.imul(d ^ words[i + 3]!, PRIME));
  }
  for (; i < to; i++) a = turned(Math.imul(a ^ words[i]!, PRIME));
  for (const part of [b, c, d, to - from]) a = turned(Math.imul(a ^ part, PRIME));
  return a;
}

function turned(x: number): number {
  return (x << 15) | (x >>> 17);
}
