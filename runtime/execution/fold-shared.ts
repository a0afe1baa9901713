// Folds into elements that other tasks change at the same time (simultaneous coherence). Integers are folded with the
// processor's atomic instructions; floating-point numbers have none, and are folded as if they were alone.
import { LaneWord } from '../graph/lanes.js';
import type { ElementKind, TypedArray } from '../privileges/element.js';
import { fold } from '../privileges/reduction.js';
import type { ReductionName } from '../privileges/usage.js';

/** Whether the processor can change elements of a kind atomically. */
export function hasAtomics(kind: ElementKind): boolean {
  return kind !== 'f64' && kind !== 'f32' && kind !== 'c64' && kind !== 'c128';
}

/**
 * Folds element by element, atomically; of a kind that has atomics. The lane's line counts the elements, of which `before` were folded by
 * others: whoever takes over from a lost thread goes on behind the last.
 */
export function foldShared(
  kind: ElementKind,
  op: ReductionName,
  target: TypedArray,
  source: TypedArray,
  line: Int32Array,
  before: number,
): void {
  const combine = fold(kind, op);
  // The kind decides whether both arrays hold numbers or bigints; Atomics is typed for one of them at a time.
  const into = target as unknown as Int32Array;
  const from = source as unknown as Int32Array;
  for (let i = Math.max(0, line[LaneWord.step]! - before); i < from.length; i++) {
    for (;;) {
      const old = Atomics.load(into, i);
      const folded = combine(old, from[i]!) as number;
      if (Atomics.compareExchange(into, i, old, folded) !== old) continue;
      line[LaneWord.step] = before + i + 1;
      break;
    }
  }
}
