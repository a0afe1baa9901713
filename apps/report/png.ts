// Grey levels through a colour ramp to PNG (ISO/IEC 15948:2004), palette images with 8 bits a pixel.
import { deflateSync } from 'node:zlib';
import type { Rgb } from './color.js';

/** The CRC of PNG chunks (polynomial 0xEDB88320, reflected), a byte at a time. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest >>> 0;
});

function crc(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = CRC_TABLE[(rest ^ byte) & 255]! ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

function chunk(kind: string, content: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length, 0);
  out.write(kind, 4, 'latin1');
  out.set(content, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + content.length)), 8 + content.length);
  return out;
}

/**
 * A PNG file.
 * @param levels (height, width), index into the palette
 * @param palette up to 256 colours
 */
export function encodePng(
  levels: Uint8Array,
  width: number,
  height: number,
  palette: readonly Rgb[],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, palette, deflate, the one filter method, no interlace
  const rows = Buffer.alloc(height * (width + 1)); // each row begins with its filter: 0, none
  for (let y = 0; y < height; y++) rows.set(levels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** The same as a data URL for an `<img>`. */
export function pngUrl(levels: Uint8Array, width: number, height: number, palette: readonly Rgb[]): string {
  return `data:image/png;base64,${encodePng(levels, width, height, palette).toString('base64')}`;
}

/** Values as levels 0-255, from `low` to `high`; what is not finite becomes level 0. */
export function quantize(values: ArrayLike<number>, low: number, high: number): Uint8Array {
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from({ length: values.length }, (_, i) => {
    const level = (values[i]! - low) * scale;
    return level > 0 ? Math.min(255, Math.round(level)) : 0;
  });
}
