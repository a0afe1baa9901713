// The files of a new analysis. They are a working one: frames that hold a hit are found and summed.

/** What goes into the files. */
export interface Scaffold {
  /** Of the analysis; also its folder. */
  readonly name: string;
  /** Where this package lies. */
  readonly packageRoot: string;
}

/** File names and their texts. */
export function templateFiles({ name, packageRoot }: Scaffold): ReadonlyMap<string, string> {
  return new Map([
    ['tasks.ts', TASKS],
    ['program.ts', PROGRAM.replaceAll('NAME', name)],
    ['test.ts', TEST.replaceAll('NAME', name)],
    ['README.md', README.replaceAll('NAME', name)],
    ['package.json', `${JSON.stringify(manifest(name, packageRoot), null, 2)}\n`],
    ['tsconfig.json', `${JSON.stringify(TSCONFIG, null, 2)}\n`],
  ]);
}

const manifest = (name: string, packageRoot: string) => ({
  name,
  version: '0.0.1',
  private: true,
  type: 'module',
  scripts: { start: 'maniple run program.ts', test: 'maniple run test.ts' },
  // For the editor's types, and for npm's scripts: npm install makes a link.
  devDependencies: { '@types/node': '^20', maniple: `file:${packageRoot}`, typescript: '~6.0' },
});

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  },
};

const TASKS = `// What is computed: fields, and tasks that say which of them they read, write or reduce.
import { f32, f64, fieldSpace, overwrites, reads, reduces, task } from 'maniple';

/** (frames, pixels): photons. Cut into blocks of frames. */
export const Frames = fieldSpace({ photons: f32 });
/** (frames): photons in each. Cut like the frames. */
export const Totals = fieldSpace({ photons: f64 });
/** (pixels): the sum of the frames with a hit. */
export const Sum = fieldSpace({ photons: f64 });

/** Counts the photons of a block of frames. */
export const count = task({
  module: import.meta.url,
  name: 'count',
  regions: { frames: reads(Frames, 'photons'), totals: overwrites(Totals, 'photons') },
  run({ frames, totals }) {
    const pixels = frames.volume / totals.volume;
    for (const frame of totals.points) {
      let photons = 0;
      for (let p = 0; p < pixels; p++) photons += frames.photons[frame * pixels + p]!;
      totals.photons[frame] = photons;
    }
  },
});

/** Adds the frames of a block that hold more than \`threshold\` photons to the sum. Returns how many there were. */
export const sumHits = task({
  module: import.meta.url,
  name: 'sum hits',
  regions: {
    frames: reads(Frames, 'photons'),
    totals: reads(Totals, 'photons'),
    sum: reduces(Sum, 'sum', 'photons'),
  },
  run({ frames, totals, sum }, { threshold }: { threshold: number }) {
    const pixels = sum.volume;
    let hits = 0;
    for (const frame of totals.points) {
      if (totals.photons[frame]! <= threshold) continue;
      hits++;
      for (const p of sum.points) sum.photons.fold(p, frames.photons[frame * pixels + p]!);
    }
    return hits;
  },
});
`;

const PROGRAM = `// NAME: finds the frames that hold a hit, and sums them.
import type { Ctx } from 'maniple';
import { count, Frames, Sum, sumHits, Totals } from './tasks.ts';

/** The frames, until you read yours: every third one holds a hit. */
export function someFrames(frames: number, pixels: number): Float32Array {
  return Float32Array.from({ length: frames * pixels }, (_, i) => {
    const frame = Math.floor(i / pixels);
    return frame % 3 === 0 ? 5 + (i % 7) : (i * frame) % 3;
  });
}

export default async function main(ctx: Ctx, args: readonly string[]) {
  const frameCount = Number(args[0] ?? 300);
  const pixels = 64;
  const frames = ctx.region([frameCount, pixels], Frames, { name: 'frames' });
  const totals = ctx.region([frameCount], Totals, { name: 'totals' });
  const sum = ctx.region([pixels], Sum, { name: 'sum' });
  frames.write('photons', someFrames(frameCount, pixels));

  // Launching does not wait: the second launch's tasks start one by one, as the blocks that they need are counted.
  const blocks = [Math.min(frameCount, 16)];
  const byBlock = { frames: frames.partition.equal(blocks).at(), totals: totals.partition.equal(blocks).at() };
  ctx.index(blocks, count, byBlock);
  const hits = await ctx.index(blocks, sumHits, { ...byBlock, sum }, { threshold: 2 * pixels }).reduce('sum');
  const image = await sum.read('photons');
  console.log(\`\${hits} of \${frameCount} frames hold a hit; the brightest pixel has \${Math.max(...image)} photons\`);
  return { hits, image };
}
`;

const TEST = `// NAME is tested twice: against plain loops over arrays, and on every executor against itself, bit for bit.
import assert from 'node:assert/strict';
import { runEverywhere } from 'maniple/testing';
import main, { someFrames } from './program.ts';

export default async function test() {
  for (const frameCount of [1, 7, 100]) {
    const pixels = 64;
    const photons = someFrames(frameCount, pixels);
    const expected = new Float64Array(pixels);
    let hits = 0;
    for (let frame = 0; frame < frameCount; frame++) {
      const own = photons.subarray(frame * pixels, (frame + 1) * pixels);
      if (own.reduce((total, x) => total + x, 0) <= 2 * pixels) continue;
      hits++;
      own.forEach((x, p) => (expected[p]! += x));
    }
    const found = await runEverywhere((ctx) => main(ctx, [String(frameCount)]), { interleavings: 3 });
    assert.equal(found.hits, hits);
    assert.deepEqual(found.image, expected);
  }
  console.log('NAME: all tests passed');
}
`;

const README = `# NAME

An analysis as a task graph, made by \`maniple new\`. As it stands it finds the frames that hold a hit and sums them; put your
own steps in its place.

\`\`\`sh
npx maniple run program.ts          # 300 frames
npx maniple run program.ts -- 5000  # more
npx maniple run test.ts             # the tests
\`\`\`

| file | holds |
| --- | --- |
| \`tasks.ts\` | fields, and tasks: what each reads, writes or reduces, and its body |
| \`program.ts\` | regions, partitions, launches; the main function |
| \`test.ts\` | the answer by plain loops, and the same bits on every executor |

\`npm install\` links the package, so that an editor knows the types; \`npx tsc\` then checks them. What a task may do with a
field follows from its requirement: writing to what it only reads does not compile. When a task fails, the message names
the task, its point and the line that launched it. \`--check\` guards views while running, \`--mode inorder\` runs the tasks one
after the other.
`;
