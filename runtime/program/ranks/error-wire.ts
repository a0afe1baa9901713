// Errors between ranks: as plain data, and back.
import { serialize } from 'node:v8';
import * as errors from '../../errors.js';

/** An error as it is sent. */
export interface ErrorWire {
  /** The class of `../../errors.ts` that it has or extends; null where it is none of ours. */
  readonly base: string | null;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: ErrorWire | null;
}

/** So many causes of causes are sent. */
const DEPTH = 8;

const classes = errors as unknown as Readonly<Record<string, { readonly prototype: object } | undefined>>;

export function toWire(error: unknown, depth = 0): ErrorWire {
  if (!(error instanceof Error)) return toWire(new Error(`it threw ${String(error)}`));
  const { name, message, stack, cause } = error;
  const ours = error instanceof errors.ManipleError;
  return {
    base: ours ? baseOf(error) : null,
    name,
    message,
    stack,
    fields: ours ? Object.fromEntries(Object.entries(error).filter(([, value]) => sendable(value))) : {},
    cause: cause === undefined || depth === DEPTH ? null : causeOf(cause, depth + 1),
  };
}

function causeOf(cause: unknown, depth: number): ErrorWire {
  return toWire(cause instanceof Error ? cause : new Error(String(cause)), depth);
}

function baseOf(error: errors.ManipleError): string {
  let prototype = Object.getPrototypeOf(error) as object;
  while (classes[prototype.constructor.name]?.prototype !== prototype)
    prototype = Object.getPrototypeOf(prototype) as object;
  return prototype.constructor.name;
}

/** Errors within errors go as causes; what a class of the program has besides may be anything. */
function sendable(value: unknown): boolean {
  if (value instanceof Error) return false;
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

export function fromWire({ base, name, message, stack, fields, cause }: ErrorWire): Error {
  const error = new Error(message, cause === null ? undefined : { cause: fromWire(cause) });
  if (base !== null) Object.setPrototypeOf(error, classes[base]!.prototype);
  Object.assign(error, fields);
  if (error instanceof errors.UpstreamError) Object.assign(error, { root: error.cause });
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name });
  // Where it was made says more than where it came in.
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return error;
}
