// Combinations of two partitions, colour by colour.
import { UsageError } from '../errors.js';
import type { IndexSpace } from '../spaces/index.js';
import { IndexPartition, type KnownProperties } from './partition.js';

/** Colour by colour a ∪ b. Both partition one space over the same colours. */
export function union(a: IndexPartition, b: IndexPartition): IndexPartition {
  return combine(a, b, (x, y) => x.union(y), {
    complete: inherited(a.known.complete, b.known.complete),
  });
}

/** Colour by colour a ∩ b; disjoint if one of them is. */
export function intersection(a: IndexPartition, b: IndexPartition): IndexPartition {
  return combine(a, b, (x, y) => x.intersect(y), {
    disjoint: inherited(a.known.disjoint, b.known.disjoint),
  });
}

/** Colour by colour a ∖ b; disjoint if a is. */
export function difference(a: IndexPartition, b: IndexPartition): IndexPartition {
  return combine(a, b, (x, y) => x.minus(y), { disjoint: inherited(a.known.disjoint) });
}

/**
 * For each colour of a, the partition of its subspace by the subspaces of b (the cross product): disjoint and
 * complete where b is.
 */
export function crossProduct(a: IndexPartition, b: IndexPartition): IndexPartition[] {
  sameParent(a, b);
  return a.subspaces.map((space) => {
    const parts = b.subspaces.map((part) => space.intersect(part));
    return new IndexPartition(space, b.colours, parts, {
      disjoint: inherited(b.known.disjoint),
      complete: inherited(b.known.complete),
    });
  });
}

/** A property that one of the partitions is known to have passes on; otherwise the result finds out when asked. */
function inherited(...properties: (boolean | undefined)[]): true | undefined {
  return properties.includes(true) ? true : undefined;
}

function sameParent(a: IndexPartition, b: IndexPartition): void {
  if (!a.parent.equals(b.parent)) {
    throw new UsageError(`Cannot combine partitions of different spaces: ${a.parent} and ${b.parent}.`);
  }
}

function combine(
  a: IndexPartition,
  b: IndexPartition,
  operation: (x: IndexSpace, y: IndexSpace) => IndexSpace,
  known: KnownProperties,
): IndexPartition {
  sameParent(a, b);
  if (!a.colours.equals(b.colours)) {
    throw new UsageError(`Cannot combine partitions with different colours: ${a.colours} and ${b.colours}.`);
  }
  const subspaces = a.subspaces.map((space, position) => operation(space, b.subspaces[position]!));
  return new IndexPartition(a.parent, a.colours, subspaces, known);
}
