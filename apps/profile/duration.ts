// Short times as people read them.

/** Nanoseconds as "870 ns", "12.3 us", "4.56 ms", "1.23 s". */
export function formatNanoseconds(ns: number): string {
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  for (const [unit, size] of [
    ['us', 1e3],
    ['ms', 1e6],
  ] as const) {
    const value = ns / size;
    if (value < 999.5) return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
  }
  return `${(ns / 1e9).toFixed(2)} s`;
}
