// Checks at the launch site: may the points of one launch run at the same time, and may one task hold all its
// requirements at once? Answers are kept per shape of launch, so that a loop pays once.
import { overlap } from '../analysis/dependences.js';
import { BoundsError, formatPoint, InterferenceError, LaunchError } from '../errors.js';
import {
  EXECUTION_INTERFERENCE,
  formatUsage,
  INTERFERENCES,
  isOrder,
  USAGE_CODES,
  usageOf,
} from '../privileges/index.js';
import { type IndexPartition, overlapTable } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { PointsByColour } from './invertible.js';
import { launchSite } from './launch-site.js';
import type { FieldUse } from './requirement.js';
import type { Tree } from './tree.js';

const ATOMIC = Uint8Array.from({ length: USAGE_CODES }, (_, code) =>
  usageOf(code).coherence === 'atomic' ? 1 : 0,
);

/** One requirement of a launch, resolved. */
export interface Resolved {
  readonly name: string;
  readonly tree: Tree;
  readonly partition: IndexPartition;
  readonly uses: readonly FieldUse[];
  /** Colour position of every point; null where point i has colour i. */
  readonly colours: Int32Array | null;
  /** Where the projection is invertible: points that share a colour may conflict, and run in their order. */
  readonly inverse?: PointsByColour;
}

/** The relation of two uses where neither comes first: an order in either direction counts. */
function ordered(a: number, b: number): boolean {
  return (
    isOrder(EXECUTION_INTERFERENCE[a * USAGE_CODES + b]!) ||
    isOrder(EXECUTION_INTERFERENCE[b * USAGE_CODES + a]!)
  );
}

/** Two points of one launch may not use an element so: one would have to come first. Atomic ones take turns. */
function clash(a: number, b: number): boolean {
  return ordered(a, b) && !(ATOMIC[a] === 1 && ATOMIC[b] === 1);
}

/** Members of a gang run at the same time, so they cannot take turns either. */
function gangClash(a: number, b: number): boolean {
  return ordered(a, b) || INTERFERENCES[EXECUTION_INTERFERENCE[a * USAGE_CODES + b]!] === 'atomic';
}

/** The first pair of uses of two requirements that conflict on a common field. */
function conflict(
  a: readonly FieldUse[],
  b: readonly FieldUse[],
  conflicts: (a: number, b: number) => boolean,
): [FieldUse, FieldUse] | null {
  for (const use of a) {
    const other = b.find(({ field }) => field === use.field);
    if (other !== undefined && conflicts(use.usage, other.usage)) return [use, other];
  }
  return null;
}

function describe(requirement: Resolved, use: FieldUse): string {
  const { name, fields } = requirement.tree;
  return `${requirement.name} (${formatUsage(usageOf(use.usage))} of ${name}.${fields.names[use.field]})`;
}

/** Throws an InterferenceError with the two requirements and a point that both hold. */
export function checkInterference(
  task: string,
  domain: IndexSpace,
  requirements: readonly Resolved[],
  gang = false,
): void {
  const points = domain.volume;
  const clashes = gang ? gangClash : clash;
  for (let i = 0; i < requirements.length; i++) {
    const a = requirements[i]!;
    // Different points through one requirement.
    const own = conflict(a.uses, a.uses, clashes);
    // Points that share a colour come one after the other where the inverse says which they are; in a gang they cannot.
    const inOrder = a.inverse !== undefined && (!gang || a.inverse.injective);
    if (own !== null && points > 1 && !(inOrder && a.partition.disjoint)) {
      const met = meeting(a, a, points, inOrder ? 'colours' : 'apart');
      if (met !== null) throw refusal(task, domain, a, a, own, met, true);
    }
    for (let j = i + 1; j < requirements.length; j++) {
      const b = requirements[j]!;
      if (b.tree !== a.tree) continue;
      // One task that holds both.
      const pair = conflict(a.uses, b.uses, ordered);
      const apart = points > 1 ? conflict(a.uses, b.uses, clashes) : null;
      if (pair === null && apart === null) continue;
      const pairs = apart === null ? 'together' : pair === null ? 'apart' : 'any';
      const met = meeting(a, b, points, pairs);
      if (met !== null) throw refusal(task, domain, a, b, (apart ?? pair)!, met, false);
    }
  }
}

interface Meeting {
  readonly points: readonly [number, number];
  readonly witness: readonly number[];
}

/** Which pairs of points of a launch are looked at: different ones (of different colours), one with itself, or all. */
type Pairs = 'apart' | 'colours' | 'together' | 'any';

/** Two points of the launch whose subspaces share a point. */
function meeting(a: Resolved, b: Resolved, points: number, pairs: Pairs): Meeting | null {
  const pa = a.partition;
  const pb = b.partition;
  // Points by colour of b, as lists in one array: first[colour], next[point].
  const first = new Int32Array(pb.subspaces.length).fill(-1);
  const next = new Int32Array(points).fill(-1);
  for (let point = points - 1; point >= 0; point--) {
    const colour = b.colours === null ? point : b.colours[point]!;
    next[point] = first[colour]!;
    first[colour] = point;
  }
  const found = (p: number, colourA: number, colourB: number): Meeting | null => {
    if (pairs === 'colours' && colourA === colourB) return null;
    for (let q = first[colourB]!; q >= 0; q = next[q]!) {
      if (pairs !== 'any' && (pairs !== 'together') === (q === p)) continue;
      const witness = pa.subspaces[colourA]!.witness(pb.subspaces[colourB]!);
      if (witness !== null) return { points: [p, q], witness };
    }
    return null;
  };
  const sameDisjoint = pa === pb && pa.disjoint;
  const single = pa.subspaces.length === 1 && pb.subspaces.length === 1;
  if (!sameDisjoint && single && !overlap(pa, 0, pb, 0)) return null;
  const table = sameDisjoint || single ? null : overlapTable(pa, pb);
  for (let p = 0; p < points; p++) {
    const colour = a.colours === null ? p : a.colours[p]!;
    if (table === null) {
      const met = found(p, colour, single ? 0 : colour);
      if (met !== null) return met;
    } else {
      for (let k = table.start[colour]!; k < table.start[colour + 1]!; k++) {
        const met = found(p, colour, table.colours[k]!);
        if (met !== null) return met;
      }
    }
  }
  return null;
}

function refusal(
  task: string,
  domain: IndexSpace,
  a: Resolved,
  b: Resolved,
  [useA, useB]: [FieldUse, FieldUse],
  met: Meeting,
  onePartition: boolean,
): InterferenceError {
  const p = domain.at(met.points[0]);
  const q = domain.at(met.points[1]);
  const witness = formatPoint(met.witness);
  const what = onePartition
    ? `points ${formatPoint(p)} and ${formatPoint(q)} of the launch both hold point ${witness} through ${describe(a, useA)}`
    : `${describe(a, useA)} at point ${formatPoint(p)} and ${describe(b, useB)} at point ${formatPoint(q)} both hold point ${witness}`;
  return new InterferenceError(
    `task ${task}: ${what}. Tasks of one launch may share points only if all read them, or all reduce them with one operator, or all ask for them atomic or simultaneous; or if the projection is invertible and gives them the same subregion.`,
    a.name,
    b.name,
    met.witness,
  );
}

/** Throws where an operation reaches past valid data, or conflicts with a lease that has not ended. */
export function checkRestrictions(requirement: Resolved, points: number, what: string): void {
  const { tree, partition, colours } = requirement;
  if (tree.valid !== null) {
    for (let point = 0; point < points; point++) {
      const space = partition.subspaces[colours === null ? point : colours[point]!]!;
      if (tree.valid.covers(space)) continue;
      const witness = space.minus(tree.valid).at(0);
      throw new BoundsError(
        `${what}: ${requirement.name} holds point ${formatPoint(witness)} of region ${tree.name}, which is past its valid prefix ${tree.valid}: grow it first, or take its valid subregion.`,
        witness,
      );
    }
  }
  if (tree.leases.length > 0) checkLeases(requirement, points, what);
  if (tree.claims.length > 0) checkClaims(requirement, points, what);
}

/** Throws where an operation writes what is attached to be read alone. */
function checkClaims(requirement: Resolved, points: number, what: string): void {
  const { tree, partition, colours, uses } = requirement;
  for (const claim of tree.claims) {
    if (claim.writes) continue;
    const use = uses.find(({ field, usage }) => field === claim.field && usageOf(usage).privilege !== 'read');
    if (use === undefined) continue;
    for (let point = 0; point < points; point++) {
      const witness = partition.subspaces[colours === null ? point : colours[point]!]!.witness(claim.space);
      if (witness === null) continue;
      throw new LaunchError(
        `${what}: ${requirement.name} would ${formatUsage(usageOf(use.usage))} ${tree.name}.${tree.fields.names[use.field]} at point ${formatPoint(witness)}, which is attached to be read (at ${launchSite(claim.site)}): attach it with mode: 'update', or copy it to a region of its own.`,
      );
    }
  }
}

/** Throws where an operation conflicts with a lease that has not ended. */
export function checkLeases(requirement: Resolved, points: number, what: string): void {
  const { tree, partition, colours, uses } = requirement;
  for (const lease of tree.leases) {
    const pair = conflict(lease.uses, uses, gangClash);
    if (pair === null) continue;
    const space = lease.partition.subspaces[lease.colour]!;
    for (let point = 0; point < points; point++) {
      const witness = partition.subspaces[colours === null ? point : colours[point]!]!.witness(space);
      if (witness === null) continue;
      const [theirs, ours] = pair.map(
        ({ usage, field }) => `${formatUsage(usageOf(usage))} of ${tree.name}.${tree.fields.names[field]}`,
      );
      throw new LaunchError(
        `${what}: ${requirement.name} (${ours}) and the lease taken at ${launchSite(lease.site)} (${theirs}) both hold point ${formatPoint(witness)}: end the lease first, with lease.end() or a using block.`,
      );
    }
  }
}
