// The normal equations solved in the task graph: the bits of the pure function, for any number of workers.
import t from 'tap';
import { solve } from '../../apps/spinifel/solve.js';
import { run } from '../../runtime/index.js';
import { MERGE } from '../../tasks/spi/generation.js';
import { Kernel, Model, RightSide } from '../../tasks/spi/graph/regions.js';
import { ballSupport, solveMerge } from '../../tasks/spi/index.js';
import type { NormalSums } from '../../tasks/spi/normal-sums.js';

/** A kernel of positive definite sums, and a right-hand side. */
function sumsOf(n: number): NormalSums {
  const N = 2 * n;
  const kernel = new Float32Array(N ** 3);
  for (let i = 1; i < N; i++)
    for (let j = 1; j < N; j++)
      for (let k = 1; k < N; k++) {
        const r2 = (i - n) ** 2 + (j - n) ** 2 + (k - n) ** 2;
        kernel[(i * N + j) * N + k] = Math.exp(-r2 / 4) + (r2 === 0 ? 0.3 : 0);
      }
  const rightSide = Float32Array.from({ length: n ** 3 }, (_, i) => Math.sin(i * 12.9898) + 0.2);
  return { rightSide, kernel };
}

t.test('conjugate gradients as a task graph', async (t) => {
  for (const n of [5, 16, 25]) {
    const sums = sumsOf(n);
    const radius = n / 2 - 1;
    const expected = solveMerge(sums, n, { ...MERGE, support: ballSupport(n, radius) });
    t.ok(expected.iterations > 3, `${n}: ${expected.iterations} steps`);
    for (const [executor, workers] of [
      ['inOrder', 1],
      ['virtual', 1],
      ['threads', 1],
      ['threads', 3],
    ] as const) {
      const solved = await run(
        async (ctx) => {
          const rightSide = ctx.region([n, n, n], RightSide);
          const kernel = ctx.region([2 * n, 2 * n, 2 * n], Kernel);
          const model = ctx.region([n, n, n], Model);
          rightSide.write('value', sums.rightSide);
          kernel.write('value', sums.kernel);
          await solve(ctx, { rightSide, kernel, model }, radius);
          return model.read('autocorrelation');
        },
        { executor, workers },
      );
      const different = solved.findIndex((value, i) => !Object.is(value, expected.autocorrelation[i]));
      t.equal(different, -1, `${n} voxels an edge, ${executor}, ${workers} workers: the same bits`);
    }
  }
});

t.test('no data', async (t) => {
  const n = 6;
  await t.rejects(
    run(async (ctx) => {
      const rightSide = ctx.region([n, n, n], RightSide);
      const kernel = ctx.region([2 * n, 2 * n, 2 * n], Kernel);
      const model = ctx.region([n, n, n], Model);
      await solve(ctx, { rightSide, kernel, model }, 2);
    }),
    /there are no data/,
  );
});
