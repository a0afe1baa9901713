// Room for operations. With a full window a launch blocks until records have ended; but bodies of inner tasks run on the
// launching thread too, and cannot go on while it is blocked. So as long as an inner task is open, nothing blocks: an
// operation without room waits in the queue of its scope, and all later ones of that scope behind it.
//
// Why some scope can always go on: records that may depend on a body at depth d + 1 are those made at depth d and less
// while it is open. These leave 1/2, 1/4, 1/8 ... of the records, launches and edges to the deeper scopes. The deepest open
// scope runs leaf tasks alone, whose records end without the launching thread's help, and then it has the share that the
// others left. (Records made before the inner task depend on no body that is open.)

import type { RecordBuilder } from '../analysis/record-builder.js';
import { LaunchError } from '../errors.js';
import type { Graph } from '../graph/layout.js';
import type { ProgramScope } from './handle.js';
import type { Issue } from './scope.js';

/** Records that one step of an expansion may take (joins of readers besides its own), and launches. */
const RECORDS_AT_ONCE = 4;
const LAUNCHES_AT_ONCE = 2;
const EDGES_AT_ONCE = 8;

export interface WindowHooks {
  readonly freeSlots: () => number;
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

  /** Whether the scope may make a record and open a launch, and leave the deeper ones their share. */
  room({ depth, live }: ProgramScope): boolean {
    if (this.innerOpen === 0) return true;
    const { records, launches, edges } = this.#graph.limits;
    const share = depth + 1;
    return (
      this.#builder.freeRecords >= (records >> share) + RECORDS_AT_ONCE &&
      this.#hooks.freeSlots() >= (launches >> share) + LAUNCHES_AT_ONCE &&
      this.#builder.freeEdges >= (edges >> share) + 2 * live + EDGES_AT_ONCE
    );
  }

  /** Whether operations of the scope wait for others to be issued. */
  waits(scope: ProgramScope): boolean {
    return scope.queue.length > 0 || (scope.hold !== null && !scope.hold.closed);
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

  /** Issues what waits in one scope, as far as there is room: the program waits for it here and now. */
  advance(scope: ProgramScope): void {
    while (scope.queue.length > 0 && !(scope.hold !== null && !scope.hold.closed) && this.room(scope)) {
      if (!scope.queue[0]!()) return;
      scope.queue.shift();
    }
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

  #pump(): void {
    for (let moved = true; moved; ) {
      moved = false;
      // The deepest first: those above wait for them.
      const scopes = [...this.#waiting].sort((a, b) => b.depth - a.depth);
      for (const scope of scopes) {
        while (scope.queue.length > 0 && !(scope.hold !== null && !scope.hold.closed) && this.room(scope)) {
          moved = true;
          if (!scope.queue[0]!()) break;
          scope.queue.shift();
        }
        if (scope.queue.length === 0) this.#waiting.delete(scope);
      }
      this.#hooks.look();
    }
    if (this.#waiting.size === 0 || this.#timer !== null) return;
    // The end of a single record sends no message.
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#hooks.look();
      this.#pump();
    }, 1);
  }

  /** Refuses an inner launch whose children would have no share of the window. */
  checkDepth(scope: ProgramScope, task: string): void {
    if (scope.depth < this.depthMax) return;
    throw new LaunchError(
      `task ${task}: inner tasks are nested ${scope.depth + 1} deep, and a window of ${this.#graph.limits.records} records and ${this.#graph.limits.launches} launches allows for ${this.depthMax}: nest less deeply, or give run() a larger window.`,
    );
  }
}
