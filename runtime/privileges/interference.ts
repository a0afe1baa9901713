// The interference function: how a later use of data relates to an earlier one. The whole analysis rests on it.
import { USAGE_CODES, type Usage, usageCode, usageOf } from './usage.js';

/**
 * The relation of a later use to an earlier one:
 * - `none`: no relation;
 * - `true`: data flows, the later one runs after the earlier one;
 * - `anti`: ordered in meaning, but a fresh instance for the later one removes the wait;
 * - `atomic`: no order, one at a time, on the same instance;
 * - `simultaneous`: no order, on the same instance.
 */
export type Interference = 'none' | 'true' | 'anti' | 'atomic' | 'simultaneous';

/** `mapping`: reductions with one operator are still recorded in order. `execution`: they run side by side. */
export type InterferenceMode = 'mapping' | 'execution';

/** The relations in the order of their codes in the tables. */
export const INTERFERENCES: readonly Interference[] = ['none', 'true', 'anti', 'atomic', 'simultaneous'];

/** Whether a code of the tables puts the later use after the earlier one: `true` and `anti` do. */
export function isOrder(relation: number): boolean {
  return relation === 1 || relation === 2;
}

/**
 * The relation of two uses of one tree that share at least one field and at least one point. The rules are Legion's:
 *
 * 1. An operation without access interferes with nothing; two reads do not, unless the later one discards.
 * 2. Two reductions: another operator is a true dependence. The same operator is none, but mixing a coherence of
 *    {exclusive, atomic} with one of {simultaneous, relaxed} is a true dependence. In mapping mode reductions with
 *    the same operator go on to rule 3.
 * 3. One exclusive use makes an order. Two atomic uses make an atomic order. One atomic use with a looser one is
 *    simultaneous when the looser one reads, an order otherwise. Two looser uses are simultaneous.
 *
 * An order, atomic or not, is `anti` when the earlier use reads, or the later one overwrites.
 */
export function interference(earlier: Usage, later: Usage, mode: InterferenceMode): Interference {
  if (earlier.privilege === 'none' || later.privilege === 'none') return 'none';
  if (earlier.privilege === 'read' && later.privilege === 'read') {
    return later.discardOutput === true ? 'true' : 'none';
  }
  if (earlier.privilege === 'reduce' && later.privilege === 'reduce') {
    if (earlier.reduction !== later.reduction) return 'true';
    if (mode === 'execution') return isLoose(earlier) === isLoose(later) ? 'none' : 'true';
  }
  if (earlier.coherence === 'exclusive' || later.coherence === 'exclusive')
    return ordered(earlier, later, 'true');
  const earlierAtomic = earlier.coherence === 'atomic';
  const laterAtomic = later.coherence === 'atomic';
  if (earlierAtomic && laterAtomic) return ordered(earlier, later, 'atomic');
  if (earlierAtomic || laterAtomic) {
    const loose = earlierAtomic ? later : earlier;
    return loose.privilege === 'read' ? 'simultaneous' : ordered(earlier, later, 'true');
  }
  return 'simultaneous';
}

function isLoose(usage: Usage): boolean {
  return usage.coherence === 'simultaneous' || usage.coherence === 'relaxed';
}

function ordered(earlier: Usage, later: Usage, order: 'true' | 'atomic'): Interference {
  return earlier.privilege === 'read' || later.privilege === 'overwrite' ? 'anti' : order;
}

function tabulate(mode: InterferenceMode): Uint8Array {
  const table = new Uint8Array(USAGE_CODES * USAGE_CODES);
  for (let earlier = 0; earlier < USAGE_CODES; earlier++) {
    for (let later = 0; later < USAGE_CODES; later++) {
      const relation = interference(usageOf(earlier), usageOf(later), mode);
      table[earlier * USAGE_CODES + later] = INTERFERENCES.indexOf(relation);
    }
  }
  return table;
}

/**
 * The function as tables for hot paths: `table[earlierCode * USAGE_CODES + laterCode]` is a position in
 * `INTERFERENCES` (0 is `none`).
 */
export const MAPPING_INTERFERENCE: Uint8Array = tabulate('mapping');
/** As `MAPPING_INTERFERENCE`, for execution. */
export const EXECUTION_INTERFERENCE: Uint8Array = tabulate('execution');

/** The relation of two usages as an integer, by their codes. */
export function interferenceCode(earlier: Usage, later: Usage, mode: InterferenceMode): number {
  const table = mode === 'mapping' ? MAPPING_INTERFERENCE : EXECUTION_INTERFERENCE;
  return table[usageCode(earlier) * USAGE_CODES + usageCode(later)]!;
}
