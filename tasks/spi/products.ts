/** Inner products of many images with many references: the matrix product that orientation matching spends its time in. */

import { addon } from '../../native/index.js';

/** References that fit the first-level cache while a few images pass by. */
const TILE_PIXELS = 512;

/** (images, references): sum_p a_ip b_rp, summed in single tiles of pixels, tile after tile. */
export function imageReferenceProducts(
  images: Float32Array,
  references: Float32Array,
  pixels: number,
): Float32Array {
  const n = images.length / pixels;
  const m = references.length / pixels;
  const out = new Float32Array(n * m);
  if (addon !== null) {
    addon.scoreProducts(images, references, n, m, pixels, out);
    return out;
  }
  for (let from = 0; from < pixels; from += TILE_PIXELS) {
    const width = Math.min(TILE_PIXELS, pixels - from);
    for (let r = 0; r < m; r += 4) {
      const lanes = Math.min(4, m - r);
      for (let i = 0; i < n; i += 2) {
        if (lanes === 4 && i + 1 < n) tile(images, references, out, i, r, m, pixels, from, width);
        else edge(images, references, out, i, Math.min(2, n - i), r, lanes, m, pixels, from, width);
      }
    }
  }
  return out;
}

/** Two images by four references: eight sums in registers. */
function tile(
  images: Float32Array,
  references: Float32Array,
  out: Float32Array,
  i: number,
  r: number,
  m: number,
  pixels: number,
  from: number,
  width: number,
): void {
  let a = i * pixels + from;
  let b0 = r * pixels + from;
  const end = a + width;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  while (a < end) {
    const x = images[a]!;
    const y = images[a + pixels]!;
    const c0 = references[b0]!;
    const c1 = references[b0 + pixels]!;
    const c2 = references[b0 + 2 * pixels]!;
    const c3 = references[b0 + 3 * pixels]!;
    s00 += x * c0;
    s01 += x * c1;
    s02 += x * c2;
    s03 += x * c3;
    s10 += y * c0;
    s11 += y * c1;
    s12 += y * c2;
    s13 += y * c3;
    a++;
    b0++;
  }
  const at = i * m + r;
  out[at]! += s00;
  out[at + 1]! += s01;
  out[at + 2]! += s02;
  out[at + 3]! += s03;
  out[at + m]! += s10;
  out[at + m + 1]! += s11;
  out[at + m + 2]! += s12;
  out[at + m + 3]! += s13;
}

function edge(
  images: Float32Array,
  references: Float32Array,
  out: Float32Array,
  i: number,
  rows: number,
  r: number,
  lanes: number,
  m: number,
  pixels: number,
  from: number,
  width: number,
): void {
  for (let row = i; row < i + rows; row++) {
    for (let lane = r; lane < r + lanes; lane++) {
      let sum = 0;
      const a = row * pixels + from;
      const b = lane * pixels + from;
      for (let p = 0; p < width; p++) sum += images[a + p]! * references[b + p]!;
      out[row * m + lane]! += sum;
    }
  }
}
