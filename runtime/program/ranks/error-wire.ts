// Errors between ranks: as plain data, and back.
import {
  CancelledError,
  type FailedTask,
  ManipleError,
  RankError,
  ReplicaMismatchError,
  TaskError,
  UpstreamError,
  WorkerLostError,
} from '../../errors.js';

interface Cause {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** An error as it is sent. */
export interface ErrorWire {
  readonly kind: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: Cause | null;
  readonly root: ErrorWire | null;
}

const FIELDS = [
  'task',
  'point',
  'operation',
  'path',
  'launchSite',
  'regions',
  'ranks',
  'calls',
  'difference',
];

function causeOf(cause: unknown): Cause | null {
  if (cause === undefined) return null;
  if (!(cause instanceof Error)) return { name: 'Error', message: String(cause), stack: undefined };
  const { name, message, stack } = cause;
  return { name, message, stack };
}

export function toWire(error: unknown): ErrorWire {
  if (!(error instanceof Error)) return toWire(new Error(`it threw ${String(error)}`));
  const given = error as unknown as Record<string, unknown>;
  return {
    kind: error.name,
    message: error.message,
    stack: error.stack,
    fields: Object.fromEntries(FIELDS.filter((key) => key in given).map((key) => [key, given[key]])),
    cause: error instanceof UpstreamError ? null : causeOf(error.cause),
    root: error instanceof UpstreamError || error instanceof RankError ? toWire(error.cause) : null,
  };
}

export function fromWire(wire: ErrorWire): Error {
  const { kind, message, stack } = wire;
  const error = make(wire, errorOf(wire.cause));
  if (error.message !== message) Object.defineProperty(error, 'message', { value: message });
  if (error.name !== kind && !(error instanceof ManipleError)) error.name = kind;
  // Where it was made says more than where it came in.
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return error;
}

function errorOf(cause: Cause | null): Error | undefined {
  if (cause === null) return undefined;
  const error = new Error(cause.message);
  error.name = cause.name;
  if (cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

function make({ kind, message, fields, root }: ErrorWire, cause: Error | undefined): Error {
  // What was written under a kind is read under the same kind.
  const f = fields as never as FailedTask & Omit<ReplicaMismatchError, 'ranks'> & { ranks: never };
  switch (kind) {
    case 'TaskError':
      return new TaskError(f, cause);
    case 'WorkerLostError':
      return new WorkerLostError(f, cause);
    case 'CancelledError':
      return new CancelledError(f.task, f.launchSite, cause);
    case 'UpstreamError':
      return new UpstreamError('', fromWire(root!) as ManipleError);
    case 'ReplicaMismatchError':
      return new ReplicaMismatchError(f.ranks, f.calls, f.difference);
    case 'RankError':
      return new RankError(0, fromWire(root!));
    default:
      return new Error(message, { cause });
  }
}
