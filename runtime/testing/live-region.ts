// Regions and partitions of a program that is being interpreted, by enumeration.
import { type Ordinals, type Subspaces, subspacesOf } from './brute-partitions.js';
import { IllegalProgramError } from './illegal-program.js';
import type { FieldDescription, FieldUse, PartitionRule, Point } from './program-description.js';
import type { Value } from './values.js';

export interface LiveRegion {
  readonly name: string;
  readonly rank: number;
  readonly points: readonly Point[];
  readonly ordinalOf: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, FieldDescription>;
  readonly values: ReadonlyMap<string, Value[]>;
  /** Of what an inner task was lent: how it may use the fields. */
  readonly uses?: readonly FieldUse[];
}

export interface LivePartition extends Subspaces {
  readonly name: string;
  /** The name by which the program holds the region. */
  readonly held: string;
  readonly region: LiveRegion;
  readonly of: Ordinals;
}

/** A subspace of a region that is in use. */
export interface Subregion {
  readonly region: LiveRegion;
  readonly ordinals: Ordinals;
}

/** A field of a region; `operation` is who asks. */
export function fieldOf(region: LiveRegion, field: string, operation: string): FieldDescription {
  const description = region.fields.get(field);
  if (!description) {
    throw new IllegalProgramError('UsageError', operation, `region ${region.name} has no field ${field}`);
  }
  return description;
}

/** The lanes of a field at a point, as numbers. */
function lanesAt({ values, fields }: LiveRegion, field: string, o: number): Point {
  const { lanes } = fields.get(field)!;
  return values
    .get(field)!
    .slice(o * lanes, (o + 1) * lanes)
    .map(Number);
}

/** The subspaces that a rule makes of a subregion as it is now; `named` finds earlier partitions. */
export function subspacesHere(
  by: PartitionRule,
  { region, ordinals }: Subregion,
  named: (name: string) => LivePartition,
): Subspaces {
  return subspacesOf(by, { points: region.points, ordinalOf: region.ordinalOf }, ordinals, {
    partition: (other) => ({ ...named(other), index: named(other).region }),
    here: (field, o) => lanesAt(region, field, o),
    there: (other, field, o) => lanesAt(named(other).region, field, o),
  });
}
