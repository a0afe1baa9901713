// Building and running the graph of a 1-D stencil (each task depends on three of the step before): one JavaScript
// object per task with a Set of successors, against counters and linked successor lists in shared typed arrays.
import { heading, perCall, row } from './timing.mjs';

const width = 1_000;
const steps = 300;
const tasks = width * steps;

function objects() {
  const last = new Map();
  const all = [];
  for (let s = 0; s < steps; s++) {
    const now = [];
    for (let x = 0; x < width; x++) {
      const task = { id: s * width + x, waiting: 0, successors: new Set() };
      for (let d = -1; d <= 1; d++) {
        const earlier = last.get(x + d);
        if (earlier !== undefined && !earlier.successors.has(task)) {
          earlier.successors.add(task);
          task.waiting++;
        }
      }
      all.push(task);
      now.push(task);
    }
    for (let x = 0; x < width; x++) last.set(x, now[x]);
  }
  const ready = all.filter((task) => task.waiting === 0);
  let run = 0;
  while (ready.length > 0) {
    const task = ready.pop();
    run++;
    for (const next of task.successors) if (--next.waiting === 0) ready.push(next);
  }
  return run;
}

const shared = (n) => new Int32Array(new SharedArrayBuffer(4 * n));
const waiting = shared(tasks);
const head = shared(tasks);
const successor = shared(3 * tasks);
const next = shared(3 * tasks);
const stack = shared(tasks);
const last = shared(width);

function arrays() {
  let edges = 0;
  head.fill(-1);
  waiting.fill(0);
  last.fill(-1);
  for (let s = 0; s < steps; s++) {
    for (let x = 0; x < width; x++) {
      const id = s * width + x;
      for (let d = -1; d <= 1; d++) {
        const from = x + d;
        if (s === 0 || from < 0 || from >= width) continue;
        const earlier = last[from];
        successor[edges] = id;
        next[edges] = head[earlier];
        head[earlier] = edges++;
        waiting[id]++;
      }
    }
    for (let x = 0; x < width; x++) last[x] = s * width + x;
  }
  let top = 0;
  for (let id = 0; id < tasks; id++) if (waiting[id] === 0) stack[top++] = id;
  let run = 0;
  while (top > 0) {
    const id = stack[--top];
    run++;
    for (let e = head[id]; e >= 0; e = next[e]) {
      if (Atomics.sub(waiting, successor[e], 1) === 1) stack[top++] = successor[e];
    }
  }
  return run;
}

for (const build of [objects, arrays]) {
  if (build() !== tasks) throw new Error(`${build.name} did not run every task`);
}
heading(`per task, ${tasks} tasks, ${3 * tasks} edges`);
const scaled = (t) => ({ median: t.median / tasks, best: t.best / tasks, worst: t.worst / tasks });
row('an object and a Set per task', scaled(await perCall(() => objects(), 1, 5)));
row('typed arrays in shared memory, atomic count-down', scaled(await perCall(() => arrays(), 1, 5)));
let promised = 0;
row(
  'one promise per task, nothing else',
  await perCall(
    async (n) => {
      for (let i = 0; i < n; i++) promised += await Promise.resolve(1);
    },
    300_000,
    5,
  ),
);
if (promised === 0) throw new Error('no promise ran');
