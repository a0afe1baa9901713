// How often tasks of a launch may be run again, and under which conditions.
import type { Leaf } from '../execution/leaf.js';
import { Again } from '../graph/layout.js';
import type { Engine } from './engine.js';
import type { LaunchOptions } from './launch-options.js';
import type { Resolved } from './legality.js';
import { groupsOf, privilegeOf, usesTogether } from './uses.js';

/** The word of a launch that says so, for who runs its tasks (`Again`). */
export function rerunWord(
  engine: Engine,
  leaf: Leaf,
  resolved: readonly Resolved[],
  options: LaunchOptions | undefined,
): number {
  // Members of a gang have met the others; and what others change meanwhile cannot be put back.
  if (options?.gang === true || sharesUpdates(leaf, resolved)) return 0;
  return (
    (harmless(leaf, resolved) ? Again.harmless : 0) +
    (engine.options.saves?.which === 'failed' ? Again.keeps : 0) +
    Again.retries * (options?.retry ?? leaf.retry ?? engine.options.retry)
  );
}

/** Whether others may change at the same time what a task updates: then what it updates cannot be put back. */
function sharesUpdates(leaf: Leaf, resolved: readonly Resolved[]): boolean {
  if (leaf.harmless === true) return false;
  return resolved.some(({ uses }) =>
    uses.some((use) => usesTogether([use]) && privilegeOf(use.usage) === 'update'),
  );
}

/** Whether a task may be begun again, however far it came: it says so, or updates nothing. */
function harmless(leaf: Leaf, resolved: readonly Resolved[]): boolean {
  if (leaf.harmless === true) return true;
  return resolved.every(({ uses }) => groupsOf(uses).every(({ usage }) => privilegeOf(usage) !== 'update'));
}
