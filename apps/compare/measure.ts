// Runs an application once, in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ManipleError } from '../../runtime/errors.js';
import type { Answer, Job, Measured } from './job.js';

/** A run that ended with an error, with the exit code that it would have had by itself. */
export class RunFailed extends ManipleError {
  override readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export interface Watch {
  readonly signal: AbortSignal;
  readonly step: (done: number, total: number, label: string) => void;
}

/** One run: what it measured, and what the program printed on its standard output. */
export interface Ran extends Measured {
  readonly printed: string;
}

/**
 * Runs a job and waits for it.
 * @throws RunFailed with the message and the exit code of the run; the signal's reason when it is aborted
 */
export async function measure(job: Job, { signal, step }: Watch): Promise<Ran> {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(new URL('run-once.js', import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const printed: Buffer[] = [];
  child.stdout!.on('data', (part: Buffer) => printed.push(part));
  try {
    return await new Promise<Ran>((resolve, reject) => {
      let measured: Measured | undefined;
      child.on('message', (message) => {
        const answer = message as Answer;
        if ('step' in answer) step(answer.step.done, answer.step.total, answer.step.label);
        else if ('measured' in answer) measured = answer.measured;
        else {
          const { message: text, exitCode, stack } = answer.failed;
          const cause = new Error(text);
          if (stack !== undefined) cause.stack = stack;
          reject(new RunFailed(text, exitCode, { cause }));
        }
      });
      child.on('error', reject);
      child.on('close', (code, killed) => {
        if (signal.aborted) reject(signal.reason);
        else if (measured === undefined) {
          reject(new RunFailed(`the process of the run ended with ${killed ?? `code ${code}`}`, 1));
        } else resolve({ ...measured, printed: Buffer.concat(printed).toString() });
      });
      child.send(job, (error) => {
        if (error !== null) reject(error);
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
