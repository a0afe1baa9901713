// Reservations at run time: an atomic task holds those of the elements it touches while it runs. A record takes its
// reservations in ascending order; the first that is taken lets it wait in that one's queue, and the worker goes on with
// other records. Whoever releases a reservation hands it to the first in the queue. The protocol is told in README.md.
import { type Graph, isOpen, Kind, NONE, State, Word } from '../graph/layout.js';
import type { Heap } from '../memory/heap.js';
import type { ReadySink } from './finish.js';
import { lock, unlock } from './spin-lock.js';

/** Words of a record's list: how many, how many of them it holds, then the codes (twice the number, 1 more if exclusive). */
export const ListWord = { count: 0, held: 1, codes: 2 } as const;

/** Bytes of a list. */
export function reservationBytes(count: number): number {
  return 4 * (ListWord.codes + count);
}

/** Written by the launching thread, before the record is sealed. */
export function writeReservations(heap: Heap, unit: number, codes: readonly number[]): void {
  heap.store(unit, ListWord.count, codes.length);
  heap.store(unit, ListWord.held, 0);
  for (let i = 0; i < codes.length; i++) heap.store(unit, ListWord.codes + i, codes[i]!);
}

/** True when the record holds all its reservations; otherwise it waits, and is made ready when it does. */
export function acquire(graph: Graph, heap: Heap, record: number): boolean {
  const unit = graph.reserved[record]!;
  if (unit === 0) return true;
  const { control } = graph;
  lock(control, Word.admission);
  const all = advance(graph, heap, record, unit);
  unlock(control, Word.admission);
  return all;
}

/** The record has run: its reservations go to who waits for them. */
export function release(graph: Graph, heap: Heap, record: number, ready: ReadySink): void {
  const unit = graph.reserved[record]!;
  if (unit === 0) return;
  const { control, holders } = graph;
  const granted: number[] = [];
  lock(control, Word.admission);
  if (heap.load(unit, ListWord.held) < heap.load(unit, ListWord.count)) {
    // A thread that was lost since has given them back.
    unlock(control, Word.admission);
    return;
  }
  heap.store(unit, ListWord.held, 0);
  for (let i = 0; i < heap.load(unit, ListWord.count); i++) {
    const code = heap.load(unit, ListWord.codes + i);
    const reservation = code >> 1;
    holders[reservation] = (code & 1) === 1 ? 0 : holders[reservation]! - 1;
    grant(graph, heap, reservation, granted);
  }
  unlock(control, Word.admission);
  for (const next of granted) ready(next);
}

/** Whether a reservation with so many holders (-1: an exclusive one) can be taken. */
function free(holders: number, exclusive: boolean): boolean {
  return exclusive ? holders === 0 : holders >= 0;
}

/** Takes what the record still lacks, up to the first reservation that it has to wait for. The lock is held. */
function advance(graph: Graph, heap: Heap, record: number, unit: number): boolean {
  const { holders, link, state, waitingFirst, waitingLast } = graph;
  const count = heap.load(unit, ListWord.count);
  for (let i = heap.load(unit, ListWord.held); i < count; i++) {
    const code = heap.load(unit, ListWord.codes + i);
    const reservation = code >> 1;
    const exclusive = (code & 1) === 1;
    if (waitingFirst[reservation] !== NONE || !free(holders[reservation]!, exclusive)) {
      link[record] = NONE;
      if (waitingFirst[reservation] === NONE) waitingFirst[reservation] = record;
      else link[waitingLast[reservation]!] = record;
      waitingLast[reservation] = record;
      state[record] = State.queued;
      return false;
    }
    holders[reservation] = exclusive ? -1 : holders[reservation]! + 1;
    heap.store(unit, ListWord.held, i + 1);
  }
  return true;
}

/** Hands a reservation to the first in its queue, or to several who share it. The lock is held. */
function grant(graph: Graph, heap: Heap, reservation: number, granted: number[]): void {
  const { holders, link, reserved, waitingFirst } = graph;
  for (;;) {
    const record = waitingFirst[reservation]!;
    if (record === NONE) return;
    const unit = reserved[record]!;
    const held = heap.load(unit, ListWord.held);
    const exclusive = (heap.load(unit, ListWord.codes + held) & 1) === 1;
    if (!free(holders[reservation]!, exclusive)) return;
    waitingFirst[reservation] = link[record]!;
    holders[reservation] = exclusive ? -1 : holders[reservation]! + 1;
    heap.store(unit, ListWord.held, held + 1);
    if (!advance(graph, heap, record, unit)) continue;
    // Ready, and in no queue: so it is found if this thread is lost before it puts it anywhere.
    graph.state[record] = graph.poison[record] === 0 ? State.waiting : State.judged;
    granted.push(record);
  }
}

/**
 * Puts in order what a thread left that was lost while it held the lock; the caller has the lock instead. What holds is
 * what each record's own list and state say; holders and queues are made anew from these. Returns the records that now
 * have all they wait for. Queues are in program order then, as who came first is not known any more.
 */
export function mendReservations(graph: Graph, heap: Heap): number[] {
  const { first, holders, kind, launch, limits, operation, pending, reserved, state } = graph;
  const { link, waitingFirst, waitingLast } = graph;
  holders.fill(0);
  waitingFirst.fill(NONE);
  const queued: number[] = [];
  for (let record = 0; record < limits.records; record++) {
    const now = state[record]!;
    // Only who is ready has taken anything; the list of others may not be written yet.
    if (!isOpen(now) || Atomics.load(pending, record) !== 0) continue;
    const slot = launch[record]!;
    const what = kind[slot]!;
    const takes = what === Kind.atomic || what === Kind.apply || what === Kind.io;
    if (!takes && !(what === Kind.gang && first[record] === 0)) continue;
    const unit = reserved[record]!;
    if (unit === 0) continue;
    const held = heap.load(unit, ListWord.held);
    for (let i = 0; i < held; i++) {
      const code = heap.load(unit, ListWord.codes + i);
      holders[code >> 1] = (code & 1) === 1 ? -1 : holders[code >> 1]! + 1;
    }
    if (now === State.queued) queued.push(record);
  }
  queued.sort((a, b) => operation[launch[a]!]! - operation[launch[b]!]! || first[a]! - first[b]!);
  const granted: number[] = [];
  for (const record of queued) {
    const unit = reserved[record]!;
    const held = heap.load(unit, ListWord.held);
    if (held === heap.load(unit, ListWord.count)) {
      state[record] = graph.poison[record] === 0 ? State.waiting : State.judged;
      granted.push(record);
      continue;
    }
    const reservation = heap.load(unit, ListWord.codes + held) >> 1;
    link[record] = NONE;
    if (waitingFirst[reservation] === NONE) waitingFirst[reservation] = record;
    else link[waitingLast[reservation]!] = record;
    waitingLast[reservation] = record;
  }
  for (let reservation = 0; reservation < holders.length; reservation++) {
    grant(graph, heap, reservation, granted);
  }
  return granted;
}
