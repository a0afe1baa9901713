// --check mode: what a task body gets instead of bare typed arrays. A write through a read-only view, and any use
// of an offset that is not a point of the view, throw. Slow (a proxy per access), and not on otherwise.
import { Access } from '../memory/view-layout.js';

/** Wraps the arrays of all fields but some: `Atomics` takes no guarded array. */
export function guardBut(open: readonly string[]): typeof guardArray {
  return (array, access, pieces, lanes, name) =>
    open.includes(name) ? array : guardArray(array, access, pieces, lanes, name);
}

/** Wraps the array of a field. `pieces` are (offset, length) pairs of the points, null when every offset is one. */
function guardArray(
  array: object,
  access: number,
  pieces: Int32Array | null,
  lanes: number,
  name: string,
): object {
  if (access >= Access.reduce) return array; // a reduce view checks nothing, but can do no harm: its partial is its own
  const typed = array as Float64Array;
  const inside = (index: number): boolean => {
    if (index < 0 || index >= typed.length) return false;
    if (pieces === null) return true;
    const point = Math.floor(index / lanes);
    for (let p = 0; p < pieces.length; p += 2) {
      if (point >= pieces[p]! && point < pieces[p]! + pieces[p + 1]!) return true;
    }
    return false;
  };
  /** Refuses a method that would touch an offset which is not a point. */
  const within = (method: string, args: readonly unknown[]): void => {
    if (pieces === null) return;
    for (const [from, to] of reach(method, args, typed.length)) {
      for (let index = from; index < to; index++) {
        if (inside(index)) continue;
        throw new RangeError(
          `field ${name}: ${method} would touch offset ${index}, which is not a point of this view: go through the ` +
            'points of the view, or use unsafeRaw()',
        );
      }
    }
  };
  return new Proxy(typed, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) {
        if (!inside(Number(key)))
          throw new RangeError(`field ${name}: offset ${key} is not a point of this view`);
        return target[Number(key)];
      }
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== 'function') return value;
      if (access === Access.read && WRITERS.has(String(key))) {
        return () => {
          throw new TypeError(`field ${name} is read-only here: ${String(key)} would write it`);
        };
      }
      const method = (value as (...args: unknown[]) => unknown).bind(target);
      if (pieces === null || key === 'unsafeRaw' || key === 'constructor') return method;
      return (...args: unknown[]) => {
        within(key === Symbol.iterator ? 'iteration' : String(key), args);
        return method(...args);
      };
    },
    set(target, key, value) {
      if (typeof key !== 'string' || !/^-?\d+$/.test(key)) return Reflect.set(target, key, value, target);
      if (access === Access.read)
        throw new TypeError(`field ${name} is read-only here: offset ${key} was written`);
      if (!inside(Number(key)))
        throw new RangeError(`field ${name}: offset ${key} is not a point of this view`);
      target[Number(key)] = value as number;
      return true;
    },
  });
}

/** Offsets that a call of a typed array's method reaches, from and to; all of them for most methods. */
function reach(method: string, args: readonly unknown[], length: number): [number, number][] {
  const at = (value: unknown, otherwise: number): number => {
    if (value === undefined) return otherwise;
    const index = Math.trunc(Number(value)) || 0;
    return index < 0 ? Math.max(0, length + index) : Math.min(length, index);
  };
  switch (method) {
    case 'set': {
      const from = at(args[1], 0);
      return [[from, Math.min(length, from + (args[0] as ArrayLike<number>).length)]];
    }
    case 'fill':
      return [[at(args[1], 0), at(args[2], length)]];
    case 'copyWithin': {
      const to = at(args[0], 0);
      const from = at(args[1], 0);
      const end = Math.max(from, at(args[2], length));
      return [
        [from, end],
        [to, Math.min(length, to + end - from)],
      ];
    }
    case 'slice':
    case 'subarray':
      return [[at(args[0], 0), at(args[1], length)]];
    case 'at':
      return [[at(args[0], 0), at(args[0], 0) + 1]];
    default:
      return [[0, length]];
  }
}

const WRITERS = new Set(['set', 'fill', 'copyWithin', 'sort', 'reverse']);
