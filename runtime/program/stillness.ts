// Whether anything can go on without the program: no task runs and none is ready.
import { type Graph, launcherLane, State, Word } from '../graph/layout.js';
import type { LostThreads } from './lost-threads.js';
import type { OpenLaunches } from './open-launches.js';
import type { Retirement } from './retirement.js';

/** Nobody wakes who waits on it. */
const STILL = new Int32Array(new SharedArrayBuffer(4));

export class Stillness {
  readonly #graph: Graph;
  readonly #launches: OpenLaunches;
  readonly #retirement: Retirement;
  readonly #lost: LostThreads;

  constructor(graph: Graph, launches: OpenLaunches, retirement: Retirement, lost: LostThreads) {
    this.#graph = graph;
    this.#launches = launches;
    this.#retirement = retirement;
    this.#lost = lost;
  }

  /** Whether no task runs and none is ready: what goes on, if anything, is the program and the bodies of inner tasks. */
  holds(): boolean {
    const graph = this.#graph;
    const launcher = State.running + launcherLane(graph);
    // A record that ends makes others ready before it says that it has ended: three looks, some time apart, miss none.
    for (let look = 0; look < 3; look++) {
      if (this.#retirement.anythingNew || Atomics.load(graph.control, Word.gangCall) !== 0) return false;
      if (this.#lost.searching) return false;
      for (let record = 0; record < graph.limits.records; record++) {
        const state = Atomics.load(graph.state, record);
        if (state >= State.running && state !== launcher) return false;
        if (state !== State.waiting && state !== State.judged) continue;
        if (Atomics.load(graph.pending, record) !== 0) continue;
        const handle = this.#launches.handles[graph.launch[record]!];
        // A lease that was granted waits for the program, as the bodies do.
        if (handle?.inner === null && handle.lease?.record !== record) return false;
      }
      Atomics.wait(STILL, 0, 0, 1);
    }
    return !this.#retirement.anythingNew;
  }
}
