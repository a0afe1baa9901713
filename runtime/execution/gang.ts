// What the members of a gang do together: barriers and collectives. The protocol is told in README.md ("Gangs").
import { addon } from '../../native/index.js';
import { GangError } from '../errors.js';
import { LaneWord } from '../graph/lanes.js';
import { Word } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import { Results } from '../memory/launch-layout.js';
import { REDUCTIONS, type ReductionName } from '../privileges/usage.js';
import { foldNumbers } from './fold-results.js';
import { Broken, ENDED, GangWord, gangWords, SETS } from './gang-block.js';
import { sleep, wake } from './sleep.js';

/**
 * The gang that a task belongs to (launch option `gang: true`): its members are the points of the launch, and run at the
 * same time on workers of their own. Every member calls the same collectives in the same order; each waits for all.
 */
export interface Gang {
  /** Which member this is: the number of its point in lexicographic order, from 0. */
  readonly rank: number;
  /** How many members there are. */
  readonly size: number;
  /** Returns when all members have called it. */
  barrier(): void;
  /** The values of all members, folded in a fixed order: the same bits for any number of workers. */
  allreduce(operator: ReductionName, value: number): number;
  /** The same for one member alone; the others get undefined. */
  reduce(operator: ReductionName, value: number, root?: number): number | undefined;
  /** The value of one member, for all. Anything that can be structured-cloned; the others' values are not looked at. */
  broadcast<T>(value: T, root?: number): T;
  /** The values of all members, by rank. */
  allgather<T>(value: T): T[];
}

/** What members called last, to see that all call the same. */
const Call = { barrier: 1, broadcast: 2, allgather: 3, reduce: 16 } as const;

function nameOf(word: number): string {
  const call = word >> 10;
  const root = word & 1023;
  if (call >= Call.reduce) return `a reduction by ${REDUCTIONS[call - Call.reduce]} to member ${root}`;
  if (call === Call.broadcast) return `a broadcast from member ${root}`;
  return call === Call.barrier ? 'a barrier' : 'an allgather';
}

export class GangMember implements Gang {
  readonly rank: number;
  readonly size: number;
  readonly #words: Int32Array;
  readonly #values: Results;
  readonly #control: Int32Array;
  readonly #spins: number;
  #collectives = 0;

  constructor(heap: Heap, unit: number, rank: number, control: Int32Array, spins: number) {
    this.rank = rank;
    this.size = heap.load(unit, GangWord.size);
    this.#words = gangWords(heap, unit);
    this.#values = new Results(heap, heap.load(unit, GangWord.values), SETS * this.size);
    this.#control = control;
    this.#spins = spins;
  }

  barrier(): void {
    this.#together(Call.barrier, 0, 0);
  }

  allreduce(operator: ReductionName, value: number): number {
    return this.#fold(operator, value, 0, 'allreduce');
  }

  reduce(operator: ReductionName, value: number, root = 0): number | undefined {
    this.#check(root, 'reduce');
    const folded = this.#fold(operator, value, root, 'reduce');
    return this.rank === root ? folded : undefined;
  }

  #fold(operator: ReductionName, value: number, root: number, name: string): number {
    const op = REDUCTIONS.indexOf(operator);
    if (op < 0)
      throw new GangError(
        `${name}: there is no operator ${String(operator)}; there are ${REDUCTIONS.join(', ')}.`,
      );
    if (typeof value !== 'number')
      throw new GangError(`${name}: the value is no number, but ${typeof value}.`);
    const first = this.#together(Call.reduce + op, root, value);
    return foldNumbers(this.#values.values.subarray(first, first + this.size), operator);
  }

  broadcast<T>(value: T, root = 0): T {
    this.#check(root, 'broadcast');
    const first = this.#together(Call.broadcast, root, this.rank === root ? value : undefined);
    return (this.rank === root ? value : this.#values.get(first + root)) as T;
  }

  allgather<T>(value: T): T[] {
    const first = this.#together(Call.allgather, 0, value);
    return Array.from({ length: this.size }, (_, rank) => this.#values.get(first + rank) as T);
  }

  #check(root: number, name: string): void {
    if (!Number.isInteger(root) || root < 0 || root >= this.size) {
      throw new GangError(
        `${name}: the root is member ${root}, but the gang has the members 0 to ${this.size - 1}.`,
      );
    }
  }

  /** Lays down a value, waits for all, and returns where the values of this collective begin. */
  #together(call: number, root: number, value: unknown): number {
    const set = this.#collectives++ % SETS;
    const first = set * this.size;
    // Everybody has read what this place held before: else they would not have come to the collective since.
    this.#values.replace(first + this.rank, value);
    const calls = GangWord.data + 2 * this.size + first;
    this.#words[calls + this.rank] = (call << 10) | root;
    this.#arrive();
    const of = (rank: number) => this.#words[calls + rank]!;
    for (let rank = 1; rank < this.size; rank++) {
      if (of(rank) === of(0)) continue;
      throw new GangError(
        `the members of the gang called different collectives: member 0 ${nameOf(of(0))}, member ${rank} ${nameOf(of(rank))}. ` +
          'Every member calls the same ones in the same order.',
      );
    }
    return first;
  }

  #arrive(): void {
    const words = this.#words;
    const generation = Atomics.load(words, GangWord.generation);
    this.#throwIfBroken(generation);
    const before = Atomics.add(words, GangWord.state, 1);
    const arrived = (before % ENDED) + 1;
    if (arrived === this.size) {
      Atomics.store(words, GangWord.state, 0); // all are here, and none has ended
      Atomics.add(words, GangWord.generation, 1);
      rouse(words);
      return;
    }
    if (arrived + Math.floor(before / ENDED) === this.size) desert(words);
    for (let spin = 0; ; spin++) {
      const seen = Atomics.load(words, GangWord.wakes);
      if (Atomics.load(words, GangWord.generation) !== generation) return;
      this.#throwIfBroken(generation);
      if (spin < this.#spins && addon !== null) addon.spinWhile(words, GangWord.wakes, seen, 200);
      else sleep(words, GangWord.wakes, seen);
    }
  }

  /** Members are released by an error when one of them can come to this barrier no more. */
  #throwIfBroken(generation: number): void {
    const words = this.#words;
    const broken = Atomics.load(words, GangWord.broken);
    const stopped = Atomics.load(this.#control, Word.stop) !== 0;
    if (broken === Broken.no && !stopped) return;
    // The member that failed may have been at the barrier with all others before.
    if (Atomics.load(words, GangWord.generation) !== generation) return;
    if (broken === Broken.deserted) {
      throw new GangError(
        'it waits for the other members of its gang, but some of them have ended. Every member calls the same collectives in the same order.',
      );
    }
    throw new GangError('another member of the gang failed, so that it waits in vain.', true);
  }
}

function rouse(words: Int32Array): void {
  Atomics.add(words, GangWord.wakes, 1);
  wake(words, GangWord.wakes, 1 << 20);
}

function desert(words: Int32Array): void {
  Atomics.compareExchange(words, GangWord.broken, Broken.no, Broken.deserted);
  rouse(words);
}

/** A member failed: whoever waits for it is released. */
export function breakGang(words: Int32Array): void {
  Atomics.compareExchange(words, GangWord.broken, Broken.no, Broken.failed);
  rouse(words);
}

/**
 * A member has ended, one way or the other; true when it was the last. The lane's line says that it was counted, and as what,
 * with no call in between: so whoever takes over from a lost thread does not count it again.
 */
export function endMember(words: Int32Array, line: Int32Array): boolean {
  const size = words[GangWord.size]!;
  if (line[LaneWord.began] !== 2) {
    line[LaneWord.value] = Atomics.add(words, GangWord.state, ENDED);
    line[LaneWord.began] = 2;
  }
  const before = line[LaneWord.value]!;
  const arrived = before % ENDED;
  const ended = Math.floor(before / ENDED) + 1;
  if (ended < size && arrived > 0 && arrived + ended === size) desert(words);
  return ended === size;
}
