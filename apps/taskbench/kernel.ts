// The kernels of Task Bench: what a task does besides reading and writing, and what is counted for it.
import { uniform } from './siphash.js';

export const KERNELS = [
  'empty',
  'busy_wait',
  'memory_bound',
  'compute_dgemm',
  'memory_daxpy',
  'compute_bound',
  'compute_bound2',
  'io_bound',
  'load_imbalance',
] as const;
export type KernelName = (typeof KERNELS)[number];

export interface KernelSettings {
  readonly name: KernelName;
  readonly iterations: number;
  /** Parts of the scratch buffer. */
  readonly samples: number;
  /** Width of the distribution of durations, in units of the mean. */
  readonly imbalance: number;
}

/** What decides what a task computes. */
export interface KernelOf {
  readonly index: number;
  readonly kernel: KernelSettings;
  readonly scratchBytes: number;
}

/** Half away from zero, as C rounds; x is not negative. */
function rounded(x: number): number {
  const whole = Math.floor(x);
  return x - whole >= 0.5 ? whole + 1 : whole;
}

/** How often the compute kernel of a task goes round: of another length for every task where the load is imbalanced. */
export function iterationsOf({ index, kernel }: KernelOf, step: number, point: number): number {
  const { name, iterations, imbalance } = kernel;
  if (name !== 'load_imbalance') return iterations;
  return rounded((1 + (uniform(index, step, point) - 0.5) * imbalance) * iterations);
}

/** The floating-point operations and the bytes moved that are counted for a task. */
export function workOf(graph: KernelOf, step: number, point: number): { flops: number; bytes: number } {
  const { kernel, scratchBytes } = graph;
  switch (kernel.name) {
    case 'compute_bound':
    case 'load_imbalance':
      return { flops: 128 * iterationsOf(graph, step, point) + 64, bytes: 0 };
    case 'compute_bound2':
      return { flops: 64 * kernel.iterations, bytes: 0 };
    case 'memory_bound':
      return { flops: 0, bytes: Math.floor((scratchBytes * kernel.iterations) / kernel.samples) };
    default:
      return { flops: 0, bytes: 0 };
  }
}

/** What is wrong with a kernel and its buffers, in one sentence; null when it can run. */
export function kernelFault({ kernel, scratchBytes }: KernelOf): string | null {
  const { name, samples } = kernel;
  if (name === 'compute_dgemm' || name === 'memory_daxpy')
    return `kernel type "${name}" needs BLAS, which is not built in: take compute_bound or memory_bound`;
  if (name === 'io_bound') return 'kernel type "io_bound" is not implemented';
  if (name !== 'memory_bound') return null;
  if (samples === 0) return 'kernel type "memory_bound" needs -sample > 0';
  if (scratchBytes < 2 * samples)
    return `kernel type "memory_bound" needs -scratch of two bytes a sample at least, ${2 * samples} here`;
  return null;
}

/** 64 numbers, A = A A + A for all of them again and again; their product. */
export function computeBound(iterations: number): number {
  const a = new Float64Array(64).map((_, i) => 4 - (i & 3));
  for (let round = 0; round < iterations; round++) {
    for (let i = 0; i < 64; i++) a[i] = a[i]! * a[i]! + a[i]!;
  }
  return a.reduce((product, x) => product * x, 1);
}

/** 32 sums C = C + A B; their sum. */
export function computeBound2(iterations: number): number {
  const c = new Float64Array(32);
  for (let round = 0; round < iterations; round++) {
    for (let i = 0; i < 32; i++) c[i] = c[i]! + 1.2345 * 1.010101;
  }
  return c.reduce((sum, x) => sum + x, 0);
}

/** A chain of products modulo 2^31 - 1, which no compiler shortens. */
export function busyWait(iterations: number): number {
  let acc = 113;
  for (let i = 0; i < iterations; i++) acc = (acc * 139) % 2147483647;
  return acc;
}

/**
 * Copies the first half of a window of the buffer to its second half, `iterations` times; the windows are those of the
 * samples, one after the other, beginning with another in every step.
 */
export function memoryBound(scratch: Uint8Array, samples: number, iterations: number, step: number): void {
  const bytes = Math.floor(scratch.length / samples);
  const part = Math.floor(bytes / 2);
  for (let i = 0; i < iterations; i++) {
    const window = ((step * iterations + i) % samples) * bytes;
    scratch.copyWithin(window + part, window, window + part);
  }
}
