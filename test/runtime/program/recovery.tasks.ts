// Tasks that fail at times, or take their worker with them.
import { existsSync } from 'node:fs';
import {
  DataError,
  EngineError,
  f64,
  fieldSpace,
  i32,
  overwrites,
  reads,
  reduces,
  task,
  updates,
} from '../../../runtime/index.js';

export const Cell = fieldSpace({ a: f64, b: f64, sum: f64, colour: i32 });

/** Spends a moment, so that threads can be lost in the middle of it. */
function work(steps: number): number {
  let x = 1;
  for (let i = 0; i < steps; i++) x = Math.sqrt(x) + 1;
  return x - x;
}

export const seed = task({
  module: import.meta.url,
  name: 'seed',
  regions: { v: overwrites(Cell, 'a') },
  run({ v }, { by }: { by: number }) {
    for (const i of v.points) v.a[i] = v.coord(i)[0]! * by + work(20);
  },
});

export const copy = task({
  module: import.meta.url,
  name: 'copy',
  regions: { from: reads(Cell, 'a'), to: overwrites(Cell, 'b') },
  run({ from, to }) {
    for (const i of to.points) to.b[i] = from.a[from.at(to.coord(i)[0]!)]! + 1 + work(20);
  },
});

export const add = task({
  module: import.meta.url,
  name: 'add',
  regions: { v: reads(Cell, 'b'), sum: reduces(Cell, 'sum', 'sum') },
  run({ v, sum }): number {
    let total = 0;
    for (const i of v.points) total += v.b[i]!;
    for (let i = 0; i < sum.sum.length; i++) sum.sum.fold(i, total + i + work(5));
    return total;
  },
});

export const grow = task({
  module: import.meta.url,
  name: 'grow',
  regions: { v: updates(Cell, 'b') },
  retry: 20,
  run({ v }) {
    for (const i of v.points) v.b[i] = v.b[i]! * 0.5 + 1 + work(20);
  },
});

/** Spoils what it updates, then throws, until the attempt that is told. */
export const fickle = task({
  module: import.meta.url,
  name: 'fickle',
  regions: { v: updates(Cell, 'a'), out: overwrites(Cell, 'b') },
  retry: 2,
  run({ v, out }, { until }: { until: number }, context) {
    const draw = context.random();
    for (const i of v.points) v.a[i]! += 1;
    for (const i of out.points) out.b[i] = draw;
    if (context.attempt < until) throw new Error(`attempt ${context.attempt} failed`);
    return { attempt: context.attempt, draw };
  },
});

export const fickleFold = task({
  module: import.meta.url,
  name: 'fickleFold',
  regions: { v: reduces(Cell, 'sum', 'sum') },
  run({ v }, { until }: { until: number }, context) {
    for (const i of v.points) v.sum.fold(i, 1);
    if (context.point[0] === 3 && context.attempt < until) throw new Error('not yet');
  },
});

export const fickleLater = task({
  module: import.meta.url,
  name: 'fickleLater',
  async: true,
  retry: 1,
  regions: { v: updates(Cell, 'a') },
  async run({ v }, _: object, context) {
    for (const i of v.points) v.a[i]! += 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (context.attempt === 0) throw new Error('not yet');
    return context.attempt;
  },
});

/** Ends its worker, in one of several ways, until the attempt that is told. */
export const deadly = task({
  module: import.meta.url,
  name: 'deadly',
  regions: { v: overwrites(Cell, 'a') },
  run({ v }, { how, until }: { how: string; until: number }, context) {
    v.a.fill(7);
    if (context.attempt >= until) return context.attempt;
    if (how === 'exit') process.exit(3);
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  },
});

/** The same for a task that updates. */
export const deadlyUpdate = task({
  module: import.meta.url,
  name: 'deadlyUpdate',
  regions: { v: updates(Cell, 'a') },
  run({ v }, _: object, context) {
    for (const i of v.points) v.a[i]! += 1;
    if (context.point[0] === 1 && context.attempt === 0) process.exit(3);
  },
});

/** Throws outside of any task, some time after it ran: the thread of the I/O lane ends. */
export const timeBomb = task({
  module: import.meta.url,
  name: 'timeBomb',
  async: true,
  regions: { v: overwrites(Cell, 'a') },
  async run({ v }, _: object, context) {
    if (context.attempt === 0) {
      setTimeout(() => {
        throw new Error('nobody catches this');
      }, 5);
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    }
    v.a.fill(3);
    return context.attempt;
  },
});

export const slow = task({
  module: import.meta.url,
  name: 'slow',
  regions: { v: updates(Cell, 'b') },
  run(_, { ms }: { ms: number }) {
    const end = Date.now() + ms;
    while (Date.now() < end);
  },
});

/** Goes on until there is a file. */
export const awaitsFile = task({
  module: import.meta.url,
  name: 'awaitsFile',
  regions: { v: updates(Cell, 'b') },
  run(_, { file }: { file: string }) {
    while (!existsSync(file));
  },
});

/** Colours by what `deadly` wrote: so it waits for it. */
export const colour = task({
  module: import.meta.url,
  name: 'colour',
  regions: { v: reads(Cell, 'a').and(overwrites(Cell, 'colour')) },
  run({ v }) {
    for (const i of v.points) v.colour[i] = v.a[i] === 7 && i > 2 ? 1 : 0;
  },
});

/** An inner task whose body waits for a timer. */
export const overlook = task({
  module: import.meta.url,
  name: 'overlook',
  leaf: false,
  regions: { v: updates(Cell, 'a') },
  async run(_: object, { ms }: { ms: number }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
  },
});

/** Not reproducible. */
export const dice = task({
  module: import.meta.url,
  name: 'dice',
  run: (_views, _: object) => Math.random(),
});

/** What `patient` waits for. */
export const waiting: { for: Promise<unknown> } = { for: Promise.resolve() };

export const patient = task({
  module: import.meta.url,
  name: 'patient',
  leaf: false,
  regions: { v: updates(Cell, 'a') },
  async run(_: object) {
    await waiting.for;
  },
});

/** Finds that what is wrong lies outside of the program. */
export const complaining = task({
  module: import.meta.url,
  name: 'complaining',
  run(_views: object, { what }: { what: 'data' | 'engine' | 'program' }): void {
    if (what === 'data') throw new DataError('run.h5', 'byte 7', 'it is damaged');
    if (what === 'engine') throw new EngineError('there is no MPI: install one');
    throw new Error('something else');
  },
});

export const taking = task({
  module: import.meta.url,
  name: 'taking',
  run: (_views: object, { value }: { value: unknown }) => value === undefined,
});
