// Tasks whose bodies ask for what differs from run to run.
import { task } from '../../../runtime/index.js';

const module = import.meta.url;

/** What a body may ask for, by name. Nothing here looks at the result. */
export const asked = {
  random: () => Math.random(),
  now: () => Date.now(),
  date: () => new Date(),
  dateText: () => (Date as unknown as () => string)(),
  hrtime: () => process.hrtime(),
  hrtimeBigint: () => process.hrtime.bigint(),
  race: () => Promise.race([1]),
  any: () => Promise.any([1]),
  registry: () => new FinalizationRegistry(() => {}),
  mapped: () => [1].map(Math.random),
  // These are the same in every run, or only shown.
  fixed: () => new Date(0),
  shown: () => performance.now(),
  all: () => Promise.all([1]),
} as const;
export type Asked = keyof typeof asked;

export const innerAsks = task({
  module,
  name: 'innerAsks',
  leaf: false,
  async run(_regions, { what }: { what: Asked }) {
    await null;
    asked[what]();
  },
});

export const asyncAsks = task({
  module,
  name: 'asyncAsks',
  async: true,
  async run(_views, { what }: { what: Asked }) {
    await null;
    await asked[what]();
  },
});

/** A leaf task may look at the clock: its result is a value like any other. */
export const leafAsks = task({
  module,
  name: 'leafAsks',
  run: (_views, { what }: { what: Asked }, context): boolean => {
    context.log('one line');
    void asked[what]();
    return true;
  },
});
