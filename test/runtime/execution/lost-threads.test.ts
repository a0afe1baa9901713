// Threads that are lost between two steps of theirs, at each place where that can happen: what the next one finds.
import t from 'tap';
import { mend, pop, push, steal } from '../../../runtime/execution/deque.js';
import type { Lane } from '../../../runtime/execution/lane.js';
import { WorkerLoop } from '../../../runtime/execution/worker.js';
import { LaneWord, Phase } from '../../../runtime/graph/lanes.js';
import { createGraph, Kind, lineOf, State, Word } from '../../../runtime/graph/layout.js';
import { run } from '../../../runtime/index.js';
import { Heap } from '../../../runtime/memory/heap.js';
import { add, Vec } from '../program/inner.tasks.js';

t.setTimeout(120_000);

const limits = { records: 8, edges: 16, launches: 72, tasks: 8, workers: 2 };
const CALLS = ['load', 'store', 'sub', 'add', 'exchange', 'compareExchange'] as const;

/** Runs something that ends before its call number `calls` of Atomics; whether it got so far. */
function lostBefore(calls: number, what: () => void): boolean {
  const lost = new Error('lost');
  const originals = CALLS.map((name) => Atomics[name]);
  let left = calls;
  for (const [i, name] of CALLS.entries()) {
    const original = originals[i] as (...args: never[]) => number;
    (Atomics as unknown as Record<string, unknown>)[name] = (...args: never[]) => {
      if (left-- === 0) throw lost;
      return original(...args);
    };
  }
  try {
    what();
    return false;
  } catch (error) {
    if (error !== lost) throw error;
    return true;
  } finally {
    for (const [i, name] of CALLS.entries())
      (Atomics as unknown as Record<string, unknown>)[name] = originals[i];
  }
}

t.test('a deque whose owner was lost in pop', (t) => {
  let losses = 0;
  for (let length = 0; length <= 3; length++) {
    for (let calls = 0; calls < 4; calls++) {
      const deque = createGraph(limits).deques[0]!;
      for (let item = 1; item <= length; item++) push(deque, item);
      if (!lostBefore(calls, () => pop(deque))) continue;
      losses++;
      mend(deque);
      push(deque, 9);
      const left = [steal(deque)];
      for (let item = pop(deque); item >= 0; item = pop(deque)) left.push(item);
      // The last one was taken, or it was not.
      const all = [9, ...Array.from({ length }, (_, i) => i + 1)];
      const missing = all.filter((item) => !left.includes(item));
      t.equal(new Set(left).size, left.length, 'none comes twice');
      t.ok(missing.length === 0 || (missing.length === 1 && missing[0] === length), `${missing} of ${all}`);
    }
  }
  t.ok(losses >= 6, `${losses} losses`);
  t.end();
});

t.test('a record that a lost thread had made its own is begun by the next', (t) => {
  const graph = createGraph(limits);
  const heap = Heap.reserve(1 << 20, graph.control, graph.lanes);
  const [record, slot, lane] = [3, 5, 1];
  graph.kind[slot] = Kind.task;
  graph.launch[record] = slot;
  graph.points[record] = 1;
  graph.remaining[slot] = 1;
  graph.state[record] = State.running + lane;
  const line = lineOf(graph, lane);
  line[LaneWord.record] = record;
  line[LaneWord.began] = 0;
  line[LaneWord.phase] = Phase.looking;
  const resumed: number[] = [];
  const stub = {
    resume: (record: number) => {
      resumed.push(record);
      return true;
    },
    run: () => t.fail('it is not new'),
  };
  const loop = new WorkerLoop(
    graph,
    heap,
    stub as unknown as Lane,
    { lane, spins: 0, steal: true, recorder: null, gangsOnly: false, ring: () => {}, loaded: () => true },
    () => {},
  );
  loop.adopt();
  graph.control[Word.stop] = 1;
  t.equal(loop.run(), 'stop');
  t.same(resumed, [record]);
  t.equal(graph.state[record], State.done);
  t.end();
});

t.test('a launch ends though the thread was lost that had still to count it', async (t) => {
  const { sub } = Atomics;
  let lost = 0;
  Atomics.sub = ((array: Int32Array, index: number, value: number) => {
    if (array.length !== limits.launches || lost > 0) return sub(array, index, value);
    lost++;
    return array[index];
  }) as typeof sub;
  try {
    const sum = await run(
      async (ctx) => {
        const v = ctx.region([4], Vec);
        ctx.fill(v, 'x', 1);
        ctx.index([4], add, { v: v.partition.equal([4]).at() }, { by: 2 });
        return (await v.read('x')).reduce((a, b) => a + b, 0);
      },
      { executor: 'virtual', window: { records: 64, launches: limits.launches } },
    );
    t.equal(sum, 12);
    t.equal(lost, 1);
  } finally {
    Atomics.sub = sub;
  }
});
