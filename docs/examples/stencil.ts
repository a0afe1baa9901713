// Heat in a plate, by tiles with halos: a tile is written by one task, and read by its neighbours' too. There is no barrier
// between steps: a tile goes on when its neighbours are ready.
//
//   npx maniple run stencil.ts --size 512 --tiles 4 --steps 50
import { parseArgs } from 'node:util';
import { type Ctx, f64, fieldSpace, IndexSpace, overwrites, reads, task } from 'maniple';

const Plate = fieldSpace({ heat: f64 });
const module = import.meta.url;

export const begin = task({
  module,
  name: 'begin',
  regions: { tile: overwrites(Plate, 'heat') },
  run({ tile }, { size }: { size: number }) {
    for (const i of tile.points) {
      const [x, y] = tile.coord(i) as [number, number];
      tile.heat[i] = initial(x, y, size);
    }
  },
});

export const step = task({
  module,
  name: 'step',
  regions: { old: reads(Plate, 'heat'), tile: overwrites(Plate, 'heat') },
  run({ old, tile }, { size }: { size: number }) {
    const [down] = old.strides as [number, number]; // from a row to the next
    for (let x = tile.lo[0]!; x <= tile.hi[0]!; x++) {
      for (let y = tile.lo[1]!; y <= tile.hi[1]!; y++) {
        const [from, to] = [old.at(x, y), tile.at(x, y)];
        const rim = x === 0 || y === 0 || x === size - 1 || y === size - 1; // the rim keeps its heat
        const around = rim
          ? 0
          : old.heat[from - down]! + old.heat[from + down]! + old.heat[from - 1]! + old.heat[from + 1]!;
        tile.heat[to] = rim ? old.heat[from]! : old.heat[from]! + 0.2 * (around - 4 * old.heat[from]!);
      }
    }
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = { size: text('512'), tiles: text('4'), steps: text('50') };
  const { values } = parseArgs({ args: [...args], options });
  const [size, tiles, steps] = [Number(values.size), Number(values.tiles), Number(values.steps)];
  const edge = Math.ceil(size / tiles);
  // Two plates in turn: a step reads one and writes the other.
  const plates = [ctx.region([size, size], Plate), ctx.region([size, size], Plate)].map((plate) => ({
    plate,
    own: plate.partition.blocks([edge, edge]), // disjoint: may be written
    halo: plate.partition.restrict({
      colors: [tiles, tiles], // colour (r, c): a tile with one more point on each side, as far as the plate goes
      transform: [
        [edge, 0],
        [0, edge],
      ],
      extent: IndexSpace.box([-1, -1], [edge, edge]),
    }), // overlapping: may be read
  }));
  ctx.index([tiles, tiles], begin, { tile: plates[0]!.own.at() }, { size });
  for (let n = 0; n < steps; n++) {
    const [from, to] = [plates[n % 2]!, plates[(n + 1) % 2]!];
    ctx.index([tiles, tiles], step, { old: from.halo.at(), tile: to.own.at() }, { size });
  }
  const heat = await plates[steps % 2]!.plate.read('heat');
  const plain = plainLoops(size, steps);
  const different = heat.filter((value, i) => value !== plain[i]).length;
  console.log(`${steps} steps of ${size} x ${size} points: ${different} differ from plain loops`);
  return heat;
}

/** Hot at the left edge, with a ripple inside. */
const initial = (x: number, y: number, size: number) => (y === 0 ? 100 : ((3 * x + 5 * y) % size) / size);

function plainLoops(size: number, steps: number): Float64Array {
  let old = Float64Array.from({ length: size * size }, (_, i) =>
    initial(Math.floor(i / size), i % size, size),
  );
  for (let n = 0; n < steps; n++) {
    const now = old.slice();
    for (let x = 1; x < size - 1; x++) {
      for (let i = x * size + 1; i < x * size + size - 1; i++) {
        now[i] = old[i]! + 0.2 * (old[i - size]! + old[i + size]! + old[i - 1]! + old[i + 1]! - 4 * old[i]!);
      }
    }
    old = now;
  }
  return old;
}
