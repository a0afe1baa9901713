// The reconstruction that the verbs run: the plain program of the science, on a thread of its own, so that progress is
// shown and Ctrl-C is heard meanwhile.
import { Worker } from 'node:worker_threads';
import type { ReconstructionRun } from './engine.js';
import type { ThreadMessage, ThreadTask } from './reconstruction-thread.js';

/** Part of the work that is done when the last generation has ended; the rest is phasing. */
const GENERATIONS_PART = 0.7;

export const reconstructionRun: ReconstructionRun = (input, options, _settings, hooks) =>
  new Promise((resolve, reject) => {
    const task: ThreadTask = { input, options };
    const thread = new Worker(new URL('./reconstruction-thread.js', import.meta.url), { workerData: task });
    const stop = () => {
      void thread.terminate();
      reject(hooks.signal.reason);
    };
    hooks.signal.addEventListener('abort', stop, { once: true });
    let began_ms = performance.now();
    const spent_s = () => {
      const now_ms = performance.now();
      const seconds = (now_ms - began_ms) / 1000;
      began_ms = now_ms;
      return seconds;
    };
    hooks.step(0, 1, 'generation 1');
    thread.on('message', (message: ThreadMessage) => {
      if (message.kind === 'generation') {
        const { end } = message;
        const next = end.number + 1;
        hooks.phase(`generation ${next}`, 'match and merge', spent_s());
        hooks.generation(end);
        const label = next < end.of ? `generation ${next + 1} of ${end.of}` : 'phasing';
        hooks.step((GENERATIONS_PART * next) / end.of, 1, label);
      } else {
        hooks.phase('map', 'phase', spent_s());
        hooks.signal.removeEventListener('abort', stop);
        resolve({ result: message.result, tasks: [] });
      }
    });
    thread.on('error', reject);
  });
