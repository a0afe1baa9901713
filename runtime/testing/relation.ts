// How two uses of one element relate: a second statement of the interference rules, written as tables.
import type { FieldUse, Privilege } from './program-description.js';

export type Coherence = 'exclusive' | 'atomic' | 'simultaneous' | 'relaxed';

/** How one requirement uses a field. */
export interface Usage {
  readonly privilege: Privilege;
  readonly coherence: Coherence;
}

/**
 * How a later use relates to an earlier one of the same element. `true`: it runs after; `anti`: it runs after, or
 * on another instance; `atomic`: in any order, one at a time; `simultaneous`: in any order, on one instance.
 */
export type Relation = 'none' | 'true' | 'anti' | 'atomic' | 'simultaneous';

type Row<K extends string, V> = Readonly<Record<K, V>>;
type Kind = Privilege['kind'];

const byPrivilege: Row<Kind, Row<Kind, Relation>> = {
  read: { read: 'none', update: 'anti', overwrite: 'anti', reduce: 'anti' },
  update: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
  overwrite: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
  reduce: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
};

type Rule = 'order' | 'atomic' | 'simultaneous' | 'reader'; // reader: simultaneous if the one that is not atomic reads

const byCoherence: Row<Coherence, Row<Coherence, Rule>> = {
  exclusive: { exclusive: 'order', atomic: 'order', simultaneous: 'order', relaxed: 'order' },
  atomic: { exclusive: 'order', atomic: 'atomic', simultaneous: 'reader', relaxed: 'reader' },
  simultaneous: {
    exclusive: 'order',
    atomic: 'reader',
    simultaneous: 'simultaneous',
    relaxed: 'simultaneous',
  },
  relaxed: { exclusive: 'order', atomic: 'reader', simultaneous: 'simultaneous', relaxed: 'simultaneous' },
};

const strict = (coherence: Coherence) => coherence === 'exclusive' || coherence === 'atomic';

/**
 * The relation of two uses of one element, the earlier first. With `reductionsInterfere` two reductions with one
 * operator are ordered like writes: that is the order in which their results are applied.
 */
export function relationOf(earlier: Usage, later: Usage, reductionsInterfere = false): Relation {
  const [a, b] = [earlier.privilege, later.privilege];
  if (a.kind === 'read' && b.kind === 'read') return 'none';
  if (a.kind === 'reduce' && b.kind === 'reduce') {
    if (a.operator !== b.operator) return 'true';
    if (!reductionsInterfere) return strict(earlier.coherence) === strict(later.coherence) ? 'none' : 'true';
  }
  const order = byPrivilege[a.kind][b.kind];
  switch (byCoherence[earlier.coherence][later.coherence]) {
    case 'order':
      return order;
    case 'atomic':
      return order === 'anti' ? 'anti' : 'atomic';
    case 'simultaneous':
      return 'simultaneous';
    case 'reader':
      return (earlier.coherence === 'atomic' ? b : a).kind === 'read' ? 'simultaneous' : order;
  }
}

/** Whether the later use runs after the earlier one (or, for `anti`, on another instance). */
export const isOrder = (relation: Relation): boolean => relation === 'true' || relation === 'anti';

/** The use of a field in a description. */
export const usageOf = ({ privilege, coherence }: Pick<FieldUse, 'privilege' | 'coherence'>): Usage => ({
  privilege,
  coherence: coherence ?? 'exclusive',
});

/** Two uses of one element by one task: neither may have to come before the other. */
export const mayHold = (a: Usage, b: Usage): boolean =>
  !isOrder(relationOf(a, b)) && !isOrder(relationOf(b, a));

/** Two uses of one element by two members of a gang: they run at the same time, and cannot take turns. */
export const mayMeetInGang = (a: Usage, b: Usage): boolean =>
  mayHold(a, b) && relationOf(a, b) !== 'atomic' && relationOf(b, a) !== 'atomic';

/** Two uses of one element by two points of a launch: atomic ones take turns. */
export const mayMeet = (a: Usage, b: Usage): boolean =>
  (a.coherence === 'atomic' && b.coherence === 'atomic') || mayHold(a, b);
