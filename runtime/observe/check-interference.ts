// How a later use of an element relates to an earlier one, as the checker sees it: tables written out by hand from
// Legion's rules. The runtime computes the same from conditions (privileges/interference.ts); tests compare the two.
import { COHERENCE_NAMES, type LoggedUse, OPERATOR_NAMES, PRIVILEGE_NAMES } from '../events/log-format.js';

/** `order`: the later one runs after the earlier one; `atomic`: in any order, but not at the same time; `free`: as they like. */
export type Demand = 'free' | 'order' | 'atomic';

type Privilege = (typeof PRIVILEGE_NAMES)[number];
type Coherence = (typeof COHERENCE_NAMES)[number];

/** Between uses of which one at least is exclusive, by earlier and later privilege. Two reductions: see below. */
const EXCLUSIVE: Readonly<Record<Privilege, Readonly<Record<Privilege, Demand>>>> = {
  none: { none: 'free', read: 'free', update: 'free', overwrite: 'free', reduce: 'free' },
  read: { none: 'free', read: 'free', update: 'order', overwrite: 'order', reduce: 'order' },
  update: { none: 'free', read: 'order', update: 'order', overwrite: 'order', reduce: 'order' },
  overwrite: { none: 'free', read: 'order', update: 'order', overwrite: 'order', reduce: 'order' },
  reduce: { none: 'free', read: 'order', update: 'order', overwrite: 'order', reduce: 'order' },
};

/** What becomes of an order where neither is exclusive. `reader`: free if the looser of the two reads, else ordered. */
const LOOSE: Readonly<
  Record<Coherence, Readonly<Record<Coherence, 'order' | 'atomic' | 'reader' | 'free'>>>
> = {
  exclusive: { exclusive: 'order', atomic: 'order', simultaneous: 'order', relaxed: 'order' },
  atomic: { exclusive: 'order', atomic: 'atomic', simultaneous: 'reader', relaxed: 'reader' },
  simultaneous: { exclusive: 'order', atomic: 'reader', simultaneous: 'free', relaxed: 'free' },
  relaxed: { exclusive: 'order', atomic: 'reader', simultaneous: 'free', relaxed: 'free' },
};

function demandOf(earlier: LoggedUse, later: LoggedUse, applies: boolean): Demand {
  const a = PRIVILEGE_NAMES[earlier.privilege] ?? 'update';
  const b = PRIVILEGE_NAMES[later.privilege] ?? 'update';
  const ca = COHERENCE_NAMES[earlier.coherence] ?? 'exclusive';
  const cb = COHERENCE_NAMES[later.coherence] ?? 'exclusive';
  if (a === 'read' && b === 'read') return later.discardOutput ? 'order' : 'free';
  if (a === 'reduce' && b === 'reduce') {
    if (earlier.operator !== later.operator) return 'order';
    // What is folded in is folded in program order: that is what makes the result one of its kind.
    if (applies) return 'order';
    const strict = (c: Coherence) => c === 'exclusive' || c === 'atomic';
    return strict(ca) === strict(cb) ? 'free' : 'order';
  }
  const order = EXCLUSIVE[a][b];
  if (order === 'free') return 'free';
  switch (LOOSE[ca][cb]) {
    case 'order':
      return order;
    case 'atomic':
      // A discard, or a write after a read, is ordered all the same.
      return a === 'read' || b === 'overwrite' ? 'order' : 'atomic';
    case 'reader':
      return (ca === 'atomic' ? b : a) === 'read' ? 'free' : order;
    default:
      return 'free';
  }
}

const OPERATORS = OPERATOR_NAMES.length + 1;
const CODES = PRIVILEGE_NAMES.length * COHERENCE_NAMES.length * OPERATORS * 2;

/** A use without its field, as a small number. */
export function useCode(use: LoggedUse): number {
  const kind = use.privilege * COHERENCE_NAMES.length + use.coherence;
  return (kind * OPERATORS + use.operator + 1) * 2 + (use.discardOutput ? 1 : 0);
}

const DEMANDS: readonly Demand[] = ['free', 'order', 'atomic'];

/** The relation as a table, filled as it is needed. */
export class DemandTable {
  readonly #known = new Int8Array(2 * CODES * CODES).fill(-1);
  readonly #uses: (LoggedUse | undefined)[] = new Array<undefined>(CODES).fill(undefined);

  /** Makes a use known by its code. */
  code(use: LoggedUse): number {
    const code = useCode(use);
    this.#uses[code] ??= use;
    return code;
  }

  /** 0 free, 1 order, 2 atomic. `applies`: both fold reductions into a region. */
  of(earlier: number, later: number, applies: boolean): number {
    const at = (applies ? CODES * CODES : 0) + earlier * CODES + later;
    const known = this.#known[at]!;
    if (known >= 0) return known;
    const demand = DEMANDS.indexOf(demandOf(this.#uses[earlier]!, this.#uses[later]!, applies));
    this.#known[at] = demand;
    return demand;
  }
}

/** Whether a later use of all the same elements stands for this one towards everybody who comes after it. */
export function hidesEarlier(use: LoggedUse): boolean {
  const privilege = PRIVILEGE_NAMES[use.privilege];
  return (
    COHERENCE_NAMES[use.coherence] === 'exclusive' && (privilege === 'update' || privilege === 'overwrite')
  );
}

export { demandOf };
