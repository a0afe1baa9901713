// A file that is larger than the memory: the mean and the noise of every pixel, over all frames. The file is attached to a
// region of its size, and tasks use blocks of that. A block is read just before the first task that needs it, on a thread of
// its own, while others are worked on; the budget says how many blocks there are at a time.
//
//   npx maniple run out-of-core.ts --memory 24M --frames 2000
//   npx maniple run out-of-core.ts --memory 24M --file dark.raw --pixels 16384
//
// The file holds frames of unsigned 16-bit numbers (little-endian), and nothing else. Without one, the program makes its own.
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Ctx,
  DataError,
  f64,
  fieldSpace,
  formatBytes,
  rawFile,
  reads,
  reduces,
  task,
  u16,
} from 'maniple';

const Frames = fieldSpace({ counts: u16 }); // (frames, pixels)
const Pixel = fieldSpace({ sum: f64, squares: f64 });
const module = import.meta.url;

export const accumulate = task({
  module,
  name: 'accumulate',
  regions: { block: reads(Frames, 'counts'), pixel: reduces(Pixel, 'sum', 'sum', 'squares') },
  run({ block, pixel }) {
    const { counts } = block;
    const frames = block.volume / pixel.volume;
    for (let p = 0; p < pixel.volume; p++) {
      let [sum, squares] = [0, 0];
      for (let f = 0; f < frames; f++) {
        const count = counts[f * pixel.volume + p]!;
        sum += count;
        squares += count * count;
      }
      pixel.sum.fold(p, sum);
      pixel.squares.fold(p, squares);
    }
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = {
    file: { type: 'string' },
    frames: text('1000'),
    pixels: text('16384'),
    block: text('100'),
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const [pixels, perBlock] = [Number(values.pixels), Number(values.block)];
  const folder = values.file === undefined ? await mkdtemp(join(tmpdir(), 'out-of-core-')) : null;
  try {
    const path = values.file ?? (await makeFile(join(folder!, 'dark.raw'), Number(values.frames), pixels));
    const { size } = await stat(path);
    const frames = size / (2 * pixels);
    if (!Number.isInteger(frames) || frames === 0) {
      throw new DataError(
        path,
        '',
        `its ${size} bytes are no whole frames of ${pixels} pixels: give the right --pixels`,
      );
    }
    const pixel = ctx.region([pixels], Pixel, { name: 'pixels' });
    const region = ctx.region([frames, pixels], Frames, { name: 'frames' });
    ctx.attach(region, { counts: rawFile(path, { kind: 'u16' }) });
    const blocks = region.partition.blocks([perBlock, pixels]);
    for (const block of blocks.index.colours) ctx.launch(accumulate, { block: blocks.sub(block), pixel });
    const mean = (await pixel.read('sum')).map((sum) => sum / frames);
    const noise = (await pixel.read('squares')).map((sum, p) => Math.sqrt(sum / frames - mean[p]! ** 2));
    const average = (array: Float64Array) => (array.reduce((a, b) => a + b) / pixels).toFixed(3);
    console.log(
      `${frames} frames of ${pixels} pixels, ${formatBytes(size)}: mean ${average(mean)}, noise ${average(noise)}`,
    );
    return { mean, noise };
  } finally {
    if (folder !== null) await rm(folder, { recursive: true });
  }
}

/** Dark frames: 100 and 0 to 15 more, by the pixel, with a noise that goes through -2 ... 2 from frame to frame. */
async function makeFile(path: string, frames: number, pixels: number): Promise<string> {
  const file = await open(path, 'w');
  for (let f = 0; f < frames; f++) {
    await file.write(new Uint16Array(pixels).map((_, p) => 98 + (p % 16) + ((f + p) % 5)));
  }
  await file.close();
  return path;
}
