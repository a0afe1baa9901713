// Tasks of unequal length: each point of each step takes 1 - F/2 to 1 + F/2 times the mean, drawn anew every time, and
// needs its own last value and those of its two neighbours (Task Bench's load_imbalance kernel with nearest dependences:
// E. Slaughter et al., SC 2020).
//
//   npx maniple run imbalance.ts --points 4 --steps 160 --imbalance 1.5 --length 40000
import { parseArgs } from 'node:util';
import { type Ctx, f64, fieldSpace, IndexSpace, overwrites, reads, task } from 'maniple';

const Cell = fieldSpace({ value: f64 });
const module = import.meta.url;

export const begin = task({
  module,
  name: 'begin',
  regions: { cell: overwrites(Cell, 'value') },
  run({ cell }) {
    for (const i of cell.points) cell.value[i] = 1 / (2 + cell.coord(i)[0]!);
  },
});

export const step = task({
  module,
  name: 'step',
  regions: { near: reads(Cell, 'value'), cell: overwrites(Cell, 'value') },
  run({ near, cell }, { length, imbalance }: { length: number; imbalance: number }, ctx) {
    // The same draw in every run: ctx.random depends on the seed, the launch and the point alone.
    const rounds = Math.round(length * (1 + imbalance * (ctx.random() - 0.5)));
    let sum = 0;
    for (const i of near.points) sum += near.value[i]!;
    let x = sum / near.points.length;
    for (let round = 0; round < 100 * rounds; round++) x = 3.7 * x * (1 - x);
    for (const i of cell.points) cell.value[i] = x;
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      points: { type: 'string', default: '4' },
      steps: { type: 'string', default: '160' },
      imbalance: { type: 'string', default: '1.5' },
      length: { type: 'string', default: '40000' },
    },
  });
  const [points, steps, imbalance, length] = [
    Number(values.points),
    Number(values.steps),
    Number(values.imbalance),
    Number(values.length),
  ];
  // Two regions in turn: a step reads what the last one wrote.
  const cells = [ctx.region([points], Cell), ctx.region([points], Cell)].map((region) => ({
    region,
    own: region.partition.equal([points]),
    near: region.partition.restrict({
      colors: [points],
      transform: [[1]],
      extent: IndexSpace.box([-1], [1]),
    }),
  }));
  ctx.index([points], begin, { cell: cells[0]!.own.at() });
  for (let n = 0; n < steps; n++) {
    const [from, to] = [cells[n % 2]!, cells[(n + 1) % 2]!];
    ctx.index([points], step, { near: from.near.at(), cell: to.own.at() }, { length, imbalance });
  }
  return [...(await cells[steps % 2]!.region.read('value'))];
}
