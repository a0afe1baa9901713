// Reductions over several ranks. Each rank folds the partials of its own blocks on the fixed tree; nodes that another rank folds
// on go there in one message, once all that this rank gives away is complete. One rank folds the root into the region.
import { deserialize, serialize } from 'node:v8';
import { ReductionTree } from '../../execution/reduction-tree.js';
import { Kind, launcherLane } from '../../graph/layout.js';
import { poison } from '../../graph/poison.js';
import { type Passage, passagesOf } from '../../mapping/tree-shares.js';
import { type Mail, Topic } from '../../nodes/mail.js';
import type { Engine } from '../engine.js';
import { createHandle, type LaunchHandle, type ProgramScope } from '../handle.js';
import type { Resolved } from '../legality.js';
import { makeTree, openApply, openElsewhere, type Reduction } from '../reducing.js';
import { ONE } from '../uses.js';
import type { Site } from './port.js';
import { openOne, release } from './waiting-record.js';

/** Nodes as they are sent; the values of failed ones are null. */
interface NodesWire {
  /** 1 + the operation whose failure has reached one of them, or 0. */
  readonly root: number;
  readonly values: readonly (Uint8Array | null)[];
}

/** Where nodes come in: the record that the fold of them goes on to. */
type Target = (passage: Passage) => LaunchHandle;

export class PartialMoves {
  readonly #engine: Engine;
  readonly #mail: Mail;
  readonly #scope: ProgramScope;
  readonly #rank: number;
  /** Of launches that are being issued: the rank that folds the root into the regions. */
  readonly #folders = new WeakMap<LaunchHandle, number>();
  readonly #sent: Int32Array;
  readonly #received: Int32Array;
  waiting = 0;

  constructor(engine: Engine, mail: Mail, scope: ProgramScope) {
    const { rank, ranks } = mail.transport;
    this.#engine = engine;
    this.#mail = mail;
    this.#scope = scope;
    this.#rank = rank;
    this.#sent = new Int32Array(ranks);
    this.#received = new Int32Array(ranks);
  }

  /** A launch that is shared out reduces: `folder` has what it reduces into. */
  begin(handle: LaunchHandle, folder: number): void {
    this.#folders.set(handle, folder);
  }

  /** Whether a launch reduces on several ranks, and this one folds the root. */
  foldsHere(handle: LaunchHandle): boolean {
    return this.#folders.get(handle) === this.#rank;
  }

  shared(handle: LaunchHandle): boolean {
    return this.#folders.has(handle);
  }

  /**
   * Makes the tree of a launch, and the records that send and receive nodes of it. Returns the fold into the regions, where
   * that is done here; elsewhere it has its place in program order.
   */
  open(
    handle: LaunchHandle,
    name: string,
    resolved: readonly Resolved[],
    reductions: readonly Reduction[],
    site: Site,
  ): LaunchHandle | null {
    const engine = this.#engine;
    const { scope } = handle;
    const folder = this.#folders.get(handle)!;
    const passages = passagesOf(handle.shards!.owners!, folder);
    const leaving = passages.filter(({ from }) => from === this.#rank);
    const coming = passages.filter(({ to }) => to === this.#rank);
    if (reductions.length === 0) {
      openElsewhere(engine, scope, `${name} (fold)`, site);
      return null;
    }
    const tree = makeTree(engine, handle, name, reductions, leaving);
    let apply: LaunchHandle | null = null;
    if (folder === this.#rank)
      apply = openApply(engine, scope, handle, name, resolved, reductions, site, tree);
    else openElsewhere(engine, scope, `${name} (fold)`, site);
    const sending = leaving.length > 0 ? this.#send(handle, tree.unit, leaving) : null;
    if (sending !== null) engine.graph.applyRecord[handle.slot] = sending.records[0]!;
    (apply ?? sending!).blocks.push(tree);
    // The root comes for the fold; other nodes are folded on, and leave with others at last, unless the root is folded here.
    const last = Math.max(0, ...coming.map(({ level }) => level));
    const whole = 2 ** last >= handle.shards!.owners!.length;
    for (const from of new Set(coming.map((passage) => passage.from))) {
      this.#receive(
        handle.task,
        tree.unit,
        from,
        coming.filter((passage) => passage.from === from),
        ({ level }) => (whole && level === last && sending !== null ? apply! : (sending ?? apply!)),
      );
    }
    return apply;
  }

  #send(launch: LaunchHandle, unit: number, leaving: readonly Passage[]): LaunchHandle {
    const engine = this.#engine;
    const { graph, heap, builder } = engine;
    const handle = createHandle(this.#scope, `partials of ${launch.task}`, ONE, {}, () => []);
    handle.moves = true;
    engine.openLaunch(handle, Kind.host, 0);
    // What it folds is told by views, which the launch may not hold long enough.
    for (const held of launch.held) engine.hold(handle, held);
    const destinations = [...new Set(leaving.map(({ to }) => to))];
    const numbers = destinations.map((to) => this.#sent[to]!++);
    handle.host = () => {
      const tree = new ReductionTree(graph, heap, unit, launcherLane(graph));
      const root = graph.poison[handle.records[0]!]!;
      destinations.forEach((to, d) => {
        const values = leaving.filter((passage) => passage.to === to).map(({ number }) => tree.give(number));
        const wire: NodesWire = { root, values };
        this.#mail.send(to, Topic.partial, numbers[d]!, serialize(wire));
      });
    };
    openOne(engine, handle, false, () => builder.expect(leaving.length));
    return handle;
  }

  #receive(task: string, unit: number, from: number, coming: readonly Passage[], target: Target): void {
    const engine = this.#engine;
    const { graph, heap } = engine;
    const handle = createHandle(this.#scope, `partials of ${task} from rank ${from}`, ONE, {}, () => []);
    engine.openLaunch(handle, Kind.host, 0);
    let message: Uint8Array | null = null;
    handle.host = () => {
      const tree = new ReductionTree(graph, heap, unit, launcherLane(graph));
      const { root, values } = deserialize(message!) as NodesWire;
      coming.forEach((passage, i) => {
        const to = target(passage);
        if (root !== 0) {
          if (to.elsewhere === 0 || root < to.elsewhere) to.elsewhere = root;
          poison(graph, to.records[0]!, root);
        }
        tree.arrive(passage.level, passage.index, values[i]!, to.records[0]!, (record) =>
          engine.executor.ready(record),
        );
      });
    };
    openOne(engine, handle, true);
    this.waiting++;
    this.#mail.receive(from, Topic.partial, this.#received[from]!++, (bytes) => {
      message = bytes;
      this.waiting--;
      release(engine, handle);
    });
  }
}
