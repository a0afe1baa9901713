// The programs of docs/examples: each runs through the command and prints what is expected of it, its order is checked from its
// profile, it gives the same bits on every executor, and has no type errors under the strictest settings. An example without an
// expectation fails.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compileProgram } from '../apps/run/compile.js';
import { loadMain } from '../apps/run/run.js';
import { run, type Timeline } from '../runtime/index.js';
import { checkLog } from '../runtime/observe/check.js';
import { runOnRanks } from '../runtime/program/run-on-ranks.js';
import { runEverywhere } from '../runtime/testing/index.js';
import { maniple, scratchFolder } from './support/command.js';
import { checkout } from './support/needs.js';
import { complaints, strictest } from './support/program-types.js';

t.setTimeout(900_000); // many runs, perhaps on a busy machine

interface Expectation {
  readonly args: readonly string[];
  /** Bytes. */
  readonly memory?: number;
  readonly prints: RegExp;
  /** Looks at what the program returns, with arithmetic of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: what it is, is the example's affair
  readonly returns?: (value: any) => void;
}

/** Within a relative distance of 1e-9. */
function near(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) <= 1e-9 * Math.abs(expected), `${found} is not ${expected}`);
}

const examples: Record<string, Expectation> = {
  imbalance: {
    args: ['--points', '4', '--steps', '6', '--length', '40'],
    prints: /^$/,
    returns: (values: number[]) => assert.equal(values.length, 4),
  },
  stencil: {
    args: ['--size', '50', '--tiles', '3', '--steps', '7'],
    prints: /^7 steps of 50 x 50 points: 0 differ from plain loops\n$/,
    returns: (heat: Float64Array) => assert.equal(heat.length, 2500),
  },
  circuit: {
    args: ['--pieces', '3', '--nodes', '60', '--steps', '5'],
    prints: /^\d+ nodes of one piece, \d+ shared, \d+ ghosts\ncharge (\d+\.\d+) before, \1 after: kept\n$/,
    returns: circuit,
  },
  'fft-pipeline': {
    args: ['--size', '12', '--slabs', '3', '--volumes', '3'],
    prints:
      /^3 volumes of 12\^3; the last is within (0\.0e\+0|\d\.\de-1[5-9]) of rfft3\nits power is 1\.000000000 /,
    returns: ({ spectrum, powers }: { spectrum: Float64Array; powers: number[] }) => {
      assert.equal(spectrum.length, 2 * 12 * 12 * 7);
      assert.equal(new Set(powers).size, 3, 'three volumes');
    },
  },
  converge: {
    args: ['--size', '60', '--blocks', '3', '--limit', '25'],
    prints: /^converged after 1\d of 25 steps\nlargest eigenvalue (\d+\.\d+), exactly \1\n$/,
    returns: ({ eigenvalue, vector }: { eigenvalue: number; vector: Float64Array }) => {
      const product = vector.map((_, i) => vector.reduce((sum, x, k) => sum + (1 + Math.min(i, k)) * x, 0));
      near(product[59]! / vector[59]!, eigenvalue);
    },
  },
  'out-of-core': {
    args: ['--frames', '2000', '--pixels', '2048', '--block', '100'],
    memory: 4 * 2 ** 20, // the file has 7.8 MiB
    prints: /^2000 frames of 2048 pixels, 7\.8 MiB: mean 107\.500, noise 1\.414\n$/,
    returns: ({ mean, noise }: Record<'mean' | 'noise', Float64Array>) => {
      for (let p = 0; p < 2048; p++) near(mean[p]!, 100 + (p % 16));
      for (const value of noise) near(value, Math.SQRT2);
    },
  },
};

/** The same circuit without pieces: what a node has does not depend on how the graph is cut, but for rounding. */
function circuit({
  voltage,
  start,
  from,
  to,
}: {
  voltage: Float64Array;
  start: Float64Array;
  from: Int32Array;
  to: number[];
}): void {
  let now = [...start];
  for (let n = 0; n < 5; n++) {
    const next = [...now];
    for (let i = 0; i < to.length; i++) {
      const charge = 0.5 * 0.1 * (now[from[i]!]! - now[to[i]!]!);
      next[from[i]!]! -= charge;
      next[to[i]!]! += charge;
    }
    now = next;
  }
  for (let i = 0; i < now.length; i++) near(voltage[i]!, now[i]!);
}

t.test('every example has an expectation, and every expectation an example', (t) => {
  const files = readdirSync(join(checkout, 'docs/examples')).filter((name) => name.endsWith('.ts'));
  t.same(files.map((name) => name.slice(0, -'.ts'.length)).sort(), Object.keys(examples).sort());
  t.end();
});

const fileOf = (name: string): string => join(checkout, 'docs/examples', `${name}.ts`);

for (const [name, { args, memory, prints }] of Object.entries(examples)) {
  t.test(`${name}: through the command`, (t) => {
    const options = memory === undefined ? [] : ['--memory', String(memory)];
    const folder = scratchFolder();
    options.push('--workers', '2', '--profile', 'run.mprof');
    const ran = maniple(['run', fileOf(name), ...options, '--', ...args], folder);
    t.equal(ran.code, 0, ran.stderr);
    t.match(ran.stdout, prints);
    const report = checkLog(join(folder, 'run.mprof'));
    t.ok(report.clean && report.conflicts > 0, 'every conflict is ordered');
    t.equal(report.needless, 0, 'and nothing else is');
    t.end();
  });
}

t.test('out-of-core: only what is used block by block fits; damaged files are refused', (t) => {
  const file = fileOf('out-of-core');
  const folder = scratchFolder();
  const { args, memory } = examples['out-of-core']!;
  const whole = ['run', file, '--memory', String(memory), '--', ...args.slice(0, -1), '2000'];
  const large = maniple(whole, folder);
  t.equal(large.code, 5, large.stderr);
  t.match(large.stderr, /frames\.counts needs 7\.8 MiB, but of the budget of 4\.0 MiB/);
  writeFileSync(join(folder, 'short.raw'), new Uint8Array(1000));
  const damaged = maniple(['run', file, '--', '--file', 'short.raw', '--pixels', '300'], folder);
  t.equal(damaged.code, 3, damaged.stderr);
  t.match(damaged.stderr, /short\.raw: its 1000 bytes are no whole frames of 300 pixels/);
  t.end();
});

// After the commands: what the runtime reserves in this process may keep others from starting.
for (const [name, { args, memory = 64 * 2 ** 20, prints, returns }] of Object.entries(examples)) {
  t.test(`${name}: the same bits everywhere`, async (t) => {
    const main = await loadMain(fileOf(name), await compileProgram(fileOf(name)));
    const { log } = console;
    const printed = new Set<string>();
    try {
      const value = await runEverywhere(
        async (ctx) => {
          const lines: string[] = [];
          console.log = (line: string) => lines.push(`${line}\n`);
          const value = await main(ctx, args);
          printed.add(lines.join(''));
          return value;
        },
        { workers: [1, 3], interleavings: 3, run: { memory } },
      );
      returns?.(value);
    } finally {
      console.log = log;
    }
    t.equal(printed.size, 1, 'it prints the same everywhere');
    t.match([...printed][0], prints);
  });
}

t.test('on two and four ranks: the same bits', async (t) => {
  for (const [name, { args, memory = 64 * 2 ** 20 }] of Object.entries(examples)) {
    const compiled = await compileProgram(fileOf(name));
    const onRanks = (ranks: number, executor: 'threads' | 'virtual') =>
      runOnRanks(ranks, { module: compiled.url, name: 'default', args }, { executor, workers: 2, memory });
    if (name === 'out-of-core') {
      await t.rejects(onRanks(2, 'virtual'), /cannot be attached in a run of several ranks/);
      continue;
    }
    const main = await loadMain(fileOf(name), compiled);
    const { log } = console;
    console.log = () => {};
    const expected = await run((ctx) => main(ctx, args), { executor: 'inOrder', memory }).finally(() => {
      console.log = log;
    });
    for (const [ranks, executor] of [
      [2, 'virtual'],
      [2, 'threads'],
      [4, 'threads'],
    ] as const)
      for (const value of await onRanks(ranks, executor))
        t.strictSame(value, expected, `${name}, ${ranks} ranks`);
  }
});

t.test('out-of-core: the next block is read while one is worked on', async (t) => {
  const { args, memory } = examples['out-of-core']!;
  const file = fileOf('out-of-core');
  const main = await loadMain(file, await compileProgram(file));
  let recorded: Timeline | null = null;
  const { log } = console;
  console.log = () => {};
  try {
    const onTimeline = (timeline: Timeline) => {
      recorded = timeline;
    };
    await run((ctx) => main(ctx, args), { workers: 2, memory: memory!, onTimeline });
  } finally {
    console.log = log;
  }
  const { entries, taskNames } = recorded! as Timeline;
  const of = (name: string) =>
    entries.filter(({ task }) => taskNames[task] === name).sort((a, b) => a.operation - b.operation);
  const [loads, uses] = [of('load'), of('accumulate')];
  t.same([loads.length, uses.length], [20, 20]);
  const ahead = uses.filter((use, block) => (loads[block + 1]?.start ?? Number.POSITIVE_INFINITY) < use.end);
  t.ok(ahead.length > 0, `${ahead.length} of 19`);
});

t.test('they have no type errors under the strictest settings', (t) => {
  const files = Object.keys(examples).map(fileOf);
  t.same(complaints(files, checkout, strictest()), []);
  t.end();
});
