// Regions that are attached to files and arrays: what is read and written when, what is refused, and what failures leave.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  type Ctx,
  DataError,
  LaunchError,
  type RunOptions,
  rawFile,
  reads,
  run,
  runSaved,
  updates,
} from '../../../runtime/index.js';
import {
  accumulate,
  addTo,
  bumpAtomic,
  double,
  Frames,
  failing,
  insideTwice,
  Pixel,
  paint,
  weigh,
} from './attach.tasks.js';

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual' },
  { executor: 'bulk', workers: 2 },
  { executor: 'threads', workers: 2 },
  { executor: 'threads', workers: 2, check: true },
];

t.setTimeout(300_000); // many runs, perhaps on a busy machine

const folder = mkdtempSync(join(tmpdir(), 'maniple-attach-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
/** A file of 16-bit numbers after so many bytes of something else. */
function fileOf(counts: ArrayLike<number>, header = 0): string {
  const path = join(folder, `counts-${files++}.raw`);
  const bytes = new Uint8Array(header + 2 * counts.length).fill(0xee);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < counts.length; i++) view.setUint16(header + 2 * i, counts[i]!, true);
  writeFileSync(path, bytes);
  return path;
}
const countsOf = (path: string, header = 0): number[] => {
  const bytes = readFileSync(path);
  return Array.from({ length: (bytes.length - header) / 2 }, (_, i) => bytes.readUInt16LE(header + 2 * i));
};
const ramp = (length: number) => Array.from({ length }, (_, i) => i);
const u16file = (path: string, offset = 0) => ({ counts: rawFile(path, { kind: 'u16' as const, offset }) });

t.test('a file is read block by block, whatever the memory', async (t) => {
  const [frames, pixels] = [256, 512];
  const path = fileOf(
    ramp(frames * pixels).map((i) => i % 1000),
    10,
  );
  const expected = Array.from({ length: pixels }, (_, p) =>
    ramp(frames).reduce((sum, f) => sum + ((f * pixels + p) % 1000), 0),
  );
  for (const options of machines) {
    for (const memory of [160 * 1024, 64 * 2 ** 20]) {
      const sums = await run(
        async (ctx) => {
          const region = ctx.region([frames, pixels], Frames, { name: 'frames' });
          const pixel = ctx.region([pixels], Pixel);
          const attachment = ctx.attach(region, u16file(path, 10));
          const blocks = region.partition.equal([16]);
          for (let b = 0; b < 16; b++) ctx.launch(accumulate, { block: blocks[b]!, pixel });
          await attachment.detach();
          return [...(await pixel.read('sum'))];
        },
        { ...options, memory },
      );
      t.same(sums, expected);
    }
  }
});

t.test('only what is needed is read', async (t) => {
  const path = fileOf(ramp(1000));
  for (const memory of [40 * 1024, 64 * 2 ** 20]) {
    await run(
      async (ctx) => {
        const region = ctx.region([1000], Frames);
        ctx.attach(region, u16file(path));
        const parts = region.partition.equal([10]);
        t.same(
          [...(await parts[2]!.read('counts'))],
          ramp(100).map((i) => 200 + i),
        );
        // What is not loaded yet is read from the file as it is now: that nobody may change it is the program's promise.
        writeFileSync(path, new Uint8Array(2000));
        t.same(
          [...(await parts[2]!.read('counts'))],
          ramp(100).map((i) => 200 + i),
          'read once',
        );
        t.same(
          [...(await parts[3]!.read('counts'))],
          ramp(100).map(() => 0),
        );
      },
      { executor: 'inOrder', memory },
    );
    writeFileSync(path, Buffer.from(Uint16Array.from(ramp(1000)).buffer));
  }
});

t.test('updates are in the file at a flush, and at the detach', async (t) => {
  for (const options of machines) {
    for (const memory of [48 * 1024, 64 * 2 ** 20]) {
      const path = fileOf(ramp(6000), 6);
      await run(
        async (ctx) => {
          const region = ctx.region([6000], Frames);
          const attachment = ctx.attach(region, u16file(path, 6), { mode: 'update' });
          const parts = region.partition.equal([6]);
          ctx.index([5], double, { block: parts.at() });
          await attachment.flush();
          t.same(
            countsOf(path, 6),
            ramp(6000).map((i) => (i < 5000 ? 2 * i : i)),
          );
          ctx.index([2], double, { block: parts.at() });
          ctx.launch(paint, { block: parts[5]! });
          t.equal((await region.read('counts'))[1500], 6000);
          const unread = attachment.detach();
          t.throws(() => attachment.flush(), { message: /was detached before/ });
          await unread;
        },
        { ...options, memory },
      );
      t.same(
        countsOf(path, 6),
        ramp(6000).map((i) => (i < 2000 ? 4 * i : i < 5000 ? 2 * i : 7 + i - 5000)),
      );
      t.same([...readFileSync(path).subarray(0, 6)], [0xee, 0xee, 0xee, 0xee, 0xee, 0xee]);
    }
  }
});

t.test(
  'without a flush nothing is written; a file that is made new is there at the detach, or not at all',
  async (t) => {
    const path = fileOf(ramp(100));
    const made = join(folder, 'made.raw');
    for (const options of machines) {
      rmSync(made, { force: true });
      await run(async (ctx) => {
        const region = ctx.region([100], Frames);
        const attachment = ctx.attach(region, u16file(path), { mode: 'update' });
        ctx.launch(double, { block: region });
        await attachment.detach({ flush: false });
        t.same(countsOf(path), ramp(100));
        const output = ctx.attach(region, u16file(made), { mode: 'create' });
        const halves = region.partition.equal([2]);
        ctx.launch(addTo, { block: halves[1]! }, { by: 3 });
        await output.flush();
        t.notOk(existsSync(made), 'no name before the detach');
        await output.detach();
        t.same(
          countsOf(made),
          ramp(100).map((i) => (i < 50 ? 0 : 3)),
        );
        const dropped = ctx.attach(region, u16file(join(folder, 'never.raw')), { mode: 'create' });
        ctx.launch(paint, { block: region });
        await dropped.detach({ flush: false });
        ctx.attach(region, u16file(join(folder, 'never.raw')), { mode: 'create' });
      }, options);
      t.same(
        readdirSync(folder).filter((name) => /never|attached/.test(name)),
        [],
        'nothing is left behind',
      );
    }
  },
);

t.test('arrays: copied in at the first use, and back', async (t) => {
  for (const options of machines) {
    await run(async (ctx) => {
      const region = ctx.region([4, 5], Frames);
      const array = Uint16Array.from(ramp(20));
      const attachment = ctx.attach(region, { counts: array }, { mode: 'update' });
      const columns = region.partition.blocks([4, 2]);
      ctx.index([1, 2], double, { block: columns.at() });
      await attachment.detach();
      t.same(
        [...array],
        ramp(20).map((i) => (i % 5 < 4 ? 2 * i : i)),
      );
      // A part of a region beside data of its own.
      ctx.fill(region, 'counts', 9);
      const rows = region.partition.blocks([2, 5]);
      const part = Uint16Array.from(ramp(10));
      using inside = ctx.attach(rows[1]!, { counts: part });
      void inside;
      t.same([...(await region.read('counts'))], [...ramp(10).map(() => 9), ...ramp(10)]);
    }, options);
  }
});

t.test('a shared array is the memory of the region itself', async (t) => {
  for (const options of machines) {
    await run(
      async (ctx) => {
        const region = ctx.region([4000], Frames);
        const parts = region.partition.equal([4]);
        for (let round = 0; round < 3; round++) {
          const array = new Uint16Array(new SharedArrayBuffer(8006), 6, 4000);
          array.set(ramp(4000));
          const attachment = ctx.attach(region, { counts: array }, { mode: 'update' });
          ctx.index([4], double, { block: parts.at() });
          ctx.launch(addTo, { block: parts[2]! }, { by: 1 });
          ctx.index([4], insideTwice, { block: parts.at() });
          await attachment.flush();
          const expected = ramp(4000)
            .map((i) => 8 * i + (i >= 2000 && i < 3000 ? 4 : 0))
            .map((x) => x & 0xffff);
          t.same([...array], expected, 'what tasks write is there');
          t.same([...(await region.read('counts'))], expected);
          t.same(ctx.region([2], Frames).volume, 2);
          const unread = attachment.detach();
          ctx.launch(weigh, { block: parts[0]! });
          await unread;
          t.same(
            [...(await region.read('counts'))].filter((x) => x !== 0),
            [],
            'zeros again',
          );
          t.same([...array], expected, 'and the array is as it was');
        }
        // Freed while it is attached, with tasks in flight.
        const array = new Uint16Array(new SharedArrayBuffer(2000)).fill(3);
        const pixel = ctx.region([10], Pixel);
        {
          using other = ctx.region([1000], Frames);
          ctx.attach(other, { counts: array });
          ctx.index([10], accumulate, { block: other.partition.equal([10]).at(), pixel });
        }
        t.same(
          [...(await pixel.read('sum'))],
          ramp(10).map(() => 300),
        );
      },
      { ...options, memory: 2 ** 16 },
    );
  }
});

t.test('one file for every colour', async (t) => {
  for (const options of machines) {
    for (const memory of [40 * 1024, 64 * 2 ** 20]) {
      const paths = ramp(8).map((c) =>
        fileOf(
          ramp(500).map((i) => 1000 * c + i),
          c,
        ),
      );
      await run(
        async (ctx) => {
          const region = ctx.region([4000], Frames);
          const shards = region.partition.equal([8]);
          const attachment = ctx.indexAttach(shards, ([c]) => u16file(paths[c!]!, c!), { mode: 'update' });
          const other = region.partition.equal([5]);
          ctx.index([5], double, { block: other.at() });
          const values = await region.read('counts');
          t.same(
            [...values],
            ramp(4000).map((i) => 2 * (1000 * Math.floor(i / 500) + (i % 500))),
          );
          await attachment.detach();
        },
        { ...options, memory },
      );
      for (const [c, path] of paths.entries())
        t.same(
          countsOf(path, c),
          ramp(500).map((i) => 2 * (1000 * c + i)),
        );
    }
  }
});

t.test('leases, inner tasks, atomic updates, other fields, copies', async (t) => {
  for (const options of machines) {
    for (const memory of [100 * 1024, 64 * 2 ** 20]) {
      const path = fileOf(ramp(8000));
      await run(
        async (ctx) => {
          const region = ctx.region([8000], Frames);
          using attachment = ctx.attach(region, u16file(path), { mode: 'update' });
          const parts = region.partition.equal([8]);
          ctx.index([4], insideTwice, { block: parts.at() });
          {
            using lease = await parts[5]!.lease(updates(Frames, 'counts'));
            lease.view.counts[0] = 1;
            t.throws(() => attachment.detach(), { message: /the lease taken at/ });
          }
          ctx.index([4], bumpAtomic, { block: parts.at(() => 6) });
          ctx.index([8], weigh, { block: parts.at() });
          const expected = ramp(8000).map((i) =>
            i < 4000 ? 4 * i : i === 5000 ? 1 : i >= 6000 && i < 7000 ? i + 4 : i,
          );
          t.same([...(await region.read('dose'))], expected);
          const copy = ctx.region([8000], Frames);
          ctx.copy({ from: region, to: copy, fields: ['counts'] });
          t.same([...(await copy.read('counts'))], expected);
        },
        { ...options, memory },
      );
      t.equal(countsOf(path)[6500], 6504);
    }
  }
});

t.test('a file that ends, or vanishes, poisons what is read of it, and is named with its byte', async (t) => {
  for (const options of machines.slice(0, 4)) {
    const path = fileOf(ramp(1000));
    await run(async (ctx) => {
      const region = ctx.region([1000], Frames, { name: 'frames' });
      const attachment = ctx.attach(region, u16file(path), { mode: 'update' });
      const parts = region.partition.equal([10]);
      truncateSync(path, 1100);
      await t.rejects(parts[5]!.read('counts'), {
        message: /counts-\d+\.raw, byte 1100: the file ends here, but was longer/,
      });
      t.equal((await parts[4]!.read('counts'))[99], 499, 'other parts are well');
      t.equal((await parts[0]!.read('counts'))[1], 1);
      rmSync(path);
      await t.rejects(parts[1]!.read('counts'), {
        message: /counts-\d+\.raw: the file is not there any more/,
      });
      ctx.launch(double, { block: parts[0]! });
      await t.rejects(attachment.detach().then(), { name: 'UpstreamError' });
      await ctx.fence().catch(() => {});
    }, options);
  }
});

t.test('what a failed task did not write is not written to the file', async (t) => {
  const path = fileOf(ramp(100));
  await run(async (ctx) => {
    const region = ctx.region([100], Frames);
    const attachment = ctx.attach(region, u16file(path), { mode: 'update' });
    const parts = region.partition.equal([2]);
    ctx.launch(double, { block: parts[0]! });
    ctx.launch(failing, { block: parts[1]! });
    await t.rejects(attachment.detach().then(), { message: /no luck with 50 points/ });
    await ctx.fence().catch(() => {});
  });
  t.same(countsOf(path), ramp(100), 'all or nothing of one stretch');
  const made = join(folder, 'failed.raw');
  await run(async (ctx) => {
    const region = ctx.region([100], Frames);
    const attachment = ctx.attach(region, u16file(made), { mode: 'create' });
    ctx.launch(failing, { block: region });
    await t.rejects(attachment.detach().then(), { message: /no luck with 100 points/ });
    await ctx.fence().catch(() => {});
  });
  t.notOk(existsSync(made));
  t.same(
    readdirSync(folder).filter((name) => /attached/.test(name)),
    [],
  );
});

t.test('what cannot be attached, or used, is refused in one sentence', async (t) => {
  const path = fileOf(ramp(100));
  const refused = async (main: (ctx: Ctx) => unknown): Promise<Error> => {
    try {
      await run(async (ctx) => void (await main(ctx)), { executor: 'inOrder' });
    } catch (error) {
      return error as Error;
    }
    throw new Error('nothing was refused');
  };
  const region = (ctx: Ctx, size: readonly number[] = [100]) => ctx.region(size, Frames, { name: 'frames' });
  const says = async (main: (ctx: Ctx) => unknown, kind: unknown, message: RegExp) => {
    const error = await refused(main);
    t.type(error, kind as never);
    t.match(error.message, message);
    t.notMatch(error.message, /\n/);
  };
  await says(
    (ctx) => ctx.attach(region(ctx), u16file(join(folder, 'no.raw'))),
    DataError,
    /no\.raw: the file does not exist/,
  );
  await says(
    (ctx) => ctx.attach(region(ctx, [101]), u16file(path)),
    DataError,
    /raw, byte 200: the file ends here, but 101 points of u16, field counts of region frames, end at byte 202/,
  );
  await says(
    (ctx) => ctx.attach(region(ctx), { counts: rawFile(path, { kind: 'f32' }) }),
    LaunchError,
    /holds f32, but field counts of region frames is u16/,
  );
  await says(
    (ctx) => ctx.attach(region(ctx), { counts: rawFile(path, { kind: 'u16', stride: 1 }) }),
    LaunchError,
    /stride of 1 bytes/,
  );
  await says(
    (ctx) => ctx.attach(region(ctx), { counts: new Uint16Array(99) }),
    LaunchError,
    /an array of 100 numbers .* not of 99/,
  );
  await says(
    (ctx) => ctx.attach(region(ctx), { counts: new Float64Array(100) as never }),
    LaunchError,
    /a Uint16Array, not to a Float64Array/,
  );
  await says((ctx) => ctx.attach(region(ctx), { counts: path as never }), LaunchError, /is no source/);
  await says((ctx) => ctx.attach(region(ctx), {}), LaunchError, /no field is named/);
  await says((ctx) => ctx.attach(region(ctx), u16file(folder)), DataError, /this is no file/);
  await says(
    (ctx) => ctx.attach(region(ctx), u16file(join(folder, 'a', 'b.raw')), { mode: 'create' }),
    DataError,
    /b\.raw: the file cannot be made: its folder does not exist/,
  );
  await says(
    (ctx) => {
      const frames = region(ctx);
      ctx.attach(frames, u16file(path));
      ctx.attach(frames.partition.equal([4])[2]!, { counts: new Uint16Array(25) });
    },
    LaunchError,
    /attached already at point 50 \(at .*attach\.test\.[jt]s:\d+:\d+\): detach that first/,
  );
  await says(
    (ctx) => {
      const frames = region(ctx);
      ctx.attach(frames, u16file(path));
      ctx.launch(double, { block: frames });
    },
    LaunchError,
    /task double|double: block would update frames\.counts at point 0, which is attached to be read/,
  );
  await says(
    (ctx) => {
      const frames = region(ctx);
      ctx.attach(frames, u16file(path));
      frames.write('counts', new Uint16Array(100));
    },
    LaunchError,
    /which is attached to be read/,
  );
  await says(
    (ctx) => {
      const frames = region(ctx);
      ctx.attach(frames, u16file(path), { mode: 'update' });
      frames.free();
    },
    LaunchError,
    /cannot be freed while it is attached/,
  );
  await says(
    async (ctx) => {
      const frames = region(ctx);
      using lease = await frames.lease(reads(Frames, 'counts'));
      void lease;
      ctx.attach(frames, u16file(path));
    },
    LaunchError,
    /lease/,
  );
  await says(
    (ctx) => {
      const frames = region(ctx);
      const overlapping = frames.partition.byDomain([2], () => frames.indexSpace);
      ctx.indexAttach(overlapping as never, () => u16file(path));
    },
    LaunchError,
    /no disjoint partition/,
  );
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0o444);
    await says(
      (ctx) => ctx.attach(region(ctx), u16file(path), { mode: 'update' }),
      DataError,
      /the file is read-only/,
    );
    chmodSync(path, 0o644);
  }
});

t.test('a task on a tile is saved with what the tile holds', async (t) => {
  const [frames, pixels, blocks] = [64, 1024, 8];
  const path = fileOf(ramp(frames * pixels).map((i) => i % 30_000));
  const saved = join(folder, 'saved');
  await run(
    async (ctx) => {
      const region = ctx.region([frames, pixels], Frames, { name: 'frames' });
      const input = ctx.attach(region, u16file(path), { mode: 'update' });
      ctx.index([blocks], double, { block: region.partition.equal([blocks]).at() });
      await input.detach();
    },
    // A tile for each block.
    { executor: 'threads', workers: 2, memory: 2 ** 19, saveTasks: { folder: saved, which: 'double@3' } },
  );
  const [file] = readdirSync(saved);
  const { outputs, thrown } = await runSaved(join(saved, file!));
  t.equal(thrown, null);
  const first = 3 * (frames / blocks) * pixels;
  t.same(
    [...(outputs[0]!.values as Uint16Array)],
    ramp((frames / blocks) * pixels).map((i) => 2 * ((first + i) % 30_000)),
  );
});
