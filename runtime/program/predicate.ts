// Predicates: conditions that launches are guarded by. They are futures like any other, computed on the workers, so
// that nobody waits for them but the operations that they guard.
import type { TaskFuture } from './future.js';

/** Makes the future of a combined condition. */
export interface PredicatePort {
  combine(how: PredicateRule, operands: readonly TaskFuture<unknown>[]): TaskFuture<boolean>;
}

/** `is`: the one operand, as a boolean. */
export type PredicateRule = 'is' | 'not' | 'and' | 'or';

/**
 * A condition that is not known yet: made by `ctx.predicate(future)`, given to launches as `{ when: predicate }`.
 *
 * ```ts
 * const going = ctx.predicate(residual.map((r) => r > 1e-6));
 * ctx.index([16], sweep, { v: p.at() }, {}, { when: going });
 * ```
 */
export class Predicate {
  /** The condition as a future. Awaiting it tells whether it holds. */
  readonly future: TaskFuture<boolean>;
  readonly #port: PredicatePort;

  /** @internal */
  constructor(port: PredicatePort, future: TaskFuture<boolean>) {
    this.#port = port;
    this.future = future;
  }

  /** Holds where both hold. */
  and(other: Predicate): Predicate {
    return new Predicate(this.#port, this.#port.combine('and', [this.future, other.future]));
  }

  /** Holds where one of both holds. */
  or(other: Predicate): Predicate {
    return new Predicate(this.#port, this.#port.combine('or', [this.future, other.future]));
  }

  /** Holds where this one does not. */
  not(): Predicate {
    return new Predicate(this.#port, this.#port.combine('not', [this.future]));
  }
}
