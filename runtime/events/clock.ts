// The clock of the log: the machine's monotonic clock, the same for all threads, in nanoseconds.
// `process.hrtime` is the cheapest way to it from JavaScript (docs/decisions/14-event-log.md).

const { hrtime } = process;

/** The clock's second now: what one run counts its nanoseconds from, so that they stay exact in a double. */
export function clockSecond(): number {
  return hrtime()[0];
}

/** Nanoseconds since the second `origin`. */
export function clock(origin: number): number {
  const now = hrtime();
  return (now[0] - origin) * 1e9 + now[1];
}
