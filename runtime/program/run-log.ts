// The log of a run as the program writes it: regions, partitions and launches beside the records and edges that the
// analysis makes, and what the lanes did. With a file everything goes there (--profile); a timeline keeps only what ran.
import { availableParallelism, hostname } from 'node:os';
import { clock, clockSecond } from '../events/clock.js';
import { createLaneLog, LaneReader, LaneRecorder, type SharedLaneLog } from '../events/lane-log.js';
import { LogFile } from '../events/log-file.js';
import {
  Block,
  COHERENCE_NAMES,
  Code,
  OPERATOR_NAMES,
  PRIVILEGE_NAMES,
  packUse,
  WAITS,
  type WaitReason,
} from '../events/log-format.js';
import { ProgramLog } from '../events/program-log.js';
import { TimelineCollector, type TimelineEntry } from '../events/timeline.js';
import { type Graph, launcherLane, runsTask } from '../graph/layout.js';
import { usageOf } from '../privileges/index.js';
import type { FieldSpace, IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { LaunchHandle } from './handle.js';
import { launchSite } from './launch-site.js';
import type { FieldUse } from './requirement.js';

/** What the log has to know of a region tree. */
export interface LoggedTree {
  readonly name: string;
  readonly space: IndexSpace;
  readonly fields: FieldSpace;
  /** The tree that this one is, in the body of an inner task; null for who made it. */
  readonly from: LoggedTree | null;
}

/** What the log has to know of a requirement. */
export interface LoggedRequirement {
  readonly tree: LoggedTree;
  readonly partition: IndexPartition;
  readonly uses: readonly FieldUse[];
  readonly colours: Int32Array | null;
}

export interface RunLogOptions {
  /** Where the profile goes; null for none. */
  readonly file: string | null;
  /** Whether what ran is asked for: at the end, or as the run goes on (a placement that learns). */
  readonly timeline: 'keep' | 'learn' | null;
  /** What the file says of the run. */
  readonly run: Readonly<Record<string, unknown>>;
}

/** Launch sites of one task name that are looked up: formatting a stack costs more than many launches. */
const SITES_MAX = 256;
/** When that many launches in a row stood at one place, the others are taken to stand there too. */
const SITES_ALIKE = 16;

interface Sites {
  looked: number;
  alike: number;
  last: number;
}

export class RunLog {
  /** One ring per lane. */
  readonly rings: readonly SharedLaneLog[];
  /** That of the launching thread. */
  readonly recorder: LaneRecorder;
  /** Records and edges; null without a file. */
  readonly program: ProgramLog | null;
  readonly #graph: Graph;
  readonly #origin: number;
  readonly #epoch_ms: number;
  readonly #readers: readonly LaneReader[];
  readonly #ringsFull: number;
  readonly #file: LogFile | null;
  readonly #timeline: TimelineCollector | null;
  readonly #onExit: () => void;
  readonly #texts = new Map<string, number>();
  readonly #trees = new WeakMap<LoggedTree, number>();
  readonly #spaces = new WeakMap<IndexSpace, number>();
  readonly #partitions = new WeakMap<IndexPartition, number>();
  readonly #projections = new WeakMap<Int32Array, number>();
  readonly #uses = new WeakMap<readonly FieldUse[], readonly number[]>();
  readonly #sites = new Map<string, Sites>();
  #lastTree = 0;
  #lastSpace = 0;
  #lastPartition = 0;
  #lastProjection = 0;
  #launches = 0;

  constructor(graph: Graph, options: RunLogOptions) {
    this.#graph = graph;
    this.#origin = clockSecond();
    this.#epoch_ms = performance.timeOrigin + performance.now() - clock(this.#origin) / 1e6;
    const { records, tasks, workers } = graph.limits;
    this.rings = Array.from({ length: workers + 2 }, () => createLaneLog(records, this.#origin));
    this.recorder = new LaneRecorder(this.rings[launcherLane(graph)]!, tasks + 1, true);
    this.#readers = this.rings.map((ring) => new LaneReader(ring));
    this.#ringsFull = records >> 1;
    this.#timeline = options.timeline === null ? null : new TimelineCollector(workers + 2);
    this.#onExit = () => this.close('interrupted');
    if (options.file === null) {
      this.#file = null;
      this.program = null;
      return;
    }
    this.#file = new LogFile(options.file, {
      ...options.run,
      workers,
      records,
      origin_s: this.#origin,
      epoch_ms: this.#epoch_ms,
      started: new Date(this.#epoch_ms).toISOString(),
      host: hostname(),
      processors: availableParallelism(),
      node: process.version,
    });
    this.program = new ProgramLog(
      (words) => {
        // Lanes first: a record's end comes before it is said to be taken back.
        this.#drain();
        this.#file!.block(Block.program, 0, words);
      },
      () => this.since(),
    );
    this.#now();
    process.on('exit', this.#onExit);
  }

  // ---- what lanes did ----

  /** A record is about to be taken back. */
  retired(record: number): void {
    if (this.#timeline === null) return;
    const { number, launch, kind, task, operation, first, points } = this.#graph;
    const slot = launch[record]!;
    if (!runsTask(kind[slot]!)) return;
    this.#timeline.note(number[record]!, task[slot]!, operation[slot]!, first[record]!, points[record]!);
  }

  /** After records were taken back: empties rings before they are full. */
  poll(): void {
    for (const reader of this.#readers) {
      if (reader.waiting < this.#ringsFull) continue;
      this.#drain();
      this.program?.give();
      return;
    }
  }

  #drain(): void {
    this.#readers.forEach((reader, lane) => {
      reader.drain((words) => {
        this.#file?.block(Block.lane, lane, words);
        this.#timeline?.add(lane, words);
      });
    });
  }

  /** What ran since the last call. */
  ran(): TimelineEntry[] {
    this.#drain();
    return this.#timeline?.take(this.#epoch_ms) ?? [];
  }

  /** Ends the file, after the lanes have ended. `end` is 'complete', 'failed' or 'interrupted'. */
  close(end: 'complete' | 'failed' | 'interrupted'): void {
    if (this.#file === null || this.program === null) return;
    process.off('exit', this.#onExit);
    this.#now();
    this.program.give();
    this.#drain();
    this.#file.close({
      end,
      records: this.program.newest + 1,
      launches: this.#launches,
      duration_ns: clock(this.#origin),
    });
  }

  // ---- what the program did ----

  #now(): void {
    this.program!.event(Code.time, 0, [], clock(this.#origin));
  }

  #text(text: string): number {
    let id = this.#texts.get(text);
    if (id === undefined) {
      id = this.#texts.size + 1;
      this.#texts.set(text, id);
      this.program!.text(id, text);
    }
    return id;
  }

  #site(handle: LaunchHandle): number {
    let sites = this.#sites.get(handle.task);
    if (sites === undefined) this.#sites.set(handle.task, (sites = { looked: 0, alike: 0, last: 0 }));
    if (sites.alike >= SITES_ALIKE) return sites.last;
    if (sites.looked++ >= SITES_MAX) return 0;
    const site = this.#text(launchSite(handle.site));
    if (site === sites.last) sites.alike++;
    else sites.alike = 0;
    sites.last = site;
    return site;
  }

  #space(space: IndexSpace): number {
    let id = this.#spaces.get(space);
    if (id !== undefined) return id;
    id = ++this.#lastSpace;
    this.#spaces.set(space, id);
    const { rank, dense, lo, hi } = space;
    if (dense) {
      const bounds: number[] = [];
      for (let axis = 0; axis < rank; axis++) bounds.push(lo[axis]!, hi[axis]!);
      this.program!.event(Code.space, rank, [id, 0, ...bounds]);
    } else {
      const { runs } = space;
      const words = new Int32Array(2 + runs.length);
      words[0] = id;
      words[1] = runs.length / (rank + 1);
      words.set(runs, 2);
      this.program!.event(Code.space, rank, words);
    }
    return id;
  }

  #tree(tree: LoggedTree): number {
    let id = this.#trees.get(tree);
    if (id !== undefined) return id;
    id = ++this.#lastTree;
    this.#trees.set(tree, id);
    const { names, fields } = tree.fields;
    const words = [
      id,
      this.#text(tree.name),
      this.#space(tree.space),
      ...names.map((name) => this.#text(name)),
    ];
    this.program!.event(Code.tree, names.length, [
      ...words,
      ...names.map((name) => fields[name]!.bytesPerElement),
    ]);
    if (tree.from !== null) this.program!.event(Code.lent, 0, [id, this.#tree(tree.from)]);
    return id;
  }

  #partition(partition: IndexPartition): number {
    let id = this.#partitions.get(partition);
    if (id !== undefined) return id;
    id = ++this.#lastPartition;
    this.#partitions.set(partition, id);
    const { subspaces } = partition;
    const words = new Int32Array(2 + subspaces.length);
    words[0] = id;
    words[1] = this.#space(partition.parent);
    subspaces.forEach((space, i) => {
      words[2 + i] = this.#space(space);
    });
    this.program!.event(Code.partition, subspaces.length, words);
    return id;
  }

  #projection(colours: Int32Array | null): number {
    if (colours === null) return 0;
    let id = this.#projections.get(colours);
    if (id !== undefined) return id;
    id = ++this.#lastProjection;
    this.#projections.set(colours, id);
    const words = new Int32Array(1 + colours.length);
    words[0] = id;
    words.set(colours, 1);
    this.program!.event(Code.projection, colours.length, words);
    return id;
  }

  #usesOf(uses: readonly FieldUse[]): readonly number[] {
    let words = this.#uses.get(uses);
    if (words !== undefined) return words;
    words = uses.map(({ field, usage }) => {
      const { privilege, coherence, reduction, discardOutput } = usageOf(usage);
      return packUse({
        field,
        privilege: PRIVILEGE_NAMES.indexOf(privilege),
        coherence: COHERENCE_NAMES.indexOf(coherence),
        operator: reduction === null ? -1 : OPERATOR_NAMES.indexOf(reduction),
        discardOutput: discardOutput === true,
      });
    });
    this.#uses.set(uses, words);
    return words;
  }

  /** A launch, before its requirements and records. */
  launch(handle: LaunchHandle, kind: number): void {
    const { program } = this;
    if (program === null) return;
    this.#launches++;
    const { domain, operation, task } = handle;
    const name = this.#text(task);
    const site = this.#site(handle);
    const words = [operation, name, site, domain.rank];
    for (let axis = 0; axis < domain.rank; axis++) {
      words.push(domain.lo[axis]!, domain.hi[axis]! - domain.lo[axis]! + 1);
    }
    this.#now();
    program.event(Code.launch, kind, words);
    const { caller } = handle.scope;
    if (caller !== null) program.event(Code.within, 0, [operation, caller.operation, caller.point]);
  }

  /** What the points of a launch use of regions. */
  requires(handle: LaunchHandle, requirements: readonly LoggedRequirement[]): void {
    const { program } = this;
    if (program === null) return;
    for (const { tree, partition, uses, colours } of requirements) {
      const treeId = this.#tree(tree);
      const partitionId = this.#partition(partition);
      const projectionId = this.#projection(colours);
      program.event(Code.requirement, uses.length, [
        handle.operation,
        treeId,
        partitionId,
        projectionId,
        ...this.#usesOf(uses),
      ]);
    }
  }

  /** All records of a launch take results of some points of another. */
  takes(handle: LaunchHandle, source: LaunchHandle, first: number, points: number): void {
    this.program?.event(Code.takes, 0, [handle.operation, source.operation, first, points]);
  }

  /** A launch that applies the reductions of another, whose records come after it. */
  folds(apply: LaunchHandle, launch: LaunchHandle): void {
    this.program?.event(Code.folds, 0, [apply.operation, launch.operation]);
  }

  /** The next launch gets new memory for fields that it writes whole. */
  renames(operation: number, tree: LoggedTree, fields: readonly number[]): void {
    if (this.program === null) return;
    const id = this.#tree(tree);
    this.program.event(Code.renames, fields.length, [operation, id, ...fields]);
  }

  /** A region is given up. */
  frees(tree: LoggedTree): void {
    if (this.program !== null && this.#trees.has(tree)) this.program.event(Code.frees, 0, [this.#tree(tree)]);
  }

  /** The clock, for `waited`. */
  since(): number {
    return clock(this.#origin);
  }

  /** The launching thread waited from `from` until now; for the end of a launch, or for room. */
  waited(reason: WaitReason, operation: number, from: number): void {
    this.program?.event(Code.wait, WAITS.indexOf(reason), [operation], from, clock(this.#origin));
  }

  /** Bytes in use on the shared heap. */
  memory(bytes: number): void {
    this.program?.event(Code.memory, 0, [], bytes);
  }
}
