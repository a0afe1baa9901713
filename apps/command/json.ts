// Results as JSON: the one document of --json, run.json, the lines of metrics.jsonl.

/** JSON text of a result: typed arrays as arrays, big integers as text, NaN and infinities as null, nothing as null. */
export function toJson(value: unknown, indent = 2): string {
  const text = JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === 'bigint') return String(item);
      if (item instanceof Map) return Object.fromEntries(item);
      if (item instanceof Set) return [...item];
      if (ArrayBuffer.isView(item) && !(item instanceof DataView)) return Array.from(item as Uint8Array);
      return item;
    },
    indent,
  );
  return text ?? 'null';
}
