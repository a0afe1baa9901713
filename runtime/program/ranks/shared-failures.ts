// Why operations failed, the same on all ranks. A rank knows why its own points failed; of an operation whose points failed on
// several ranks the first point counts. Where the program is told of a failure, all ranks are (they run one program), so all
// of them send what they know of it, and wait for the others.
import { deserialize, serialize } from 'node:v8';
import { ManipleError, UpstreamError } from '../../errors.js';
import { type Mail, Topic } from '../../nodes/mail.js';
import type { LaunchHandle, ProgramScope } from '../handle.js';
import { type ErrorWire, fromWire, toWire } from './error-wire.js';

interface Failed {
  readonly point: number;
  readonly error: ManipleError;
}

interface FailedWire {
  readonly operation: number;
  readonly point: number;
  readonly error: ErrorWire;
}

interface Exchange {
  missing: number;
  known: boolean;
  readonly waiting: (() => void)[];
}

export class SharedFailures {
  readonly #mail: Mail;
  readonly #root: ProgramScope;
  /** What failed here, by operation: the first point of each. */
  readonly #own = new Map<number, Failed>();
  /** The first point told of so far. */
  readonly #first = new Map<number, Failed>();
  readonly #exchanges = new Map<number, Exchange>();
  #fences = 0;
  /** The last operation of whose failures, and of those before it, all ranks know. */
  fenced = -1;
  waiting = 0;

  constructor(mail: Mail, root: ProgramScope) {
    this.#mail = mail;
    this.#root = root;
  }

  failed({ operation }: LaunchHandle, point: number, error: ManipleError): void {
    const known = this.#own.get(operation);
    if (known === undefined || point < known.point) this.#own.set(operation, { point, error });
  }

  /** Calls back once all ranks agree on why an operation failed. It has ended here. */
  agree(operation: number, run: () => void): void {
    let exchange = this.#exchanges.get(operation);
    if (exchange === undefined) {
      const own = this.#own.get(operation);
      const wires = own === undefined ? [] : [wireOf(operation, own)];
      exchange = this.#exchange(Topic.failure, operation, wires);
      this.#exchanges.set(operation, exchange);
    }
    if (exchange.known) run();
    else exchange.waiting.push(run);
  }

  /** The program comes to a fence; what is returned is called when everything up to an operation has ended here. */
  fence(): (operation: number) => Promise<void> {
    const number = this.#fences++;
    return (operation) =>
      new Promise((resolve) => {
        const wires = [...this.#own].filter(([at]) => at <= operation).map(([at, own]) => wireOf(at, own));
        const exchange = this.#exchange(Topic.fence, number, wires);
        exchange.waiting.push(() => {
          this.fenced = Math.max(this.fenced, operation);
          resolve();
        });
      });
  }

  #exchange(topic: number, number: number, wires: readonly FailedWire[]): Exchange {
    const { others } = this.#mail;
    const exchange: Exchange = { missing: others.length, known: false, waiting: [] };
    for (const { operation } of wires) this.#take(operation, this.#own.get(operation)!);
    const bytes = serialize(wires);
    for (const other of others) {
      this.#mail.send(other, topic, number, bytes);
      this.waiting++;
      this.#mail.receive(other, topic, number, (message) => {
        this.waiting--;
        for (const { operation, point, error } of deserialize(message) as FailedWire[])
          this.#take(operation, { point, error: fromWire(error) as ManipleError });
        if (--exchange.missing > 0) return;
        exchange.known = true;
        for (const run of exchange.waiting.splice(0)) run();
      });
    }
    return exchange;
  }

  /** Of the points that failed the first counts. */
  #take(operation: number, failed: Failed): void {
    const known = this.#first.get(operation);
    if (known !== undefined && known.point <= failed.point) return;
    // The program may have been told of what another rank says once more.
    this.#first.set(operation, failed);
    this.#root.failures.set(operation, failed.error);
  }

  /** Gives a failed operation its error. All ranks agree on it. */
  tell(handle: LaunchHandle): void {
    const operation = handle.root - 1;
    const root =
      this.#root.failures.get(operation) ??
      new ManipleError(`operation ${operation} of the run failed, and no rank says why.`);
    handle.error = operation === handle.operation ? root : new UpstreamError(handle.task, root);
  }
}

function wireOf(operation: number, { point, error }: Failed): FailedWire {
  return { operation, point, error: toWire(error) };
}
