// Text that is safe inside HTML, and numbers as the report prints them.

/** Text with the characters that mean something to HTML written as entities. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** JSON that may stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}

/** Seconds as a person says them: 31 us, 12.3 ms, 12.3 s, 2 min 05 s. */
export function secondsText(value: number): string {
  if (value > 0 && value < 0.9995e-3) return `${figure(1e6 * value)} us`;
  if (value > 0 && value < 0.0995) return `${figure(1e3 * value)} ms`;
  if (value < 60) return `${figure(value)} s`;
  return `${Math.floor(Math.round(value) / 60)} min ${String(Math.round(value) % 60).padStart(2, '0')} s`;
}

/** A number with about `digits` significant digits, without exponents for everyday sizes. */
export function figure(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(decimals, 6));
}
