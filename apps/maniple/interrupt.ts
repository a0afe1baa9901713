// Ctrl-C: the first asks the command to stop and to leave its run directory valid, the second ends at once.
import { InterruptedError } from '../../runtime/errors.js';
import type { Progress } from '../command/progress.js';
import { EXIT } from './exit-codes.js';

/** Turns SIGINT and SIGTERM into an abort signal until `stop()`. */
export function onInterrupt(progress: Progress): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const heard = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    progress.warn(
      `maniple: ${name === 'SIGINT' ? 'interrupted' : 'asked to stop'}; finishing up (again to end at once)`,
    );
    controller.abort(new InterruptedError('interrupted'));
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', heard);
      process.off('SIGTERM', heard);
    },
  };
}
