// Messages of any length, by kind and number, over a transport that wants to know how much room to make. Who receives knows
// from the program what comes, and from whom, but not always how long it is: so a message begins with a part of fixed
// size that says so, and what does not fit there follows in a second part under the same tag. Of one topic and number, one
// message is on its way between two ranks at a time.
import type { Transfer, Transport } from './transport.js';

/** What a message is about. The kind and the number make its tag: both sides count alike. */
export const Topic = {
  /** Elements of a region. */
  elements: 0,
  /** Values of the points of a launch. */
  values: 1,
  /** Why an operation failed. */
  failure: 2,
  /** Failures up to a fence. */
  fence: 3,
  /** Hashes of the calls so far. */
  calls: 4,
  /** A partial reduction. */
  partial: 5,
  /** A rank has come to its end. */
  leaving: 6,
  /** A call as one rank made it, for a rank that made another. */
  call: 7,
} as const;

const TOPICS = 8;
/** Numbers are told apart modulo this: so many messages of one topic are never on their way at once. */
const NUMBERS = 2 ** 24;

/** Bytes of the first part: the length, and as much of the message as fits. */
export const FIRST_BYTES = 1024;
const LENGTH_BYTES = 8;

interface Expected {
  readonly from: number;
  readonly tag: number;
  readonly take: (bytes: Uint8Array) => void;
  first: Uint8Array;
  transfer: Transfer;
  /** The whole message, once its length is known and a second part is on its way. */
  whole: Uint8Array | null;
}

export class Mail {
  readonly transport: Transport;
  /** The other ranks. */
  readonly others: readonly number[];
  readonly #outgoing: Transfer[] = [];
  #expected: Expected[] = [];
  /** A receive was posted since it was last looked for complete messages: it may have been there already. */
  #asked = false;

  constructor(transport: Transport) {
    const { rank, ranks } = transport;
    this.transport = transport;
    this.others = Array.from({ length: ranks }, (_, other) => other).filter((other) => other !== rank);
  }

  /** Sends a message; the bytes are not to be changed any more. */
  send(to: number, topic: number, number: number, bytes: Uint8Array): void {
    const { transport } = this;
    const tag = tagOf(topic, number);
    const inside = Math.min(bytes.length, FIRST_BYTES - LENGTH_BYTES);
    const first = new Uint8Array(LENGTH_BYTES + inside);
    new DataView(first.buffer).setFloat64(0, bytes.length, true);
    first.set(bytes.subarray(0, inside), LENGTH_BYTES);
    this.#outgoing.push(transport.isend(to, tag, first));
    if (bytes.length > inside) this.#outgoing.push(transport.isend(to, tag, bytes.subarray(inside)));
  }

  /** Calls back with a message once it is there, from within `progress`. */
  receive(from: number, topic: number, number: number, take: (bytes: Uint8Array) => void): void {
    const tag = tagOf(topic, number);
    const first = new Uint8Array(FIRST_BYTES);
    const transfer = this.transport.irecv(from, tag, first);
    this.#expected.push({ from, tag, take, first, transfer, whole: null });
    this.#asked = true;
  }

  /** Whether all that was sent has left. */
  get sent(): boolean {
    return this.#outgoing.length === 0;
  }

  /** Messages that are waited for. */
  get expected(): number {
    return this.#expected.length;
  }

  /** Carries messages on, and hands over those that are complete. */
  progress(): boolean {
    const moved = this.transport.progress();
    while (this.#outgoing.length > 0 && this.#outgoing[0]!.done) this.#outgoing.shift();
    let any = moved;
    for (let again = moved || this.#asked; again; ) {
      again = false;
      this.#asked = false;
      const ended: { take: (bytes: Uint8Array) => void; bytes: Uint8Array }[] = [];
      this.#expected = this.#expected.filter((expected) => {
        const bytes = this.#complete(expected);
        if (bytes !== null) ended.push({ take: expected.take, bytes });
        return bytes === null;
      });
      // Whoever is called may send and receive.
      for (const { take, bytes } of ended) {
        take(bytes);
        again = any = true;
      }
    }
    return any;
  }

  /** The message, if all of it is there. */
  #complete(expected: Expected): Uint8Array | null {
    if (!expected.transfer.done) return null;
    if (expected.whole !== null) return expected.whole;
    const { first, transfer, from, tag } = expected;
    const length = new DataView(first.buffer).getFloat64(0, true);
    const inside = transfer.length - LENGTH_BYTES;
    if (length === inside) return first.subarray(LENGTH_BYTES, LENGTH_BYTES + inside);
    const whole = new Uint8Array(length);
    whole.set(first.subarray(LENGTH_BYTES, LENGTH_BYTES + inside));
    expected.whole = whole;
    expected.transfer = this.transport.irecv(from, tag, whole.subarray(inside));
    return expected.transfer.done ? whole : null;
  }
}

function tagOf(topic: number, number: number): number {
  return topic + TOPICS * (number % NUMBERS);
}
