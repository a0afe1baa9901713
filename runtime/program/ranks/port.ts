// What the machinery of one rank asks of the others, so that it need not know them. Where a run has one rank, there is none.
import type { ManipleError } from '../../errors.js';
import type { LaunchHandle, ProgramScope } from '../handle.js';

/** Where a call stands in the program. */
export interface Site {
  readonly stack?: string;
}

export interface RankPort {
  readonly rank: number;
  /** The operations that carry messages: they have no place in the program, and no number of their own. */
  readonly scope: ProgramScope;

  // ---- waiting ----
  /** Carries messages on; whether anything has come of it. */
  progress(): boolean;
  /** Calls back when there may be messages to carry on. */
  arm(look: () => void): void;
  /** The launching thread has nothing to do but to wait. */
  waiting(): void;
  /** Throws once the ranks cannot go on together. */
  check(): void;
  /** Whether this rank waits for messages. */
  readonly expecting: boolean;

  // ---- calls: for the proof that all ranks run one program ----
  /** A call: earlier operations and arguments by value. */
  called(
    what: string,
    site: Site,
    sources: readonly LaunchHandle[],
    values: readonly (readonly [name: string, value: unknown])[],
  ): void;

  // ---- ends ----
  /** An operation has ended here. */
  ended(handle: LaunchHandle): void;
  /** A point of an operation of the main program has failed here, for a reason of its own. */
  failed(handle: LaunchHandle, point: number, error: ManipleError): void;
  /** Resolves once the results of all points are here, which the program asks for. */
  results(handle: LaunchHandle): Promise<void>;
  /** Resolves once all ranks agree on why an operation failed, and its `error` says so. */
  agreed(handle: LaunchHandle): Promise<void>;
  /** The same, blocked. */
  agreeNow(handle: LaunchHandle): void;
  /** The program comes to a fence: what is returned resolves once all ranks know of the failures up to an operation. */
  fence(): (operation: number) => Promise<void>;
  /** The last operation for which that holds. */
  readonly fenced: number;
}
