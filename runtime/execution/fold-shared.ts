// Folds into elements that other tasks change at the same time (simultaneous coherence). Integers are folded with the
// processor's atomic instructions; floating-point numbers have none, and are folded as if they were alone.
import type { ElementKind, TypedArray } from '../privileges/element.js';
import { fold, foldArrays } from '../privileges/reduction.js';
import type { ReductionName } from '../privileges/usage.js';

/** As `foldArrays`, element by element atomically where the kind allows it. */
export function foldShared(
  kind: ElementKind,
  op: ReductionName,
  target: TypedArray,
  source: TypedArray,
): void {
  if (kind === 'f64' || kind === 'f32' || kind === 'c64' || kind === 'c128') {
    foldArrays(kind, op, target, source);
    return;
  }
  const combine = fold(kind, op);
  // The kind decides whether both arrays hold numbers or bigints; Atomics is typed for one of them at a time.
  const into = target as unknown as Int32Array;
  const from = source as unknown as Int32Array;
  for (let i = 0; i < from.length; i++) {
    for (;;) {
      const old = Atomics.load(into, i);
      if (Atomics.compareExchange(into, i, old, combine(old, from[i]!) as number) === old) break;
    }
  }
}
