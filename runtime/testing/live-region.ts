// Regions and partitions of a program that is being interpreted, by enumeration.
import type { Ordinals, Subspaces } from './brute-partitions.js';
import { IllegalProgramError } from './illegal-program.js';
import type { FieldDescription, FieldUse, Point } from './program-description.js';
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
    throw new IllegalProgramError('PrivilegeError', operation, `region ${region.name} has no field ${field}`);
  }
  return description;
}
