// What belongs to one context: the operations of the main program, or of one instance of an inner task, in their own
// program order. Nothing that is ordered or numbered here depends on what other contexts do meanwhile.
import { LaunchError, type ManipleError } from '../errors.js';
import { threefry2x32 } from '../execution/random.js';

/** An operation, as far as its scope looks at it. */
export interface OpenOperation {
  /** Rises with program order within a scope. -1 before it was issued. */
  readonly operation: number;
  readonly closed: boolean;
  /** Leases end when the program says so: nobody waits for their end before that. */
  readonly lease: { readonly over: boolean } | null;
}

/** An instance of an inner task: operation and number of the point. */
export interface Caller {
  readonly operation: number;
  readonly point: number;
}

/** What a scope gives back when it ends. */
interface Owned {
  free(): void;
}

/** Makes some progress with an operation; true when it needs no more. */
export type Issue = () => boolean;

const words = new Uint32Array(2);

export class Scope<H extends OpenOperation> {
  /** The task whose operations these are. */
  readonly task: string;
  readonly depth: number;
  /** Operation and point of every enclosing instance, from the outermost. */
  readonly path: readonly number[];
  /** Keys of the random numbers of this context. */
  readonly keys: readonly [number, number];
  /** The operation and the point whose body this is, as the run numbers them; null for the main program. */
  readonly caller: Caller | null;
  /** Operations issued so far: the next one's place in program order. */
  operations = 0;
  /** Records that have not been retired. */
  live = 0;
  /** Operations that have not ended, the oldest first. */
  readonly open = new Set<H>();
  /** Failures by operation, and which of them the program was told of. */
  readonly failures = new Map<number, ManipleError>();
  readonly told = new Set<ManipleError>();
  readonly owned = new Set<Owned>();
  /** Ends the leases that are not over: those that the body of an inner task leaves behind end with it. */
  readonly leases = new Set<() => void>();
  /** Operations that were called and wait for room, in program order. */
  readonly queue: Issue[] = [];
  /** An inner launch that everything later waits for: in executors that run one operation after the other. */
  hold: H | null = null;
  /** Set when the instance is over: nothing can be launched any more. */
  ended = false;
  cancelled: { readonly reason: unknown } | null = null;
  readonly #later: { readonly operation: number; readonly run: () => void }[] = [];

  constructor(
    task: string,
    depth: number,
    path: readonly number[],
    keys: readonly [number, number],
    caller: Caller | null,
  ) {
    this.task = task;
    this.depth = depth;
    this.path = path;
    this.keys = keys;
    this.caller = caller;
  }

  /** The scope of the main program. */
  static root<H extends OpenOperation>(seed: number): Scope<H> {
    return new Scope<H>('main', 0, [], [seed, 0], null);
  }

  /** The scope of a point of an operation of this one; `number` is its place in the program order here. */
  inner(task: string, number: number, { operation, point }: Caller): Scope<H> {
    const [key0, key1] = this.launchKeys(number);
    threefry2x32(key0, key1, point, INNER, words);
    return new Scope<H>(task, this.depth + 1, [...this.path, number, point], [words[0]! | 0, words[1]! | 0], {
      operation,
      point,
    });
  }

  /** Keys of the random numbers of an operation: from its path alone, so that time has no part in them. */
  launchKeys(operation: number): readonly [number, number] {
    const [key0, key1] = this.keys;
    if (this.depth === 0) return [key0, operation];
    threefry2x32(key0, key1, operation, LAUNCH, words);
    return [words[0]! | 0, words[1]! | 0];
  }

  /** Throws once the instance is over. */
  check(what: string): void {
    if (!this.ended) return;
    throw new LaunchError(
      `${what}: inner task ${this.task} has ended, and its context with it. Await in its body whatever launches later.`,
    );
  }

  /** Runs something when all operations that were issued so far have ended. */
  afterAll(operation: number, run: () => void): void {
    this.#later.push({ operation, run });
    this.runLater();
  }

  /** An operation has ended. */
  runLater(): void {
    if (this.#later.length === 0) return;
    const oldest = this.oldest()?.operation ?? Number.POSITIVE_INFINITY;
    while (this.#later.length > 0 && this.#later[0]!.operation <= oldest) this.#later.shift()!.run();
  }

  /** The oldest operation that has not ended, leases that are not over left out. */
  oldest(): H | null {
    for (const handle of this.open) if (handle.lease === null || handle.lease.over) return handle;
    return null;
  }

  /** The first failure in program order, up to an operation, that the program was not told of. */
  untold(until = Number.POSITIVE_INFINITY): ManipleError | null {
    const operations = [...this.failures.keys()].sort((a, b) => a - b);
    for (const operation of operations) {
      const error = this.failures.get(operation)!;
      if (operation > until) return null;
      if (!this.told.has(error)) return error;
    }
    return null;
  }
}

/** Counter words that tell the keys of launches from those of inner instances. */
const LAUNCH = 0x6c61756e;
const INNER = 0x696e6e65;
