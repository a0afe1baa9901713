// How the generic body reaches elements of plain arrays.
import type { ReductionPartial } from './brute-reductions.js';
import type { FieldAccess, RequirementAccess } from './generic-body.js';
import type { Subregion } from './live-region.js';
import type { FieldUse } from './program-description.js';
import { fold, identityOf } from './values.js';

/** The accessors of one requirement of one task, over plain arrays. */
export function accessTo(
  { region, ordinals }: Subregion,
  uses: readonly FieldUse[],
  partialOf: (field: number) => ReductionPartial,
): RequirementAccess {
  const fields = uses.map(({ field, privilege, coherence }, f): FieldAccess => {
    const { kind, lanes, range } = region.fields.get(field)!;
    const values = region.values.get(field)!;
    const operator = privilege.kind === 'reduce' ? privilege.operator : undefined;
    return {
      kind,
      lanes,
      range,
      privilege: privilege.kind,
      coherence,
      operator,
      get: (i, lane) => values[ordinals[i]! * lanes + lane]!,
      set: (i, lane, value) => {
        values[ordinals[i]! * lanes + lane] = value;
      },
      add: (i, lane, value) => {
        const element = ordinals[i]! * lanes + lane;
        values[element] = fold(kind, 'sum', values[element]!, value);
      },
      fold: (i, lane, value) => {
        const partial = partialOf(f);
        const element = ordinals[i]! * lanes + lane;
        partial.set(
          element,
          fold(kind, operator!, partial.get(element) ?? identityOf(kind, operator!), value),
        );
      },
    };
  });
  return {
    size: ordinals.length,
    rank: region.rank,
    coordinate: (i, axis) => region.points[ordinals[i]!]![axis]!,
    fields,
  };
}
