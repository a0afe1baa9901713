// Every error the runtime and the tasks raise on purpose, with the exit code of the command line that each one means.

/** Something a point of a launch is called in messages: `3` or `(3, 0)`. */
export function formatPoint(point: readonly number[]): string {
  return point.length === 1 ? `${point[0]}` : `(${point.join(', ')})`;
}

/** Base of all errors raised on purpose. `exitCode` is what the command line ends with. */
export class ManipleError extends Error {
  readonly exitCode: number = 5;
  override get name(): string {
    return this.constructor.name;
  }
}

/** A command line, a setting or an argument is wrong (exit code 2). */
export class UsageError extends ManipleError {
  override readonly exitCode: number = 2;
}

/** Input data are missing, damaged or inconsistent (exit code 3). `where` is a byte, a dataset, a record or a line. */
export class DataError extends ManipleError {
  override readonly exitCode: number = 3;
  readonly file: string;
  readonly where: string;
  constructor(file: string, where: string, what: string, options?: ErrorOptions) {
    super(`${file}${where === '' ? '' : `, ${where}`}: ${what}`, options);
    this.file = file;
    this.where = where;
  }
}

/** A needed engine (MPI, GPU, database, browser) is absent (exit code 4). */
export class EngineError extends ManipleError {
  override readonly exitCode: number = 4;
}

/** The result did not converge or misses the quality asked for (exit code 6). */
export class QualityError extends ManipleError {
  override readonly exitCode: number = 6;
}

/** The user interrupted the run (exit code 130). */
export class InterruptedError extends ManipleError {
  override readonly exitCode: number = 130;
}

/** The program asks the runtime for something that it refuses at the call: a wrong argument, an unknown field, a used-up handle. */
export class LaunchError extends ManipleError {}

/** Under --check, code that must do the same in every run and on every rank asks for what differs. */
export class ReplicationError extends LaunchError {}

/** A point, a colour or a subspace lies outside of what it must be inside of. */
export class BoundsError extends ManipleError {
  readonly point: readonly number[] | undefined;
  constructor(message: string, point?: readonly number[]) {
    super(message);
    this.point = point;
  }
}

/** A partition cannot be built as asked, or is not what it is claimed to be. */
export class PartitionError extends ManipleError {
  readonly point: readonly number[] | undefined;
  constructor(message: string, point?: readonly number[]) {
    super(message);
    this.point = point;
  }
}

/** A launch asks for more than its task declared, or than the launching task holds. */
export class PrivilegeError extends ManipleError {}

/** Which of the rules of containment a launch in an inner task breaks. */
export type ContainmentRule = 'region' | 'path' | 'field' | 'privilege' | 'coherence';

/** A launch in an inner task asks for more than that task holds. */
export class ContainmentError extends LaunchError {
  readonly rule: ContainmentRule;
  /** The requirement that asks, and the requirement of the inner task that should hold it; null for a foreign region. */
  readonly requirement: string | null;
  readonly held: string | null;
  /** A point that the requirement touches; for `path` one that the task does not hold. Null where it touches none. */
  readonly witnessPoint: readonly number[] | null;
  constructor(
    message: string,
    rule: ContainmentRule,
    requirement: string | null,
    held: string | null,
    witnessPoint: readonly number[] | null,
  ) {
    super(message);
    this.rule = rule;
    this.requirement = requirement;
    this.held = held;
    this.witnessPoint = witnessPoint;
  }
}

/** Two requirements of one launch, or two points of one index launch, touch the same data in ways that conflict. */
export class InterferenceError extends ManipleError {
  readonly requirementA: string;
  readonly requirementB: string;
  readonly witnessPoint: readonly number[];
  constructor(message: string, requirementA: string, requirementB: string, witnessPoint: readonly number[]) {
    super(message);
    this.requirementA = requirementA;
    this.requirementB = requirementB;
    this.witnessPoint = witnessPoint;
  }
}

/** What is known of a task that failed. */
export interface FailedTask {
  readonly task: string;
  readonly point: readonly number[];
  /** Position of the launch in the program order of the task that launched it. */
  readonly operation: number;
  /** Operation and point of every inner task around it, from the outermost, and then `operation`. */
  readonly path: readonly number[];
  /** Where the launch stands in the user's program: `file:line:column`. */
  readonly launchSite: string;
  /** The regions and fields it held, in words. */
  readonly regions: readonly string[];
}

/** A task of the user's program threw. The first one in program order is the one reported. */
export class TaskError extends ManipleError implements FailedTask {
  /** That of the cause where it says what is wrong outside of the program: data (3), an engine that is absent (4). */
  override readonly exitCode: number;
  readonly task: string;
  readonly point: readonly number[];
  readonly operation: number;
  readonly path: readonly number[];
  readonly launchSite: string;
  readonly regions: readonly string[];
  constructor(failed: FailedTask, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `task ${failed.task}, point ${formatPoint(failed.point)}, launched at ${failed.launchSite}: ${why}`,
      { cause },
    );
    const code = cause instanceof Error && 'exitCode' in cause ? cause.exitCode : undefined;
    this.exitCode = typeof code === 'number' ? code : 5;
    this.task = failed.task;
    this.point = failed.point;
    this.operation = failed.operation;
    this.path = failed.path;
    this.launchSite = failed.launchSite;
    this.regions = failed.regions;
  }
}

/** The worker thread that ran a task is gone, and the task could not be run again; or no thread can take its place. */
export class WorkerLostError extends TaskError {}

/** A task did not run because data it reads come from a task that failed: `root` is that failure. */
export class UpstreamError extends ManipleError {
  override readonly exitCode: number;
  readonly root: ManipleError;
  constructor(task: string, root: ManipleError) {
    super(`task ${task} was skipped, because what it reads was never written: ${root.message}`, {
      cause: root,
    });
    this.root = root;
    this.exitCode = root.exitCode;
  }
}

/**
 * An operation was cancelled through an AbortSignal before it started. Where the signal's reason is an error with an
 * exit code (such as the interrupt of the command line), that code is this error's too.
 */
export class CancelledError extends ManipleError {
  override readonly exitCode: number;
  readonly task: string;
  readonly launchSite: string;
  constructor(task: string, launchSite: string, reason: unknown) {
    const why = reason instanceof Error ? reason.message : String(reason);
    super(`task ${task}, launched at ${launchSite}, was cancelled: ${why}`, { cause: reason });
    this.exitCode = reason instanceof ManipleError ? reason.exitCode : 5;
    this.task = task;
    this.launchSite = launchSite;
  }
}

/**
 * A collective of a gang cannot be completed: members called different ones, or some have ended. `released` is true where
 * another member failed, and this one only waited for it.
 */
export class GangError extends ManipleError {
  readonly released: boolean;
  constructor(message: string, released = false) {
    super(message);
    this.released = released;
  }
}

/**
 * The program can never end: no task runs or is ready, nothing outside is waited for, and yet something has not ended. Such as
 * an inner task that waits for the operation that it is part of.
 */
export class DeadlockError extends ManipleError {}

/** The memory budget does not hold what the program needs at once. */
export class OutOfMemoryError extends ManipleError {
  /** Who holds how many bytes, largest first. */
  readonly holders: readonly { readonly what: string; readonly bytes: number }[];
  constructor(message: string, holders: readonly { what: string; bytes: number }[]) {
    super(message);
    this.holders = holders;
  }
}

/** A call of the program as one rank made it. */
export interface RankCall {
  /** What was called, and where in the program. */
  readonly what: string;
  readonly site: string;
}

/**
 * The ranks of a run do not run the same program: two of them made different calls in the same place of its order, or one
 * made a call that another did not. The first such place is told, with both calls and the first thing that differs.
 */
export class ReplicaMismatchError extends ManipleError {
  readonly ranks: readonly [number, number];
  readonly calls: readonly [RankCall, RankCall];
  /** What differs first: its name, and what each rank had. */
  readonly difference: { readonly name: string; readonly values: readonly [string, string] };
  constructor(
    ranks: readonly [number, number],
    calls: readonly [RankCall, RankCall],
    difference: ReplicaMismatchError['difference'],
  ) {
    const [a, b] = calls;
    const { name, values } = difference;
    super(
      `ranks ${ranks[0]} and ${ranks[1]} do not run the same program: rank ${ranks[0]} calls ${a.what} at ${a.site}, rank ${ranks[1]} calls ${b.what} at ${b.site}; ${name} is ${values[0]} on the one and ${values[1]} on the other. What is called must not depend on Math.random, the clock or the order in which promises settle.`,
    );
    this.ranks = ranks;
    this.calls = calls;
    this.difference = difference;
  }
}

/** Another rank of the run has ended with an error that this one did not meet. */
export class RankError extends ManipleError {
  readonly rank: number;
  constructor(rank: number, cause: Error) {
    super(`rank ${rank} has ended: ${cause.message}`, { cause });
    this.rank = rank;
  }
}
