// Partial reductions of a launch and the fixed binary tree that folds them (design: Reductions). Whoever brings the
// second of two siblings folds them, right into left, and carries the result up; so the shape of the tree, and with it
// every bit of the result, depends on the launch domain alone, and few partials are alive at once.
//
// Folding overwrites what it reads, so a thread that is lost in the middle of it must leave word of how far it came.
// Arrays are folded piece by piece: a piece is folded by one call that nothing interrupts, or in a copy that one such call puts
// back, and counted.
// Who takes the lane over skips the pieces counted (README.md, "Lost workers").
import { COMMITTED, LaneWord, Phase } from '../graph/lanes.js';
import { type Graph, lineOf } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { blockAt, reductionBlocks } from '../memory/launch-layout.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import { ELEMENT_KINDS, type TypedArray } from '../privileges/element.js';
import { fillIdentity, foldArrays, foldAtOnce } from '../privileges/reduction.js';
import { REDUCTIONS } from '../privileges/usage.js';
import type { ReadySink } from './finish.js';
import { foldShared, hasAtomics } from './fold-shared.js';
import { elements, type Partial } from './view.js';

/**
 * Words of the tree block: what it reduces, then two words for each node. `exits` is not 0 where nodes leave for other ranks:
 * the place of one more word for each node, 1 where it leaves.
 */
export const TreeWord = { blocks: 0, points: 1, requirements: 2, shared: 3, exits: 4, data: 5 } as const;

/** The value of a node whose block failed. */
const MISSING = -1;

/** Elements folded between two counts: what a copy of them costs is little as long as it stays in the cache. */
const PIECE = 4096;

/** Copies of pieces, by element kind. */
const copies: TypedArray[] = [];

/** Bytes of the tree block of a launch. */
export function treeBytes(points: number, requirements: number, exits = false): number {
  let nodes = 0;
  for (let n = reductionBlocks(points); n >= 1; n = n === 1 ? 0 : (n + 1) >> 1) nodes += n;
  return 4 * (TreeWord.data + 2 * requirements + (exits ? 3 : 2) * nodes);
}

/**
 * Written by the launching thread: requirement numbers, and for each the view of where the result goes. `shared`: other
 * tasks may change the same elements while the result is folded in. `exits`: nodes that leave for other ranks.
 */
export function writeTree(
  heap: Heap,
  unit: number,
  points: number,
  reductions: readonly { readonly requirement: number; readonly target: number }[],
  shared: boolean,
  exits: readonly { readonly number: number }[] = [],
): void {
  heap.clear(unit, treeBytes(points, reductions.length, exits.length > 0));
  heap.store(unit, TreeWord.blocks, reductionBlocks(points));
  heap.store(unit, TreeWord.points, points);
  heap.store(unit, TreeWord.requirements, reductions.length);
  heap.store(unit, TreeWord.shared, shared ? 1 : 0);
  reductions.forEach(({ requirement, target }, i) => {
    heap.store(unit, TreeWord.data + 2 * i, requirement);
    heap.store(unit, TreeWord.data + 2 * i + 1, target);
  });
  if (exits.length === 0) return;
  const place = treeBytes(points, reductions.length) / 4;
  heap.store(unit, TreeWord.exits, place);
  for (const { number } of exits) heap.store(unit, place + number, 1);
}

interface Target {
  readonly requirement: number;
  readonly view: number;
  readonly fields: readonly {
    readonly kind: number;
    readonly lanes: number;
    readonly op: number;
    readonly home: number;
    /** Position of the first point there. */
    readonly homeFirst: number;
    readonly bytesPerPoint: number;
  }[];
}

function readTargets(heap: Heap, tree: number): Target[] {
  return Array.from({ length: heap.load(tree, TreeWord.requirements) }, (_, i) => {
    const view = heap.load(tree, TreeWord.data + 2 * i + 1);
    const fields = Array.from({ length: heap.load(view, ViewWord.fields) }, (__, f) => {
      const at = ViewWord.data + FieldWord.size * f;
      const kind = heap.load(view, at + FieldWord.kind);
      const lanes = heap.load(view, at + FieldWord.lanes);
      return {
        kind,
        lanes,
        op: heap.load(view, at + FieldWord.access) - Access.reduce,
        home: heap.load(view, at + FieldWord.unit),
        homeFirst: heap.load(view, at + FieldWord.first),
        bytesPerPoint: lanes * ELEMENT_ARRAYS[kind]!.BYTES_PER_ELEMENT,
      };
    });
    return { requirement: heap.load(tree, TreeWord.data + 2 * i), view, fields };
  });
}

// A partial is one heap block: its bytes (as two words), then first and last point of every requirement, then data.
const HEADER = 2;

function partialBytes(targets: readonly Target[], ranges: readonly (readonly [number, number])[]): number {
  let bytes = align(4 * (HEADER + 2 * targets.length));
  targets.forEach(({ fields }, i) => {
    const [first, last] = ranges[i]!;
    for (const { bytesPerPoint } of fields) bytes += align((last - first) * bytesPerPoint);
  });
  return bytes;
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

export class ReductionTree {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #tree: number;
  readonly #line: Int32Array;
  /** Pieces folded in the present step, by this thread or one before it on its lane. */
  #pieces = 0;
  readonly targets: readonly Target[];

  /** `lane` is who works on it. */
  constructor(graph: Graph, heap: Heap, tree: number, lane: number) {
    this.#graph = graph;
    this.#heap = heap;
    this.#tree = tree;
    this.#line = lineOf(graph, lane);
    this.targets = readTargets(heap, tree);
  }

  /** A partial that covers, per requirement, positions first … last-1 of the layout; every element the identity. */
  create(ranges: readonly (readonly [number, number])[]): number {
    const heap = this.#heap;
    const bytes = partialBytes(this.targets, ranges);
    const unit = Math.abs(heap.allocate(bytes));
    if (unit === 0) throw new RangeError(`no room for a partial reduction of ${bytes} bytes`);
    const words = heap.int32(unit, HEADER + 2 * this.targets.length);
    words[0] = bytes % 2 ** 30;
    words[1] = Math.floor(bytes / 2 ** 30);
    ranges.forEach(([first, last], i) => {
      words[HEADER + 2 * i] = first;
      words[HEADER + 2 * i + 1] = last;
    });
    this.targets.forEach(({ fields }, i) => {
      const { units, first, last } = this.part(unit, i);
      fields.forEach(({ kind, lanes, op }, f) => {
        fillIdentity(
          ELEMENT_KINDS[kind]!,
          REDUCTIONS[op]!,
          elements(heap, kind, units[f]!, 0, (last - first) * lanes),
        );
      });
    });
    return unit;
  }

  /** Where the data of one requirement are in a partial: units in the order of the reduced fields. */
  part(unit: number, requirement: number): Partial {
    const heap = this.#heap;
    let at = unit + align(4 * (HEADER + 2 * this.targets.length)) / 64;
    for (let i = 0; ; i++) {
      const first = heap.load(unit, HEADER + 2 * i);
      const last = heap.load(unit, HEADER + 2 * i + 1);
      const units = this.targets[i]!.fields.map(({ bytesPerPoint }) => {
        const here = at;
        at += align((last - first) * bytesPerPoint) / 64;
        return here;
      });
      if (i === requirement) return { first, last, units };
    }
  }

  free(unit: number): void {
    const heap = this.#heap;
    heap.free(unit, heap.load(unit, 0) + heap.load(unit, 1) * 2 ** 30);
  }

  /** A block's partial is complete (or the block failed: `partial` null): fold what can be folded. */
  climb(block: number, partial: number | null, applyRecord: number, root: number, ready: ReadySink): void {
    if (root !== 0) poison(this.#graph, applyRecord, root);
    this.#climbFrom(0, block, partial ?? MISSING, applyRecord, ready);
  }

  #climbFrom(level: number, block: number, value: number, applyRecord: number, ready: ReadySink): void {
    const line = this.#line;
    line[LaneWord.level] = level;
    line[LaneWord.value] = value;
    line[LaneWord.arrived] = 0;
    line[LaneWord.step] = 0;
    line[LaneWord.partial] = 0;
    line[LaneWord.phase] = Phase.climbing;
    this.resumeClimb(block, applyRecord, ready);
  }

  /** Goes on where a thread was lost that climbed from this block. */
  resumeClimb(block: number, applyRecord: number, ready: ReadySink): void {
    const heap = this.#heap;
    const line = this.#line;
    const { pending } = this.#graph;
    const nodes = heap.int32(
      this.#tree,
      treeBytes(heap.load(this.#tree, TreeWord.points), this.targets.length) / 4,
    );
    const values = TreeWord.data + 2 * this.targets.length;
    const exits = heap.load(this.#tree, TreeWord.exits);
    let offset = 0;
    let n = heap.load(this.#tree, TreeWord.blocks);
    let i = block;
    for (let level = 0; n > 1; level++) {
      // It leaves for another rank, which whoever waits for it sees to.
      if (exits !== 0 && level >= line[LaneWord.level]! && heap.load(this.#tree, exits + offset + i) === 1)
        break;
      if (level >= line[LaneWord.level]!) {
        const parent = offset + n + (i >> 1);
        if ((n & 1) === 0 || i < n - 1) {
          Atomics.store(nodes, values + 2 * (offset + i), line[LaneWord.value]!);
          if (line[LaneWord.arrived] === 0) {
            if (Atomics.exchange(nodes, values + 2 * parent + 1, 1) === 0) {
              line[LaneWord.phase] = Phase.complete;
              return; // the sibling folds
            }
            line[LaneWord.arrived] = 1;
          }
          if (line[LaneWord.step] !== COMMITTED) {
            const other = Atomics.load(nodes, values + 2 * (offset + (i ^ 1)));
            if ((i & 1) === 0) this.#combine(line[LaneWord.value]!, other);
            else this.#combine(other, line[LaneWord.value]!);
          }
        }
        line[LaneWord.step] = 0;
        line[LaneWord.arrived] = 0;
        line[LaneWord.level] = level + 1;
      }
      offset += n;
      n = (n + 1) >> 1;
      i >>= 1;
    }
    Atomics.store(nodes, values + 2 * (offset + i), line[LaneWord.value]!);
    const left = Atomics.sub(pending, applyRecord, 1);
    line[LaneWord.phase] = Phase.complete;
    if (left === 1) ready(applyRecord);
  }

  /** The partial of a node, whose memory goes back; null where a block of it failed. */
  give(node: number): Uint8Array | null {
    const heap = this.#heap;
    const unit = heap.load(this.#tree, TreeWord.data + 2 * this.targets.length + 2 * node);
    if (unit === MISSING) return null;
    const { buffer, byte } = heap.locate(unit);
    const bytes = new Uint8Array(buffer, byte, heap.load(unit, 0) + heap.load(unit, 1) * 2 ** 30).slice();
    this.free(unit);
    return bytes;
  }

  /** A node comes from another rank: it is folded on from there. */
  arrive(
    level: number,
    index: number,
    bytes: Uint8Array | null,
    applyRecord: number,
    ready: ReadySink,
  ): void {
    let unit = MISSING;
    if (bytes !== null) {
      unit = Math.abs(this.#heap.allocate(bytes.length));
      if (unit === 0) throw new RangeError(`no room for a partial reduction of ${bytes.length} bytes`);
      const { buffer, byte } = this.#heap.locate(unit);
      new Uint8Array(buffer, byte, bytes.length).set(bytes);
    }
    this.#climbFrom(level, index << level, unit, applyRecord, ready);
  }

  /** The fold of two values becomes the value of the line. A thread lost while it gives memory back loses that memory. */
  #combine(left: number, right: number): void {
    const line = this.#line;
    if (left === MISSING || right === MISSING) {
      line[LaneWord.value] = MISSING;
      line[LaneWord.step] = COMMITTED;
      if (left !== MISSING) this.free(left);
      if (right !== MISSING) this.free(right);
      return;
    }
    let covers = true;
    const ranges = this.targets.map((_, i) => {
      const a = this.part(left, i);
      const b = this.part(right, i);
      if (a.first === a.last) return [b.first, b.last] as const;
      if (b.first === b.last) return [a.first, a.last] as const;
      return [Math.min(a.first, b.first), Math.max(a.last, b.last)] as const;
    });
    this.targets.forEach((_, i) => {
      const a = this.part(left, i);
      const [first, last] = ranges[i]!;
      covers &&= a.first === first && a.last === last;
    });
    if (covers) {
      this.#foldInto(left, right, true);
      line[LaneWord.value] = left;
      line[LaneWord.step] = COMMITTED;
    } else {
      // Both stay as they are until the result is there: whoever goes on begins this anew.
      const into = this.create(ranges);
      this.#foldInto(into, left, false);
      this.#foldInto(into, right, false);
      line[LaneWord.value] = into;
      line[LaneWord.step] = COMMITTED;
      this.free(left);
    }
    this.free(right);
  }

  #foldInto(into: number, from: number, counted: boolean): void {
    const heap = this.#heap;
    this.#pieces = 0;
    this.targets.forEach(({ fields }, i) => {
      const target = this.part(into, i);
      const source = this.part(from, i);
      const points = source.last - source.first;
      fields.forEach(({ kind, lanes, op }, f) => {
        const skip = (source.first - target.first) * lanes;
        const a = elements(heap, kind, target.units[f]!, points === 0 ? 0 : skip, points * lanes);
        const b = elements(heap, kind, source.units[f]!, 0, points * lanes);
        if (counted) this.#foldPieces(kind, op, lanes, a, b);
        else foldArrays(ELEMENT_KINDS[kind]!, REDUCTIONS[op]!, a, b);
      });
    });
  }

  /** Folds arrays of the same length piece by piece, without those that were folded already. */
  #foldPieces(kind: number, op: number, lanes: number, target: TypedArray, source: TypedArray): void {
    const line = this.#line;
    const [element, operator] = [ELEMENT_KINDS[kind]!, REDUCTIONS[op]!];
    const size = Math.max(1, Math.floor(PIECE / lanes)) * lanes;
    for (let at = 0; at < target.length; at += size) {
      if (this.#pieces++ < line[LaneWord.step]!) continue;
      const end = Math.min(at + size, target.length);
      const into = target.subarray(at, end) as TypedArray;
      const from = source.subarray(at, end) as TypedArray;
      if (!foldAtOnce(element, operator, into, from)) {
        const copy = copyOf(kind, target, at, end);
        foldArrays(element, operator, copy, from);
        (into as Float64Array).set(copy as Float64Array);
      }
      line[LaneWord.step] = this.#pieces;
    }
  }

  /** Folds into a region: element by element where other tasks change it at the same time. */
  #foldHome(
    shared: boolean,
    kind: number,
    op: number,
    lanes: number,
    target: TypedArray,
    source: TypedArray,
  ): void {
    if (!shared || !hasAtomics(ELEMENT_KINDS[kind]!)) {
      this.#foldPieces(kind, op, lanes, target, source);
      return;
    }
    foldShared(ELEMENT_KINDS[kind]!, REDUCTIONS[op]!, target, source, this.#line, this.#pieces);
    this.#pieces += source.length;
  }

  /** Folds the root into the region and frees it. Runs as the launch's apply record. */
  apply(): void {
    const line = this.#line;
    line[LaneWord.step] = 0;
    line[LaneWord.phase] = Phase.applying;
    this.resumeApply();
  }

  /** Goes on where a thread was lost that applied the root. */
  resumeApply(): void {
    const heap = this.#heap;
    this.#pieces = 0;
    const root = this.#takeRoot();
    if (root === MISSING) return;
    const shared = heap.load(this.#tree, TreeWord.shared) === 1;
    this.targets.forEach(({ view, fields }, i) => {
      const partial = this.part(root, i);
      const space = heap.load(view, ViewWord.space);
      const first = heap.load(space, SpaceWord.first);
      const pieces = heap.load(space, SpaceWord.runs);
      const list = pieces > 1 ? heap.int32(space, SpaceWord.data + 2 * pieces) : null;
      fields.forEach(({ kind, lanes, op, home, homeFirst }, f) => {
        const fold = (offset: number, length: number) =>
          this.#foldHome(
            shared,
            kind,
            op,
            lanes,
            elements(heap, kind, home, (first + offset - homeFirst) * lanes, length * lanes),
            elements(heap, kind, partial.units[f]!, (first + offset - partial.first) * lanes, length * lanes),
          );
        if (list === null) {
          const length = heap.load(space, SpaceWord.last) - first;
          if (length > 0) fold(0, length);
        } else {
          for (let p = 0; p < pieces; p++) {
            fold(list[SpaceWord.data + 2 * p]!, list[SpaceWord.data + 2 * p + 1]!);
          }
        }
      });
    });
    this.#line[LaneWord.phase] = Phase.complete;
    this.free(root);
  }

  /** Frees the root unread: the launch was poisoned. */
  discard(): void {
    const root = this.#takeRoot();
    this.#line[LaneWord.phase] = Phase.complete;
    if (root !== MISSING) this.free(root);
  }

  #takeRoot(): number {
    const heap = this.#heap;
    let offset = 0;
    for (let n = heap.load(this.#tree, TreeWord.blocks); n > 1; n = (n + 1) >> 1) offset += n;
    return heap.load(this.#tree, TreeWord.data + 2 * this.targets.length + 2 * offset);
  }
}

/** A copy of some elements of an array, in an array of this thread's own. */
function copyOf(kind: number, array: TypedArray, from: number, to: number): TypedArray {
  let copy = copies[kind];
  if (copy === undefined || copy.length < to - from) {
    const Kind = array.constructor as new (length: number) => TypedArray;
    copies[kind] = copy = new Kind(Math.max(PIECE, to - from));
  }
  const part = (to - from === copy.length ? copy : copy.subarray(0, to - from)) as TypedArray;
  (part as Float64Array).set(array.subarray(from, to) as Float64Array);
  return part;
}

/** The block of a reducing launch that starts at a point. */
export function blockOf(first: number, points: number): number {
  return blockAt(first, reductionBlocks(points), points);
}
