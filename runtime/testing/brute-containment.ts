// Whether an inner task hands on only what it holds: point by point (Legion's rules for child tasks).
import { IllegalProgramError, type Where } from './illegal-program.js';
import type { LiveRegion, Subregion } from './live-region.js';
import type { FieldUse, Launch, Privilege } from './program-description.js';

/** What an inner task was given through one requirement. */
export interface Lent extends Subregion {
  readonly uses: readonly FieldUse[];
}

type Kind = Privilege['kind'];

/** Who holds the privilege of the row may hand on those of its list; reductions with the operator held alone. */
const within: Readonly<Record<Kind, readonly Kind[]>> = {
  read: ['read'],
  reduce: ['reduce'],
  update: ['read', 'update', 'overwrite', 'reduce'],
  overwrite: ['read', 'update', 'overwrite', 'reduce'],
};

/** Whether who holds a field in one way may hand it on in another. */
export function mayHandOn(held: FieldUse, asked: FieldUse): boolean {
  const [a, b] = [held.privilege, asked.privilege];
  if (!within[a.kind].includes(b.kind)) return false;
  if (a.kind === 'reduce' && b.kind === 'reduce' && a.operator !== b.operator) return false;
  return held.coherence !== 'simultaneous' || asked.coherence === 'simultaneous';
}

interface Grant {
  readonly uses: readonly FieldUse[];
  readonly points: ReadonlySet<number>;
}

/** What of a use no grant covers, for all points that are touched at once; undefined where one does. */
function fault(
  asked: FieldUse,
  touched: ReadonlySet<number>,
  grants: readonly Grant[],
): { readonly rule: NonNullable<Where['rule']>; readonly points: readonly number[] } | undefined {
  const holding = grants.flatMap(({ uses, points }) => {
    const use = uses.find(({ field }) => field === asked.field);
    return use ? [{ use, points }] : [];
  });
  if (holding.length === 0) return { rule: 'field', points: [...touched] };
  const covering = holding.filter(({ points }) => [...touched].every((o) => points.has(o)));
  if (covering.length === 0) {
    // Whichever is looked at, one of its points is not there.
    const outside = [...touched].filter((o) => holding.some(({ points }) => !points.has(o)));
    return { rule: 'path', points: outside };
  }
  if (covering.some(({ use }) => mayHandOn(use, asked))) return undefined;
  const loose = covering.some(({ use }) => mayHandOn({ ...use, coherence: 'atomic' }, asked));
  return { rule: loose ? 'coherence' : 'privilege', points: [...touched] };
}

/** Throws where a launch uses what no requirement of the inner task that makes it covers, for all of its points at once. */
export function checkContainment(
  launch: Launch,
  tasks: readonly (readonly Subregion[])[],
  lent: readonly Lent[],
): void {
  const held = new Map<LiveRegion, Grant[]>();
  for (const { region, ordinals, uses } of lent) {
    const grants = held.get(region) ?? [];
    held.set(region, grants);
    grants.push({ uses, points: new Set(ordinals) });
  }
  if (tasks.length === 0) return;
  launch.requirements.forEach(({ fields }, r) => {
    const { region } = tasks[0]![r]!;
    const grants = held.get(region);
    if (!grants) return; // a region of its own
    const touched = new Set(tasks.flatMap((task) => [...task[r]!.ordinals]));
    for (const asked of fields) {
      const found = fault(asked, touched, grants);
      if (!found) continue;
      const { rule, points } = found;
      const message = `requirement ${r} asks for field ${asked.field} of ${region.name}, which its task does not hold so (${rule})`;
      throw new IllegalProgramError('ContainmentError', launch.name, message, undefined, {
        requirement: r,
        rule,
        points: points.map((o) => region.points[o]!),
      });
    }
  });
}
