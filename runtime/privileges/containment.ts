// Containment: what a task that holds a privilege may hand on to the tasks it launches.
import { formatUsage, type Privilege, type Usage } from './usage.js';

export const READ_BIT = 1;
export const WRITE_BIT = 2;
export const REDUCE_BIT = 4;

const BITS: Readonly<Record<Privilege, number>> = {
  none: 0,
  read: READ_BIT,
  update: READ_BIT | WRITE_BIT | REDUCE_BIT,
  // May read back what it wrote itself, so a child may read too.
  overwrite: READ_BIT | WRITE_BIT | REDUCE_BIT,
  reduce: REDUCE_BIT,
};

/** The rights of a privilege as bits: read 1, write 2, reduce 4. */
export function privilegeBits(privilege: Privilege): number {
  return BITS[privilege];
}

/**
 * Whether a task holding `parent` may launch a child that uses the field as `child`: the child's rights are among
 * the parent's, and where the parent may only reduce the operator is the same. Discarding is not compared.
 */
export function contains(parent: Usage, child: Usage): boolean {
  const held = BITS[parent.privilege];
  if ((BITS[child.privilege] & ~held) !== 0) return false;
  return child.privilege !== 'reduce' || held !== REDUCE_BIT || parent.reduction === child.reduction;
}

/** One sentence saying why `contains` is false, or null when it is true. */
export function containmentFault(parent: Usage, child: Usage): string | null {
  if (contains(parent, child)) return null;
  return `A task that holds ${formatUsage(parent)} cannot launch one that asks for ${formatUsage(child)}.`;
}
