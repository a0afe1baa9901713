/** The nonuniform transforms of the native add-on, behind the same interface as the plain ones. */
import { addon } from '../../native/index.js';
import type { NufftDesign } from './nufft-design.js';
import { notFinite } from './nufft-input.js';
import type { NufftEngine, Sign } from './nufft-twin.js';

/** Whether the add-on is there to be used. */
export const nativeNufft: boolean = addon !== null;

/** The native engine. Points are sorted into tiles of the fine grid, and copied by that; a `brief` one is closed by its maker. */
export function nativeEngine(design: NufftDesign, sign: Sign, brief: boolean): NufftEngine {
  if (addon === null)
    throw new Error('nufft: the native add-on is not loaded; leave the variant to be chosen');
  const { kernel, deconvolution } = design;
  const native = addon;
  const plan = native.nufftPlan(
    design.precision === 'single' ? 4 : 8,
    Int32Array.from(design.modes),
    Int32Array.from(design.fine),
    kernel.width,
    kernel.degree,
    kernel.pieces,
    deconvolution[0],
    deconvolution[1],
    deconvolution[2],
    sign,
    brief,
  );
  return {
    setPoints: (where, points) => {
      const bad = native.nufftSort(plan, points[0], points[1], points[2]);
      if (bad < 0) return;
      const [index, axis] = [Math.floor(bad / 3), bad % 3];
      throw notFinite(where, axis, index, points[axis]![index]!);
    },
    type1: (values, out) => native.nufftType1(plan, values, out),
    type2: (coefficients, out) => native.nufftType2(plan, coefficients, out),
    type1Real: (values, out) => native.nufftType1Real(plan, values, out),
    type2Real: (coefficients, out) => native.nufftType2Real(plan, coefficients, out),
    close: () => native.nufftClose(plan),
  };
}
