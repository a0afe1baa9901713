// The table of everything that can be typed after `maniple`. Each command is loaded only when it is asked for, so
// that starting costs the same however many there are.
import type { Command } from '../command/command.js';

/** A command in the table: what help lists, and how to load the rest. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** A word after `maniple`: a command itself, or a family of verbs. */
export interface Area {
  readonly name: string;
  readonly summary: string;
  readonly load?: () => Promise<Command>;
  readonly verbs?: readonly Entry[];
}

export const areas: readonly Area[] = [
  {
    name: 'demo',
    summary: 'from nothing to a reconstructed particle, with a report',
    load: async () => (await import('../spi/demo.js')).demo,
  },
  {
    name: 'spi',
    summary: 'single-particle imaging',
    verbs: [
      {
        name: 'simulate',
        summary: 'make diffraction images of a particle',
        load: async () => (await import('../spi/simulate.js')).simulate,
      },
      {
        name: 'reconstruct',
        summary: 'turn diffraction images into a density map',
        load: async () => (await import('../spi/reconstruct.js')).reconstruct,
      },
      {
        name: 'evaluate',
        summary: 'align a map to a reference and measure its resolution',
        load: async () => (await import('../spi/evaluate.js')).evaluate,
      },
    ],
  },
  {
    name: 'run',
    summary: 'run a program of yours, TypeScript or JavaScript',
    load: async () => (await import('../run/run.js')).run,
  },
  {
    name: 'compare',
    summary: 'the same run in tasks and in bulk-synchronous mode, side by side',
    load: async () => (await import('../compare/compare.js')).compare,
  },
  {
    name: 'new',
    summary: 'a new analysis: a program, two tasks, a test',
    load: async () => (await import('../new/new.js')).scaffold,
  },
  {
    name: 'bench',
    summary: 'measure, side by side with peers',
    load: async () => (await import('../bench/index.js')).bench,
  },
  {
    name: 'taskbench',
    summary: 'Task Bench: what a task costs, by the benchmark of the field',
    load: async () => (await import('../taskbench/taskbench.js')).taskbench,
  },
  {
    name: 'doctor',
    summary: 'what this machine offers, and why the rest is missing',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'profile',
    summary: 'what a recorded run did with its time, and why',
    load: async () => (await import('../profile/profile.js')).profile,
  },
  {
    name: 'check',
    summary: 're-derive every dependence of a recorded run, and compare',
    load: async () => (await import('../check/check.js')).check,
  },
  {
    name: 'config',
    summary: 'the configuration',
    verbs: [
      {
        name: 'show',
        summary: 'print every setting, and with --origin where its value comes from',
        load: async () => (await import('./config.js')).show,
      },
    ],
  },
];
