// Results of launches among ranks. Nobody asks for them by a message: all ranks run one program, so all of them come to the
// call that takes a result. From the first such call on, each rank that runs points of the launch sends their results to all
// others as soon as the launch has ended there.
import { deserialize, serialize } from 'node:v8';
import { poison } from '../../graph/poison.js';
import { blockStart } from '../../memory/launch-layout.js';
import { type Mail, Topic } from '../../nodes/mail.js';
import type { Engine } from '../engine.js';
import { type LaunchHandle, ownerOf } from '../handle.js';
import { openOne, release } from './waiting-record.js';

/** Results as they are sent: of the points of one rank, in order. */
interface ResultsWire {
  readonly values: readonly unknown[] | null;
  /** 1 + the operation whose failure has reached the point, or 0. */
  readonly roots: Int32Array | null;
}

interface Waiting {
  readonly index: number | null;
  readonly run: () => void;
}

/** What is known of the results of one launch. */
class Share {
  readonly values: unknown[];
  readonly roots: Int32Array;
  anyValue = false;
  /** Ranks whose results are not here. */
  readonly missing: Set<number>;
  sent = false;
  complete = false;
  waiting: Waiting[] = [];

  constructor(points: number, missing: Set<number>) {
    this.values = new Array<unknown>(points).fill(undefined);
    this.roots = new Int32Array(points);
    this.missing = missing;
  }
}

export class SharedResults {
  readonly #engine: Engine;
  readonly #mail: Mail;
  readonly #rank: number;
  /** Results that are waited for. */
  waiting = 0;

  constructor(engine: Engine, mail: Mail) {
    this.#engine = engine;
    this.#mail = mail;
    this.#rank = mail.transport.rank;
  }

  /** All ranks will have the results; false where all of them run all of the launch. */
  share(handle: LaunchHandle): boolean {
    const owners = handle.shards?.owners ?? null;
    if (owners === null) return false;
    if (handle.share !== null) return true;
    const missing = new Set(owners);
    missing.delete(this.#rank);
    const share = new Share(handle.points, missing);
    handle.share = share;
    for (const rank of missing) {
      this.waiting++;
      this.#mail.receive(rank, Topic.values, handle.number, (bytes) =>
        this.#arrived(handle, share, rank, bytes),
      );
    }
    if (handle.closed) this.ended(handle);
    return true;
  }

  /** A launch has ended here. */
  ended(handle: LaunchHandle): void {
    const share = handle.share as Share | null;
    if (share === null || share.sent) return;
    share.sent = true;
    const { points } = handle.shards!;
    const { values, spoiled } = handle;
    if (points.length > 0) {
      const wire: ResultsWire = {
        values: values === null ? null : Array.from(points, (point) => values[point]),
        roots: spoiled === null ? null : Int32Array.from(points, (point) => spoiled[point]!),
      };
      const bytes = serialize(wire);
      for (const to of this.#mail.others) this.#mail.send(to, Topic.values, handle.number, bytes);
    }
    this.#look(handle, share);
  }

  #arrived(handle: LaunchHandle, share: Share, rank: number, bytes: Uint8Array): void {
    this.waiting--;
    const { values, roots } = deserialize(bytes) as ResultsWire;
    const { points } = handle;
    const owners = handle.shards!.owners!;
    let i = 0;
    owners.forEach((owner, block) => {
      if (owner !== rank) return;
      const end = blockStart(block + 1, owners.length, points);
      for (let point = blockStart(block, owners.length, points); point < end; point++, i++) {
        if (values !== null) share.values[point] = values[i];
        if (roots !== null) share.roots[point] = roots[i]!;
      }
    });
    share.anyValue ||= values !== null;
    share.missing.delete(rank);
    this.#look(handle, share);
  }

  /** Calls back whoever waits for what is there now. */
  #look(handle: LaunchHandle, share: Share): void {
    if (!share.complete && share.missing.size === 0 && handle.closed) this.#complete(handle, share);
    const ready = share.waiting.filter(({ index }) => this.#has(handle, share, index));
    if (ready.length === 0) return;
    share.waiting = share.waiting.filter((waiting) => !ready.includes(waiting));
    for (const { run } of ready) run();
  }

  #has(handle: LaunchHandle, share: Share, index: number | null): boolean {
    if (index === null) return share.complete;
    return !share.missing.has(ownerOf(handle, index)!);
  }

  /** From now on the launch is as if all of it had run here. */
  #complete(handle: LaunchHandle, share: Share): void {
    share.complete = true;
    if (share.anyValue) handle.values ??= new Array<unknown>(handle.points).fill(undefined);
    for (let point = 0; point < handle.points; point++) {
      if (ownerOf(handle, point) === this.#rank) continue;
      if (share.anyValue) handle.values![point] = share.values[point];
      const root = share.roots[point]!;
      if (root === 0) continue;
      handle.spoiled ??= new Int32Array(handle.points);
      handle.spoiled[point] = root;
      if (handle.root === 0 || root < handle.root) handle.root = root;
    }
  }

  /** A result that another rank has sent. */
  valueOf(handle: LaunchHandle, index: number): unknown {
    return (handle.share as Share).values[index];
  }

  /** Calls back once a result is there, or all of them (`index` null); now where it is. */
  whenHere(handle: LaunchHandle, index: number | null, run: () => void): void {
    const share = handle.share as Share;
    if (this.#has(handle, share, index)) run();
    else share.waiting.push({ index, run });
  }

  /** Makes the one record of an operation, which waits for one result of another, or for all. */
  openWaiting(handle: LaunchHandle, source: LaunchHandle, index: number | null): void {
    openOne(this.#engine, handle, true);
    const { graph } = this.#engine;
    this.whenHere(source, index, () => {
      const root = index === null ? source.root : (source.share as Share).roots[index]!;
      if (root !== 0) poison(graph, handle.records[0]!, root);
      release(this.#engine, handle);
    });
  }
}
