// The layout of `.mprof` files. A file is a header, blocks, and one last block; all numbers are little-endian.
//
// header   8 bytes MAGIC, version, bytes of the schema, the schema (JSON, padded with spaces to 8 bytes), its checksum, 0
// block    kind, stream, bytes of the payload, checksum of those three words and the payload; then the payload,
//          which is a multiple of 8 bytes
//
// `lane` blocks hold entries as in lane-log.ts, `stream` is the lane. `program` blocks together are one stream of words:
// an event is one word with its code in the low five bits and a number above them, then the words that the schema names.
// The `end` block holds JSON. A block of lane entries comes before the program block that says that their records were
// taken back.
import { ENTRY_BYTES, SOURCES } from './lane-log.js';

/** Eight bytes that a text-mode copy would not leave alone. */
export const MAGIC = Uint8Array.from([0x4d, 0x50, 0x52, 0x4f, 0x46, 0x0d, 0x0a, 0x1a]);
/** 2: operations of inner tasks say whose they are. */
export const VERSION = 2;

export const Block = { program: 1, lane: 2, end: 3 } as const;
export const BLOCK_HEADER_WORDS = 4;
/** No block is longer: a damaged length is noticed before it is believed. */
export const BLOCK_BYTES_MAX = 1 << 26;

/** Codes of program events. */
export const Code = {
  /** The current record comes after another: number is (difference of their numbers * 2 + whether data flow). */
  edge: 0,
  /** The same for differences that do not fit. */
  farEdge: 1,
  /** The next record, which becomes the current one; number is its points * 2048 + its place. */
  open: 2,
  /** The same, its first point and its points given. */
  openAt: 3,
  /** The next record is a join. */
  openJoin: 4,
  /** So many records like the one before: next point, as many points, same place, same differences of edges. */
  repeat: 5,
  /** The launch of the records that follow. */
  of: 6,
  /** Goes on with an earlier record; number as in `edge`, from the newest record. */
  resume: 7,
  /** Records were taken back: number is 2 * how many (+ 1 while the current record is not complete), then the first. */
  retire: 8,
  launch: 9,
  requirement: 10,
  takes: 11,
  renames: 12,
  frees: 13,
  time: 14,
  wait: 15,
  text: 16,
  tree: 17,
  space: 18,
  partition: 19,
  projection: 20,
  memory: 21,
  /** A record's end waits for all records of a launch, which come later. */
  folds: 22,
  /** A launch was made by the body of an inner task. */
  within: 23,
  /** A tree is another one, as an instance of an inner task holds it. */
  lent: 24,
} as const;

/** Kinds of launches, in the order of the graph's kinds. */
export const LAUNCH_KINDS = [
  'task',
  'apply',
  'join',
  'host',
  'foldResults',
  'io',
  'atomic',
  'gang',
  'inner',
] as const;
/** Why the launching thread waited. */
export const WAITS = ['records', 'slots', 'memory', 'launch', 'await'] as const;
export type WaitReason = (typeof WAITS)[number];
/** Parts of a use: words of a requirement. */
export const PRIVILEGE_NAMES = ['none', 'read', 'update', 'overwrite', 'reduce'] as const;
export const COHERENCE_NAMES = ['exclusive', 'atomic', 'simultaneous', 'relaxed'] as const;
export const OPERATOR_NAMES = ['sum', 'prod', 'min', 'max', 'and', 'or', 'xor'] as const;

/** A use of a field, in one word of a requirement. */
export interface LoggedUse {
  readonly field: number;
  /** Positions in the lists above; operator is -1 where there is none. */
  readonly privilege: number;
  readonly coherence: number;
  readonly operator: number;
  readonly discardOutput: boolean;
}

export function packUse(use: LoggedUse): number {
  return (
    (use.field << 12) |
    (use.discardOutput ? 1 << 11 : 0) |
    ((use.operator + 1) << 6) |
    (use.coherence << 3) |
    use.privilege
  );
}

export function unpackUse(word: number): LoggedUse {
  return {
    field: word >>> 12,
    discardOutput: ((word >>> 11) & 1) === 1,
    operator: ((word >>> 6) & 31) - 1,
    coherence: (word >>> 3) & 7,
    privilege: word & 7,
  };
}

/** What a file says about itself: enough to read it without this source. */
export function schema(run: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    format: 'maniple profile',
    version: VERSION,
    endian: 'little',
    blocks: { [Block.program]: 'program', [Block.lane]: 'lane', [Block.end]: 'end' },
    lane: {
      bytes: ENTRY_BYTES,
      columns: ['record: int32', 'what: int32', 'time: float64, ns since run.origin_s, 0 with the next'],
      what: 'bits 0-1: end, mark, idle, start; 2 failed, 3 skipped, 4 asynchronous; 5-7 source; 8- victim',
      sources: SOURCES,
    },
    program: {
      word: 'code + 32 * number',
      events: {
        edge: { code: Code.edge, number: '2 * (record of the predecessor - current record) + data' },
        farEdge: { code: Code.farEdge, number: 'data', words: ['predecessor - current'] },
        open: { code: Code.open, number: '2048 * points + place' },
        openAt: { code: Code.openAt, number: 'place', words: ['first point', 'points'] },
        openJoin: { code: Code.openJoin },
        repeat: { code: Code.repeat, number: 'how often' },
        of: { code: Code.of, words: ['operation'] },
        resume: { code: Code.resume, number: 'record - newest record' },
        retire: {
          code: Code.retire,
          number: '2 * records + (1 while the current record was not complete)',
          words: ['the first of them'],
        },
        launch: {
          code: Code.launch,
          number: 'kind',
          words: ['operation', 'name: text', 'site: text or 0', 'rank', 'lo and extent of each axis'],
          kinds: LAUNCH_KINDS,
        },
        requirement: {
          code: Code.requirement,
          number: 'uses',
          words: [
            'operation',
            'tree',
            'partition',
            'projection, 0: colour i for point i',
            'uses: field << 12 | discard output << 11 | (operator + 1) << 6 | coherence << 3 | privilege',
          ],
          privileges: PRIVILEGE_NAMES,
          coherences: COHERENCE_NAMES,
          operators: OPERATOR_NAMES,
        },
        takes: { code: Code.takes, words: ['operation', 'of operation', 'first point', 'points'] },
        renames: { code: Code.renames, number: 'fields', words: ['operation to come', 'tree', 'fields'] },
        frees: { code: Code.frees, words: ['tree'] },
        time: { code: Code.time, words: ['double: now, ns'] },
        wait: {
          code: Code.wait,
          number: 'reason',
          words: ['operation or -1', 'double: from', 'double: to'],
          reasons: WAITS,
        },
        text: { code: Code.text, number: 'bytes', words: ['id', 'UTF-8, padded'] },
        tree: {
          code: Code.tree,
          number: 'fields',
          words: ['id', 'name: text', 'space', 'names: text', 'bytes per element'],
        },
        space: {
          code: Code.space,
          number: 'rank',
          words: ['id', 'runs; 0: a box', 'lo, hi of each axis; or the runs, rank + 1 words each'],
        },
        partition: {
          code: Code.partition,
          number: 'colours',
          words: ['id', 'parent: space', 'subspaces: space'],
        },
        projection: { code: Code.projection, number: 'points', words: ['id', 'colours'] },
        memory: { code: Code.memory, words: ['double: bytes in use'] },
        folds: { code: Code.folds, words: ['operation', 'launch whose reductions it applies'] },
        within: {
          code: Code.within,
          words: ['operation', 'inner launch whose body made it', 'point number'],
        },
        lent: { code: Code.lent, words: ['tree', 'tree that it is, in the body of an inner task'] },
      },
    },
    run,
  };
}
