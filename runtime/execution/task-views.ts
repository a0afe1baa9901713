// The views that tasks get, decoded once per binding and lane.
import { type Graph, MAX_REQUIREMENTS } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { Access, FieldWord, SpaceWord, ViewWord } from '../memory/view-layout.js';
import { guardBut } from './guard.js';
import type { Leaf } from './leaf.js';
import type { ReductionTree } from './reduction-tree.js';
import { decodeView, type TaskView } from './view.js';

interface CachedView {
  readonly serial: number;
  readonly view: TaskView;
}

export class TaskViews {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #leaf: (task: number) => Leaf;
  readonly #check: boolean;
  readonly #views = new Map<number, CachedView>();
  readonly #bundles: Record<string, unknown>[] = [];

  /** `check`: views are guarded, and made afresh for every task. */
  constructor(graph: Graph, heap: Heap, leaf: (task: number) => Leaf, check: boolean) {
    this.#graph = graph;
    this.#heap = heap;
    this.#leaf = leaf;
    this.#check = check;
  }

  /** One object per task kind whose properties are set anew for every point: a call allocates nothing. */
  bundle(task: number): Record<string, unknown> {
    let bundle = this.#bundles[task];
    if (bundle === undefined) {
      bundle = {};
      for (const name of this.#leaf(task).requirements) bundle[name] = undefined;
      this.#bundles[task] = bundle;
    }
    return bundle;
  }

  /** The unit in the heap that describes what a point sees of a requirement. */
  #unit(slot: number, requirement: number, point: number): number {
    const graph = this.#graph;
    const at = slot * MAX_REQUIREMENTS + requirement;
    const projection = graph.projections[at]!;
    const colour = projection === 0 ? point : this.#heap.load(projection, point);
    return this.#heap.load(graph.bindings[at]!, colour);
  }

  /** Puts the views of a point into a bundle; those of what is reduced show a partial. */
  bind(
    leaf: Leaf,
    slot: number,
    point: number,
    tree: ReductionTree | null,
    partial: number | null,
    views: Record<string, unknown>,
  ): void {
    const heap = this.#heap;
    const names = leaf.requirements;
    const checked = this.#check;
    for (let i = 0; i < names.length; i++) {
      const unit = this.#unit(slot, i, point);
      const target = tree?.targets.findIndex(({ requirement }) => requirement === i) ?? -1;
      if (target >= 0 || checked) {
        const part = target >= 0 ? this.#partialOfView(tree!, partial!, target, unit) : null;
        views[names[i]!] = decodeView(
          heap,
          unit,
          leaf.fields[i]!,
          part,
          checked ? guardBut(leaf.shared?.[i] ?? []) : undefined,
        );
        continue;
      }
      const serial = heap.load(unit, ViewWord.serial);
      let cached = this.#views.get(unit);
      if (cached === undefined || cached.serial !== serial) {
        cached = { serial, view: decodeView(heap, unit, leaf.fields[i]!, null) };
        this.#views.set(unit, cached);
      }
      views[names[i]!] = cached.view;
    }
  }

  /** The partial's units spread over the fields of the requirement, of which some may not be reduced. */
  #partialOfView(tree: ReductionTree, partial: number, target: number, unit: number) {
    const part = tree.part(partial, target);
    const units: number[] = [];
    let next = 0;
    for (let f = 0; f < this.#heap.load(unit, ViewWord.fields); f++) {
      const access = this.#heap.load(unit, ViewWord.data + FieldWord.size * f + FieldWord.access);
      units.push(access >= Access.reduce ? part.units[next++]! : 0);
    }
    return { first: part.first, last: part.last, units };
  }

  /** Stretch of the layout that the points of a block touch through a requirement. */
  range(slot: number, requirement: number, first: number, end: number): readonly [number, number] {
    const heap = this.#heap;
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    for (let point = first; point < end; point++) {
      const space = heap.load(this.#unit(slot, requirement, point), ViewWord.space);
      if (heap.load(space, SpaceWord.volume) === 0) continue;
      low = Math.min(low, heap.load(space, SpaceWord.first));
      high = Math.max(high, heap.load(space, SpaceWord.last));
    }
    return low < high ? [low, high] : [0, 0];
  }

  /** The views of all points of a record. */
  all(record: number, slot: number): number[] {
    const graph = this.#graph;
    const first = graph.first[record]!;
    const views: number[] = [];
    for (let point = first; point < first + graph.points[record]!; point++) {
      for (let r = 0; r < graph.requirements[slot]!; r++) views.push(this.#unit(slot, r, point));
    }
    return views;
  }
}
