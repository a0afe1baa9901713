// Partitions from given index spaces, one per colour.
import { UsageError } from '../errors.js';
import type { IndexSpace, Point } from '../spaces/index.js';
import { assertComplete, assertDisjoint, type Colours, colourSpace, IndexPartition } from './partition.js';

/** What the caller says of the domains; a claim is checked at once, with a PartitionError when it is false. */
export interface Claims {
  readonly disjoint?: boolean;
  readonly complete?: boolean;
}

/**
 * The subspace of a colour is the part of its domain that lies in the space. Domains come as a list in the order of
 * the colours, or as a function of the colour. Overlaps and gaps are computed when they are asked for, or now when
 * they are claimed.
 */
export function byDomain(
  space: IndexSpace,
  colours: Colours,
  domains: readonly IndexSpace[] | ((colour: Point, position: number) => IndexSpace),
  claims: Claims = {},
): IndexPartition {
  const colourIndices = colourSpace(colours);
  if (typeof domains !== 'function' && domains.length !== colourIndices.volume) {
    throw new UsageError(
      `A partition by domain has ${colourIndices.volume} colours but ${domains.length} domains.`,
    );
  }
  const subspaces: IndexSpace[] = [];
  for (let position = 0; position < colourIndices.volume; position++) {
    const domain =
      typeof domains === 'function' ? domains(colourIndices.at(position), position) : domains[position]!;
    subspaces.push(space.intersect(domain));
  }
  return claimed(new IndexPartition(space, colourIndices, subspaces), claims);
}

/** The partition itself, or a PartitionError where a claim is false. */
export function claimed(partition: IndexPartition, claims: Claims): IndexPartition {
  if (claims.disjoint === true) assertDisjoint(partition);
  if (claims.complete === true) assertComplete(partition);
  return partition;
}

/** The parts of another partition's subspaces that lie in the space, under the same colours. */
export function mirrored(space: IndexSpace, partition: IndexPartition): IndexPartition {
  const subspaces = partition.subspaces.map((subspace) => space.intersect(subspace));
  const covered = partition.parent.covers(space);
  return new IndexPartition(space, partition.colours, subspaces, {
    disjoint: partition.known.disjoint === true ? true : undefined,
    complete: covered && partition.known.complete === true ? true : undefined,
  });
}
