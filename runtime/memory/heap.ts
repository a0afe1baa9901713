// One shared address space for everything that tasks touch: instances, views, arguments, results, partial
// reductions. Addresses count units of 64 bytes, so that one int32 reaches 128 GiB. Any thread allocates and frees,
// under a spin lock that is held for some tens of instructions. Pages are reserved, not touched, until used.
import { addon } from '../../native/index.js';
import { LaneWord, Status } from '../graph/lanes.js';
import { Word } from '../graph/layout.js';
import { Outside } from './outside.js';

/** Bytes of one unit, and of the alignment of every block. */
export const UNIT = 64;
/** Units of one segment (8 GiB). A block never straddles two segments. */
const SEGMENT_UNITS = 2 ** 27;
/** Address space for the results and failures that tasks leave, however small the budget: it costs nothing until it is used. */
const SMALL_BYTES = 2 ** 24;
/** Four size classes per doubling: at most a quarter of a block is wasted. */
const CLASSES = 128;

const At = { bump: 0, used: 1, peak: 2, heads: 16 } as const;

export interface SharedHeap {
  /** Bump pointer, use, heads of the free lists. */
  readonly words: SharedArrayBuffer;
  readonly segments: readonly SharedArrayBuffer[];
  /** 0, or 1 + the lane that holds it. */
  readonly lock: Int32Array;
  /** The lines of all lanes: a lock held by one that has left is free. */
  readonly lanes: Int32Array;
}

function classOf(units: number): number {
  if (units <= 4) return units - 1;
  const octave = 31 - Math.clz32(units - 1);
  return 4 * (octave - 1) + ((units - 1) >> (octave - 2)) - 4;
}

function unitsOf(sizeClass: number): number {
  if (sizeClass < 4) return sizeClass + 1;
  const octave = (sizeClass >> 2) + 1;
  return ((sizeClass & 3) + 5) * 2 ** (octave - 2);
}

export class Heap {
  readonly #words: Int32Array;
  readonly #lock: Int32Array;
  readonly #segments: readonly SharedArrayBuffer[];
  readonly #int32: readonly Int32Array[];
  readonly shared: SharedHeap;
  /** Memory of the program, under negative units. */
  readonly outside = new Outside();
  readonly #lanes: Int32Array;
  readonly #me: number;

  /** `lane` is who uses this object. */
  constructor(shared: SharedHeap, lane: number) {
    this.shared = shared;
    this.#lanes = shared.lanes;
    this.#me = lane + 1;
    this.#words = new Int32Array(shared.words);
    this.#lock = shared.lock;
    this.#segments = shared.segments;
    this.#int32 = shared.segments.map((segment) => new Int32Array(segment));
  }

  /** Reserves address space for `bytes`, as much again for what the size classes waste, and for small things in any case. */
  static reserve(bytes: number, control: Int32Array, lanes: Int32Array): Heap {
    const words = new SharedArrayBuffer(4 * (At.heads + CLASSES));
    let wanted = 2 * bytes + SMALL_BYTES;
    const segments: SharedArrayBuffer[] = [];
    let size = Math.min(wanted, SEGMENT_UNITS * UNIT);
    while (wanted > 0 && segments.length < 15) {
      try {
        segments.push(new SharedArrayBuffer(Math.ceil(Math.min(size, wanted) / UNIT) * UNIT));
        wanted -= size;
      } catch (error) {
        // The system refuses that much address space at once: ask for less, and make do with what there is.
        if (size < 2 ** 28) {
          if (segments.length === 0) throw error;
          break;
        }
        size /= 2;
      }
    }
    const lock = control.subarray(Word.heapLock, Word.heapLock + 1);
    const heap = new Heap({ words, segments, lock, lanes }, lanes.length / LaneWord.words - 1);
    heap.#words[At.bump] = 1; // unit 0 means "none"
    for (const segment of heap.#int32) addon?.keepFromForks?.(segment);
    return heap;
  }

  /** Bytes in blocks handed out, and the most there ever were. */
  get usedBytes(): number {
    return Atomics.load(this.#words, At.used) * UNIT;
  }
  get peakBytes(): number {
    return Atomics.load(this.#words, At.peak) * UNIT;
  }
  get reservedBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  /**
   * A block of at least `bytes`. Returns its unit, negated when the block was in use before (so not all zeros),
   * or 0 when the address space is used up.
   */
  allocate(bytes: number): number {
    const wanted = classOf(Math.max(1, Math.ceil(bytes / UNIT)));
    const words = this.#words;
    this.#acquire();
    // A block of the right class; failing room for a fresh one, any larger block.
    let unit = this.#pop(wanted);
    if (unit === 0) {
      unit = this.#bump(unitsOf(wanted));
      if (unit === 0) for (let c = wanted + 1; c < CLASSES && unit === 0; c++) unit = this.#pop(c);
    }
    if (unit !== 0) {
      const used = words[At.used]! + unitsOf(wanted);
      words[At.used] = used;
      if (used > words[At.peak]!) words[At.peak] = used;
    }
    this.#release();
    return unit;
  }

  /** Gives back a block of `bytes` (as it was asked for). */
  free(unit: number, bytes: number): void {
    const sizeClass = classOf(Math.max(1, Math.ceil(bytes / UNIT)));
    const words = this.#words;
    this.#acquire();
    this.int32(unit, 1)[0] = words[At.heads + sizeClass]!;
    words[At.heads + sizeClass] = unit;
    words[At.used] = words[At.used]! - unitsOf(sizeClass);
    this.#release();
  }

  #pop(sizeClass: number): number {
    const words = this.#words;
    const unit = words[At.heads + sizeClass]!;
    if (unit === 0) return 0;
    words[At.heads + sizeClass] = this.int32(unit, 1)[0]!;
    return -unit;
  }

  #bump(units: number): number {
    const words = this.#words;
    let at = words[At.bump]!;
    let segment = Math.floor(at / SEGMENT_UNITS);
    for (;;) {
      const buffer = this.#segments[segment];
      if (buffer === undefined) return 0;
      if ((at % SEGMENT_UNITS) + units <= buffer.byteLength / UNIT) break;
      segment++;
      at = segment * SEGMENT_UNITS;
    }
    words[At.bump] = at + units;
    return at;
  }

  #acquire(): void {
    const lock = this.#lock;
    let spins = 0;
    for (;;) {
      const holder = Atomics.compareExchange(lock, 0, 0, this.#me);
      if (holder === 0) return;
      if (++spins <= 200) continue;
      // The holder may have lost its core: let it have this one. Or it has left for ever, between two of the few stores
      // below, of which every one leaves the lists whole: at worst a block is lost.
      Atomics.wait(lock, 0, holder, 1);
      const status = Atomics.load(this.#lanes, (holder - 1) * LaneWord.words + LaneWord.status);
      if (status === Status.left && Atomics.compareExchange(lock, 0, holder, this.#me) === holder) return;
    }
  }

  /** A lane has left: what it held is free. */
  forfeit(lane: number): void {
    Atomics.compareExchange(this.#lock, 0, lane + 1, 0);
  }

  #release(): void {
    Atomics.store(this.#lock, 0, 0);
  }

  /** `length` int32 at a block. */
  int32(unit: number, length: number): Int32Array {
    const segment = Math.floor(unit / SEGMENT_UNITS);
    const at = (unit % SEGMENT_UNITS) * 16;
    return this.#int32[segment]!.subarray(at, at + length);
  }

  /** The segment that holds a block, and the block's byte in it: for typed arrays of any kind. */
  locate(unit: number): { readonly buffer: SharedArrayBuffer; readonly byte: number } {
    if (unit < 0) return this.outside.locate(unit);
    return {
      buffer: this.#segments[Math.floor(unit / SEGMENT_UNITS)]!,
      byte: (unit % SEGMENT_UNITS) * UNIT,
    };
  }

  /** One int32 of a block, without making a view. */
  load(unit: number, index: number): number {
    return this.#int32[Math.floor(unit / SEGMENT_UNITS)]![(unit % SEGMENT_UNITS) * 16 + index]!;
  }

  store(unit: number, index: number, value: number): void {
    this.#int32[Math.floor(unit / SEGMENT_UNITS)]![(unit % SEGMENT_UNITS) * 16 + index] = value;
  }

  /** Overwrites a block with zeros. */
  clear(unit: number, bytes: number): void {
    const { buffer, byte } = this.locate(unit);
    new Uint8Array(buffer, byte, bytes).fill(0);
  }
}
