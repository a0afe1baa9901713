/**
 * The native add-on and its types. `addon` is null where it is not built or not wanted (MANIPLE_NO_ADDON=1), and
 * `addonAbsence` then says why; every function has a TypeScript twin elsewhere, so nothing depends on it but speed.
 * Each thread that imports this module has its own instance of the add-on.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Why a wait ended: numbers of {@link Addon.futexWait}. */
export const WOKEN = 0;
export const CHANGED = 1;
export const TIMED_OUT = 2;

/** The system calls of a scheduling loop. Linux only: elsewhere they are absent, and `Atomics.wait` takes over. */
export interface FutexAddon {
  /**
   * Sleeps while `view[index] === expected`, at most so many microseconds (Infinity: no limit). Returns
   * {@link WOKEN}, {@link CHANGED} or {@link TIMED_OUT}. The waker must store another value before it wakes. The wait
   * ends within about 20 ms when the thread is terminated or the process exits. Signals and messages are not
   * served meanwhile.
   */
  futexWait(view: Int32Array, index: number, expected: number, timeoutMicroseconds: number): number;
  /** Wakes at most `count` sleepers on `view[index]`; returns how many. Wakes no `Atomics.wait`. */
  futexWake(view: Int32Array, index: number, count: number): number;
  /** Spins, with the processor's pause instruction, while `view[index] === expected`; returns the value last read. */
  spinWhile(view: Int32Array, index: number, expected: number, iterations: number): number;
  /**
   * When the calling thread ends, whatever ends it (`terminate()`, an exception, an exhausted heap), `status[index]` becomes
   * `value`, `wake[wakeIndex]` becomes 0, and who sleeps on it is woken. Once per thread.
   */
  onThreadEnd(status: Int32Array, index: number, value: number, wake: Int32Array, wakeIndex: number): void;
  /** Pins the calling thread to one processor; false when the system refuses. */
  setAffinity(cpu: number): boolean;
  /** The processors that the calling thread may run on. */
  allowedCpus(): number[];
  /** Processor time of the calling thread, in nanoseconds. */
  threadCpuTimeNs(): number;
  /** The monotonic clock of `process.hrtime`, in nanoseconds. */
  monotonicNs(): number;
}

/** The kernels of Task Bench; apps/taskbench/kernel.ts says what they compute, and has their twins. */
export interface TaskBenchAddon {
  taskBenchCompute(iterations: number): number;
  taskBenchCompute2(iterations: number): number;
  taskBenchBusyWait(iterations: number): number;
  taskBenchMemory(scratch: Uint8Array, samples: number, iterations: number, step: number): void;
}

/** Memory and child processes. */
export interface ForkAddon {
  /**
   * Child processes do not get this memory between fork and exec. Else a system that counts what a child might copy refuses to
   * start one (ENOMEM) while much is reserved. False where the system does not know the advice. Absent outside of Linux.
   */
  keepFromForks?(memory: Int32Array): boolean;
}

/**
 * Fourier transforms in three dimensions (kernels/fft.cc); `tasks/fourier/fft3.ts` checks the arguments and says what
 * they mean. Arrays of one call are of one kind.
 */
export interface FftAddon {
  fftComplex(
    input: Float32Array | Float64Array,
    output: Float32Array | Float64Array,
    nx: number,
    ny: number,
    nz: number,
    sign: -1 | 1,
    scale: number,
  ): void;
  /** Real to half spectrum; sign must be -1. */
  fftForward(
    input: Float32Array | Float64Array,
    output: Float32Array | Float64Array,
    nx: number,
    ny: number,
    nz: number,
    sign: -1,
    scale: number,
  ): void;
  /** Half spectrum to real; sign must be 1. */
  fftBackward(
    input: Float32Array | Float64Array,
    output: Float32Array | Float64Array,
    nx: number,
    ny: number,
    nz: number,
    sign: 1,
    scale: number,
    /** The spectrum may be overwritten. */
    spend?: boolean,
  ): void;
  /** Complex columns, the elements of a column `row` complex numbers apart: see tasks/fourier/columns.ts. */
  fftColumns(
    input: Float32Array | Float64Array,
    output: Float32Array | Float64Array,
    length: number,
    count: number,
    row: number,
    sign: -1 | 1,
    scale: number,
  ): void;
  fftConvolveColumns(
    data: Float32Array | Float64Array,
    gain: Float32Array | Float64Array,
    length: number,
    rows: number,
    count: number,
    row: number,
  ): void;
}

/** A nonuniform transform with its points: opaque to JavaScript. */
export type NufftHandle = { readonly nufft: unique symbol };

/** Nonuniform Fourier transforms; tasks/fourier/nufft-native.ts is the only caller, and checks what it passes. */
export interface NufftAddon {
  /**
   * `bytes` per number (4 or 8), modes, fine grid, kernel, deconvolution factors per axis, sign. A `brief` plan is
   * closed by whoever makes it: the garbage collector is not told of its memory.
   */
  nufftPlan(
    bytes: number,
    modes: Int32Array,
    fine: Int32Array,
    width: number,
    degree: number,
    pieces: Float64Array,
    factorsX: Float64Array,
    factorsY: Float64Array,
    factorsZ: Float64Array,
    sign: number,
    brief: boolean,
  ): NufftHandle;
  /** Takes the points over; -1, or 3 * index + axis of the first coordinate that is not finite. */
  nufftSort(plan: NufftHandle, x: Reals, y: Reals, z: Reals): number;
  nufftType1(plan: NufftHandle, values: Reals, out: Reals): void;
  nufftType1Real(plan: NufftHandle, values: Reals, out: Reals): void;
  nufftType2(plan: NufftHandle, coefficients: Reals, out: Reals): void;
  nufftType2Real(plan: NufftHandle, coefficients: Reals, out: Reals): void;
  /** Frees the memory of the plan; garbage collection would do it later. */
  nufftClose(plan: NufftHandle): void;
}

/** Direct sums over atoms; tasks/spi/structure-factor.ts says what they mean. */
export interface StructureFactorAddon {
  /** out[i] += form[i] * sum_{j = from ... to-1} weights[j] exp(2 pi i s_i.positions_j); s is (3, n), out complex. */
  structureFactorAdd(
    positions: Float64Array,
    weights: Float64Array,
    from: number,
    to: number,
    s: Float64Array,
    form: Float64Array,
    out: Float64Array,
  ): void;
}

type Reals = Float32Array | Float64Array;

/** Orientation scores (kernels/scores.cc); `tasks/spi/scores.ts` and its neighbours say what the numbers mean. Rows lie in C order. */
export interface ScoresAddon {
  /** (n, m) inner products of (n, pixels) images and (m, pixels) references. */
  scoreProducts(
    images: Float32Array,
    references: Float32Array,
    n: number,
    m: number,
    pixels: number,
    out: Float32Array | Float64Array,
  ): void;
  /**
   * Merges gain[j] (image . reference j) + shift[j] into the best `top` per image: `keys`, `index` (n, top), best
   * first. Reference j is entered as base + j; an equal key ranks behind those already there.
   */
  scoreSelect(
    images: Float32Array,
    references: Float32Array,
    n: number,
    m: number,
    pixels: number,
    gain: Float64Array,
    shift: Float64Array,
    base: number,
    top: number,
    keys: Float64Array,
    index: Int32Array,
  ): void;
  /**
   * weight log(max(r, floor mean r) / mean of these) for each reference. Returns the number of the first reference
   * that is not finite, or -1.
   */
  scoreLogReferences(
    references: Float32Array,
    weight: Float32Array | null,
    m: number,
    pixels: number,
    weightSum: number,
    floor: number,
    out: Float32Array,
  ): number;
  /** `scores[first ...]` of all references for one image into shares; see tasks/spi/responsibilities.ts. Returns beta. */
  responsibilities(
    scores: Float32Array,
    first: number,
    references: number,
    perplexity: number,
    out: Float64Array,
  ): number;
  /**
   * Poisson scores of pairs: model slice j of (rows, pixels) against image floor((first + j) / perImage). With
   * m = max(model, floor mean(model)), score[first + j] = sum n log m - sum n log sum(gain m), and fluence[first + j] =
   * sum n / sum(gain m).
   */
  scorePairs(
    images: Float32Array,
    models: Float32Array,
    gain: Float32Array,
    pixels: number,
    first: number,
    perImage: number,
    floor: number,
    score: Float64Array,
    fluence: Float64Array,
  ): void;
}

/**
 * Merging, but for its transforms (addon/merging.cc): the same bits as the twins in tasks/spi/merging-twin.ts, which say what
 * the functions mean. Every result lies in its last arguments, which overlap nothing else.
 */
export interface MergingAddon {
  /** `matrices`: (count, 9), `s`: (3, pixels); x, y, z: (count, pixels). */
  slicePoints(
    matrices: Float64Array,
    s: Float32Array,
    x: Float32Array,
    y: Float32Array,
    z: Float32Array,
  ): void;
  /** `photons`: (images, pixels), `rows`, `exposure`: (rows), `correction`, `weights`: (pixels); `out`: (rows, pixels, 2). */
  mergeValues(
    photons: Float32Array,
    rows: Int32Array,
    exposure: Float64Array,
    correction: Float32Array,
    weights: Float32Array,
    out: Float32Array,
  ): void;
  /** `modes`: (2n)^3 complex; `rightSide`: n^3, `kernel`: (2n)^3. */
  evenParts(modes: Float32Array, n: number, rightSide: Float32Array, kernel: Float32Array): void;
  /** `images`: (images, pixels), `shares`: (references); `photons`: (references, pixels), added to. */
  addShares(
    images: Float32Array,
    image: number,
    pixels: number,
    shares: Float64Array,
    photons: Float32Array,
  ): void;
}

/**
 * The vector steps of conjugate gradients (addon/conjugate_gradients.cc), with the bits of their twins in
 * tasks/spi/conjugate-gradients.ts, which say what they mean. All arrays of a call have one length.
 */
export interface ConjugateGradientsAddon {
  dot(a: Float32Array, b: Float32Array): number;
  beginStep(residual: Float32Array, rightSide: Float32Array, inside: Uint8Array, total: number): number;
  directionStep(direction: Float32Array, residual: Float32Array, beta: number): void;
  productStep(product: Float32Array, direction: Float32Array, inside: Uint8Array, ridge: number): number;
  updateStep(
    solution: Float32Array,
    residual: Float32Array,
    direction: Float32Array,
    product: Float32Array,
    alpha: number,
  ): number;
}

/** Folds of reductions (addon/reduction.cc): the same bits as the loops in runtime/privileges/reduction.ts. */
export interface ReductionAddon {
  /** target += source; of one kind and length; they do not overlap, or are the same array. */
  addArrays<A extends Float32Array | Float64Array>(target: A, source: A): void;
  /** `target.fill(value)`, which takes several times as long where the memory is shared. */
  fillArray(target: Float32Array | Float64Array, value: number): void;
}

/** Iterative phasing (addon/phasing.cc); `tasks/spi/phasing-step.ts` says what a step is. */
export interface PhasingAddon {
  /** `density`, `support`: n^3; `modulus`: (n, n, floor(n/2) + 1); `spectrum`: room for as many pairs. */
  phasingSteps(
    density: Float32Array,
    spectrum: Float32Array,
    modulus: Float32Array,
    support: Uint8Array,
    n: number,
    beta: number | null,
    steps: number,
  ): void;
  /** out = values where they are positive, 0 elsewhere; they may be one array. */
  positivePart(values: Float32Array, out: Float32Array): void;
  /** support = 1 where the volume exceeds `part` of its largest value, or of 0 where none is larger; 0 elsewhere. */
  above(volume: Float32Array, part: number, support: Uint8Array): void;
}

/** Ctrl-C while the event loop stands still. */
export interface InterruptAddon {
  /**
   * From now on, and as long as node's present listeners stay, a second SIGINT or SIGTERM ends the process at once with
   * exit code 130, even when JavaScript never returns to the event loop. To be called after `process.on`.
   */
  armInterrupt(): void;
}

/** Everything in the add-on. */
export interface Addon
  extends ConjugateGradientsAddon,
    FutexAddon,
    ForkAddon,
    FftAddon,
    InterruptAddon,
    MergingAddon,
    NufftAddon,
    PhasingAddon,
    ReductionAddon,
    ScoresAddon,
    StructureFactorAddon,
    TaskBenchAddon {
  /** The vector level in use: what the processor has, capped by MANIPLE_SIMD. */
  readonly simdLevel: 'generic' | 'avx2' | 'avx512';
}

function load(): { addon: Addon | null; absence: string | null } {
  const asked = process.env['MANIPLE_NO_ADDON'];
  if (asked !== undefined && asked !== '' && asked !== '0') {
    return { addon: null, absence: 'MANIPLE_NO_ADDON is set' };
  }
  const path = fileURLToPath(new URL('./maniple.node', import.meta.url));
  if (!existsSync(path)) {
    return { addon: null, absence: `${path} is not built; node scripts/build-native.mjs says why` };
  }
  try {
    return { addon: createRequire(import.meta.url)(path) as Addon, absence: null };
  } catch (error) {
    return { addon: null, absence: `${path} does not load: ${(error as Error).message}` };
  }
}

const loaded = load();

/** The add-on of this thread, or null: see {@link addonAbsence}. */
export const addon: Addon | null = loaded.addon;

/** Why there is no add-on; null when there is one. */
export const addonAbsence: string | null = loaded.absence;
