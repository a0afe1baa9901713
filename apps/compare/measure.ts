// Runs an application once, in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ManipleError } from '../../runtime/errors.js';
import type { Answer, Application, Job, Measured, Simulation } from './job.js';

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

/** Makes images, in a process of its own as well: what the runtime reserves here would count against those to come. */
export async function simulateImages(
  job: Job & { readonly application: Simulation },
  watch: Watch,
): Promise<void> {
  await ask(job, watch);
}

/**
 * Runs a job and waits for it.
 * @throws RunFailed with the message and the exit code of the run; the signal's reason when it is aborted
 */
export async function measure(job: Job & { readonly application: Application }, watch: Watch): Promise<Ran> {
  const { answer, printed } = await ask(job, watch);
  if (!('measured' in answer)) throw new Error('a run ended without a measurement');
  return { ...answer.measured, printed };
}

/** The last answer of a job's process, and what it printed. */
async function ask(job: Job, { signal, step }: Watch): Promise<{ answer: Answer; printed: string }> {
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
    return await new Promise((resolve, reject) => {
      let last: Answer | undefined;
      child.on('message', (message) => {
        const answer = message as Answer;
        if ('step' in answer) step(answer.step.done, answer.step.total, answer.step.label);
        else last = answer;
      });
      child.on('error', reject);
      child.on('close', (code, killed) => {
        if (signal.aborted) reject(signal.reason);
        else if (last === undefined) {
          reject(new RunFailed(`the process of the run ended with ${killed ?? `code ${code}`}`, 1));
        } else if ('failed' in last) {
          const { message: text, exitCode, stack } = last.failed;
          const cause = new Error(text);
          if (stack !== undefined) cause.stack = stack;
          reject(new RunFailed(text, exitCode, { cause }));
        } else resolve({ answer: last, printed: Buffer.concat(printed).toString() });
      });
      child.send(job, (error) => {
        if (error !== null) reject(error);
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
