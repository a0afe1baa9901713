// Small logs written event by event, as the runtime would write them, right or wrong.
import {
  createLaneLog,
  ENTRY_WORDS,
  EndBit,
  Entry,
  LaneReader,
  LaneRecorder,
} from '../../../runtime/events/lane-log.js';
import { LogFile } from '../../../runtime/events/log-file.js';
import { Block, Code, PRIVILEGE_NAMES, packUse } from '../../../runtime/events/log-format.js';
import { ProgramLog } from '../../../runtime/events/program-log.js';

export { createLaneLog, LaneReader, LaneRecorder };

/** One lane entry, for a log whose times are chosen. */
export interface Ran {
  readonly record: number;
  readonly start: number;
  readonly end: number;
}

/** Writes `.mprof` files by hand. One region of 16 points with the fields a and b is there, cut into blocks of 4. */
export class WrittenLog {
  readonly program: ProgramLog;
  readonly #file: LogFile;
  #lane: number[] = [];
  readonly #double = new Float64Array(1);
  #operations = 0;
  #time = 0;

  constructor(path: string) {
    this.#file = new LogFile(path, { workers: 1, records: 64, epoch_ms: 0 });
    this.program = new ProgramLog(
      (words) => this.#file.block(Block.program, 0, words),
      () => this.#time,
    );
    const { program } = this;
    program.text(1, 'grid');
    program.text(2, 'a');
    program.text(3, 'b');
    program.text(4, 'step');
    program.event(Code.space, 1, [1, 0, 0, 15]);
    for (let block = 0; block < 4; block++)
      program.event(Code.space, 1, [2 + block, 0, 4 * block, 4 * block + 3]);
    program.event(Code.tree, 2, [1, 1, 1, 2, 3, 8, 8]);
    program.event(Code.partition, 1, [1, 1, 1]); // the whole
    program.event(Code.partition, 4, [2, 1, 2, 3, 4, 5]); // blocks
    // Halos: the blocks and one point on either side.
    [
      [0, 4],
      [3, 8],
      [7, 12],
      [11, 15],
    ].forEach(([lo, hi], i) => {
      program.event(Code.space, 1, [6 + i, 0, lo!, hi!]);
    });
    program.event(Code.partition, 4, [3, 1, 6, 7, 8, 9]);
  }

  /** A launch over the colours of partition 1 (the whole), 2 (blocks) or 3 (halos); returns its operation. */
  launch(
    partition: 1 | 2 | 3,
    uses: readonly (readonly [field: 0 | 1, privilege: string])[],
    kind = 0,
  ): number {
    const operation = this.#operations++;
    const points = partition === 1 ? 1 : 4;
    this.program.event(Code.launch, kind, [operation, 4, 0, 1, 0, points]);
    this.requires(operation, partition, uses);
    return operation;
  }

  requires(operation: number, partition: number, uses: readonly (readonly [0 | 1, string])[]): void {
    const words = uses.map(([field, what]) => {
      const [coherence, privilege] = what.includes(' ') ? what.split(' ') : ['exclusive', what];
      return packUse({
        field,
        privilege: PRIVILEGE_NAMES.indexOf(privilege as 'read'),
        coherence: ['exclusive', 'atomic', 'simultaneous', 'relaxed'].indexOf(coherence!),
        operator: privilege === 'reduce' ? 0 : -1,
        discardOutput: false,
      });
    });
    this.program.event(Code.requirement, words.length, [operation, 1, partition, 0, ...words]);
  }

  /** Records of all points of a launch; `edges` says whom each waits for. */
  records(operation: number, count: number, edges: (point: number) => readonly number[] = () => []): void {
    for (let point = 0; point < count; point++) {
      this.program.open(operation, point, 1, 0);
      for (const predecessor of edges(point)) this.program.edge(predecessor, true);
      this.program.seal();
    }
  }

  ran({ record, start, end }: Ran): void {
    this.#entry(0, Entry.mark, start);
    this.#entry(record, Entry.end, end);
  }

  #entry(record: number, what: number, time: number): void {
    this.#double[0] = time;
    this.#lane.push(record, what, ...new Int32Array(this.#double.buffer));
  }

  /** Everything runs one after the other, and is taken back. */
  runAll(): void {
    const end = this.program.newest + 1;
    for (let record = 0; record < end; record++)
      this.ran({ record, start: 10 * record + 10, end: 10 * record + 15 });
    this.flushLane();
    for (let record = 0; record < end; record++) this.program.retire(record);
  }

  flushLane(): void {
    this.#file.block(Block.lane, 0, Int32Array.from(this.#lane));
    this.#lane = [];
  }

  close(): void {
    this.program.give();
    this.#file.close({
      end: 'complete',
      records: this.program.newest + 1,
      launches: this.#operations,
      duration_ns: 0,
    });
  }
}

export { ENTRY_WORDS, EndBit };
