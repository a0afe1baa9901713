// Ctrl-C: the first asks the command to stop and to leave its run directory valid, the second ends at once.
import { addon } from '../../native/index.js';
import { InterruptedError } from '../../runtime/errors.js';
import type { Progress } from '../command/progress.js';
import { EXIT } from './exit-codes.js';

/** npm and npx pass on the Ctrl-C that the terminal gave to everybody: what follows so soon is the same key. */
const SAME_KEY_MS = 500;

/** Turns SIGINT and SIGTERM into an abort signal until `stop()`. */
export function onInterrupt(progress: Progress): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  let first_ms = 0;
  const heard = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - first_ms > SAME_KEY_MS) process.exit(EXIT.interrupted);
      return;
    }
    first_ms = performance.now();
    progress.warn(
      `maniple: ${name === 'SIGINT' ? 'interrupted' : 'asked to stop'}; finishing up (again to end at once)`,
    );
    controller.abort(new InterruptedError('interrupted'));
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  // A program in an endless loop never lets us hear anything: then the second one ends it all the same.
  addon?.armInterrupt();
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', heard);
      process.off('SIGTERM', heard);
    },
  };
}
