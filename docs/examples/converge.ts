// A loop that ends when it has converged, without waiting in it: all steps are launched at once, each under the condition that
// the last one still moved. Those after convergence touch nothing. (Power iteration: the largest eigenvalue of a matrix.)
//
//   npx maniple run converge.ts --size 400 --blocks 4 --limit 40
import { parseArgs } from 'node:util';
import { type Ctx, f64, fieldSpace, overwrites, reads, task, updates } from 'maniple';

const Matrix = fieldSpace({ a: f64 });
const Vector = fieldSpace({ x: f64, product: f64 });
const module = import.meta.url;

export const begin = task({
  module,
  name: 'begin',
  regions: { rows: overwrites(Matrix, 'a'), part: overwrites(Vector, 'x') },
  run({ rows, part }, { n }: { n: number }): number {
    for (const i of rows.points) {
      const [row, column] = rows.coord(i) as [number, number];
      rows.a[i] = 1 + Math.min(row, column);
    }
    for (const i of part.points) part.x[i] = 1 / Math.sqrt(n);
    return 1;
  },
});

/** Rows of A times x. Returns their part of |A x|^2. */
export const multiply = task({
  module,
  name: 'multiply',
  regions: { rows: reads(Matrix, 'a'), all: reads(Vector, 'x'), part: overwrites(Vector, 'product') },
  run({ rows, all, part }): number {
    let squares = 0;
    for (const i of part.points) {
      const row = rows.at(part.coord(i)[0]!, 0);
      let sum = 0;
      for (let k = 0; k < all.volume; k++) sum += rows.a[row + k]! * all.x[k]!;
      part.product[i] = sum;
      squares += sum * sum;
    }
    return squares;
  },
});

/** x := A x / |A x|. Returns how far x has moved. */
export const normalise = task({
  module,
  name: 'normalise',
  regions: { part: reads(Vector, 'product').and(updates(Vector, 'x')) },
  run({ part }, { squares }: { squares: number }): number {
    let moved = 0;
    for (const i of part.points) {
      const x = part.product[i]! / Math.sqrt(squares);
      moved = Math.max(moved, Math.abs(x - part.x[i]!));
      part.x[i] = x;
    }
    return moved;
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = { size: text('400'), blocks: text('4'), limit: text('40') };
  const { values } = parseArgs({ args: [...args], options });
  const [n, blocks, limit] = [Number(values.size), Number(values.blocks), Number(values.limit)];
  const matrix = ctx.region([n, n], Matrix);
  const vector = ctx.region([n], Vector);
  const rows = matrix.partition.equal([blocks]).at();
  const part = vector.partition.equal([blocks]).at();
  let moved = ctx.index([blocks], begin, { rows, part }, { n }).reduce('max');
  let going = ctx.predicate(moved.map((distance) => distance > 1e-12));
  const norms = [];
  for (let step = 0; step < limit; step++) {
    const guard = { when: going, otherwise: 0 }; // 0 is what a step returns that does not happen
    const squares = ctx.index([blocks], multiply, { rows, all: vector, part }, {}, guard).reduce('sum');
    moved = ctx.index([blocks], normalise, { part }, { squares }, guard).reduce('max');
    going = going.and(ctx.predicate(moved.map((distance) => distance > 1e-12)));
    norms.push(squares);
  }
  // Everything is launched; here is the first wait.
  const happened = (await Promise.all(norms)).filter((squares) => squares > 0);
  const eigenvalue = Math.sqrt(happened.at(-1)!); // x had the length 1
  const exact = 1 / (4 * Math.sin(Math.PI / (4 * n + 2)) ** 2);
  console.log(
    `${(await going.future) ? 'not converged' : 'converged'} after ${happened.length} of ${limit} steps`,
  );
  console.log(`largest eigenvalue ${eigenvalue.toFixed(6)}, exactly ${exact.toFixed(6)}`);
  return { steps: happened.length, eigenvalue, vector: await vector.read('x') };
}
