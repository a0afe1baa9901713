// Room for operations. With a full window a launch blocks until records have ended; but bodies of inner tasks run on the
// launching thread too, and cannot go on while it is blocked. So as long as an inner task is open, nothing blocks: an
// operation without room waits in the queue of its scope, and all later ones of that scope behind it.
//
// Why some scope can always go on: records that may depend on a body at depth d + 1 are those made at depth d and less
// while it is open. These leave 1/2, 1/4, 1/8 ... of the records, launches and edges to the deeper scopes. The deepest open
// scope runs leaf tasks alone, whose records end without the launching thread's help, and then it has the share that the
// others left. (Records made before the inner task depend on no body that is open.)
//
// Leases in bodies break that: a body may hold some and wait for room to go on, and several such bodies hold what each of
// them waits for. So when nothing runs and operations wait, the first of them in program order gets what is left, share or
// no share: it depends on earlier ones alone, all of which were issued.

import type { RecordBuilder } from '../analysis/record-builder.js';
import { LaunchError } from '../errors.js';
import type { Graph } from '../graph/layout.js';
import type { ProgramScope } from './handle.js';
import type { Issue } from './scope.js';

/** Records that one step of an expansion may take (joins of readers besides its own), and launches. */
const RECORDS_AT_ONCE = 4;
const LAUNCHES_AT_ONCE = 2;
const EDGES_AT_ONCE = 8;

/** After so many looks in vain, a millisecond apart, it is asked whether anything goes on at all. */
const VAIN_LOOKS = 32;

export interface WindowHooks {
  readonly freeSlots: () => number;
  /** Whether no task runs and none is ready. */
  readonly still: () => boolean;
  /** Takes ended records back, and asks for news of those that run. */
  readonly look: () => void;
}

export class Window {
  readonly #graph: Graph;
  readonly #builder: RecordBuilder;
  readonly #hooks: WindowHooks;
  readonly #waiting = new Set<ProgramScope>();
  #pumping = false;
  #timer: NodeJS.Timeout | null = null;
  #vainLooks = 0;
  /** Need not leave the deeper ones their share. */
  #favoured: ProgramScope | null = null;
  /** Inner launches that have not ended. */
  innerOpen = 0;
  /** Scopes can be nested so deep that each still has its share. */
  readonly depthMax: number;

  constructor(graph: Graph, builder: RecordBuilder, hooks: WindowHooks) {
    this.#graph = graph;
    this.#builder = builder;
    this.#hooks = hooks;
    const { records, launches } = graph.limits;
    let depth = -1;
    while (records >> (depth + 2) >= RECORDS_AT_ONCE && launches >> (depth + 2) >= LAUNCHES_AT_ONCE) depth++;
    this.depthMax = depth;
  }

  /** Whether the scope may open a launch and make its first record, and leave the deeper ones their share. */
  room(scope: ProgramScope): boolean {
    if (this.innerOpen === 0) return true;
    const launches = this.#reserved(this.#graph.limits.launches, scope);
    return this.#hooks.freeSlots() >= launches + LAUNCHES_AT_ONCE && this.roomForRecord(scope);
  }

  /** Whether the scope may make another record of a launch that is open, and leave the deeper ones their share. */
  roomForRecord(scope: ProgramScope): boolean {
    if (this.innerOpen === 0) return true;
    const { records, edges } = this.#graph.limits;
    // Its own records that have not ended may get an edge each.
    const own = scope === this.#favoured ? 0 : 2 * scope.live;
    return (
      this.#builder.freeRecords >= this.#reserved(records, scope) + RECORDS_AT_ONCE &&
      this.#builder.freeEdges >= this.#reserved(edges, scope) + own + EDGES_AT_ONCE
    );
  }

  /** What is kept of so many for the scopes below one. */
  #reserved(limit: number, scope: ProgramScope): number {
    return scope === this.#favoured ? 0 : limit >> (scope.depth + 1);
  }

  /** Whether operations of the scope wait for others to be issued. */
  waits(scope: ProgramScope): boolean {
    return scope.queue.length > 0 || isHeld(scope);
  }

  /**
   * Issues an operation, now or as soon as there is room. `urgent`: the program waits for it here and now. When all that its
   * scope launched has ended it ends at once, so that it needs no room to spare.
   */
  submit(scope: ProgramScope, issue: Issue, urgent = false): void {
    const room = this.room(scope) || (urgent && scope.oldest() === null);
    if (!this.waits(scope) && room && issue()) return;
    scope.queue.push(issue);
    this.#waiting.add(scope);
    this.wake();
  }

  /** Issues what waits in one scope, as far as there is room; whether that was anything. */
  advance(scope: ProgramScope): boolean {
    let moved = false;
    while (scope.queue.length > 0 && !isHeld(scope) && this.room(scope)) {
      const { freeRecords } = this.#builder;
      const done = scope.queue[0]!();
      moved ||= done || this.#builder.freeRecords !== freeRecords;
      if (!done) break;
      scope.queue.shift();
    }
    return moved;
  }

  /** What to do when it is full of operations that wait for inner tasks. */
  get tooSmall(): string {
    const { records, launches } = this.#graph.limits;
    return `The window of ${records} records and ${launches} launches is full of operations that wait for inner tasks: give run() a larger window.`;
  }

  /** Whether any operation waits for room. */
  get stalled(): boolean {
    return this.#waiting.size > 0;
  }

  /** Something ended: what waits is looked at when the program's own code is not in the middle of anything. */
  wake(): void {
    if (this.#waiting.size === 0 || this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Nothing runs: issues the first operation in program order with what is left; whether that helped. */
  relieve(): boolean {
    const [first] = [...this.#waiting].filter((scope) => !isHeld(scope)).sort(inProgramOrder);
    if (first === undefined) return false;
    this.#favoured = first;
    const moved = this.advance(first);
    this.#favoured = null;
    if (moved) {
      this.#vainLooks = 0;
      this.wake();
    }
    return moved;
  }

  #pump(): void {
    for (let moved = true; moved; ) {
      moved = false;
      // The deepest first: those above wait for them.
      const scopes = [...this.#waiting].sort((a, b) => b.depth - a.depth);
      for (const scope of scopes) {
        if (this.advance(scope)) moved = true;
        if (scope.queue.length === 0) this.#waiting.delete(scope);
      }
      if (moved) this.#vainLooks = 0;
      this.#hooks.look();
    }
    if (this.#waiting.size === 0 || this.#timer !== null) return;
    // The end of a single record sends no message. It keeps nobody alive: what runs does, and who waits for ever is told.
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#hooks.look();
      if (++this.#vainLooks % VAIN_LOOKS === 0 && this.#hooks.still()) this.relieve();
      this.#pump();
    }, 1).unref();
  }

  /** Refuses an inner launch whose children would have no share of the window. */
  checkDepth(scope: ProgramScope, task: string): void {
    if (scope.depth < this.depthMax) return;
    throw new LaunchError(
      `task ${task}: inner tasks are nested ${scope.depth + 1} deep, and a window of ${this.#graph.limits.records} records and ${this.#graph.limits.launches} launches allows for ${this.depthMax}: nest less deeply, or give run() a larger window.`,
    );
  }
}

/** Whether everything later in a scope waits for an inner task. */
function isHeld({ hold }: ProgramScope): boolean {
  return hold !== null && !hold.closed;
}

/** The order in which the first operations that wait in two scopes were called by the program. */
function inProgramOrder({ path: a }: ProgramScope, { path: b }: ProgramScope): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  // What waits in the outer one comes after the inner task.
  return b.length - a.length;
}
