// Three-dimensional Fourier transforms by slabs: planes first, then the columns across them. The second partition cuts along
// another axis, so nothing is transposed; and while the columns of one volume are done, the planes of the next can begin.
//
//   npx maniple run fft-pipeline.ts --size 48 --slabs 4 --volumes 3
import { parseArgs } from 'node:util';
import { type Ctx, c128, f64, fieldSpace, overwrites, reads, task, updates } from 'maniple';
import { fft3, rfft3 } from 'maniple/fourier';

const Volume = fieldSpace({ density: f64 }); // (n, n, n)
const Spectrum = fieldSpace({ value: c128 }); // (n, n, n/2 + 1): the other half is the complex conjugate
const module = import.meta.url;

export const draw = task({
  module,
  name: 'draw',
  regions: { slab: overwrites(Volume, 'density') },
  run({ slab }, _: object, ctx) {
    for (const i of slab.points) slab.density[i] = ctx.random();
  },
});

/** Transforms each plane of a slab over y and z. */
export const planes = task({
  module,
  name: 'planes',
  regions: { slab: reads(Volume, 'density'), spectrum: overwrites(Spectrum, 'value') },
  run({ slab, spectrum }, { n }: { n: number }) {
    for (let x = slab.lo[0]!; x <= slab.hi[0]!; x++) {
      const at = slab.at(x, 0, 0);
      const plane = rfft3(slab.density.slice(at, at + n * n), [1, n, n]);
      spectrum.value.set(plane, 2 * spectrum.at(x, 0, 0)); // a complex number is two elements
    }
  },
});

/** Transforms columns along x. The block has a few y of every plane, so its columns are strided. */
export const columns = task({
  module,
  name: 'columns',
  regions: { block: updates(Spectrum, 'value') },
  run({ block }, { n }: { n: number }): number {
    const column = new Float64Array(2 * n);
    const [step] = block.strides as [number, number, number];
    let power = 0;
    for (let y = block.lo[1]!; y <= block.hi[1]!; y++) {
      for (let z = 0; z <= block.hi[2]!; z++) {
        const first = block.at(0, y, z);
        for (let k = 0; k < 2 * n; k++) column[k] = block.value[2 * (first + (k >> 1) * step) + (k & 1)]!;
        fft3(column, [1, 1, n], { out: column });
        for (let k = 0; k < 2 * n; k++) {
          block.value[2 * (first + (k >> 1) * step) + (k & 1)] = column[k]!;
          power += (z === 0 || 2 * z === n ? 1 : 2) * column[k]! ** 2; // twice for the half that is left out
        }
      }
    }
    return power;
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = { size: text('48'), slabs: text('4'), volumes: text('3') };
  const { values } = parseArgs({ args: [...args], options });
  const [n, slabs, count] = [Number(values.size), Number(values.slabs), Number(values.volumes)];
  const volume = ctx.region([n, n, n], Volume);
  const spectrum = ctx.region([n, n, Math.floor(n / 2) + 1], Spectrum);
  const slab = { volume: volume.partition.equal([slabs]), spectrum: spectrum.partition.equal([slabs]) };
  const across = spectrum.partition.equal([1, slabs]); // all of x, a few y
  const powers = [];
  for (let v = 0; v < count; v++) {
    // Overwritten anew for each volume: what the last one still needs stays where it is, and the new gets fresh memory.
    ctx.index([slabs], draw, { slab: slab.volume.at() });
    ctx.index([slabs], planes, { slab: slab.volume.at(), spectrum: slab.spectrum.at() }, { n });
    powers.push(ctx.index([slabs], columns, { block: across.at(([b]) => [0, b!]) }, { n }).reduce('sum'));
  }
  const [density, found] = [await volume.read('density'), await spectrum.read('value')];
  const expected = rfft3(density, [n, n, n]);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  console.log(
    `${count} volumes of ${n}^3; the last is within ${(worst / expected[0]!).toExponential(1)} of rfft3`,
  );
  const squares = n ** 3 * density.reduce((sum, value) => sum + value * value, 0); // Parseval's theorem
  console.log(`its power is ${((await powers.at(-1)!) / squares).toFixed(9)} of that of the density`);
  return { spectrum: found, powers: await Promise.all(powers) };
}
