// When a gang runs, and who runs it. The protocol is told in README.md ("Gangs").
import { LaneWord, Phase } from '../graph/lanes.js';
import { type Graph, isOpen, Kind, lineOf, State, Word } from '../graph/layout.js';
import { poison } from '../graph/poison.js';
import type { Heap } from '../memory/heap.js';
import { Decision, GangWord, memberOf } from './gang-block.js';
import { verdict } from './gate.js';
import { acquire } from './reservation.js';
import { wakeAll } from './sleep.js';
import { lock, unlock } from './spin-lock.js';

/** A member of a gang is ready, or its gang was given the reservations that it waited for. Any thread. */
export function gangReady(graph: Graph, heap: Heap, record: number): void {
  const { control, gang, launch } = graph;
  const slot = launch[record]!;
  const unit = gang[slot]!;
  const size = heap.load(unit, GangWord.size);
  lock(control, Word.gangLock);
  graph.state[record] = State.parked;
  const ready = heap.load(unit, GangWord.ready);
  let called = false;
  if (ready === size) called = call(graph, heap, slot);
  else {
    heap.store(unit, GangWord.ready, ready + 1);
    if (ready + 1 === size) {
      heap.store(unit, GangWord.next, control[Word.gangsReady]!);
      control[Word.gangsReady] = slot + 1;
      called = next(graph, heap);
    }
  }
  unlock(control, Word.gangLock);
  if (called) wakeAll(graph);
}

/** If no gang is on its way: the ready one that comes first in program order is. True when it calls. The lock is held. */
function next(graph: Graph, heap: Heap): boolean {
  const { control, gang, operation } = graph;
  if (control[Word.gang] !== 0 || control[Word.gangsReady] === 0) return false;
  let first = 0;
  let before = 0;
  for (let previous = 0, at = control[Word.gangsReady]!; at !== 0; ) {
    if (first === 0 || operation[at - 1]! < operation[first - 1]!) {
      first = at;
      before = previous;
    }
    previous = at;
    at = heap.load(gang[at - 1]!, GangWord.next);
  }
  const after = heap.load(gang[first - 1]!, GangWord.next);
  if (before === 0) control[Word.gangsReady] = after;
  else heap.store(gang[before - 1]!, GangWord.next, after);
  control[Word.gang] = first;
  // Its reservations, if it has any, are those of all members, held by the first of them.
  return acquire(graph, heap, memberOf(heap, gang[first - 1]!, 0)) && call(graph, heap, first - 1);
}

/** All preconditions are met: workers may take seats. The lock is held. */
function call(graph: Graph, heap: Heap, slot: number): boolean {
  const { control, gang, gate } = graph;
  const unit = gang[slot]!;
  // What becomes of one becomes of all.
  const size = heap.load(unit, GangWord.size);
  let root = 0;
  for (let rank = 0; rank < size; rank++) {
    const mark = Atomics.load(graph.poison, memberOf(heap, unit, rank));
    if (mark !== 0 && (root === 0 || mark < root)) root = mark;
  }
  if (root !== 0) for (let rank = 0; rank < size; rank++) poison(graph, memberOf(heap, unit, rank), root);
  const what = gate[slot] === 0 ? 'run' : verdict(graph, heap, slot);
  heap.store(unit, GangWord.decision, Decision[what]);
  const number = (control[Word.gangCalls]! + 1) & 0x3fffffff || 1;
  control[Word.gangCalls] = number;
  Atomics.store(control, Word.gangCall, number);
  return true;
}

/**
 * Puts in order what a thread left that was lost while it held the lock; the caller has the lock instead. What holds is
 * what the states of the members say: who is parked is ready, who runs has a seat. True when a gang calls.
 */
export function mendGangs(graph: Graph, heap: Heap): boolean {
  const { control, gang, kind, launch, limits, first, reserved, state } = graph;
  let list = 0;
  for (let record = 0; record < limits.records; record++) {
    const slot = launch[record]!;
    if (kind[slot] !== Kind.gang || first[record] !== 0 || !isOpen(state[record]!)) continue;
    const unit = gang[slot]!;
    const size = heap.load(unit, GangWord.size);
    const members = Array.from({ length: size }, (_, rank) => memberOf(heap, unit, rank));
    // The last members may not be written yet.
    const states = members.map((member, rank) =>
      launch[member] === slot && first[member] === rank ? state[member]! : State.waiting,
    );
    const seats = states.filter((now) => now >= State.running).length;
    const called = control[Word.gang] === slot + 1;
    if (called && control[Word.gangCall] !== 0) {
      states.forEach((now, rank) => {
        heap.store(unit, GangWord.data + size + rank, now >= State.running ? 1 : 0);
      });
      heap.store(unit, GangWord.seats, seats);
    } else if (seats === 0 && !called) {
      const ready = states.filter((now) => now === State.parked).length;
      heap.store(unit, GangWord.ready, ready);
      if (ready < size) continue;
      heap.store(unit, GangWord.next, list);
      list = slot + 1;
    }
    if (called && seats === size) {
      Atomics.store(control, Word.gangCall, 0);
      control[Word.gang] = 0;
    }
  }
  control[Word.gangsReady] = list;
  const slot = control[Word.gang]! - 1;
  if (slot < 0) return next(graph, heap);
  if (control[Word.gangCall] !== 0) return true;
  // In the queue of a reservation, or given the last one just now: whoever gives it that calls it.
  const leader = memberOf(heap, gang[slot]!, 0);
  if (reserved[leader] !== 0 && state[leader] !== State.parked) return false;
  return acquire(graph, heap, leader) && call(graph, heap, slot);
}

/** A worker's way into gangs. */
export class Seats {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #lane: number;
  /** The call that this worker answered last: it takes one seat of a gang. */
  #answered = 0;

  constructor(graph: Graph, heap: Heap, lane: number) {
    this.#graph = graph;
    this.#heap = heap;
    this.#lane = lane;
  }

  /** A member to run, or -1. Cheap while no gang calls. */
  take(): number {
    const { control } = this.#graph;
    const number = control[Word.gangCall]!;
    return number === 0 || number === this.#answered ? -1 : this.#take();
  }

  #take(): number {
    const graph = this.#graph;
    const heap = this.#heap;
    const { control, gang } = graph;
    lock(control, Word.gangLock);
    const number = control[Word.gangCall]!;
    if (number === 0 || number === this.#answered) {
      unlock(control, Word.gangLock);
      return -1;
    }
    this.#answered = number;
    const unit = gang[control[Word.gang]! - 1]!;
    const size = heap.load(unit, GangWord.size);
    const seat = (rank: number) => GangWord.data + size + rank;
    // The seat of its own number, where it may have sat before; else any.
    let rank = this.#lane;
    if (rank >= size || heap.load(unit, seat(rank)) !== 0) {
      rank = 0;
      while (heap.load(unit, seat(rank)) !== 0) rank++;
    }
    heap.store(unit, seat(rank), 1);
    const member = memberOf(heap, unit, rank);
    // It is this lane's before anybody can see that the seat is taken: whoever takes over from a lost thread finds it.
    const line = lineOf(graph, this.#lane);
    graph.state[member] = State.running + this.#lane;
    line[LaneWord.began] = 0;
    line[LaneWord.record] = member;
    line[LaneWord.phase] = Phase.body;
    const seats = heap.load(unit, GangWord.seats) + 1;
    heap.store(unit, GangWord.seats, seats);
    let called = false;
    if (seats === size) {
      Atomics.store(control, Word.gangCall, 0);
      control[Word.gang] = 0;
      called = next(graph, heap);
    }
    unlock(control, Word.gangLock);
    if (called) wakeAll(graph);
    return member;
  }
}
