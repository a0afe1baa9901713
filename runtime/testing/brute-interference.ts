// Whether what a launch holds may be held at once: element by element.
import { IllegalProgramError } from './illegal-program.js';
import { fieldOf, type LiveRegion, type Subregion } from './live-region.js';
import type { Launch, Point } from './program-description.js';
import { mayHold, mayMeet, mayMeetInGang, usageOf } from './relation.js';

/**
 * Looks for two requirements of one task, or two points of one launch, that meet at an element and may not. While all
 * uses are exclusive, all earlier accesses of an element may meet one another, so that comparing with the first one is
 * enough; otherwise every access is compared with every other.
 */
export function checkInterference(
  launch: Launch,
  points: readonly Point[],
  tasks: readonly (readonly Subregion[])[],
): void {
  type Access = readonly [task: number, requirement: number];
  const meets = launch.gang ? mayMeetInGang : mayMeet;
  const inTurn = launch.requirements.map(({ target }) => 'projection' in target && target.inverse === true);
  const coherent =
    inTurn.includes(true) || launch.requirements.some(({ fields }) => fields.some((use) => use.coherence));
  // The parts of one colour are one object.
  const takeTurns = (r: number, a: number, b: number) =>
    inTurn[r] && !launch.gang && tasks[a]![r]!.ordinals === tasks[b]![r]!.ordinals;
  const accesses = new Map<LiveRegion, Map<string, Map<number, Access[]>>>();
  const elements = (region: LiveRegion, field: string) => {
    let fields = accesses.get(region);
    if (!fields) accesses.set(region, (fields = new Map()));
    let seen = fields.get(field);
    if (!seen) fields.set(field, (seen = new Map()));
    return seen;
  };
  launch.requirements.forEach(({ fields }, r) => {
    for (const use of fields) {
      const { field } = use;
      const usage = usageOf(use);
      const others = launch.requirements.map((requirement) => {
        const other = requirement.fields.find((candidate) => candidate.field === field);
        return other && usageOf(other);
      });
      tasks.forEach((subregions, task) => {
        const { region, ordinals } = subregions[r]!;
        fieldOf(region, field, launch.name);
        const seen = elements(region, field);
        for (const o of ordinals) {
          const before = seen.get(o);
          if (!before) {
            seen.set(o, [[task, r]]);
            continue;
          }
          const other = before.find(
            ([t, q]) =>
              !(t === task ? mayHold : meets)(others[q]!, usage) &&
              (t !== task || q !== r) &&
              !(q === r && takeTurns(r, t, task)),
          );
          if (!other) {
            if (coherent) before.push([task, r]);
            continue;
          }
          const point = region.points[o]!;
          const launchPoints = launch.domain ? ([points[other[0]]!, points[task]!] as const) : null;
          throw new IllegalProgramError(
            'InterferenceError',
            launch.name,
            `requirements ${other[1]} and ${r} meet in field ${field} of ${region.name} at [${point}]` +
              (launchPoints ? `, launch points [${launchPoints[0]}] and [${launchPoints[1]}]` : ''),
            { region: region.name, field, point, requirements: [other[1], r], launchPoints },
          );
        }
      });
    }
  });
}
