// Where the points of a view are in something laid out by strides: as runs, in which both places go on evenly.

/** What of a view is looked at here. */
export interface PointSet {
  readonly volume: number;
  readonly lo: readonly number[];
  readonly hi: readonly number[];
  /** Offset between neighbours along each axis. */
  readonly strides: readonly number[];
  readonly pieces: readonly { readonly offset: number; readonly length: number }[];
  coord(offset: number): readonly number[];
}

/** `count` points: in the view at `at`, `at + atStep`, ...; outside at `from`, `from + fromStep`, ... */
export interface Run {
  at: number;
  atStep: number;
  from: number;
  fromStep: number;
  count: number;
}

/** Appends a run, or makes the last one longer where it goes on evenly. */
function append(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (
    last !== undefined &&
    last.atStep === run.atStep &&
    last.fromStep === run.fromStep &&
    last.at + last.count * last.atStep === run.at &&
    last.from + last.count * last.fromStep === run.from
  )
    last.count += run.count;
  else runs.push(run);
}

/** The points of a view, outside at the sum of (coordinate - origin) * stride. */
export function runsOf(view: PointSet, origin: readonly number[], strides: readonly number[]): Run[] {
  const runs: Run[] = [];
  if (view.volume === 0) return runs;
  const { lo, hi } = view;
  const rank = lo.length;
  const extents = lo.map((low, axis) => hi[axis]! - low + 1);
  const place = (point: readonly number[]) =>
    point.reduce((sum, x, axis) => sum + (x - origin[axis]!) * strides[axis]!, 0);
  if (extents.reduce((a, b) => a * b, 1) !== view.volume) {
    const last = rank - 1;
    for (const piece of view.pieces) {
      let { offset, length } = piece;
      while (length > 0) {
        const point = view.coord(offset);
        // A piece that goes on in the next row has reached the greatest coordinate there is.
        const count = Math.min(length, hi[last]! - point[last]! + 1);
        append(runs, { at: offset, atStep: 1, from: place(point), fromStep: strides[last]!, count });
        offset += count;
        length -= count;
      }
    }
    return runs;
  }
  // A box: along the axis that is densest outside, so that the outside is gone through in its own order.
  const axes = strides.map((_, axis) => axis).sort((a, b) => strides[b]! - strides[a]! || a - b);
  const inner = axes.pop()!;
  const start = place(lo);
  const walk = (depth: number, at: number, from: number): void => {
    if (depth === axes.length) {
      const run = {
        at,
        atStep: view.strides[inner]!,
        from,
        fromStep: strides[inner]!,
        count: extents[inner]!,
      };
      append(runs, run);
      return;
    }
    const axis = axes[depth]!;
    for (let i = 0; i < extents[axis]!; i++)
      walk(depth + 1, at + i * view.strides[axis]!, from + i * strides[axis]!);
  };
  walk(0, 0, start);
  return runs;
}
