// Tasks that share elements: atomically, or all at once.
import { f64, fieldSpace, i32, i64, reads, reduces, task, updates } from '../../../runtime/index.js';

export const Tally = fieldSpace({ count: i32, other: i32, big: i64, value: f64, inside: i32, worst: i32 });
const module = import.meta.url;

/** Something to do between a read and the write that belongs to it. */
function dawdle(rounds: number): number {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = Math.sqrt(x + i);
  return x;
}

const inside = updates(Tally, 'inside', 'worst').simultaneous();

/** Adds to every element, reading first and writing later; counts how many are at it. */
export const bump = task({
  module,
  name: 'bump',
  regions: { t: updates(Tally, 'count').atomic().and(inside) },
  run({ t }, { rounds }: { rounds: number }) {
    for (const i of t.points) Atomics.add(t.inside, i, 1);
    const before = t.count.slice();
    dawdle(rounds);
    for (const i of t.points) {
      t.count[i] = before[i]! + 1;
      if (Atomics.load(t.inside, i) > 1) Atomics.store(t.worst, i, 1);
    }
    for (const i of t.points) Atomics.sub(t.inside, i, 1);
  },
});

/** The same, asynchronously: it gives its thread away in between. */
export const bumpLater = task({
  module,
  name: 'bumpLater',
  async: true,
  regions: { t: updates(Tally, 'count').atomic() },
  async run({ t }) {
    const before = t.count.slice();
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const i of t.points) t.count[i] = before[i]! + 1;
  },
});

/** Sums what it may look at: an atomic reader sees no task halfway. */
export const look = task({
  module,
  name: 'look',
  regions: { t: reads(Tally, 'count').atomic() },
  run({ t }): number {
    const all = [...t.points].map((i) => t.count[i]!);
    return Math.max(...all) - Math.min(...all);
  },
});

/** Adds to shared counters with the processor's atomic instructions. */
export const count = task({
  module,
  name: 'count',
  regions: { t: updates(Tally, 'other', 'big').simultaneous() },
  run({ t }) {
    for (let round = 0; round < 50; round++) {
      for (const i of t.points) {
        Atomics.add(t.other, i, 1);
        Atomics.add(t.big, i, 2n);
      }
    }
  },
});

/** Folds into the same counters while others add to them. */
export const foldIn = task({
  module,
  name: 'foldIn',
  regions: { t: reduces(Tally, 'sum', 'other').simultaneous() },
  run({ t }) {
    for (const i of t.points) t.other.fold(i, 1);
  },
});

/** Asks for one region twice, in ways that go together or not. */
const pair = (name: string, a: 'atomic' | 'simultaneous', b: 'atomic' | 'simultaneous') =>
  task({
    module,
    name,
    regions: { from: reads(Tally, 'count')[a](), to: updates(Tally, 'count')[b]() },
    run() {},
  });
export const readAtomically = pair('readAtomically', 'atomic', 'atomic');
export const readBeside = pair('readBeside', 'simultaneous', 'simultaneous');
export const mixed = task({
  module,
  name: 'mixed',
  regions: { a: updates(Tally, 'count').atomic(), b: updates(Tally, 'count').simultaneous() },
  run() {},
});
export const plain = task({ module, name: 'plain', regions: { t: updates(Tally, 'count') }, run() {} });
