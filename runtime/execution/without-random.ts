// --check mode: a task that asks `Math.random` gives other results in every run, so it is refused that.

/** Calls `run`, within which `Math.random` throws. */
export function withoutRandom<T>(run: () => T): T {
  const { random } = Math;
  Math.random = () => {
    throw new Error(
      'it called Math.random, which differs from run to run: use random() of its context, which the seed of the run decides',
    );
  };
  try {
    return run();
  } finally {
    Math.random = random;
  }
}
