// The bodies of copies: plain, by order, through pointers on either side, and all of them with a reduction. One field
// or several; the fields of a view are called 0, 1, 2, ... here, whatever their names.
import type { ElementKind, TypedArray } from '../privileges/element.js';
import { foldArrays, foldElement } from '../privileges/reduction.js';
import type { ReductionName } from '../privileges/usage.js';
import type { Leaf } from './leaf.js';
import { forEachRow, offsetAt, pointFinder } from './rows.js';
import type { Shape } from './view.js';

/** What a copy tells its tasks. */
export interface CopyArguments {
  /** Kind and lanes of every field. */
  readonly fields: readonly { readonly kind: ElementKind; readonly lanes: number }[];
  /** Folds into the destination instead of replacing it. */
  readonly operator: ReductionName | null;
  /** Pairs the k-th point with the k-th point. */
  readonly byOrder: boolean;
  /** Pointers that lead outside are left out; else they are an error. */
  readonly drop: boolean;
  /** For messages: `a.x`. */
  readonly names: {
    readonly from: string;
    readonly to: string;
    readonly gather: string;
    readonly scatter: string;
  };
  /** Bounds of the whole destination, where a task holds but a part of it. */
  readonly bounds: { readonly lo: readonly number[]; readonly hi: readonly number[] } | null;
}

type CopyView = Shape & { readonly [field: number]: TypedArray };
type Lanes = { [i: number]: number };

/** Moves `points` points of all fields from one offset to another. */
type Move = (to: number, from: number, points: number) => void;

function mover(to: CopyView, from: CopyView, { fields, operator }: CopyArguments): Move {
  const moves = fields.map(({ kind, lanes }, f): Move => {
    const target = to[f]!;
    const source = from[f]!;
    if (operator === null) {
      return (t, s, n) => {
        if (n > 4)
          (target as Float64Array).set(
            source.subarray(s * lanes, (s + n) * lanes) as Float64Array,
            t * lanes,
          );
        // Both arrays hold the same kind of element; the compiler sees a union.
        else
          for (let i = 0; i < n * lanes; i++)
            (target as Lanes)[t * lanes + i] = (source as Lanes)[s * lanes + i]!;
      };
    }
    const one = foldElement(kind, operator);
    // A complex number is two lanes and one element.
    const elements = kind === 'c64' || kind === 'c128' ? lanes / 2 : lanes;
    return (t, s, n) => {
      if (n > 4) {
        foldArrays(
          kind,
          operator,
          target.subarray(t * lanes, (t + n) * lanes),
          source.subarray(s * lanes, (s + n) * lanes),
        );
      } else for (let i = 0; i < n * elements; i++) one(target, t * elements + i, source, s * elements + i);
    };
  });
  if (moves.length === 1) return moves[0]!;
  return (t, s, n) => {
    for (const move of moves) move(t, s, n);
  };
}

function byOrder(to: CopyView, from: CopyView, move: Move): void {
  const targets = to.pieces;
  const sources = from.pieces;
  let t = 0;
  let s = 0;
  let doneT = 0;
  let doneS = 0;
  while (t < targets.length && s < sources.length) {
    const n = Math.min(targets[t]!.length - doneT, sources[s]!.length - doneS);
    move(targets[t]!.offset + doneT, sources[s]!.offset + doneS, n);
    doneT += n;
    doneS += n;
    if (doneT === targets[t]!.length) {
      t++;
      doneT = 0;
    }
    if (doneS === sources[s]!.length) {
      s++;
      doneS = 0;
    }
  }
}

function byPoints(to: CopyView, from: CopyView, move: Move): void {
  forEachRow(to, (offset, point, length) => move(offset, offsetAt(from, point), length));
}

/** A pointer leads nowhere: says which, and what to do. */
function astray(
  where: string,
  point: readonly number[],
  k: number,
  pointer: ArrayLike<number | bigint>,
  at: number,
  rank: number,
  into: string,
): RangeError {
  const here = [...point.slice(0, -1), point.at(-1)! + k];
  const to = Array.from({ length: rank }, (_, axis) => String(pointer[at + axis]));
  return new RangeError(
    `the pointer ${where} at (${here.join(', ')}) is (${to.join(', ')}), which is no point of ${into}: mend it, or pass outOfRange: 'drop' to leave such points out`,
  );
}

type Views = Readonly<Record<'to' | 'from' | 'gather' | 'scatter', CopyView | undefined>>;

/** Copies through pointers. The points that the pointers are of are those of the destination, or of the source. */
function throughPointers({ to, from, gather, scatter }: Views, args: CopyArguments): void {
  const move = mover(to!, from!, args);
  const { drop, names, bounds } = args;
  const rankFrom = from!.lo.length;
  const rankTo = to!.lo.length;
  const findFrom = gather === undefined ? null : pointFinder(from!);
  const findTo = scatter === undefined ? null : pointFinder(to!);
  const reads = gather?.[0];
  const writes = scatter?.[0];
  const walked = scatter === undefined ? to! : (gather ?? from!);
  forEachRow(walked, (offset, point, length) => {
    const g = gather === undefined ? 0 : offsetAt(gather, point);
    const w = scatter === undefined ? 0 : offsetAt(scatter, point);
    for (let k = 0; k < length; k++) {
      let source = offset + k;
      let target = offset + k;
      if (findFrom !== null) {
        source = findFrom(reads!, (g + k) * rankFrom);
        if (source < 0) {
          if (drop) continue;
          throw astray(names.gather, point, k, reads!, (g + k) * rankFrom, rankFrom, names.from);
        }
      }
      if (findTo !== null) {
        const at = (w + k) * rankTo;
        target = findTo(writes!, at);
        if (target < 0) {
          if (drop || (bounds !== null && within(writes!, at, bounds))) continue;
          throw astray(names.scatter, point, k, writes!, at, rankTo, names.to);
        }
      }
      move(target, source, 1);
    }
  });
}

/** The pointer leads to another part of the destination. */
function within(
  numbers: ArrayLike<number | bigint>,
  at: number,
  { lo, hi }: NonNullable<CopyArguments['bounds']>,
): boolean {
  return lo.every((low, axis) => {
    const x = Number(numbers[at + axis]!);
    return x >= low && x <= hi[axis]! && Math.floor(x) === x;
  });
}

export interface CopyShape {
  readonly fields: number;
  readonly gather: boolean;
  readonly scatter: boolean;
}

/** Requirements of a copy, in the order in which they are bound. */
export const copyRequirements = ({ gather, scatter }: Omit<CopyShape, 'fields'>): string[] => [
  'to',
  'from',
  ...(gather ? ['gather'] : []),
  ...(scatter ? ['scatter'] : []),
];

/** `copy:2`, `copy:1:gather`: under this name workers find the leaf. */
export const copyName = ({ fields, gather, scatter }: CopyShape): string =>
  `copy:${fields}${gather ? ':gather' : ''}${scatter ? ':scatter' : ''}`;

export function copyLeaf(shape: CopyShape): Leaf {
  const requirements = copyRequirements(shape);
  const names = Array.from({ length: shape.fields }, (_, f) => String(f));
  return {
    name: 'copy',
    requirements,
    fields: requirements.map((name) => (name === 'to' || name === 'from' ? names : ['0'])),
    run: (given, given2) => {
      const views = given as Views;
      const args = given2 as CopyArguments;
      if (shape.gather || shape.scatter) throughPointers(views, args);
      else {
        const move = mover(views.to!, views.from!, args);
        if (args.byOrder) byOrder(views.to!, views.from!, move);
        else byPoints(views.to!, views.from!, move);
      }
    },
  };
}

/** The shape that a name stands for; null for other names. */
export function copyShape(name: string): CopyShape | null {
  const parts = /^copy:(\d+)(:gather)?(:scatter)?$/.exec(name);
  return parts === null
    ? null
    : { fields: Number(parts[1]), gather: parts[2] !== undefined, scatter: parts[3] !== undefined };
}
