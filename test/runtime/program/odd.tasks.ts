// Tasks that misbehave, or look at what the runtime gives them besides regions.
import { writeFileSync } from 'node:fs';
import { f32, f64, fieldSpace, reads, reduces, resource, task, updates } from '../../../runtime/index.js';

export const Grid = fieldSpace({ x: f64, y: f32 });

export const write = task({
  module: import.meta.url,
  name: 'write',
  regions: { v: updates(Grid, 'x') },
  run({ v }) {
    for (const i of v.points) v.x[i]! += 1;
  },
});

export const readAndWrite = task({
  module: import.meta.url,
  name: 'readAndWrite',
  regions: { from: reads(Grid, 'x'), to: updates(Grid, 'x') },
  run() {},
});

export const sum = task({
  module: import.meta.url,
  name: 'sum',
  regions: { v: reduces(Grid, 'sum', 'y') },
  run({ v }, { by }: { by: number }) {
    v.y.foldAll(new Float32Array(v.volume).fill(by));
  },
});

export const promising = task({
  module: import.meta.url,
  name: 'promising',
  run(): unknown {
    return Promise.resolve(1);
  },
});

export const dying = task({
  module: import.meta.url,
  name: 'dying',
  run() {
    process.exit(3);
  },
});

export const endless = task({
  module: import.meta.url,
  name: 'endless',
  run() {
    for (;;);
  },
});

const hidden = task({ module: import.meta.url, name: 'hidden', run() {} });
export const getHidden = () => hidden;

let made = 0;
const counter = resource('counter', () => ({ number: ++made, uses: 0 }));

export const useCounter = task({
  module: import.meta.url,
  name: 'useCounter',
  run(_views, _args: object, context) {
    const handle = context.use(counter);
    handle.uses++;
    return handle.number;
  },
});

export const describe = task({
  module: import.meta.url,
  name: 'describe',
  run(_views, args: { a: number; words: string[]; data: Float64Array; more?: boolean }, context) {
    return {
      point: [...context.point],
      hi: context.domain.hi,
      random: [context.random(), context.random()],
      sum: args.a + args.data.reduce((x, y) => x + y, 0),
      words: args.words.join(' '),
      more: args.more,
    };
  },
});

export const scribble = task({
  module: import.meta.url,
  name: 'scribble',
  regions: { v: reads(Grid, 'x'), tile: updates(Grid, 'y') },
  run({ v, tile }, { where }: { where: 'read-only' | 'outside' | 'inside' }) {
    if (where === 'read-only') v.x.unsafeRaw()[0] = 1;
    if (where === 'outside') tile.y[tile.at(tile.lo[0]!, tile.hi[1]! + 1)] = 1;
    for (const i of tile.points) tile.y[i] = 2;
  },
});

export const identity = task({
  module: import.meta.url,
  name: 'identity',
  run: (_views, { value }: { value: unknown }) => value,
});

/** Works until it is cancelled, or for so many milliseconds. Returns whether it was cancelled. */
export const patient = task({
  module: import.meta.url,
  name: 'patient',
  regions: { v: updates(Grid, 'x') },
  run({ v }, { ms, begun }: { ms: number; begun: string }, context) {
    writeFileSync(begun, '');
    const deadline = Date.now() + ms;
    while (!context.aborted && Date.now() < deadline);
    for (const i of v.points) v.x[i]! += 1;
    return context.aborted;
  },
});

export const failing = task({
  module: import.meta.url,
  name: 'failing',
  regions: { v: updates(Grid, 'x') },
  run() {
    throw new Error('the detector was off');
  },
});
