// The normal equations of merging solved by conjugate gradients, as part of the task graph: the pure form is `solveMerge`,
// and this gives its bits. All steps are launched at once; those after convergence do nothing.
import type { Cap, Ctx, LaunchOptions, Region, RegionRef, TaskFuture } from '../../runtime/index.js';
import { slabsOf } from '../../tasks/spi/conjugate-gradients.js';
import { MERGE } from '../../tasks/spi/generation.js';
import {
  Gain,
  type Kernel,
  type Model,
  type RightSide,
  Search,
  Spectrum,
} from '../../tasks/spi/graph/regions.js';
import * as leaf from '../../tasks/spi/graph/solve-leaves.js';
import { paddingFor } from '../../tasks/spi/normal-operator.js';

/** The sums of one set of images, and the model that they determine: (n, n, n), (2n, 2n, 2n), (n, n, n). */
export interface Equations {
  readonly rightSide: Region<typeof RightSide.fields, { value: 'R' }>;
  readonly kernel: RegionRef<typeof Kernel.fields, { value: 'R' }>;
  readonly model: Region<typeof Model.fields, { autocorrelation: Cap }>;
}

/**
 * Resolves when the model is there.
 * @param radius of the support, voxels
 * @param options of all launches
 */
export function solve(
  ctx: Ctx,
  { rightSide, kernel, model }: Equations,
  radius: number,
  options: Pick<LaunchOptions, 'priority'> = {},
): PromiseLike<void> {
  const { lo, hi } = model.indexSpace;
  const n = hi[0]! - lo[0]! + 1;
  const { padded, half } = paddingFor(n);
  const slabs = slabsOf(n);
  const domain = [slabs];
  using search = ctx.region([n, n, n], Search, { name: 'search' });
  using spectrum = ctx.region([n, padded, half], Spectrum, { name: 'spectrum' });
  using gain = ctx.region([padded, padded, half], Gain, { name: 'gain' });
  const planes = {
    rightSide: rightSide.partition.equal(domain).at(),
    model: model.partition.equal(domain).at(),
    search: search.partition.equal(domain).at(),
    spectrum: spectrum.partition.equal(domain).at(),
  };
  const columns = {
    gain: gain.partition.equal([1, slabs]).at(([b]) => [0, b!]),
    spectrum: spectrum.partition.equal([1, slabs]).at(([b]) => [0, b!]),
  };

  const total = ctx.launch(leaf.weigh, { kernel }, { n }, options);
  {
    using transformed = ctx.region([padded, padded, half], Spectrum, { name: "kernel's spectrum" });
    ctx.index(
      domain,
      leaf.transformKernel,
      { kernel, planes: transformed.partition.equal(domain).at() },
      { n },
      options,
    );
    const blocks = transformed.partition.equal([1, slabs]).at(([b]) => [0, b!]);
    ctx.index(domain, leaf.makeGain, { planes: blocks, gain: columns.gain }, { n, total }, options);
  }
  let rr = ctx
    .index(
      domain,
      leaf.begin,
      { rightSide: planes.rightSide, search: planes.search, model: planes.model },
      { n, radius, total },
      options,
    )
    .reduce('sum');
  const { ridge, tolerance, iterations } = MERGE;
  const reference = rr;
  let before: number | TaskFuture<number> = 0;
  for (let step = 0; step < iterations; step++) {
    const progress = { rr, reference, tolerance };
    const { search, spectrum, model } = planes;
    ctx.index(domain, leaf.direct, { search, spectrum }, { n, before, ...progress }, options);
    ctx.index(domain, leaf.convolve, columns, { n, ...progress }, options);
    const pq = ctx
      .index(domain, leaf.multiply, { spectrum, search }, { n, ridge, ...progress }, options)
      .reduce('sum');
    before = rr;
    rr = ctx.index(domain, leaf.improve, { model, search }, { pq, ...progress }, options).reduce('sum');
  }
  return ctx.launch(leaf.even, { model }, { n }, options);
}
