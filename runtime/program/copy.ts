// Copies between regions: point by point, by order, through pointers on either side, with or without a reduction. They
// are operations in program order like launches, and run on workers.
import { BoundsError, formatPoint, LaunchError } from '../errors.js';
import { BUILTIN, builtinLeaf } from '../execution/builtin.js';
import { type CopyArguments, copyName } from '../execution/copy.js';
import { Kind } from '../graph/layout.js';
import { type ReductionName, reductionFault } from '../privileges/index.js';
import {
  type FieldSpace,
  type Fields,
  type FieldType,
  fieldIndex,
  IndexPartition,
} from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { Cap, Caps, Disjointness, Projected, RegionRef } from './capabilities.js';
import { chunksOf } from './chunks.js';
import { guardUses } from './guarded.js';
import { checkOptions, type FillOptions } from './launch-options.js';
import type { Launcher } from './launcher.js';
import type { Resolved } from './legality.js';
import { type AnyProjected, type AnyRegion, checkPlace, resolveUse } from './place.js';
import { Region } from './region.js';
import type { FieldUse } from './requirement.js';
import { ONE, OVERWRITE, READ, UPDATE, usesOf } from './uses.js';

/** Fields to copy: names that both sides have, or `{ destination: source }`. */
export type CopiedFields<F extends Fields, G extends Fields> =
  | readonly (keyof F & keyof G & string)[]
  | { readonly [P in keyof G & string]?: keyof F & string };
type SourceOf<M> = M extends readonly (infer N)[] ? N : M[keyof M];
type TargetOf<M> = M extends readonly (infer N)[] ? N : keyof M;

/** A field of pointers: at every point the coordinates of a point of the other region, one lane per axis. */
export interface PointerField<P> {
  readonly region: P;
  readonly field: string;
}

interface CopyOptions<P> {
  /** Folds the values into the destination with an operator, instead of replacing what is there. */
  readonly reduce?: ReductionName;
  /**
   * `points` (the default): a point of the destination gets the value of the same point of the source. `order`: the
   * k-th point gets the value of the k-th, whatever their coordinates; both sides have as many points.
   */
  readonly by?: 'points' | 'order';
  /** to[p] = from[gather[p]] for all points of the destination. */
  readonly gather?: PointerField<P>;
  /**
   * to[scatter[p]] = from[p] for all points of the source. Where several pointers lead to one point the last one (in
   * lexicographic order of p) counts; with `reduce` all of them do, in that order.
   */
  readonly scatter?: PointerField<P>;
  /** What to do with pointers that lead to no point: fail (the default), or leave them out. */
  readonly outOfRange?: 'error' | 'drop';
}

// biome-ignore lint/suspicious/noExplicitAny: pointers may be of any field space
type PointerRegion = RegionRef<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: likewise
type PointerPlace = RegionRef<any, any> | Projected<any, any, Disjointness>;
type Reads<M, F> = { readonly [P in SourceOf<M> & keyof F]: 'R' };
type Changes<M, G> = { readonly [P in TargetOf<M> & keyof G]: Cap };

/** What `ctx.copy` is given. */
export interface Copy<F extends Fields, G extends Fields, M> extends CopyOptions<PointerRegion> {
  readonly from: RegionRef<F, Reads<M, F>>;
  readonly to: RegionRef<G, Changes<M, G>>;
  readonly fields: M;
}

/** What `ctx.indexCopy` is given: regions, or partitions with projections. */
export interface IndexCopy<F extends Fields, G extends Fields, M> extends CopyOptions<PointerPlace> {
  readonly from: RegionRef<F, Reads<M, F>> | Projected<F, Reads<M, F> & Caps, Disjointness>;
  readonly to: Projected<G, Changes<M, G> & Caps, 'disjoint'>;
  readonly fields: M;
}

type AnyCopy = CopyOptions<unknown> & {
  readonly from: unknown;
  readonly to: unknown;
  readonly fields: object;
};

interface Pair {
  readonly to: { readonly index: number; readonly name: string; readonly type: FieldType };
  readonly from: { readonly index: number; readonly name: string; readonly type: FieldType };
}

/** Copies once (`points` null), or once for every point of a domain. */
export function copy(
  launcher: Launcher,
  points: IndexSpace | null,
  given: AnyCopy,
  site: { stack?: string },
  options?: FillOptions,
): void {
  if (options !== undefined) checkOptions(options, 'copy');
  const { engine, projections } = launcher;
  const { gather, scatter, reduce } = given;
  const drop = given.outOfRange === 'drop';
  const byOrder = given.by === 'order';
  if (byOrder && (gather !== undefined || scatter !== undefined))
    throw new LaunchError(
      "copy: by: 'order' cannot go with gather or scatter, which say themselves what goes where.",
    );
  const from = checkPlace(engine, given.from, 'from', 'copy');
  const to = checkPlace(engine, given.to, 'to', 'copy');
  const pairs = pairsOf(given.fields, from, to);
  for (const { to: target } of pairs) {
    const fault = reduce === undefined ? null : reductionFault(target.type.kind, reduce);
    if (fault !== null) throw new LaunchError(`copy: field ${target.name}: ${fault}`);
  }
  const domain = points ?? ONE;
  const resolve = (place: unknown, name: string, space: FieldSpace, uses: readonly FieldUse[]) =>
    resolveUse(engine, projections, place, space, uses, domain, name, 'copy');
  // Points that no pointer leads to keep their values, and a fold needs them.
  const replaces = reduce === undefined && scatter === undefined && !drop;
  const target = resolve(
    to,
    'to',
    to.space as FieldSpace,
    usesOf(
      pairs.map(({ to }, f) => [to.index, String(f)]),
      replaces ? OVERWRITE : UPDATE,
    ),
  );
  const source = resolve(
    from,
    'from',
    from.space as FieldSpace,
    usesOf(
      pairs.map(({ from }, f) => [from.index, String(f)]),
      READ,
    ),
  );
  const pointers = (field: PointerField<unknown>, name: string, rank: number): Resolved => {
    const place = checkPlace(engine, field.region, name, 'copy');
    const space = place.space as FieldSpace;
    const index = fieldIndex(space, field.field);
    const { lanes } = space.fields[field.field]!;
    if (lanes !== rank) {
      throw new LaunchError(
        `copy: the pointers ${name} have ${lanes} lanes, but points of the region they lead into have ${rank} coordinates.`,
      );
    }
    return resolve(place, name, space, usesOf([[index, '0']], READ));
  };
  const reads = gather === undefined ? null : pointers(gather, 'gather', source.partition.parent.rank);
  const writes = scatter === undefined ? null : pointers(scatter, 'scatter', target.partition.parent.rank);
  // Every point that is walked over must have a pointer, or a value.
  const count = domain.volume;
  const walked = scatter === undefined ? target : (reads ?? source);
  const narrowed = (held: Resolved): Resolved => {
    if (held === walked) return held;
    checkHolds(held, walked, domain);
    return samePoints(held, walked, count)
      ? held
      : { ...held, partition: walked.partition, colours: walked.colours };
  };
  let requirements: Resolved[] = [target];
  if (byOrder) {
    checkVolumes(source, target, domain);
    requirements.push(source);
  } else requirements.push(gather === undefined ? narrowed(source) : source);
  if (reads !== null) requirements.push(narrowed(reads));
  if (writes !== null) requirements.push(narrowed(writes));

  const shape = { fields: pairs.length, gather: reads !== null, scatter: writes !== null };
  const name = copyName(shape);
  const leaf = builtinLeaf(name)!;
  const uses = `${requirements.map((r) => r.uses.map((use) => `${use.field}:${use.usage}`).join(' ')).join('|')}`;
  launcher.checkLegal({ name, module: BUILTIN, leaf }, domain, requirements, uses);

  let bounds: CopyArguments['bounds'] = null;
  let launched = domain;
  if (points === null && to instanceof Region) {
    const fields = pairs.map(({ to }) => to.index);
    const bytes = pairs.reduce((sum, { to: { type } }) => sum + type.bytesPerElement, 0) * to.volume;
    // Pairs by order stay together where both sides are cut alike; pointers may lead anywhere, but only into a box is it told at once.
    const chunks =
      (byOrder && !sameExtent(to.indexSpace, (from as AnyRegion).indexSpace)) ||
      (writes !== null && !to.indexSpace.dense)
        ? null
        : chunksOf(to, fields, bytes);
    if (chunks !== null) {
      launched = IndexSpace.extent([chunks.subspaces.length]);
      const constant = (r: Resolved): Resolved => ({
        ...r,
        colours: projections.constant(r.partition, launched, r.colours === null ? 0 : r.colours[0]!),
      });
      const along = (r: Resolved): Resolved => ({ ...r, partition: chunks, colours: null });
      if (writes !== null) {
        bounds = { lo: to.indexSpace.lo, hi: to.indexSpace.hi };
        requirements = requirements.map((r) =>
          r.tree === target.tree && r.name === 'to' ? along(r) : constant(r),
        );
      } else {
        requirements = requirements.map((r) => {
          if (r.name === 'from' && byOrder)
            return { ...r, partition: shifted(chunks, to, from as AnyRegion), colours: null };
          return r.name === 'from' && gather !== undefined ? constant(r) : along(r);
        });
      }
    }
  }
  const label = (r: Resolved | null, field: string | undefined) =>
    r === null ? '' : `${r.tree.name}.${field}`;
  const args: CopyArguments = {
    fields: pairs.map(({ to: { type } }) => ({ kind: type.kind, lanes: type.lanes })),
    operator: reduce ?? null,
    byOrder,
    drop,
    names: {
      from: source.tree.name,
      to: target.tree.name,
      gather: label(reads, gather?.field),
      scatter: label(writes, scatter?.field),
    },
    bounds,
  };
  launcher.issue(
    launched,
    'copy',
    leaf,
    { module: BUILTIN, name },
    Kind.task,
    options?.when === undefined ? requirements : guardUses(requirements),
    { ...args },
    site,
    () => [
      `from: ${source.tree.name} {${pairs.map((pair) => pair.from.name).join(', ')}}`,
      `to: ${target.tree.name} {${pairs.map((pair) => pair.to.name).join(', ')}}`,
    ],
    options,
  );
}

/** The pairs of fields to copy, of equal kinds and lanes. */
function pairsOf(fields: object, from: AnyRegion | AnyProjected, to: AnyRegion | AnyProjected): Pair[] {
  const names: [string, string][] = Array.isArray(fields)
    ? fields.map((name: string) => [name, name])
    : Object.entries(fields as Record<string, string>);
  if (names.length === 0) throw new LaunchError('copy: no field is named.');
  const field = (place: AnyRegion | AnyProjected, name: string) => {
    const space = place.space as FieldSpace;
    return { index: fieldIndex(space, name), name, type: space.fields[name]! };
  };
  return names.map(([target, source]) => {
    const pair = { to: field(to, target), from: field(from, source) };
    const [a, b] = [pair.to.type, pair.from.type];
    if (a.kind !== b.kind || a.lanes !== b.lanes) {
      const words = ({ kind, lanes }: FieldType) => (lanes === 1 ? kind : `${kind} in ${lanes} lanes`);
      throw new LaunchError(
        `copy: field ${source} is ${words(b)}, but field ${target} is ${words(a)}: copies convert nothing, a task can.`,
      );
    }
    return pair;
  });
}

function subspace({ partition, colours }: Resolved, point: number): IndexSpace {
  return partition.subspaces[colours === null ? point : colours[point]!]!;
}

function at(domain: IndexSpace, point: number): string {
  return domain.volume === 1 ? '' : ` at point ${formatPoint(domain.at(point))} of the launch`;
}

/** Throws a BoundsError with a point that is walked over and not held. */
function checkHolds(held: Resolved, walked: Resolved, domain: IndexSpace): void {
  for (let point = 0; point < domain.volume; point++) {
    const have = subspace(held, point);
    const need = subspace(walked, point);
    if (have.rank !== need.rank) {
      throw new LaunchError(
        `copy: ${held.name} has ${have.rank} axes and ${walked.name} has ${need.rank}: copy by: 'order', or through pointers.`,
      );
    }
    if (have.covers(need)) continue;
    const witness = need.minus(have).at(0);
    throw new BoundsError(
      `copy: ${walked.name} (${walked.tree.name}) has the point ${formatPoint(witness)}, which ${held.name} (${held.tree.name}) does not have${at(domain, point)}: copy to a subregion, or by: 'order'.`,
      witness,
    );
  }
}

function checkVolumes(source: Resolved, target: Resolved, domain: IndexSpace): void {
  for (let point = 0; point < domain.volume; point++) {
    const [a, b] = [subspace(source, point).volume, subspace(target, point).volume];
    if (a === b) continue;
    throw new BoundsError(
      `copy: from (${source.tree.name}) has ${a} points and to (${target.tree.name}) has ${b}${at(domain, point)}: a copy by order needs as many on both sides.`,
    );
  }
}

function samePoints(a: Resolved, b: Resolved, points: number): boolean {
  for (let point = 0; point < points; point++)
    if (!subspace(a, point).equals(subspace(b, point))) return false;
  return true;
}

function sameExtent(a: IndexSpace, b: IndexSpace): boolean {
  return (
    a.dense &&
    b.dense &&
    a.rank === b.rank &&
    a.lo.every((lo, axis) => a.hi[axis]! - lo === b.hi[axis]! - b.lo[axis]!)
  );
}

/** The chunks of the destination, moved to where the source is. */
function shifted(chunks: IndexPartition, to: AnyRegion, from: AnyRegion): IndexPartition {
  const by = to.indexSpace.lo.map((lo, axis) => from.indexSpace.lo[axis]! - lo);
  if (by.every((shift) => shift === 0)) return chunks;
  let made = moved.get(chunks);
  if (made === undefined) moved.set(chunks, (made = new Map()));
  const key = by.join(',');
  let partition = made.get(key);
  if (partition === undefined) {
    const subspaces = chunks.subspaces.map((space) => translated(space, by));
    partition = new IndexPartition(from.indexSpace, chunks.colours, subspaces, {
      disjoint: true,
      complete: true,
    });
    made.set(key, partition);
  }
  return partition;
}
const moved = new WeakMap<IndexPartition, Map<string, IndexPartition>>();

/** A space with all its points moved. */
function translated(space: IndexSpace, by: readonly number[]): IndexSpace {
  if (space.empty) return space;
  const move = (point: readonly number[]) => point.map((x, axis) => x + by[axis]!);
  if (space.dense) return IndexSpace.box(move(space.lo), move(space.hi));
  const { rank } = space;
  const stride = rank + 1;
  return IndexSpace.fromRuns(
    rank,
    space.runs.map((x, i) => x + by[Math.min(i % stride, rank - 1)]!),
  );
}
