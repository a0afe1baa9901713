// One random program on an attached region, against plain arrays.
import { join } from 'node:path';
import {
  type AttachMode,
  type Attachment,
  type Ctx,
  type FieldType,
  IndexSpace,
  type RunOptions,
  run,
} from '../../../runtime/index.js';
import { checkLog } from '../../../runtime/observe/check.js';
import { type AnyRegion, bumped, bumps, typed } from '../../runtime/program/attach.tasks.js';
import { outside } from './outside.js';
import { type AnyArray, bigs, generator, type Numbers, randomNumbers } from './random-numbers.js';

/** One random program; the outside and every read are compared with plain arrays. */
export async function checkCase(folder: string, seed: number): Promise<string> {
  const random = generator(seed);
  const which = random.below(typed.length);
  const { name, space } = typed[which]!;
  const type = space.fields['value'] as FieldType;
  const rank = 1 + random.below(3);
  const most = rank === 1 ? 900 : rank === 2 ? 30 : 9;
  const extent = Array.from({ length: rank }, () => 1 + random.below(most));
  const lo = extent.map(() => random.below(7) - 3);
  const box = IndexSpace.box(
    lo,
    lo.map((low, axis) => low + extent[axis]! - 1),
  );
  const mode = random.pick<AttachMode>(['read', 'update', 'update', 'create']);
  const { lanes } = type;
  const numbers = randomNumbers(random, type, box.volume * lanes);
  const place = await outside(folder, random, type, extent, numbers, mode);
  const sparse = random.chance(0.3);
  const points = sparse
    ? box.minus(
        IndexSpace.points(
          rank,
          Array.from({ length: 1 + random.below(9) }, () => box.at(random.below(box.volume))),
        ),
      )
    : box;
  const bytes = box.volume * type.bytesPerElement;
  const memory = random.chance(0.5) ? Math.floor((2 + 2 * random.below(3)) * bytes + 2 ** 18) : 2 ** 24;
  const options: RunOptions = {
    ...random.pick<RunOptions>([
      { executor: 'inOrder' },
      { executor: 'virtual', seed },
      { executor: 'threads', workers: 2 },
    ]),
    memory,
    check: random.chance(0.2),
    spillsAlways: random.chance(0.3),
    profile: join(folder, 'log.mprof'),
  };
  const story = `seed ${seed}: ${name} ${points} ${place.words} ${mode} ${options.executor} ${memory} of ${bytes} bytes`;
  if (
    points.empty ||
    points.lo.some((x, axis) => x !== lo[axis]) ||
    points.hi.some((x, axis) => x !== lo[axis]! + extent[axis]! - 1)
  )
    return story; // another box: the sizes above would be wrong
  // The model: numbers of the bounding box.
  const model = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const before = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const kept = (numbers as unknown as Float64Array).slice() as unknown as Numbers;
  const zero = bigs(type) ? 0n : 0;
  if (mode === 'create') (model as AnyArray).fill(zero);
  const positions = (part: IndexSpace) => Array.from(part, (point) => box.indexOf(point));
  const same = (seen: Numbers, part: IndexSpace, when: string) => {
    positions(part).forEach((position, k) => {
      for (let lane = 0; lane < lanes; lane++) {
        if (seen[k * lanes + lane] !== model[position * lanes + lane])
          throw new Error(
            `${story}: ${when}, point ${box.at(position)} is ${seen[k * lanes + lane]} and not ${model[position * lanes + lane]}`,
          );
      }
    });
  };
  const rest = place.rest();
  let attached = points;
  await run(async (ctx: Ctx) => {
    const region = ctx.region(points, space, { name: 'data' }) as AnyRegion;
    if (random.chance(0.3)) ctx.fill(region as never, 'value' as never, zero as never);
    const pieces = 1 + random.below(3);
    const shards = region.partition.equal(extent.map((n, axis) => (axis === 0 ? Math.min(n, pieces) : 1)));
    const { shard } = place;
    const how =
      sparse || mode === 'create' || shard === undefined ? 'whole' : random.pick(['whole', 'index', 'part']);
    const from = (space: IndexSpace) => (space.lo[0]! - lo[0]!) * (box.volume / extent[0]!);
    let attachment: Attachment;
    if (how === 'whole') attachment = ctx.attach(region, { value: place.source as never }, { mode });
    else if (how === 'index') {
      attachment = ctx.indexAttach(
        shards as never,
        (colour) => {
          const space = shards.index.sub(colour);
          return { value: shard!(from(space), space.volume) } as never;
        },
        { mode },
      );
    } else {
      attached = shards.index.subspaces.at(-1)!;
      const last = shards.sub(shards.index.colours.at(shards.index.colours.volume - 1)) as AnyRegion;
      attachment = ctx.attach(last, { value: shard!(from(attached), attached.volume) as never }, { mode });
      for (const position of positions(box.minus(attached)))
        for (let lane = 0; lane < lanes; lane++) (model as AnyArray)[position * lanes + lane] = zero;
    }
    const tiles = region.partition.blocks(extent.map((n) => 1 + random.below(n)));
    const partitions = [shards, tiles];
    for (let step = 0; step < 6; step++) {
      const partition = random.pick(partitions);
      const colour = random.below(partition.index.subspaces.length);
      const chosen = partition.sub(partition.index.colours.at(colour)) as AnyRegion;
      const touched: IndexSpace = chosen.indexSpace;
      const what = random.pick(
        mode === 'read' ? ['read', 'all'] : ['read', 'bump', 'index', 'write', 'fill', 'flush', 'all'],
      );
      const apply = (inside: IndexSpace, change: (old: number | bigint) => number | bigint) => {
        for (const position of positions(inside))
          for (let lane = 0; lane < lanes; lane++)
            (model as AnyArray)[position * lanes + lane] = change(model[position * lanes + lane]!);
      };
      if (what === 'read') same((await chosen.read('value')) as never, touched, `step ${step}`);
      else if (what === 'all') same((await region.read('value')) as never, points, `step ${step}`);
      else if (what === 'bump') {
        ctx.launch(bumps[which]! as never, { v: chosen } as never);
        apply(touched, bumped);
      } else if (what === 'index') {
        ctx.index(partition.index.colours, bumps[which]! as never, { v: partition.at() } as never);
        apply(points, bumped);
      } else if (what === 'write') {
        const values = randomNumbers(random, type, touched.volume * lanes);
        chosen.write('value', values as never);
        positions(touched).forEach((position, k) => {
          for (let lane = 0; lane < lanes; lane++)
            (model as AnyArray)[position * lanes + lane] = values[k * lanes + lane];
        });
      } else if (what === 'fill') {
        ctx.fill(chosen as never, 'value' as never, (type.complex ? [7, 7] : bigs(type) ? 7n : 7) as never);
        apply(touched, () => (bigs(type) ? 7n : 7));
      } else await attachment.flush();
    }
    await attachment.detach();
    for (const position of positions(attached))
      for (let lane = 0; lane < lanes; lane++) (kept as AnyArray)[position * lanes + lane] = zero;
    for (const position of positions(box.minus(attached)))
      for (let lane = 0; lane < lanes; lane++)
        (kept as AnyArray)[position * lanes + lane] = model[position * lanes + lane];
    const seen = (await region.read('value')) as never as Numbers;
    positions(points).forEach((position, k) => {
      for (let lane = 0; lane < lanes; lane++) {
        if (seen[k * lanes + lane] !== kept[position * lanes + lane])
          throw new Error(
            `${story}: after the detach point ${box.at(position)} is ${seen[k * lanes + lane]}`,
          );
      }
    });
  }, options);
  const found = await place.read();
  for (const position of positions(box)) {
    for (let lane = 0; lane < lanes; lane++) {
      const i = position * lanes + lane;
      const expected = attached.contains(box.at(position)) ? model[i] : mode === 'create' ? zero : before[i];
      if (found[i] !== expected)
        throw new Error(`${story}: number ${i} outside is ${found[i]} and not ${expected}`);
    }
  }
  if (place.rest() !== rest && mode !== 'create')
    throw new Error(`${story}: bytes between the points changed`);
  const report = checkLog(join(folder, 'log.mprof'));
  if (!report.clean) throw new Error(`${story}: the log has orders missing: ${JSON.stringify(report)}`);
  return story;
}
