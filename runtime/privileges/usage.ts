// How an operation uses a field of a region: privilege, coherence and, for reductions, the operator.
import { PrivilegeError } from '../errors.js';

/** No access, read only, read and write, write only (old values are lost), or fold in with one operator. */
export type Privilege = 'none' | 'read' | 'update' | 'overwrite' | 'reduce';

/** Program order; any serial order; together on one copy; no promise at all. */
export type Coherence = 'exclusive' | 'atomic' | 'simultaneous' | 'relaxed';

/** The built-in reduction operators. */
export type ReductionName = 'sum' | 'prod' | 'min' | 'max' | 'and' | 'or' | 'xor';

/** The use that one requirement makes of one field. */
export interface Usage {
  readonly privilege: Privilege;
  readonly coherence: Coherence;
  /** The operator of a `reduce` privilege, null for every other privilege. */
  readonly reduction: ReductionName | null;
  /** Nobody needs the values after this operation. */
  readonly discardOutput?: boolean;
}

export const PRIVILEGES: readonly Privilege[] = ['none', 'read', 'update', 'overwrite', 'reduce'];
export const COHERENCES: readonly Coherence[] = ['exclusive', 'atomic', 'simultaneous', 'relaxed'];
export const REDUCTIONS: readonly ReductionName[] = ['sum', 'prod', 'min', 'max', 'and', 'or', 'xor'];

// none, read, update, overwrite, then one kind per operator.
const KINDS = 4 + REDUCTIONS.length;

/** Usage codes are the integers from 0 to USAGE_CODES - 1. */
export const USAGE_CODES = KINDS * COHERENCES.length * 2;

/** A usage as a small integer, for tables: equal usages have equal codes. */
export function usageCode(usage: Usage): number {
  const { privilege, reduction } = usage;
  if ((privilege === 'reduce') !== (reduction !== null)) {
    throw new PrivilegeError(
      reduction === null
        ? `A reduce privilege needs its operator: one of ${REDUCTIONS.join(', ')}.`
        : `The privilege ${privilege} cannot have the reduction ${reduction}: only reduce takes an operator.`,
    );
  }
  const kind = reduction === null ? PRIVILEGES.indexOf(privilege) : 4 + REDUCTIONS.indexOf(reduction);
  const coherence = COHERENCES.indexOf(usage.coherence);
  if (kind < 0 || (reduction !== null && kind < 4)) {
    throw new PrivilegeError(`There is no privilege ${String(reduction ?? privilege)}.`);
  }
  if (coherence < 0) throw new PrivilegeError(`There is no coherence ${String(usage.coherence)}.`);
  return (kind * COHERENCES.length + coherence) * 2 + (usage.discardOutput === true ? 1 : 0);
}

/** The usage of a code. */
export function usageOf(code: number): Usage {
  const usage = USAGES[code];
  if (usage === undefined)
    throw new PrivilegeError(`${code} is not a usage code: they run from 0 to ${USAGE_CODES - 1}.`);
  return usage;
}

/** A usage with exclusive coherence: `usage('reduce', 'sum')`. */
export function usage(
  privilege: Privilege,
  reduction: ReductionName | null = null,
  coherence: Coherence = 'exclusive',
): Usage {
  return usageOf(usageCode({ privilege, coherence, reduction }));
}

const USAGES: readonly Usage[] = Array.from({ length: USAGE_CODES }, (_, code) => {
  const kind = code >>> 3;
  return Object.freeze({
    privilege: kind < 4 ? PRIVILEGES[kind]! : 'reduce',
    coherence: COHERENCES[(code >>> 1) & 3]!,
    reduction: kind < 4 ? null : REDUCTIONS[kind - 4]!,
    discardOutput: (code & 1) === 1,
  });
});

/** `read`, `reduce(sum)`, `atomic update`: for messages. */
export function formatUsage(usage: Usage): string {
  const what = usage.reduction === null ? usage.privilege : `reduce(${usage.reduction})`;
  const coherence = usage.coherence === 'exclusive' ? '' : `${usage.coherence} `;
  return coherence + what + (usage.discardOutput === true ? ', output discarded' : '');
}
