// The proof that all ranks run one program: every call is hashed, by value and in order, and each rank compares its hashes with
// those of the rank before it. Where they differ, both say what they called.
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { type RankCall, ReplicaMismatchError } from '../../errors.js';
import { type Mail, Topic } from '../../nodes/mail.js';
import { launchSite } from '../launch-site.js';
import type { Site } from './port.js';

/** Calls between two messages, where nothing waits. */
const EVERY = 64;
/** Calls that can still be told in words. */
const REMEMBERED = 4096;
/** Words that are sent for a call: the hash of all calls up to it. */
const HASH = 2;

/** A part of a call: what it is called, and its value in words. */
export type CallPart = readonly [name: string, value: string];

interface Called {
  readonly what: string;
  readonly site: Site;
  readonly parts: readonly CallPart[];
}

/** A call in words, as it is sent. */
interface CallWire extends RankCall {
  readonly index: number;
  readonly parts: readonly CallPart[];
}

export class ReplicaCheck {
  readonly #mail: Mail;
  readonly #fail: (error: Error) => void;
  readonly #next: number;
  readonly #previous: number;
  /** The last calls. */
  readonly #calls: Called[] = [];
  #forgotten = 0;
  /** Hashes of the calls from `#compared` on, and of those that were not sent. */
  #own: number[] = [];
  #theirs: number[] = [];
  #compared = 0;
  #unsent: number[] = [];
  #count = 0;
  #messages = 0;
  #hash0 = 0x811c9dc5 | 0;
  #hash1 = 0x2545f491;
  /** What other ranks were told that this one called, where the two part. */
  readonly #told = new Map<number, CallWire>();

  constructor(mail: Mail, fail: (error: Error) => void) {
    const { rank, ranks } = mail.transport;
    this.#mail = mail;
    this.#fail = fail;
    this.#next = (rank + 1) % ranks;
    this.#previous = (rank + ranks - 1) % ranks;
  }

  /** Calls so far. */
  get count(): number {
    return this.#count;
  }

  /** Listens to the others. */
  begin(): void {
    this.#listen(0);
    for (const other of this.#mail.others)
      this.#mail.receive(other, Topic.call, 0, (bytes) =>
        this.#answer(other, deserialize(bytes) as CallWire),
      );
  }

  call(what: string, site: Site, parts: readonly CallPart[]): void {
    this.#mix(what);
    for (const [name, value] of parts) {
      this.#mix(name);
      this.#mix(value);
    }
    this.#count++;
    this.#calls.push({ what, site, parts });
    if (this.#calls.length > 2 * REMEMBERED) {
      this.#calls.splice(0, REMEMBERED);
      this.#forgotten += REMEMBERED;
    }
    this.#own.push(this.#hash0, this.#hash1);
    this.#unsent.push(this.#hash0, this.#hash1);
    if (this.#theirs.length > 0) this.#compare();
    if (this.#unsent.length >= HASH * EVERY) this.flush();
  }

  /** Sends what was not sent: somebody may wait for ever where the programs have parted. */
  flush(): void {
    if (this.#unsent.length === 0) return;
    const words = Int32Array.from(this.#unsent);
    this.#mail.send(this.#next, Topic.calls, this.#messages++, new Uint8Array(words.buffer));
    this.#unsent = [];
  }

  #mix(text: string): void {
    let [a, b] = [this.#hash0, this.#hash1];
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ (code + (a >>> 16)), 0x85ebca6b);
    }
    this.#hash0 = Math.imul(a ^ text.length, 0x01000193);
    this.#hash1 = b;
  }

  #listen(number: number): void {
    this.#mail.receive(this.#previous, Topic.calls, number, (bytes) => {
      const words = new Int32Array(bytes.slice().buffer);
      for (const word of words) this.#theirs.push(word);
      this.#compare();
      this.#listen(number + 1);
    });
  }

  #compare(): void {
    const common = Math.min(this.#own.length, this.#theirs.length);
    for (let i = 0; i < common; i++) {
      if (this.#own[i] === this.#theirs[i]) continue;
      this.#tell(this.#previous, this.#compared + Math.floor(i / HASH));
      return;
    }
    this.#own.splice(0, common);
    this.#theirs.splice(0, common);
    this.#compared += common / HASH;
  }

  /** Tells another rank, once, what this one called. */
  #tell(to: number, index: number): CallWire {
    const told = this.#told.get(to);
    if (told !== undefined) return told;
    const called = this.#calls[index - this.#forgotten];
    const mine: CallWire = {
      index,
      what: called?.what ?? 'something',
      site: called === undefined ? 'a place long ago' : launchSite(called.site),
      parts: called?.parts ?? [],
    };
    this.#told.set(to, mine);
    this.#mail.send(to, Topic.call, 0, serialize(mine));
    return mine;
  }

  /** Another rank tells what it called where this one called something else. */
  #answer(other: number, theirs: CallWire): void {
    const mine = this.#tell(other, theirs.index);
    const { rank } = this.#mail.transport;
    const [low, high] = rank < other ? [mine, theirs] : [theirs, mine];
    const call = ({ what, site }: CallWire): RankCall => ({ what, site });
    this.#fail(
      new ReplicaMismatchError(
        [Math.min(rank, other), Math.max(rank, other)],
        [call(low), call(high)],
        firstDifference(low, high),
      ),
    );
  }
}

function firstDifference(a: CallWire, b: CallWire): ReplicaMismatchError['difference'] {
  if (a.what !== b.what) return { name: 'the call', values: [a.what, b.what] };
  const names = [...new Set([...a.parts, ...b.parts].map(([name]) => name))];
  for (const name of names) {
    const [x, y] = [a, b].map(({ parts }) => parts.find(([other]) => other === name)?.[1] ?? 'nothing');
    if (x !== y) return { name, values: [x!, y!] };
  }
  return { name: 'what came before', values: ['one thing', 'another'] };
}

/** Characters of a value that are told. */
const TOLD = 60;

/** A value in words: equal values in equal words, and others almost surely in others. `other` knows values of the runtime. */
export function inWords(value: unknown, other: (value: object) => string | null, depth = 0): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return short(JSON.stringify(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  const known = other(value);
  if (known !== null) return known;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const hash = createHash('sha1')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
    return `${value.constructor.name} of ${byteLength} bytes #${hash.slice(0, 16)}`;
  }
  if (depth > 8) return '…';
  const inner = (one: unknown) => inWords(one, other, depth + 1);
  if (Array.isArray(value)) return short(`[${value.map(inner).join(', ')}]`);
  if (value instanceof Map || value instanceof Set)
    return short(`${value.constructor.name} ${inner([...value])}`);
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${inner(one)}`);
  return short(`{ ${entries.join(', ')} }`);
}

function short(text: string): string {
  if (text.length <= TOLD) return text;
  return `${text.slice(0, TOLD)}… #${createHash('sha1').update(text).digest('hex').slice(0, 16)}`;
}
