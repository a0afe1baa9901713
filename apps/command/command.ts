// What a command is: the declaration that the dispatcher runs and that help prints, and what it is given and returns.
import type { Configuration } from './configuration.js';
import type { Progress } from './progress.js';
import type { Section } from './setting.js';

/** An option of one command that is not a setting. */
export interface Option {
  readonly name: string;
  /** The names of its arguments: none for a switch. */
  readonly takes: readonly string[];
  readonly doc: string;
}

/** A positional argument. */
export interface Positional {
  readonly name: string;
  readonly doc: string;
  readonly required: boolean;
  /** Takes all that follow. */
  readonly rest?: boolean;
}

/** What a command is called with. */
export interface Invocation {
  readonly positionals: readonly string[];
  /** The arguments of the command's own options, in order of appearance, flattened; absent when not given. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly configuration: Configuration;
  readonly progress: Progress;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly verbose: boolean;
  /** Aborted at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The command line as it was typed, without the interpreter. */
  readonly commandLine: readonly string[];
}

/** What a command returns. Exactly one of the two is printed on stdout. */
export interface Outcome {
  readonly json: unknown;
  readonly text: string;
  /** 0 where left out. */
  readonly exitCode?: number;
}

/** A command: what help says about it, what it accepts, and what it does. */
export interface Command {
  /** As typed after `maniple`: "spi reconstruct". */
  readonly name: string;
  readonly summary: string;
  /** More than the summary, where needed. */
  readonly details?: string;
  readonly positionals: readonly Positional[];
  readonly options: readonly Option[];
  /** The settings it reads; those with a flag become its options. */
  readonly sections: readonly Section[];
  readonly examples: readonly string[];
  /** Options that it does not know are arguments of somebody else (a user's program). */
  readonly passesOptions?: boolean;
  /** Words with one dash are its own arguments, wherever they stand; all but -h, which is help. */
  readonly singleDash?: boolean;
  /** Accepts --dry-run. */
  readonly dryRun?: boolean;
  readonly run: (invocation: Invocation) => Promise<Outcome>;
}
