// Tasks on fields of every kind, for regions that are attached to files and arrays.
import {
  bool,
  type Ctx,
  c64,
  c128,
  type FieldSpace,
  f32,
  f64,
  fieldSpace,
  i8,
  i16,
  i32,
  i64,
  overwrites,
  type Region,
  reads,
  reduces,
  task,
  u8,
  u16,
  u32,
  u64,
  updates,
  vec,
} from '../../../runtime/index.js';

const module = import.meta.url;

export const Frames = fieldSpace({ counts: u16, dose: f32 });
export const Pixel = fieldSpace({ sum: f64 });

export const accumulate = task({
  module,
  name: 'accumulate',
  regions: { block: reads(Frames, 'counts'), pixel: reduces(Pixel, 'sum', 'sum') },
  run({ block, pixel }) {
    for (const i of block.points) pixel.sum.fold(i % pixel.volume, block.counts[i]!);
  },
});

export const double = task({
  module,
  name: 'double',
  regions: { block: updates(Frames, 'counts') },
  run({ block }) {
    for (const i of block.points) block.counts[i]! *= 2;
  },
});

/** Two fields at once, of which one may be attached. */
export const weigh = task({
  module,
  name: 'weigh',
  regions: { block: reads(Frames, 'counts').and(updates(Frames, 'dose')) },
  run({ block }) {
    for (const i of block.points) block.dose[i]! += block.counts[i]!;
  },
});

export const paint = task({
  module,
  name: 'paint',
  regions: { block: overwrites(Frames, 'counts') },
  run({ block }) {
    for (const i of block.points) block.counts[i] = 7 + i;
  },
});

export const failing = task({
  module,
  name: 'failing',
  regions: { block: updates(Frames, 'counts') },
  run({ block }) {
    throw new Error(`no luck with ${block.volume} points`);
  },
});

/** Fold the counts of all frames into themselves. */
export const bumpAtomic = task({
  module,
  name: 'bumpAtomic',
  regions: { block: updates(Frames, 'counts').atomic() },
  run({ block }) {
    for (const i of block.points) block.counts[i]! += 1;
  },
});

export const addTo = task({
  module,
  name: 'addTo',
  regions: { block: reduces(Frames, 'sum', 'counts') },
  run({ block }, { by }: { by: number }) {
    for (let i = 0; i < block.volume; i++) block.counts.fold(i, by);
  },
});

export const insideTwice = task({
  module,
  name: 'insideTwice',
  leaf: false,
  regions: { block: updates(Frames, 'counts') },
  run({ block }, _args: object, ctx: Ctx) {
    const rows = block.partition.equal([2]);
    ctx.index([2], double, { block: rows.at() });
    ctx.launch(double, { block });
  },
});

const types = {
  f64,
  f32,
  i32,
  u32,
  i16,
  u16,
  i8,
  u8,
  i64,
  u64,
  c64,
  c128,
  bool,
  'f32 x3': vec(f32, 3),
  'i64 x2': vec(i64, 2),
  'c64 x2': vec(c64, 2),
} as const;

export type TypeName = keyof typeof types;
// biome-ignore lint/suspicious/noExplicitAny: a field of any kind
export type AnyRegion = Region<any, any>;

export interface Typed {
  readonly name: TypeName;
  // biome-ignore lint/suspicious/noExplicitAny: fields of any kind
  readonly space: FieldSpace<any>;
}

/** What `bump` does to a number. */
export function bumped(value: number | bigint): number | bigint {
  return typeof value === 'bigint' ? value * 3n + 1n : value * 3 + 1;
}

export const typed: readonly Typed[] = (Object.keys(types) as TypeName[]).map((name) => ({
  name,
  space: fieldSpace({ value: types[name] }),
}));

/** Updates every point of a field; one task for every type, as each has a field space of its own. */
export const bumps = typed.map(({ name, space }) =>
  task({
    module,
    name: `bump ${name}`,
    regions: { v: updates(space, 'value') },
    run({ v }) {
      const { value, pieces, points } = v as unknown as {
        value: { [i: number]: number | bigint; length: number };
        pieces: readonly { offset: number; length: number }[];
        points: Iterable<number>;
      };
      const last = pieces.at(-1);
      if (last === undefined) return;
      const lanes = value.length / (last.offset + last.length);
      for (const i of points)
        for (let lane = 0; lane < lanes; lane++) value[i * lanes + lane] = bumped(value[i * lanes + lane]!);
    },
  }),
);
