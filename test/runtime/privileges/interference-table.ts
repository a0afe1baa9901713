// The interference function a second time, as tables copied by hand from the written rules, with no branch shared
// with runtime/privileges/interference.ts. Rows are the earlier use, columns the later one.
import type { Interference, InterferenceMode, Usage } from '../../../runtime/privileges/index.js';

/** What two coherences lead to, before privileges are looked at. */
type Rule = 'order' | 'atomic' | 'simultaneous' | 'simultaneous if the non-atomic one reads, else order';

const MIXED: Rule = 'simultaneous if the non-atomic one reads, else order';

const COHERENCE_TABLE: Record<string, Record<string, Rule>> = {
  exclusive: { exclusive: 'order', atomic: 'order', simultaneous: 'order', relaxed: 'order' },
  atomic: { exclusive: 'order', atomic: 'atomic', simultaneous: MIXED, relaxed: MIXED },
  simultaneous: { exclusive: 'order', atomic: MIXED, simultaneous: 'simultaneous', relaxed: 'simultaneous' },
  relaxed: { exclusive: 'order', atomic: MIXED, simultaneous: 'simultaneous', relaxed: 'simultaneous' },
};

/** `order` refined by privilege. Columns: read, update, overwrite, reduce. */
const PRIVILEGE_TABLE: Record<string, Record<string, 'none' | 'anti' | 'true'>> = {
  read: { read: 'none', update: 'anti', overwrite: 'anti', reduce: 'anti' },
  update: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
  overwrite: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
  // Two reductions get here only in mapping mode with one operator: they are mapped in order.
  reduce: { read: 'true', update: 'true', overwrite: 'anti', reduce: 'true' },
};

/** Execution of two reductions with one operator: none within a group of coherences, true across. */
const SAME_OPERATOR: Record<string, Record<string, 'none' | 'true'>> = {
  exclusive: { exclusive: 'none', atomic: 'none', simultaneous: 'true', relaxed: 'true' },
  atomic: { exclusive: 'none', atomic: 'none', simultaneous: 'true', relaxed: 'true' },
  simultaneous: { exclusive: 'true', atomic: 'true', simultaneous: 'none', relaxed: 'none' },
  relaxed: { exclusive: 'true', atomic: 'true', simultaneous: 'none', relaxed: 'none' },
};

/** The relation by table look-up. */
export function tabulated(earlier: Usage, later: Usage, mode: InterferenceMode): Interference {
  const privileges = `${earlier.privilege} ${later.privilege}`;
  if (privileges.includes('none')) return 'none';
  if (privileges === 'read read') return later.discardOutput ? 'true' : 'none';
  if (privileges === 'reduce reduce') {
    const one = earlier.reduction === later.reduction;
    if (!one) return 'true';
    if (mode === 'execution') return SAME_OPERATOR[earlier.coherence]![later.coherence]!;
  }
  const refined = PRIVILEGE_TABLE[earlier.privilege]![later.privilege]!;
  switch (COHERENCE_TABLE[earlier.coherence]![later.coherence]!) {
    case 'order':
      return refined;
    case 'atomic':
      return refined === 'true' ? 'atomic' : refined;
    case 'simultaneous':
      return 'simultaneous';
    default: {
      const reads = [earlier, later].some((use) => use.coherence !== 'atomic' && use.privilege === 'read');
      return reads ? 'simultaneous' : refined;
    }
  }
}
