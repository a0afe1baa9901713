// The steps of solving the normal equations as leaf tasks: conjugate gradients whose vectors are fields of a region, cut
// into slabs of planes, and whose inner products are futures summed over the slabs. Numbers that decide (r.r, p.q) come as
// futures; once the residual is small enough the tasks of the steps that are left do nothing.
import { overwrites, reads, task, updates } from '../../../runtime/index.js';
import { beginStep, directionStep, dot, productStep, unsolved, updateStep } from '../conjugate-gradients.js';
import { ballSupport, symmetrise, totalWeight } from '../merge-solve.js';
import {
  backwardPlanes,
  convolveBlock,
  forwardPlanes,
  gainColumns,
  kernelPlanes,
  paddingFor,
} from '../normal-operator.js';
import { Gain, Kernel, Model, RightSide, Search, Spectrum } from './regions.js';

const module = import.meta.url;

interface Progress {
  /** r.r now, and of the right-hand side. */
  readonly rr: number;
  readonly reference: number;
  readonly tolerance: number;
}

const solved = ({ rr, reference, tolerance }: Progress): boolean => !unsolved(rr, reference, tolerance);

/** The weight of all data. */
export const weigh = task({
  module,
  name: 'solve: weight',
  regions: { kernel: reads(Kernel, 'value') },
  run({ kernel }, { n }: { n: number }) {
    return totalWeight(kernel.value.unsafeRaw(), n);
  },
});

/** Planes of the padded kernel, transformed over y and z. */
export const transformKernel = task({
  module,
  name: 'solve: kernel',
  regions: { kernel: reads(Kernel, 'value'), planes: overwrites(Spectrum, 'value') },
  run({ kernel, planes }, { n }: { n: number }) {
    kernelPlanes(
      kernel.value.unsafeRaw(),
      paddingFor(n),
      planes.lo[0]!,
      planes.hi[0]! + 1,
      planes.value.unsafeRaw(),
    );
  },
});

/** The gain of a block of columns along x. */
export const makeGain = task({
  module,
  name: 'solve: gain',
  regions: { planes: updates(Spectrum, 'value'), gain: overwrites(Gain, 'value') },
  run({ planes, gain }, { n, total }: { n: number; total: number }) {
    const padding = paddingFor(n);
    gainColumns(
      planes.value.unsafeRaw(),
      gain.value.unsafeRaw(),
      padding,
      gain.volume / padding.padded,
      total,
    );
  },
});

/** A slab of the right-hand side on the support; the model starts from zero. Returns r.r. */
export const begin = task({
  module,
  name: 'solve: begin',
  regions: {
    rightSide: reads(RightSide, 'value'),
    search: overwrites(Search, 'residual', 'direction', 'inside'),
    model: overwrites(Model, 'autocorrelation'),
  },
  run({ rightSide, search, model }, { n, radius, total }: { n: number; radius: number; total: number }) {
    const inside = ballSupport(n, radius, search.lo[0]!, search.hi[0]! + 1);
    search.inside.set(inside);
    search.direction.fill(0);
    model.autocorrelation.fill(0);
    return beginStep(search.residual.unsafeRaw(), rightSide.value.unsafeRaw(), inside, total);
  },
});

/** A slab of the next direction, transformed over y and z. `before`: r.r of the step before, 0 in the first. */
export const direct = task({
  module,
  name: 'solve: direction',
  // The spectrum is overwritten, but used in turn: a fresh instance for every step would only cost memory.
  regions: {
    search: reads(Search, 'residual').and(updates(Search, 'direction')),
    spectrum: updates(Spectrum, 'value'),
  },
  run({ search, spectrum }, { n, before, ...progress }: { n: number; before: number } & Progress) {
    if (solved(progress)) return;
    directionStep(
      search.direction.unsafeRaw(),
      search.residual.unsafeRaw(),
      before === 0 ? 0 : progress.rr / before,
    );
    forwardPlanes(search.direction, paddingFor(n), spectrum.value.unsafeRaw());
  },
});

/** A block of columns convolved with the gain along x. */
export const convolve = task({
  module,
  name: 'solve: convolve',
  regions: { gain: reads(Gain, 'value'), spectrum: updates(Spectrum, 'value') },
  run({ gain, spectrum }, { n, ...progress }: { n: number } & Progress) {
    if (solved(progress)) return;
    convolveBlock(
      spectrum.value.unsafeRaw(),
      gain.value.unsafeRaw(),
      paddingFor(n),
      gain.volume / paddingFor(n).padded,
    );
  },
});

/** A slab of the product of matrix and direction. Returns p.q. */
export const multiply = task({
  module,
  name: 'solve: product',
  regions: {
    spectrum: reads(Spectrum, 'value'),
    search: reads(Search, 'direction', 'inside').and(updates(Search, 'product')),
  },
  run({ spectrum, search }, { n, ridge, ...progress }: { n: number; ridge: number } & Progress): number {
    if (solved(progress)) return 1;
    backwardPlanes(spectrum.value.unsafeRaw(), paddingFor(n), search.product);
    return productStep(
      search.product.unsafeRaw(),
      search.direction.unsafeRaw(),
      search.inside.unsafeRaw(),
      ridge,
    );
  },
});

/** A slab of the better model and of its residual. Returns r.r. */
export const improve = task({
  module,
  name: 'solve: improve',
  regions: {
    model: updates(Model, 'autocorrelation'),
    search: updates(Search, 'residual').and(reads(Search, 'direction', 'product')),
  },
  run({ model, search }, { pq, ...progress }: { pq: number } & Progress): number {
    const residual = search.residual.unsafeRaw();
    if (solved(progress)) return dot(residual, residual);
    return updateStep(
      model.autocorrelation.unsafeRaw(),
      residual,
      search.direction.unsafeRaw(),
      search.product.unsafeRaw(),
      progress.rr / pq,
    );
  },
});

/** Makes the model even. */
export const even = task({
  module,
  name: 'solve: symmetry',
  regions: { model: updates(Model, 'autocorrelation') },
  run({ model }, { n }: { n: number }) {
    symmetrise(model.autocorrelation, n);
  },
});
