// Goes through a log once, from the first block to the last, and tells what happened. Kept in memory is what is alive:
// regions, and records from the time they are made until they are taken back.
import { DataError } from '../errors.js';
import { LaneDecoder } from '../events/lane-decoder.js';
import {
  Block,
  Code,
  LAUNCH_KINDS,
  type LoggedUse,
  unpackUse,
  WAITS,
  type WaitReason,
} from '../events/log-format.js';
import { IndexSpace } from '../spaces/index.js';
import { type LoggedLaunch, type LoggedPartition, type LoggedTree, LogRecord } from './log-model.js';
import type { LogBlock, LogReader } from './log-reader.js';

/** What a reader of the log wants to be told of. */
export interface LogVisitor {
  launch?(launch: LoggedLaunch): void;
  /** A launch to come gets new memory for fields of a tree. */
  renamed?(operation: number, tree: LoggedTree, fields: readonly number[]): void;
  freed?(tree: LoggedTree): void;
  /** A record is complete: all its edges are known, and it may run. */
  sealed?(record: LogRecord): void;
  /** A record was taken back; its times are known, unless they were lost. Its edges are forgotten afterwards. */
  retired?(record: LogRecord): void;
  /** A record ran; called before anything is known of it but its number. */
  ran?(lane: number, number: number, start: number, end: number, what: number): void;
  idle?(lane: number, from: number, to: number): void;
  waited?(reason: WaitReason, operation: number, from: number, to: number): void;
  memory?(time: number, bytes: number): void;
}

interface Ran {
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly what: number;
  readonly late: number;
  readonly soon: number;
}

const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Int32Array(DOUBLE.buffer);

export class Replay {
  readonly #reader: LogReader;
  readonly #visitor: LogVisitor;
  readonly #lanes = new Map<number, LaneDecoder>();
  readonly #ran = new Map<number, Ran>();
  /** Records that were taken back before their lane told when they ran: it had not read the clock yet. */
  readonly #late = new Map<number, LogRecord>();
  readonly #texts = new Map<number, string>([[0, '']]);
  readonly #spaces = new Map<number, IndexSpace>();
  readonly #trees = new Map<number, LoggedTree>();
  readonly #partitions = new Map<number, LoggedPartition>();
  readonly #projections = new Map<number, Int32Array>();
  /** Times that a field of a tree got new memory: per tree, by field. */
  readonly #memory = new Map<LoggedTree, number[]>();
  readonly #launches = new Map<number, LoggedLaunch>();
  /** Records that were made and not taken back, by number. */
  readonly live = new Map<number, LogRecord>();
  #words: Int32Array = new Int32Array(0);
  #at = 0;
  #block = 0;
  #newest = -1;
  #current: LogRecord | null = null;
  /** Whether the current record was told of. */
  #sealed = true;
  #launch: LoggedLaunch | null = null;
  #empty: LoggedLaunch | null = null;
  #next = 0;
  /** The launching thread's clock. */
  now = 0;
  /** Records taken back of which no lane told when they ran. */
  untimed = 0;
  records = 0;
  /** The most records alive at once. */
  liveMax = 0;

  constructor(reader: LogReader, visitor: LogVisitor) {
    this.#reader = reader;
    this.#visitor = visitor;
  }

  /** Reads everything. @throws DataError for a damaged file */
  run(): void {
    for (const block of this.#reader.blocks()) {
      this.#block++;
      if (block.kind === Block.lane) this.#lane(block);
      else if (block.kind === Block.program) this.#program(block.words);
    }
    this.#seal();
    for (const decoder of this.#lanes.values()) decoder.end();
    for (const record of [...this.#late.values()]) this.#retired(record);
  }

  // ---- lanes ----

  #lane({ stream, words }: LogBlock): void {
    let decoder = this.#lanes.get(stream);
    if (decoder === undefined) {
      const { ran, idle } = this.#visitor;
      decoder = new LaneDecoder(
        (record, start, end, what, late, soon) => {
          ran?.call(this.#visitor, stream, record, start, end, what);
          this.#ran.set(record, { lane: stream, start, end, what, late, soon });
          const waiting = this.#late.get(record);
          if (waiting !== undefined) this.#retired(waiting);
        },
        idle === undefined ? null : (from, to) => idle.call(this.#visitor, stream, from, to),
      );
      this.#lanes.set(stream, decoder);
    }
    decoder.decode(words);
  }

  /** When a record that was not taken back yet ran, if a lane has told. */
  timed(record: LogRecord): boolean {
    if (record.lane >= 0) return true;
    const ran = this.#ran.get(record.number);
    if (ran === undefined) return false;
    this.#ran.delete(record.number);
    record.lane = ran.lane;
    record.start = ran.start;
    record.end = ran.end;
    record.late = ran.late;
    record.soon = ran.soon;
    record.what = ran.what;
    return true;
  }

  // ---- the program ----

  #bad(what: string): DataError {
    return new DataError(this.#reader.path, `block ${this.#block}`, `${what}: the log is inconsistent`);
  }

  #program(words: Int32Array): void {
    this.#words = words;
    this.#at = 0;
    while (this.#at < words.length) {
      const word = words[this.#at++]!;
      this.#event(word & 31, word >> 5, word >>> 5);
    }
  }

  #take(): number {
    if (this.#at >= this.#words.length) throw this.#bad('an event is cut off');
    return this.#words[this.#at++]!;
  }

  #takeDouble(): number {
    DOUBLE_WORDS[0] = this.#take();
    DOUBLE_WORDS[1] = this.#take();
    return DOUBLE[0]!;
  }

  #find<T>(map: ReadonlyMap<number, T>, id: number, what: string): T {
    const found = map.get(id);
    if (found === undefined) throw this.#bad(`there is no ${what} ${id}`);
    return found;
  }

  #event(code: number, signed: number, number: number): void {
    switch (code) {
      case Code.edge:
        this.#edge(signed >> 1, (signed & 1) === 1);
        return;
      case Code.farEdge:
        this.#edge(this.#take(), (number & 1) === 1);
        return;
      case Code.open:
        this.#open(this.#next, number >> 11, number & 2047);
        return;
      case Code.openAt: {
        const first = this.#take();
        this.#open(first, this.#take(), number);
        return;
      }
      case Code.openJoin:
        // A join is made in the middle of another record, which goes on afterwards.
        this.#sealed = true;
        this.#add(null, 0, 0, 0);
        return;
      case Code.repeat:
        this.#repeat(number);
        return;
      case Code.of: {
        this.#seal();
        const operation = this.#take();
        this.#launch = this.#find(this.#launches, operation, 'launch');
        this.#next = 0;
        return;
      }
      case Code.resume:
        this.#seal();
        this.#current = this.#find(this.live, (this.#newest + signed) | 0, 'record');
        this.#sealed = false;
        return;
      case Code.retire:
        this.#retire(number >> 1, (number & 1) === 1, this.#take());
        return;
      case Code.time:
        this.now = this.#takeDouble();
        return;
      case Code.wait: {
        const operation = this.#take();
        const from = this.#takeDouble();
        this.now = this.#takeDouble();
        this.#visitor.waited?.(WAITS[number] ?? 'launch', operation, from, this.now);
        return;
      }
      case Code.memory:
        this.#visitor.memory?.(this.now, this.#takeDouble());
        return;
      default:
        this.#seal();
        this.#definition(code, number);
    }
  }

  #definition(code: number, number: number): void {
    switch (code) {
      case Code.text: {
        const id = this.#take();
        const bytes = new Uint8Array(this.#words.buffer, this.#words.byteOffset + 4 * this.#at, number);
        this.#texts.set(id, Buffer.from(bytes).toString('utf8'));
        this.#at += (number + 3) >> 2;
        return;
      }
      case Code.space:
        this.#space(number);
        return;
      case Code.tree: {
        const id = this.#take();
        const name = this.#find(this.#texts, this.#take(), 'text');
        const space = this.#find(this.#spaces, this.#take(), 'space');
        const names = Array.from({ length: number }, () => this.#find(this.#texts, this.#take(), 'text'));
        const fields = names.map((field) => ({ name: field, bytes: this.#take() }));
        const tree = { id, name, space, fields, freed: false, from: null };
        this.#trees.set(id, tree);
        this.#memory.set(tree, new Array<number>(number).fill(0));
        return;
      }
      case Code.partition: {
        const id = this.#take();
        const parent = this.#find(this.#spaces, this.#take(), 'space');
        const subspaces = Array.from({ length: number }, () =>
          this.#find(this.#spaces, this.#take(), 'space'),
        );
        this.#partitions.set(id, { id, parent, subspaces });
        return;
      }
      case Code.projection: {
        const id = this.#take();
        this.#projections.set(id, this.#words.slice(this.#at, this.#at + number));
        this.#at += number;
        return;
      }
      case Code.launch:
        this.#newLaunch(number);
        return;
      case Code.requirement:
        this.#requirement(number);
        return;
      case Code.takes: {
        const launch = this.#find(this.#launches, this.#take(), 'launch');
        // One that is over, with all its records taken back, is not known any more.
        const from = this.#launches.get(this.#take()) ?? null;
        launch.takes.push({ from, first: this.#take(), points: this.#take() });
        return;
      }
      case Code.folds: {
        const apply = this.#find(this.#launches, this.#take(), 'launch');
        const launch = this.#find(this.#launches, this.#take(), 'launch');
        apply.folds = launch;
        launch.foldedBy = apply;
        return;
      }
      case Code.within: {
        const launch = this.#find(this.#launches, this.#take(), 'launch');
        const { records } = this.#find(this.#launches, this.#take(), 'launch');
        const point = this.#take();
        launch.within = records[point] ?? null;
        if (launch.within?.first !== point) throw this.#bad(`a launch is of no body of an inner task`);
        return;
      }
      case Code.lent: {
        const tree = this.#find(this.#trees, this.#take(), 'region');
        tree.from = this.#find(this.#trees, this.#take(), 'region');
        return;
      }
      case Code.renames: {
        const operation = this.#take();
        const tree = this.#find(this.#trees, this.#take(), 'region');
        const fields = Array.from({ length: number }, () => this.#take());
        const memory = this.#memory.get(tree)!;
        for (const field of fields) memory[field] = (memory[field] ?? 0) + 1;
        this.#visitor.renamed?.(operation, tree, fields);
        return;
      }
      case Code.frees: {
        const tree = this.#find(this.#trees, this.#take(), 'region');
        tree.freed = true;
        if (tree.from !== null) {
          this.#trees.delete(tree.id);
          this.#memory.delete(tree);
        }
        this.#visitor.freed?.(tree);
        return;
      }
      default:
        throw this.#bad(`there is no event ${code}`);
    }
  }

  #space(rank: number): void {
    const id = this.#take();
    const runs = this.#take();
    if (rank < 1 || rank > 3) throw this.#bad(`a space has rank ${rank}`);
    if (runs > 0) {
      const words = this.#words.slice(this.#at, this.#at + runs * (rank + 1));
      this.#at += runs * (rank + 1);
      this.#spaces.set(id, IndexSpace.fromRuns(rank, words));
      return;
    }
    const lo: number[] = [];
    const hi: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(this.#take());
      hi.push(this.#take());
    }
    this.#spaces.set(id, IndexSpace.box(lo, hi));
  }

  #newLaunch(kind: number): void {
    const operation = this.#take();
    const name = this.#find(this.#texts, this.#take(), 'text');
    const site = this.#find(this.#texts, this.#take(), 'text');
    const rank = this.#take();
    const lo: number[] = [];
    const extent: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      lo.push(this.#take());
      extent.push(this.#take());
    }
    const points = extent.reduce((product, n) => product * n, 1);
    const launch: LoggedLaunch = {
      operation,
      kind: LAUNCH_KINDS[kind] ?? `kind ${kind}`,
      name,
      site,
      lo,
      extent,
      points,
      requirements: [],
      takes: [],
      folds: null,
      foldedBy: null,
      records: [],
      within: null,
      made: 0,
      left: points,
    };
    // A launch of no points has no records that end: it is over when the next one begins.
    if (this.#empty !== null) this.#launches.delete(this.#empty.operation);
    this.#empty = points === 0 ? launch : null;
    this.#launches.set(operation, launch);
    this.#visitor.launch?.(launch);
  }

  #requirement(uses: number): void {
    const launch = this.#find(this.#launches, this.#take(), 'launch');
    const tree = this.#find(this.#trees, this.#take(), 'region');
    const partition = this.#find(this.#partitions, this.#take(), 'partition');
    const projection = this.#take();
    const colours = projection === 0 ? null : this.#find(this.#projections, projection, 'projection');
    const memory = this.#memory.get(tree)!;
    const list: LoggedUse[] = [];
    for (let i = 0; i < uses; i++) {
      const use = unpackUse(this.#take());
      if (use.field >= tree.fields.length) throw this.#bad(`region ${tree.name} has no field ${use.field}`);
      list.push(use);
    }
    launch.requirements.push({
      tree,
      partition,
      colours,
      uses: list,
      memory: list.map(({ field }) => memory[field]!),
    });
  }

  // ---- records ----

  #seal(): void {
    if (this.#sealed || this.#current === null) return;
    this.#sealed = true;
    this.#visitor.sealed?.(this.#current);
  }

  #add(launch: LoggedLaunch | null, first: number, points: number, place: number): LogRecord {
    this.#newest = (this.#newest + 1) | 0;
    this.records++;
    const record = new LogRecord(this.#newest, launch, first, points, place, this.now);
    this.live.set(record.number, record);
    if (this.live.size > this.liveMax) this.liveMax = this.live.size;
    if (launch !== null) {
      launch.records.push(record);
      launch.made += points;
      const apply = launch.foldedBy?.records[0];
      if (apply !== undefined && !apply.retired) {
        apply.preds.push(record);
        apply.data.push(true);
      }
    }
    this.#current = record;
    this.#sealed = false;
    return record;
  }

  #open(first: number, points: number, place: number): void {
    this.#seal();
    if (this.#launch === null) throw this.#bad('a record belongs to no launch');
    if (first + points > this.#launch.points) throw this.#bad('a record has points that its launch lacks');
    this.#add(this.#launch, first, points, place);
    this.#next = first + points;
  }

  #repeat(times: number): void {
    const model = this.#current;
    if (model === null) throw this.#bad('there is no record to repeat');
    const differences = model.preds.map((pred) => (pred.number - model.number) | 0);
    const data = model.data.slice();
    for (let i = 0; i < times; i++) {
      this.#open(this.#next, model.points, model.place);
      differences.forEach((difference, e) => {
        this.#edge(difference, data[e]!);
      });
    }
  }

  #edge(difference: number, data: boolean): void {
    const current = this.#current;
    if (current === null) throw this.#bad('an edge belongs to no record');
    const number = (current.number + difference) | 0;
    const pred = this.live.get(number);
    if (pred === undefined)
      throw this.#bad(`record ${current.number} waits for ${number}, which is not alive`);
    current.preds.push(pred);
    current.data.push(data);
  }

  #retire(count: number, within: boolean, first: number): void {
    if (!within) this.#seal();
    for (let i = 0; i < count; i++) {
      const number = (first + i) | 0;
      const record = this.live.get(number);
      if (record === undefined) throw this.#bad(`record ${number} is taken back, but is not alive`);
      this.live.delete(number);
      record.retired = true;
      endAncestors(record);
      if (this.timed(record) || record.join) this.#retired(record);
      else this.#late.set(number, record);
      const { launch } = record;
      if (launch === null) continue;
      launch.left -= record.points;
      if (launch.left === 0 && launch.foldedBy === null) this.#forget(launch);
      if (launch.left === 0 && launch.folds !== null) this.#forget(launch.folds);
    }
  }

  /** A record was taken back, and its times are known if they ever will be. */
  #retired(record: LogRecord): void {
    this.#late.delete(record.number);
    if (!this.timed(record) && !record.join) this.untimed++;
    this.#visitor.retired?.(record);
    record.preds = NO_RECORDS;
    record.data = NO_DATA;
  }

  /** Nobody needs the launch any more. */
  #forget(launch: LoggedLaunch): void {
    if (launch.left > 0) return;
    this.#launches.delete(launch.operation);
    launch.records = NO_RECORDS;
  }
}

const NO_RECORDS: LogRecord[] = [];
const NO_DATA: boolean[] = [];
const STACK: LogRecord[] = [];

/** A record has ended, and so has everything it waited for. */
function endAncestors(record: LogRecord): void {
  if (record.ended && record.preds.length === 0) return;
  record.ended = true;
  STACK.push(record);
  while (STACK.length > 0) {
    for (const pred of STACK.pop()!.preds) {
      if (pred.ended) continue;
      pred.ended = true;
      STACK.push(pred);
    }
  }
}
