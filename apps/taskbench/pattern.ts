// The patterns of Task Bench (Slaughter et al., SC20): which points of one row of tasks read which points of the row before.
import { uniform } from './siphash.js';

export const DEPENDENCES = [
  'trivial',
  'no_comm',
  'stencil_1d',
  'stencil_1d_periodic',
  'dom',
  'tree',
  'fft',
  'all_to_all',
  'nearest',
  'spread',
  'random_nearest',
  'random_spread',
] as const;
export type Dependence = (typeof DEPENDENCES)[number];

/** What decides the shape of a task graph and who depends on whom. */
export interface Pattern {
  readonly dependence: Dependence;
  readonly steps: number;
  /** Points of a row at most. */
  readonly width: number;
  readonly radix: number;
  readonly period: number;
  readonly fraction: number;
  /** Number of the graph: random patterns differ from graph to graph. */
  readonly index: number;
}

/** Points from the first to the last, both included. */
export type Interval = readonly [first: number, last: number];

/** The first point of a row. */
export function offsetAt({ dependence, steps, width }: Pattern, step: number): number {
  return step < 0 || dependence !== 'dom' ? 0 : Math.max(0, step + width - steps);
}

/** How many points a row has. */
export function widthAt({ dependence, steps, width }: Pattern, step: number): number {
  if (step < 0) return 0;
  if (dependence === 'dom') return Math.min(width, step + 1, steps - step);
  if (dependence === 'tree') return Math.min(width, 2 ** Math.min(step, 62));
  return width;
}

/** How many sets of dependences rows take turns with. */
export function setsOf({ dependence, width, period }: Pattern): number {
  if (dependence === 'fft') return Math.ceil(Math.log2(width));
  return hasPeriod(dependence) ? period : 1;
}

/** The set of a row. */
export function setAt(pattern: Pattern, step: number): number {
  const sets = setsOf(pattern);
  if (pattern.dependence === 'fft') return sets === 0 ? 0 : (step + sets - 1) % sets;
  return hasPeriod(pattern.dependence) ? step % sets : 0;
}

/** Whether the pattern changes from row to row with a period that is given. */
export function hasPeriod(dependence: Dependence): boolean {
  return dependence === 'spread' || dependence === 'random_nearest' || dependence === 'random_spread';
}

const half = (n: number) => Math.floor(n / 2);

/** The points that come out one after the other, as intervals. */
function runs(points: readonly number[]): Interval[] {
  const found: [number, number][] = [];
  for (const point of points) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === point - 1) last[1] = point;
    else found.push([point, point]);
  }
  return found;
}

function range([first, last]: Interval): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** The points of an interval that `random_nearest` keeps, given who reads whom. */
function kept(
  { index, radix, fraction }: Pattern,
  set: number,
  window: Interval,
  key: (i: number) => [number, number],
) {
  return runs(
    range(window).filter((i) => {
      const [from, to] = key(i);
      return from === to || uniform(index, radix, set, from, to) < fraction;
    }),
  );
}

/** The points of the row before that a point reads, in the order in which it gets them; some may not be in that row. */
export function dependencies(pattern: Pattern, set: number, point: number): readonly Interval[] {
  const { dependence, width, radix } = pattern;
  const last = width - 1;
  const window: Interval = [Math.max(0, point - half(radix)), Math.min(point + half(radix - 1), last)];
  switch (dependence) {
    case 'trivial':
      return [];
    case 'no_comm':
      return [[point, point]];
    case 'stencil_1d':
      return [[Math.max(0, point - 1), Math.min(point + 1, last)]];
    case 'stencil_1d_periodic':
      return [[Math.max(0, point - 1), Math.min(point + 1, last)], ...around(point, last)];
    case 'dom':
      return [[Math.max(0, point - 1), point]];
    case 'tree':
      return [[half(point), half(point)]];
    case 'fft':
      return butterfly(set, point, width);
    case 'all_to_all':
      return [[0, last]];
    case 'nearest':
      return radix === 0 ? [] : [window];
    case 'spread':
      return Array.from({ length: radix }, (_, i) => {
        const to = (point + Math.floor((i * width) / radix) + (i > 0 ? set : 0)) % width;
        return [to, to] as const;
      });
    case 'random_nearest':
      return radix === 0 ? [] : kept(pattern, set, window, (i) => [i, point]);
    case 'random_spread':
      throw new Error('random_spread has no dependences');
  }
}

/** The points of the next row that read a point; some may not be in that row. */
export function reverseDependencies(pattern: Pattern, set: number, point: number): readonly Interval[] {
  const { dependence, width, radix } = pattern;
  const last = width - 1;
  const window: Interval = [Math.max(0, point - half(radix - 1)), Math.min(point + half(radix), last)];
  switch (dependence) {
    case 'dom':
      return [[point, Math.min(last, point + 1)]];
    case 'tree':
      return 2 * point > last ? [] : [[2 * point, Math.min(2 * point + 1, last)]];
    case 'nearest':
      return radix === 0 ? [] : [window];
    case 'spread':
      return Array.from({ length: radix }, (_, i) => {
        const from = (point - Math.floor((i * width) / radix) - (i > 0 ? set : 0)) % width;
        const to = from < 0 ? from + width : from;
        return [to, to] as const;
      });
    case 'random_nearest':
      return radix === 0 ? [] : kept(pattern, set, window, (i) => [point, i]);
    default:
      return dependencies(pattern, set, point);
  }
}

/** The neighbours of the first and the last point on the other side. */
function around(point: number, last: number): Interval[] {
  const found: Interval[] = [];
  if (point === 0) found.push([last, last]);
  if (point === last) found.push([0, 0]);
  return found;
}

function butterfly(set: number, point: number, width: number): Interval[] {
  const stride = 2 ** set;
  return [point - stride, point, point + stride]
    .filter((to) => to >= 0 && to < width)
    .map((to) => [to, to] as const);
}

/** The points that a point of a row really reads, in their order: those that the row before has. */
export function inputsOf(pattern: Pattern, step: number, point: number): number[] {
  return clipped(dependencies(pattern, setAt(pattern, step), point), pattern, step - 1);
}

/** The points of a row that really read a point of the row before. */
export function outputsOf(pattern: Pattern, step: number, point: number): number[] {
  return clipped(reverseDependencies(pattern, setAt(pattern, step), point), pattern, step);
}

function clipped(intervals: readonly Interval[], pattern: Pattern, step: number): number[] {
  const first = offsetAt(pattern, step);
  const end = first + widthAt(pattern, step);
  return intervals.flatMap(range).filter((point) => point >= first && point < end);
}

/** What is wrong with a pattern, in one sentence; null when it is sound. */
export function faultOf(pattern: Pattern): string | null {
  const { dependence, width, radix, period } = pattern;
  if (dependence === 'random_spread') return 'dependence type "random_spread" is not implemented';
  if (dependence === 'fft' && width === 1) return 'dependence type "fft" needs a width of 2 or more';
  if (hasPeriod(dependence) && period === 0) return `dependence type "${dependence}" needs -period > 0`;
  if (!hasPeriod(dependence) && period !== 0)
    return `dependence type "${dependence}" has no period, so -period must be 0`;
  if (dependence === 'spread' && period > Math.ceil(width / radix))
    return `dependence type "spread" of width ${width} and radix ${radix} needs -period <= ${Math.ceil(width / radix)}`;
  for (let set = 0; set < setsOf(pattern); set++) {
    const readers = Array.from({ length: width }, (_, point) =>
      dependencies(pattern, set, point).flatMap(range),
    );
    for (const [point, points] of readers.entries()) {
      const twice = points.find((other, i) => points.indexOf(other) !== i);
      if (twice !== undefined)
        return `dependence type "${dependence}" of width ${width} and radix ${radix} has point ${point} read point ${twice} twice`;
      for (const reader of reverseDependencies(pattern, set, point).flatMap(range)) {
        if (readers[reader]!.includes(point)) continue;
        return `dependence type "${dependence}": point ${reader} is said to read point ${point}, but does not`;
      }
    }
  }
  return null;
}
