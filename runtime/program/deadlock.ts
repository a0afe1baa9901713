// Notices that a run can never end.
import { DeadlockError } from '../errors.js';
import type { LaunchHandle } from './handle.js';
import type { OpenLaunches } from './open-launches.js';
import type { Retirement } from './retirement.js';
import type { Stillness } from './stillness.js';

export interface DeadlockHooks {
  readonly poll: () => void;
  /** Nothing runs: whether an operation that waited for room has got some. */
  readonly relieve: () => boolean;
  /** What is said when operations wait for room. */
  readonly noRoom: () => string | null;
  /** Something can go on: the lanes keep the process alive, and tell when it has. */
  readonly goOn: () => void;
  readonly whyBlocked: (handle: LaunchHandle) => string;
}

/**
 * Rejects when the run can never end: no task runs or is ready, and node's event loop has nothing more to wait for. While
 * nothing runs, the threads of the lanes do not keep it alive; so it says so itself. `endings`: what ends the watch.
 */
export async function untilDeadlock(
  launches: OpenLaunches,
  retirement: Retirement,
  stillness: Stillness,
  hooks: DeadlockHooks,
  endings: (() => void)[],
): Promise<never> {
  return new Promise((_, reject) => {
    const look = (): void => {
      hooks.poll();
      if (!retirement.closing && stillness.holds() && !hooks.relieve()) reject(deadlock(launches, hooks));
      else hooks.goOn();
    };
    process.on('beforeExit', look);
    endings.push(() => process.off('beforeExit', look));
  });
}

function deadlock(launches: OpenLaunches, { noRoom, whyBlocked }: DeadlockHooks): DeadlockError {
  const oldest = launches.oldest();
  const why = [
    noRoom(),
    oldest === null
      ? 'No operation is open: the program itself waits for something that nobody will do.'
      : whyBlocked(oldest),
  ]
    .filter((words) => words !== null)
    .join('\n');
  return new DeadlockError(
    `the program waits for ever: no task runs or is ready, and no timer, file or connection is waited for.\n${why}`,
  );
}

/** What keeps node's event loop alive, in words: `a timer (2), a server`. The lanes are none of it. */
export function aliveBy(): string {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    const name = RESOURCES[kind] ?? kind;
    if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const words = [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return words.length === 0 ? 'nothing that node names' : words.join(', ');
}

/** Resources of node by the names that people know; '' for the runtime's own. */
const RESOURCES: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  Immediate: 'a timer',
  MessagePort: '',
  Worker: '',
  TCPServerWrap: 'a server',
  TCPSocketWrap: 'a connection',
  PipeWrap: 'a pipe',
  TTYWrap: 'the terminal',
  FSReqCallback: 'a file operation',
  FSReqPromise: 'a file operation',
  ProcessWrap: 'a child process',
};
