// Checks at the launch site: may the points of one launch run at the same time, and may one task hold all its
// requirements at once? Answers are kept per shape of launch, so that a loop pays once.
import { overlap } from '../analysis/dependences.js';
import { formatPoint, InterferenceError } from '../errors.js';
import { EXECUTION_INTERFERENCE, formatUsage, USAGE_CODES, usageOf } from '../privileges/index.js';
import { type IndexPartition, overlapTable } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { FieldUse } from './requirement.js';
import type { Tree } from './tree.js';

/** One requirement of a launch, resolved. */
export interface Resolved {
  readonly name: string;
  readonly tree: Tree;
  readonly partition: IndexPartition;
  readonly uses: readonly FieldUse[];
  /** Colour position of every point; null where point i has colour i. */
  readonly colours: Int32Array | null;
}

/** The first pair of uses of two requirements that conflict on a common field. */
function conflict(a: readonly FieldUse[], b: readonly FieldUse[]): [FieldUse, FieldUse] | null {
  for (const use of a) {
    const other = b.find(({ field }) => field === use.field);
    if (other !== undefined && EXECUTION_INTERFERENCE[use.usage * USAGE_CODES + other.usage] !== 0)
      return [use, other];
  }
  return null;
}

function describe(requirement: Resolved, use: FieldUse): string {
  const { name, fields } = requirement.tree;
  return `${requirement.name} (${formatUsage(usageOf(use.usage))} of ${name}.${fields.names[use.field]})`;
}

/** Throws an InterferenceError with the two requirements and a point that both hold. */
export function checkInterference(task: string, domain: IndexSpace, requirements: readonly Resolved[]): void {
  const points = domain.volume;
  for (let i = 0; i < requirements.length; i++) {
    const a = requirements[i]!;
    // Different points through one requirement.
    const own = conflict(a.uses, a.uses);
    if (own !== null && points > 1) {
      const met = meeting(a, a, points, true);
      if (met !== null) throw refusal(task, domain, a, a, own, met, true);
    }
    for (let j = i + 1; j < requirements.length; j++) {
      const b = requirements[j]!;
      if (b.tree !== a.tree) continue;
      const pair = conflict(a.uses, b.uses) ?? conflict(b.uses, a.uses);
      if (pair === null) continue;
      const met = meeting(a, b, points, false);
      if (met !== null) throw refusal(task, domain, a, b, pair, met, false);
    }
  }
}

interface Meeting {
  readonly points: readonly [number, number];
  readonly witness: readonly number[];
}

/** Two points of the launch whose subspaces share a point; `apart`: only different points of the launch count. */
function meeting(a: Resolved, b: Resolved, points: number, apart: boolean): Meeting | null {
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
    for (let q = first[colourB]!; q >= 0; q = next[q]!) {
      if (apart && q === p) continue;
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
    `task ${task}: ${what}. Tasks of one launch may share points only if all read them, or all reduce them with one operator.`,
    a.name,
    b.name,
    met.witness,
  );
}
