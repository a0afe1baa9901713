// Small questions about what a requirement uses: which fields under which privilege, and all of them or a part.
import { usage, usageCode, usageOf } from '../privileges/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { Engine } from './engine.js';
import type { Resolved } from './legality.js';
import type { FieldUse } from './requirement.js';

/** The domain of a single operation. */
export const ONE = IndexSpace.extent([1]);

export const READ = usageCode(usage('read'));
export const UPDATE = usageCode(usage('update'));
export const OVERWRITE = usageCode(usage('overwrite'));
export const privilegeOf = (code: number) => usageOf(code).privilege;

/** Uses of a requirement with the same usage. */
export interface Group {
  readonly usage: number;
  readonly fields: number[];
}

const groupsKept = new WeakMap<readonly FieldUse[], Group[]>();
const usesKept = new Map<string, readonly FieldUse[]>();

/** Whether a launch reduces something. */
export function reducesAny(requirements: readonly Resolved[]): boolean {
  return requirements.some(({ uses }) => uses.some(({ usage: code }) => privilegeOf(code) === 'reduce'));
}

/** Whether something is used simultaneously: others may change it at the same time. */
export function usesTogether(uses: readonly FieldUse[]): boolean {
  return uses.some(({ usage: code }) => {
    const { coherence } = usageOf(code);
    return coherence === 'simultaneous' || coherence === 'relaxed';
  });
}

/** How many colours a projection reaches. */
const coloursTouched = new WeakMap<Int32Array, number>();

/** Whether the points of a launch together touch the whole tree through a requirement. */
export function touchesAll({ tree, partition, colours, inverse }: Resolved, points: number): boolean {
  if (partition.parent !== tree.space || !partition.complete) return false;
  if (colours === null) return points === partition.subspaces.length;
  if (points < partition.subspaces.length) return false;
  if (inverse?.injective === true) return true;
  let touched = coloursTouched.get(colours);
  if (touched === undefined) coloursTouched.set(colours, (touched = new Set(colours).size));
  return touched === partition.subspaces.length;
}

/** Brings in what an operation needs of attached fields, before it is issued. */
export function bringAttached(requirements: readonly Resolved[], points: number): void {
  for (const { tree } of requirements) {
    if (tree.attached === null) continue;
    tree.attached.bring(requirements, points);
    return;
  }
}

/** Instances for all fields of a requirement; zeros, unless the launch writes everything. */
export function makeInstances(requirement: Resolved, points: number): void {
  const all =
    requirement.uses.some(({ usage: code }) => code === OVERWRITE) && touchesAll(requirement, points);
  for (const { field, usage: code } of requirement.uses)
    requirement.tree.instance(field, all && code === OVERWRITE);
}

/** Fresh instances for fields that the launch writes whole while others still use them (renaming: no anti-dependence). */
export function rename(engine: Engine, requirement: Resolved, points: number): void {
  const { tree, uses } = requirement;
  for (const { usage: code, fields } of groupsOf(uses)) {
    if (code !== OVERWRITE || !engine.options.rename || !touchesAll(requirement, points)) continue;
    for (const sets of tree.state.classes(fields)) if (engine.analysis.busy(sets)) tree.rename(sets);
  }
}

const innerKept = new WeakMap<readonly FieldUse[], readonly FieldUse[]>();

/** How the launch of an inner task uses what it holds: its children fold into the regions themselves, so that is an update. */
export function innerUses(uses: readonly FieldUse[]): readonly FieldUse[] {
  let inner = innerKept.get(uses);
  if (inner === undefined) {
    inner = uses.map((use) => {
      const held = usageOf(use.usage);
      // Its children take reservations, and it takes none: so it is ordered.
      const coherence = held.coherence === 'atomic' ? 'exclusive' : held.coherence;
      const reduces = held.privilege === 'reduce';
      if (!reduces && coherence === held.coherence) return use;
      const privilege = reduces ? 'update' : held.privilege;
      return { ...use, usage: usageCode({ ...held, privilege, reduction: null, coherence }) };
    });
    innerKept.set(uses, inner);
  }
  return inner;
}

/** The same for a requirement of an inner task. */
export function asInner(requirement: Resolved): Resolved {
  return { ...requirement, uses: innerUses(requirement.uses) };
}

/** The uses of a requirement by usage. */
export function groupsOf(uses: readonly FieldUse[]): Group[] {
  let groups = groupsKept.get(uses);
  if (groups === undefined) {
    groups = [];
    for (const { field, usage: code } of uses) {
      const group = groups.find((g) => g.usage === code);
      if (group === undefined) groups.push({ usage: code, fields: [field] });
      else group.fields.push(field);
    }
    groupsKept.set(uses, groups);
  }
  return groups;
}

/** One use of one field; the same object every time. */
export function useOf(field: number, name: string, code: number): readonly FieldUse[] {
  return usesOf([[field, name]], code);
}

/** The same use of several fields, under names of the caller; the same object every time. */
export function usesOf(
  fields: readonly (readonly [field: number, name: string])[],
  code: number,
): readonly FieldUse[] {
  let key = `${code}`;
  for (const [field, name] of fields) key += ` ${field} ${name}`;
  let uses = usesKept.get(key);
  if (uses === undefined)
    usesKept.set(key, (uses = fields.map(([field, name]) => ({ field, name, usage: code }))));
  return uses;
}
