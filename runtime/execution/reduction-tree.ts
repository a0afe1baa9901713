// Partial reductions of a launch and the fixed binary tree that folds them (design: Reductions). Whoever brings the
// second of two siblings folds them, right into left, and carries the result up; so the shape of the tree, and with it
// every bit of the result, depends on the launch domain alone, and few partials are alive at once.
import type { Graph } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { blockStart, reductionBlocks } from '../memory/launch-layout.js';
import { Access, ELEMENT_ARRAYS, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import { ELEMENT_KINDS } from '../privileges/element.js';
import { fillIdentity, foldArrays } from '../privileges/reduction.js';
import { REDUCTIONS } from '../privileges/usage.js';
import { countDown, type ReadySink } from './finish.js';
import { foldShared } from './fold-shared.js';
import { elements, type Partial } from './view.js';

/** Words of the tree block: what it reduces, then the nodes. */
export const TreeWord = { blocks: 0, points: 1, requirements: 2, shared: 3, data: 4 } as const;

/** The value of a node whose block failed. */
const MISSING = -1;

/** Bytes of the tree block of a launch. */
export function treeBytes(points: number, requirements: number): number {
  let nodes = 0;
  for (let n = reductionBlocks(points); n >= 1; n = n === 1 ? 0 : (n + 1) >> 1) nodes += n;
  return 4 * (TreeWord.data + 2 * requirements + 2 * nodes);
}

/**
 * Written by the launching thread: requirement numbers, and for each the view of where the result goes. `shared`: other
 * tasks may change the same elements while the result is folded in.
 */
export function writeTree(
  heap: Heap,
  unit: number,
  points: number,
  reductions: readonly { readonly requirement: number; readonly target: number }[],
  shared: boolean,
): void {
  heap.clear(unit, treeBytes(points, reductions.length));
  heap.store(unit, TreeWord.blocks, reductionBlocks(points));
  heap.store(unit, TreeWord.points, points);
  heap.store(unit, TreeWord.requirements, reductions.length);
  heap.store(unit, TreeWord.shared, shared ? 1 : 0);
  reductions.forEach(({ requirement, target }, i) => {
    heap.store(unit, TreeWord.data + 2 * i, requirement);
    heap.store(unit, TreeWord.data + 2 * i + 1, target);
  });
}

interface Target {
  readonly requirement: number;
  readonly view: number;
  readonly fields: readonly {
    readonly kind: number;
    readonly lanes: number;
    readonly op: number;
    readonly home: number;
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
  readonly targets: readonly Target[];

  constructor(graph: Graph, heap: Heap, tree: number) {
    this.#graph = graph;
    this.#heap = heap;
    this.#tree = tree;
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
    const heap = this.#heap;
    const nodes = heap.int32(
      this.#tree,
      treeBytes(heap.load(this.#tree, TreeWord.points), this.targets.length) / 4,
    );
    const values = TreeWord.data + 2 * this.targets.length;
    if (root !== 0) poison(this.#graph, applyRecord, root);
    let offset = 0;
    let n = heap.load(this.#tree, TreeWord.blocks);
    let i = block;
    let value = partial ?? MISSING;
    while (n > 1) {
      const parent = offset + n + (i >> 1);
      if ((n & 1) === 0 || i < n - 1) {
        Atomics.store(nodes, values + 2 * (offset + i), value);
        if (Atomics.exchange(nodes, values + 2 * parent + 1, 1) === 0) return; // the sibling folds
        const other = Atomics.load(nodes, values + 2 * (offset + (i ^ 1)));
        value = (i & 1) === 0 ? this.#combine(value, other) : this.#combine(other, value);
      }
      offset += n;
      n = (n + 1) >> 1;
      i >>= 1;
    }
    Atomics.store(nodes, values + 2 * offset, value);
    countDown(this.#graph, applyRecord, ready);
  }

  #combine(left: number, right: number): number {
    if (left === MISSING || right === MISSING) {
      if (left !== MISSING) this.free(left);
      if (right !== MISSING) this.free(right);
      return MISSING;
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
    let into = left;
    if (!covers) {
      into = this.create(ranges);
      this.#foldInto(into, left);
      this.free(left);
    }
    this.#foldInto(into, right);
    this.free(right);
    return into;
  }

  #foldInto(into: number, from: number): void {
    const heap = this.#heap;
    this.targets.forEach(({ fields }, i) => {
      const target = this.part(into, i);
      const source = this.part(from, i);
      const points = source.last - source.first;
      fields.forEach(({ kind, lanes, op }, f) => {
        const skip = (source.first - target.first) * lanes;
        foldArrays(
          ELEMENT_KINDS[kind]!,
          REDUCTIONS[op]!,
          elements(heap, kind, target.units[f]!, points === 0 ? 0 : skip, points * lanes),
          elements(heap, kind, source.units[f]!, 0, points * lanes),
        );
      });
    });
  }

  /** Folds the root into the region and frees it. Runs as the launch's apply record. */
  apply(): void {
    const heap = this.#heap;
    const root = this.#takeRoot();
    if (root === MISSING) return;
    const foldInto = heap.load(this.#tree, TreeWord.shared) === 1 ? foldShared : foldArrays;
    this.targets.forEach(({ view, fields }, i) => {
      const partial = this.part(root, i);
      const space = heap.load(view, ViewWord.space);
      const first = heap.load(space, SpaceWord.first);
      const pieces = heap.load(space, SpaceWord.runs);
      const list = pieces > 1 ? heap.int32(space, SpaceWord.data + 2 * pieces) : null;
      fields.forEach(({ kind, lanes, op, home }, f) => {
        const fold = (offset: number, length: number) =>
          foldInto(
            ELEMENT_KINDS[kind]!,
            REDUCTIONS[op]!,
            elements(heap, kind, home, (first + offset) * lanes, length * lanes),
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
    this.free(root);
  }

  /** Frees the root unread: the launch was poisoned. */
  discard(): void {
    const root = this.#takeRoot();
    if (root !== MISSING) this.free(root);
  }

  #takeRoot(): number {
    const heap = this.#heap;
    let offset = 0;
    for (let n = heap.load(this.#tree, TreeWord.blocks); n > 1; n = (n + 1) >> 1) offset += n;
    return heap.load(this.#tree, TreeWord.data + 2 * this.targets.length + 2 * offset);
  }
}

/** The block of a reducing launch that starts at a point. */
export function blockOf(first: number, points: number): number {
  const blocks = reductionBlocks(points);
  let block = Math.floor((first * blocks) / points);
  while (blockStart(block + 1, blocks, points) <= first) block++;
  return block;
}
