// --check mode: a task that asks `Math.random` gives other results in every run, so it is refused that.
import { apart } from './replicable.js';

/** Calls `run`, a synchronous task, within which `Math.random` throws. Whose code launched it does not matter. */
export function withoutRandom<T>(run: () => T): T {
  const { random } = Math;
  Math.random = () => {
    throw new Error(
      'it called Math.random, which differs from run to run: use random() of its context, which the seed of the run decides',
    );
  };
  try {
    return apart(run);
  } finally {
    Math.random = random;
  }
}
