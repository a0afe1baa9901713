// Ranks that are threads of one process: messages go through rings in shared memory, one for each pair and direction.
// Nothing else is shared, so that a program that is right here is right on nodes. The protocol is told in README.md.
import type { MessagePort } from 'node:worker_threads';
import { wakeLauncher } from '../execution/sleep.js';
import { ByteRing, ringBytes } from './ring.js';
import { RANKS_MAX, TAG_LIMIT, type Transfer, type Transport } from './transport.js';

/** Bytes of one ring; longer messages go through it piece by piece. */
const CAPACITY = 1 << 20;
/** How long a rank may sleep without looking, where messages wake nobody. */
const POLL_US = 200;
/** Words per rank before the rings: the bell, on a cache line of its own. */
const LINE = 16;
/** Words of the head of a message in the ring: tag and length. */
const HEAD = 2;

/** What the threads of all ranks are given. */
export interface SharedLoopback {
  readonly ranks: number;
  readonly capacity: number;
  /** Messages wake nobody: ranks look for them, as they must with MPI. */
  readonly polled: boolean;
  readonly buffer: SharedArrayBuffer;
}

/** Memory for the messages between `ranks` ranks. @throws RangeError for numbers that cannot be */
export function createLoopback(ranks: number, capacity = CAPACITY, polled = false): SharedLoopback {
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > RANKS_MAX)
    throw new RangeError(`ranks is ${ranks}, but must be an integer from 1 to ${RANKS_MAX}.`);
  if (capacity < 4 * HEAD || (capacity & (capacity - 1)) !== 0)
    throw new RangeError(`a ring holds a power of two of bytes, not ${capacity}.`);
  const bytes = 4 * LINE * ranks + ranks * ranks * ringBytes(capacity);
  return { ranks, capacity, polled, buffer: new SharedArrayBuffer(bytes) };
}

interface SharedWords {
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
  readonly length: number;
}

class Sending implements Transfer {
  done = false;
  readonly length = 0;
  readonly head: Uint8Array;
  readonly bytes: Uint8Array;
  /** Bytes of head and message that are in the ring. */
  sent = 0;

  constructor(tag: number, bytes: Uint8Array) {
    this.head = new Uint8Array(Int32Array.of(tag, bytes.length).buffer);
    this.bytes = bytes;
  }
}

class Receiving implements Transfer {
  done = false;
  length = 0;
  readonly into: Uint8Array;

  constructor(into: Uint8Array) {
    this.into = into;
  }
}

/** A message that is coming in, or that came before anybody asked for it. */
interface Incoming {
  readonly tag: number;
  readonly bytes: Uint8Array;
  /** Who asked for it; null as long as nobody did. */
  receiving: Receiving | null;
  taken: number;
}

/** What one rank knows of its messages with another. */
class Peer {
  readonly out: ByteRing;
  readonly in: ByteRing;
  readonly sending: Sending[] = [];
  /** By tag: receives without a message, and messages (complete or on their way) without a receive. */
  readonly posted = new Map<number, Receiving[]>();
  readonly unexpected = new Map<number, Incoming[]>();
  readonly head = new Uint8Array(4 * HEAD);
  headTaken = 0;
  current: Incoming | null = null;

  constructor(out: ByteRing, incoming: ByteRing) {
    this.out = out;
    this.in = incoming;
  }
}

export class Loopback implements Transport {
  readonly name = 'loopback';
  readonly slice_us: number | null;
  readonly rank: number;
  readonly ranks: number;
  readonly #bells: Int32Array;
  /** Null for this rank itself. */
  readonly #peers: readonly (Peer | null)[];
  readonly #ports: readonly (MessagePort | null)[];
  /** The words on which the launching threads of the others sleep. */
  readonly #controls: (Int32Array | null)[];
  #armed = false;
  #rung: (() => void) | null = null;
  #closed = false;

  /** `ports` lead to the other ranks; where there are none, nobody is woken who sleeps outside of its event loop. */
  constructor(
    { ranks, capacity, buffer, polled }: SharedLoopback,
    rank: number,
    ports: readonly (MessagePort | null)[] = [],
  ) {
    this.rank = rank;
    this.ranks = ranks;
    this.slice_us = polled ? POLL_US : null;
    this.#ports = ports;
    this.#bells = new Int32Array(buffer, 0, LINE * ranks);
    this.#controls = new Array<Int32Array | null>(ranks).fill(null);
    const ring = (from: number, to: number) =>
      new ByteRing(buffer, 4 * LINE * ranks + (from * ranks + to) * ringBytes(capacity), capacity);
    this.#peers = Array.from({ length: ranks }, (_, peer) =>
      peer === rank ? null : new Peer(ring(rank, peer), ring(peer, rank)),
    );
  }

  #peer(rank: number): Peer {
    const peer = this.#peers[rank];
    if (peer === null || peer === undefined)
      throw new RangeError(`rank ${this.rank} of ${this.ranks} has no messages with rank ${rank}`);
    return peer;
  }

  isend(to: number, tag: number, bytes: Uint8Array): Transfer {
    checkTag(tag);
    const peer = this.#peer(to);
    const sending = new Sending(tag, bytes);
    peer.sending.push(sending);
    if (this.#send(peer)) this.#ring(to);
    return sending;
  }

  irecv(from: number, tag: number, into: Uint8Array): Transfer {
    checkTag(tag);
    const peer = this.#peer(from);
    const receiving = new Receiving(into);
    const early = peer.unexpected.get(tag);
    if (early === undefined) {
      const posted = peer.posted.get(tag);
      if (posted === undefined) peer.posted.set(tag, [receiving]);
      else posted.push(receiving);
      return receiving;
    }
    const message = early.shift()!;
    if (early.length === 0) peer.unexpected.delete(tag);
    checkRoom(tag, message.bytes.length, into);
    message.receiving = receiving;
    if (message.taken === message.bytes.length) finish(message);
    return receiving;
  }

  progress(): boolean {
    let moved = false;
    for (const [rank, peer] of this.#peers.entries()) {
      if (peer === null) continue;
      // Both who has something to take and who has room again is told.
      const sent = peer.sending.length > 0 && this.#send(peer);
      const taken = peer.in.filled > 0 && this.#take(peer);
      if (sent || taken) this.#ring(rank);
      moved ||= sent || taken;
    }
    return moved;
  }

  /** Puts as much into the ring as there is room for. */
  #send(peer: Peer): boolean {
    let moved = false;
    for (let sending = peer.sending[0]; sending !== undefined; sending = peer.sending[0]) {
      const { head, bytes } = sending;
      const before = sending.sent;
      if (sending.sent < head.length) sending.sent += peer.out.put(head, sending.sent);
      if (sending.sent >= head.length) sending.sent += peer.out.put(bytes, sending.sent - head.length);
      moved ||= sending.sent > before;
      if (sending.sent < head.length + bytes.length) return moved;
      sending.done = true;
      peer.sending.shift();
    }
    return moved;
  }

  /** Takes everything out of the ring. */
  #take(peer: Peer): boolean {
    let moved = false;
    for (;;) {
      let { current } = peer;
      if (current === null) {
        peer.headTaken += peer.in.take(peer.head, peer.headTaken);
        if (peer.headTaken < peer.head.length) return moved;
        peer.headTaken = 0;
        const head = new Int32Array(peer.head.buffer);
        peer.current = current = arrival(peer, head[0]!, head[1]!);
        moved = true;
      }
      const count = peer.in.take(current.bytes, current.taken);
      current.taken += count;
      moved ||= count > 0;
      if (current.taken < current.bytes.length) return moved;
      peer.current = null;
      if (current.receiving !== null) finish(current);
    }
  }

  #ring(rank: number): void {
    if (this.slice_us !== null) return;
    Atomics.add(this.#bells, LINE * rank, 1);
    Atomics.notify(this.#bells, LINE * rank);
    const control = this.#controls[rank];
    if (control !== null && control !== undefined) wakeLauncher(control);
  }

  arm(ring: () => void): void {
    this.#rung = ring;
    if (this.#armed || this.#closed) return;
    this.#armed = true;
    if (this.slice_us !== null) {
      setTimeout(() => this.#rings(), 1);
      return;
    }
    const at = LINE * this.rank;
    const change = Atomics.waitAsync(this.#bells, at, Atomics.load(this.#bells, at));
    if (change.async) void change.value.then(() => this.#rings());
    else setImmediate(() => this.#rings());
  }

  #rings(): void {
    this.#armed = false;
    if (!this.#closed) this.#rung!();
  }

  async connect(control: Int32Array): Promise<void> {
    const { buffer, byteOffset, length } = control;
    await Promise.all(
      this.#ports.map(async (port, rank) => {
        if (port === null) return;
        const met = new Promise<SharedWords>((resolve) => port.once('message', resolve));
        port.postMessage({ buffer, byteOffset, length });
        const other = await met;
        this.#controls[rank] = new Int32Array(other.buffer, other.byteOffset, other.length);
        port.close();
      }),
    );
  }

  close(): void {
    this.#closed = true;
    // Whoever waits for the own bell is let go.
    Atomics.add(this.#bells, LINE * this.rank, 1);
    Atomics.notify(this.#bells, LINE * this.rank);
  }
}

/** A message begins to come in: into the bytes of who asked for it, or into bytes of its own. */
function arrival(peer: Peer, tag: number, length: number): Incoming {
  const posted = peer.posted.get(tag);
  if (posted === undefined) {
    const message: Incoming = { tag, bytes: new Uint8Array(length), receiving: null, taken: 0 };
    const early = peer.unexpected.get(tag);
    if (early === undefined) peer.unexpected.set(tag, [message]);
    else early.push(message);
    return message;
  }
  const receiving = posted.shift()!;
  if (posted.length === 0) peer.posted.delete(tag);
  const { into } = receiving;
  checkRoom(tag, length, into);
  return { tag, bytes: into.subarray(0, length), receiving, taken: 0 };
}

function finish({ bytes, receiving }: Incoming): void {
  const { into } = receiving!;
  if (bytes.buffer !== into.buffer || bytes.byteOffset !== into.byteOffset) into.set(bytes);
  receiving!.length = bytes.length;
  receiving!.done = true;
}

function checkRoom(tag: number, length: number, { length: room }: Uint8Array): void {
  if (length > room)
    throw new RangeError(
      `a message of ${length} bytes with tag ${tag} does not fit the ${room} bytes for it`,
    );
}

function checkTag(tag: number): void {
  if (!Number.isInteger(tag) || tag < 0 || tag >= TAG_LIMIT)
    throw new RangeError(`a tag is an integer from 0 to ${TAG_LIMIT - 1}, not ${tag}`);
}
