// The checker's core. Goes through the records of a log in program order, keeps for every piece of every field who used it
// since its last write, and demands an order wherever the interference rule does: a path of edges, or that the
// earlier one had ended before the later one could run. And it looks at every edge: does a conflict ask for it?
//
// It shares nothing with the analysis but the geometry of `spaces/`: no equivalence sets, no overlap tables, no users'
// lists, no interference function.
import { COHERENCE_NAMES, type LoggedUse } from '../events/log-format.js';
import { InnerChecks } from './check-inner.js';
import { DemandTable, hidesEarlier } from './check-interference.js';
import { Pieces } from './check-pieces.js';
import { addExample, describePair, EXAMPLES, type Findings, noFindings, type Pair } from './findings.js';
import {
  type LoggedLaunch,
  type LoggedRequirement,
  type LoggedTree,
  type LogRecord,
  nameOf,
} from './log-model.js';
import type { LogVisitor, Replay } from './replay.js';

/** One use of a piece of a field. */
interface Access {
  readonly record: LogRecord;
  readonly code: number;
  readonly use: LoggedUse;
  /** Folds reductions into the region. */
  readonly applies: boolean;
  /** An exclusive write: it stands for everybody before it. */
  readonly hides: boolean;
}

/** Users of a piece, by field. */
type Users = (Access[] | undefined)[];

const copyUsers = (users: Users): Users => users.map((list) => list?.slice());

interface TreeState {
  readonly tree: LoggedTree;
  readonly pieces: Pieces<Users>;
}

/** A launch that got new memory for fields, which it must write whole. */
interface Renamed {
  readonly operation: number;
  /** Null before it was made. */
  launch: LoggedLaunch | null;
  readonly tree: LoggedTree;
  readonly fields: readonly number[];
}

export class OrderChecker implements LogVisitor {
  readonly findings: Findings = noFindings();
  /** Set before the log is gone through. */
  replay: Replay | null = null;
  readonly #demands = new DemandTable();
  readonly #states = new Map<LoggedTree, TreeState>();
  #renamed: Renamed[] = [];
  /** Pairs of atomic uses whose times are not known yet. */
  #atomic: { readonly earlier: LogRecord; readonly later: LogRecord; readonly pair: Pair }[] = [];
  #search = 0;
  readonly #inner = new InnerChecks(({ instance, child, field, uses, point }) => {
    this.findings.outside++;
    addExample(this.findings.outsidePairs, () =>
      describePair(instance, child, field, uses?.[0] ?? null, uses?.[1] ?? null, point),
    );
  });
  /** The most pieces that all regions together had. */
  get pieces(): number {
    let count = 0;
    for (const { pieces } of this.#states.values()) count += pieces.spaces.length;
    return count;
  }

  // ---- regions ----

  #state(tree: LoggedTree): TreeState {
    let state = this.#states.get(tree);
    if (state === undefined) {
      state = { tree, pieces: new Pieces<Users>(tree.space, () => [], copyUsers) };
      this.#states.set(tree, state);
    }
    return state;
  }

  renamed(operation: number, tree: LoggedTree, fields: readonly number[]): void {
    if (this.#renamed.length > 0) this.#checkRenamed(false);
    const { pieces } = this.#state(tree);
    for (const piece of pieces.whole()) for (const field of fields) pieces.kept[piece]![field] = undefined;
    this.#renamed.push({ operation, launch: null, tree, fields });
  }

  freed(tree: LoggedTree): void {
    this.#states.delete(tree);
  }

  launch(launch: LoggedLaunch): void {
    if (this.#renamed.length === 0) return;
    for (const renamed of this.#renamed) if (renamed.operation === launch.operation) renamed.launch = launch;
    this.#checkRenamed(false);
  }

  /** The log is over; `complete`: and so was the program, so that every launch has all its records. */
  finish(complete: boolean): void {
    this.#checkRenamed(complete);
  }

  /**
   * Did launches that got new memory write all of it? Asked once they have all their records, which may be made in turn with
   * those of other launches. `over`: there will be no more.
   */
  #checkRenamed(over: boolean): void {
    const left: Renamed[] = [];
    for (const renamed of this.#renamed) {
      const { tree, fields, launch } = renamed;
      if (!over && (launch === null || launch.made < launch.points)) {
        left.push(renamed);
        continue;
      }
      if (tree.freed) continue;
      const { pieces } = this.#state(tree);
      for (const field of fields) {
        for (const piece of pieces.whole()) {
          const users = pieces.kept[piece]![field];
          const writer = users?.find(
            ({ record, hides }) => hides && record.launch!.operation >= renamed.operation,
          );
          if (writer !== undefined) continue;
          this.findings.partial++;
          if (this.findings.partialNames.length < EXAMPLES) {
            this.findings.partialNames.push(`${tree.name}.${tree.fields[field]!.name}`);
          }
          break;
        }
      }
    }
    this.#renamed = left;
  }

  // ---- records ----

  sealed(record: LogRecord): void {
    const { findings } = this;
    const { preds } = record;
    findings.edges += preds.length;
    for (const pred of preds) pred.stampA = record.number;
    const { launch } = record;
    if (launch === null) {
      findings.joined += preds.length;
      return;
    }
    this.#search++;
    const end = record.first + record.points;
    if (launch.folds !== null) {
      // What a launch folds in is folded in by one record for all its points.
      const { folds } = launch;
      for (const requirement of folds.requirements) {
        if (requirement.uses.some(isReduction)) this.#useAll(record, folds, requirement);
      }
    } else {
      for (const requirement of launch.requirements) {
        for (let point = record.first; point < end; point++) this.#use(record, requirement, point);
      }
      if (launch.within !== null) this.#inner.uses(record, launch.within);
    }
    for (let i = 0; i < preds.length; i++) this.#judgeEdge(preds[i]!, record);
  }

  #useAll(record: LogRecord, folds: LoggedLaunch, requirement: LoggedRequirement): void {
    const { pieces } = this.#state(requirement.tree);
    const { colours, partition } = requirement;
    const seen = new Set<number>();
    for (let point = 0; point < folds.points; point++) {
      const space = partition.subspaces[colours === null ? point : colours[point]!]!;
      if (space.empty) continue;
      for (const piece of pieces.of(space, partition.subspaces)) seen.add(piece);
    }
    for (const piece of seen) this.#usePiece(record, requirement, pieces, piece, true);
  }

  #use(record: LogRecord, requirement: LoggedRequirement, point: number): void {
    const { tree, partition, colours } = requirement;
    if (tree.freed) {
      this.findings.freed++;
      return;
    }
    const { pieces } = this.#state(tree);
    const space = partition.subspaces[colours === null ? point : colours[point]!]!;
    if (space.empty) return;
    const list = pieces.of(space, partition.subspaces);
    for (let i = 0; i < list.length; i++) this.#usePiece(record, requirement, pieces, list[i]!, false);
  }

  /** The record uses one piece. `applies`: only with what it folds in; else with everything but that. */
  #usePiece(
    record: LogRecord,
    requirement: LoggedRequirement,
    pieces: Pieces<Users>,
    piece: number,
    applies: boolean,
  ): void {
    const { uses } = requirement;
    const users = pieces.kept[piece]!;
    const folded = record.launch!.foldedBy !== null;
    for (let u = 0; u < uses.length; u++) {
      const use = uses[u]!;
      const reduces = isReduction(use);
      if (reduces ? folded && !applies : applies) continue;
      const code = this.#demands.code(use);
      let list = users[use.field];
      if (list === undefined) users[use.field] = list = [];
      let left = 0;
      const hides = hidesEarlier(use);
      for (let i = 0; i < list.length; i++) {
        const access = list[i]!;
        const earlier = access.record;
        if (earlier === record) {
          if (!hides) list[left++] = access;
          continue;
        }
        const demand = this.#demands.of(access.code, code, access.applies && applies);
        if (demand !== 0 && !earlier.ended)
          this.#meet(access, record, use, demand, requirement, pieces, piece);
        // A user that has ended is ordered before all that come: nobody needs to look at it again.
        if (!hides && (access.hides || !earlier.ended)) list[left++] = access;
      }
      list.length = left;
      list.push({ record, code, use, applies, hides });
    }
  }

  #meet(
    access: Access,
    record: LogRecord,
    use: LoggedUse,
    demand: number,
    { tree }: LoggedRequirement,
    pieces: Pieces<Users>,
    piece: number,
  ): void {
    const earlier = access.record;
    const { findings } = this;
    // Once for a pair, however many pieces they share.
    if (earlier.stampB === record.number) return;
    earlier.stampB = record.number;
    findings.conflicts++;
    const pair = () =>
      describePair(
        earlier,
        record,
        `${tree.name}.${tree.fields[use.field]!.name}`,
        access.use,
        use,
        pieces.spaces[piece]!.at(0),
      );
    // Instances of one launch of an inner task that meet (they fold, or use atomically) are ordered like any two operations.
    if (earlier.launch === record.launch && record.launch!.kind !== 'inner') {
      // Atomic points of one launch may run in any order; those of a gang hold what they share together.
      // A read before an update too, which across launches is an order.
      if (demand === 2 || (isAtomic(access.use) && isAtomic(use))) return;
      // Where an invertible projection gives points the same subregion, they come one after the other.
      if (this.#ordered(earlier, record)) return;
      findings.within++;
      addExample(findings.withinPairs, pair);
      return;
    }
    if (demand === 2) {
      // The application of a launch's reductions waits for its tasks as it is.
      if (earlier.stampA === record.number || record.launch!.foldedBy === earlier.launch) return;
      this.#atomic.push({ earlier, later: record, pair: pair() });
      return;
    }
    if (this.#ordered(earlier, record)) return;
    findings.missing++;
    addExample(findings.missingPairs, pair);
  }

  // ---- order ----

  /** Does a path of edges lead from one record to another, or had it ended? */
  #ordered(earlier: LogRecord, later: LogRecord): boolean {
    if (earlier.stampA === later.number) return true;
    // Through joins, first of all; then through everything that is alive.
    return this.#reaches(later, earlier, true) || this.#reaches(later, earlier, false);
  }

  #reaches(from: LogRecord, to: LogRecord, joinsOnly: boolean): boolean {
    const search = ++this.#search;
    const stack: LogRecord[] = [from];
    while (stack.length > 0) {
      for (const pred of stack.pop()!.preds) {
        if (pred === to) return true;
        if (pred.stampC === search || pred.ended || (joinsOnly && !pred.join)) continue;
        pred.stampC = search;
        stack.push(pred);
      }
    }
    return false;
  }

  /** Does a conflict, or a future, ask for an edge? */
  #judgeEdge(pred: LogRecord, record: LogRecord): void {
    const { findings } = this;
    if (pred.join) {
      findings.joined++;
      return;
    }
    if (pred.stampB === record.number) return;
    const before = pred.launch!;
    const launch = record.launch!;
    if (before.foldedBy === launch) return;
    if (launch.takes.some((take) => take.from === before && meets(pred, take.first, take.points))) return;
    if (this.#conflict(pred, record)) return;
    findings.needless++;
    addExample(findings.needlessPairs, () => ({
      earlier: nameOf(pred),
      later: nameOf(record),
      operations: [before.operation, launch.operation],
      sites: [before.site, launch.site],
      field: '',
      uses: ['', ''],
      point: [],
    }));
  }

  /** Whether any two uses of the records conflict, though others have come between them since. */
  #conflict(a: LogRecord, b: LogRecord): boolean {
    const requirementsOf = (record: LogRecord) => (record.launch!.folds ?? record.launch!).requirements;
    for (const ra of requirementsOf(a)) {
      for (const rb of requirementsOf(b)) {
        if (ra.tree !== rb.tree || !this.#usesConflict(a, ra, b, rb)) continue;
        if (this.#spacesMeet(a, ra, b, rb)) return true;
      }
    }
    return false;
  }

  #usesConflict(a: LogRecord, ra: LoggedRequirement, b: LogRecord, rb: LoggedRequirement): boolean {
    for (let i = 0; i < ra.uses.length; i++) {
      const ua = ra.uses[i]!;
      if (!counts(a, ua)) continue;
      for (let j = 0; j < rb.uses.length; j++) {
        const ub = rb.uses[j]!;
        if (ua.field !== ub.field || ra.memory[i] !== rb.memory[j] || !counts(b, ub)) continue;
        const applies = a.launch!.folds !== null && b.launch!.folds !== null;
        // Atomic uses may be kept apart by an order as well.
        if (this.#demands.of(this.#demands.code(ua), this.#demands.code(ub), applies) !== 0) return true;
      }
    }
    return false;
  }

  #spacesMeet(a: LogRecord, ra: LoggedRequirement, b: LogRecord, rb: LoggedRequirement): boolean {
    const [firstA, endA] = pointsOf(a);
    const [firstB, endB] = pointsOf(b);
    for (let p = firstA; p < endA; p++) {
      const space = ra.partition.subspaces[ra.colours === null ? p : ra.colours[p]!]!;
      for (let q = firstB; q < endB; q++) {
        if (space.overlaps(rb.partition.subspaces[rb.colours === null ? q : rb.colours[q]!]!)) return true;
      }
    }
    return false;
  }

  // ---- times ----

  retired(record: LogRecord): void {
    const { preds } = record;
    const replay = this.replay!;
    if (record.join) {
      record.retired = false;
      record.soon = soonest(replay, record);
      record.retired = true;
      return;
    }
    if (record.lane < 0) return;
    this.#inner.ran(record);
    for (let i = 0; i < preds.length; i++) {
      const pred = preds[i]!;
      // The last block to end makes the application of its launch's reductions ready before it is over itself, and on one
      // thread the application runs within it: their clocks say nothing.
      if (record.launch!.folds !== null && pred.launch === record.launch!.folds) continue;
      if (!(record.late < soonest(replay, pred))) continue;
      this.findings.early++;
      addExample(this.findings.earlyPairs, () => describePair(pred, record, '', null, null, []));
    }
    if (this.#atomic.length > 0) this.#checkAtomic();
  }

  #checkAtomic(): void {
    const replay = this.replay!;
    this.#atomic = this.#atomic.filter(({ earlier, later, pair }) => {
      if (!earlier.retired || !later.retired) return true;
      if (!replay.timed(earlier) || !replay.timed(later)) return false;
      const apart = earlier.soon <= later.late || later.soon <= earlier.late;
      if (!apart) {
        this.findings.together++;
        addExample(this.findings.togetherPairs, () => pair);
      }
      return false;
    });
  }
}

/** Before when a record cannot have ended; a join ends when the last that it waits for does. */
function soonest(replay: Replay, record: LogRecord): number {
  if (!record.join) return replay.timed(record) ? record.soon : Number.NaN;
  if (record.retired) return record.soon;
  let end = Number.NEGATIVE_INFINITY;
  for (const pred of record.preds) {
    const soon = soonest(replay, pred);
    if (soon > end) end = soon;
  }
  return end;
}

function isReduction(use: LoggedUse): boolean {
  return use.privilege === 4;
}

/** Whether a record uses data as its launch says: reductions are folded in by another record. */
function counts(record: LogRecord, use: LoggedUse): boolean {
  const { folds, foldedBy } = record.launch!;
  return isReduction(use) ? foldedBy === null : folds === null;
}

function pointsOf(record: LogRecord): readonly [number, number] {
  const { folds } = record.launch!;
  return folds === null ? [record.first, record.first + record.points] : [0, folds.points];
}

function meets(record: LogRecord, first: number, points: number): boolean {
  return record.first < first + points && first < record.first + record.points;
}

function isAtomic(use: LoggedUse): boolean {
  return COHERENCE_NAMES[use.coherence] === 'atomic';
}
