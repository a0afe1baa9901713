// --check mode: code that decides what is launched must do the same in every run, and on every rank. So the body of the
// program, of an inner task, or of an asynchronous task is refused what differs: random numbers without a seed, the clock,
// promises of which the first to settle wins, and being told of collections of garbage. (Synchronous leaf tasks: see
// without-random.ts.)
//
// All of that is global, and others on the thread may have it: the runtime itself, node, the libraries that a program uses.
// Who calls is told by the stack, and for whom by the asynchronous context that the body was started in.
import { AsyncLocalStorage } from 'node:async_hooks';
import { ReplicationError } from '../errors.js';

/** Whose body runs: `the program`, `task NAME`. */
const bodies = new AsyncLocalStorage<string>();

/** How many runs on this thread have asked for the guard. */
let guards = 0;
let restore: (() => void) | null = null;

/** Starts a body that must be replicable; `who` is what an error calls it. */
export function replicable<T>(who: string, run: () => T): T {
  return bodies.run(who, run);
}

const NOBODY = '';

/** Calls what is no part of the body that happens to be on the stack: a leaf task, a listener. */
export function apart<T>(run: () => T): T {
  return bodies.run(NOBODY, run);
}

/** Puts the guard up on this thread; returns what takes it down. */
export function guardReplicable(): () => void {
  if (guards++ === 0) restore = putUp();
  let over = false;
  return () => {
    if (over) return;
    over = true;
    if (--guards === 0) restore!();
  };
}

/** What a body is refused, with what it is to do instead. */
const CLOCK =
  'take the time in a leaf task, whose result is the same for all, or use performance.now() for what is only shown';
const RACE = 'await the futures in a fixed order, or all of them with Promise.all';
const RANDOM = 'use random() of the context, which the seed of the run decides';

function putUp(): () => void {
  const undo: (() => void)[] = [];
  const put = <K extends string>(on: { [P in K]: unknown }, name: K, value: unknown): void => {
    const before = on[name];
    on[name] = value;
    undo.push(() => {
      on[name] = before;
    });
  };
  /** The function as it is, but for replicable bodies. */
  const refuse = <K extends string>(on: { [P in K]: unknown }, name: K, what: string, advice: string) => {
    const original = on[name] as (...args: unknown[]) => unknown;
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      judge(what, guarded, advice);
      return original.apply(this, args);
    };
    put(on, name, Object.assign(guarded, original));
  };
  const process = globalThis.process as unknown as { hrtime: NodeJS.HRTime };
  refuse(Math as unknown as { random: unknown }, 'random', 'Math.random', RANDOM);
  refuse(Date as unknown as { now: unknown }, 'now', 'Date.now', CLOCK);
  refuse(process as { hrtime: unknown }, 'hrtime', 'process.hrtime', CLOCK);
  refuse(process.hrtime as unknown as { bigint: unknown }, 'bigint', 'process.hrtime.bigint', CLOCK);
  refuse(Promise as unknown as { race: unknown }, 'race', 'Promise.race', RACE);
  refuse(Promise as unknown as { any: unknown }, 'any', 'Promise.any', RACE);
  put(
    globalThis as unknown as { Date: unknown },
    'Date',
    new Proxy(Date, {
      construct(target, args, made) {
        if (args.length === 0) judge('new Date()', this.construct!, CLOCK);
        return Reflect.construct(target, args, made) as object;
      },
      apply(target, self, args) {
        judge('Date()', this.apply!, CLOCK);
        return Reflect.apply(target, self, args) as string;
      },
    }),
  );
  put(
    globalThis as unknown as { FinalizationRegistry: unknown },
    'FinalizationRegistry',
    new Proxy(FinalizationRegistry, {
      construct(target, args, made) {
        judge(
          'new FinalizationRegistry()',
          this.construct!,
          'free what is not needed where it is not needed any more',
        );
        return Reflect.construct(target, args, made) as object;
      },
    }),
  );
  return () => {
    for (const step of undo.reverse()) step();
  };
}

/** Throws where a replicable body is the caller. `from` is the function whose caller is asked for. */
function judge(what: string, from: (...args: never[]) => unknown, advice: string): void {
  const who = bodies.getStore();
  if (who === undefined || who === NOBODY) return;
  const place = callerOf(from);
  if (place === null) return;
  throw new ReplicationError(`${who} called ${what} at ${place}, which differs from run to run: ${advice}.`);
}

/** Compiled files of the runtime; what libraries do is their own affair as well. */
const runtime = new URL('..', import.meta.url).href;
const foreign = (file: string) =>
  file.startsWith('node:') || file.startsWith(runtime) || file.includes('/node_modules/');

/** Where the caller of a function stands, in its source; null where that is the runtime, a library or node itself. */
function callerOf(from: (...args: never[]) => unknown): string | null {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 8;
    // Files as they were loaded: a source map may hide that they are the runtime's.
    let frame = -1;
    Error.prepareStackTrace = (_, frames) => {
      frame = frames.findIndex((it) => (it.getFileName() ?? '') !== '');
      if (frame >= 0 && foreign(frames[frame]!.getFileName()!)) frame = -1;
    };
    const loaded: { stack?: string } = {};
    Error.captureStackTrace(loaded, from);
    void loaded.stack;
    if (frame < 0) return null;
    Error.prepareStackTrace = prepareStackTrace!;
    const source: { stack?: string } = {};
    Error.captureStackTrace(source, from);
    const line = source.stack?.split('\n')[1 + frame] ?? '';
    return (
      /\(?((?:file:\/\/)?[^()\s]*:\d+:\d+)\)?$/.exec(line)?.[1]?.replace(/^file:\/\//, '') ?? line.trim()
    );
  } finally {
    Error.prepareStackTrace = prepareStackTrace!;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
