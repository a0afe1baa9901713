// Random programs on every executor against the plain-array interpreter. MANIPLE_FUZZ_OPS sets how many operations
// run in all (default 5,000), MANIPLE_FUZZ_SEED where the seeds begin.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { DriverOptions } from '../../runtime/testing/driver.js';
import type { FuzzOptions, FuzzResult } from '../../runtime/testing/fuzz.js';
import { type Difference, describeDifference } from '../../runtime/testing/index.js';

t.setTimeout(3_600_000);

const operations = Number(process.env['MANIPLE_FUZZ_OPS'] ?? 5000);
const firstSeed = Number(process.env['MANIPLE_FUZZ_SEED'] ?? 1);
/** A batch takes a second or so; shrinking a finding takes longer. */
const silenceMax_s = 240;

const logs = mkdtempSync(join(tmpdir(), 'maniple-logs-'));
t.teardown(() => rmSync(logs, { recursive: true, force: true }));

interface Configuration {
  readonly name: string;
  /** What it leaves open (workers, renaming, stealing, placement, jitter) is drawn for every batch. */
  readonly run: DriverOptions;
  readonly share: number;
  readonly failures?: number;
  readonly tight?: boolean;
}

const configurations: readonly Configuration[] = [
  { name: 'in order', run: { executor: 'inOrder' }, share: 0.14 },
  { name: 'virtual time', run: { executor: 'virtual' }, share: 0.24 },
  { name: 'virtual time, tasks that fail', run: { executor: 'virtual' }, share: 0.1, failures: 0.05 },
  { name: 'one worker', run: { executor: 'threads', workers: 1 }, share: 0.08 },
  { name: 'two workers', run: { executor: 'threads', workers: 2 }, share: 0.08 },
  { name: 'threads', run: { executor: 'threads' }, share: 0.12 },
  { name: 'threads, tasks that fail', run: { executor: 'threads' }, share: 0.04, failures: 0.05 },
  {
    name: 'three workers that pause at random',
    run: { executor: 'threads', workers: 3, jitter: true },
    share: 0.04,
  },
  {
    name: 'three workers that are lost at random',
    run: { executor: 'threads', workers: 3, kills: 24, retry: 100, jitter: false },
    share: 0.06,
  },
  { name: 'virtual time, hardly any memory', run: { executor: 'virtual' }, share: 0.01, tight: true },
  { name: 'threads, hardly any memory', run: { executor: 'threads' }, share: 0.01, tight: true },
  { name: 'virtual time, on disk', run: { executor: 'virtual', spillsAlways: true }, share: 0.02 },
  {
    name: 'three workers, on disk, placed at random',
    run: { executor: 'threads', workers: 3, spillsAlways: true, mapper: 'random' },
    share: 0.02,
  },
  {
    name: 'virtual time, attached, tasks that fail',
    run: { executor: 'virtual', spillsAlways: true, attached: true },
    share: 0.02,
    failures: 0.05,
  },
  {
    name: 'three workers, attached',
    run: { executor: 'threads', workers: 3, spillsAlways: true, attached: true },
    share: 0.02,
  },
  { name: 'bulk', run: { executor: 'bulk' }, share: 0.03 },
  { name: 'bulk, longest first', run: { executor: 'bulk', placement: 'lpt' }, share: 0.02 },
  { name: 'two ranks, virtual time', run: { executor: 'virtual', workers: 2, ranks: 2 }, share: 0.03 },
  {
    name: 'two ranks, virtual time, tasks that fail',
    run: { executor: 'virtual', workers: 2, ranks: 2 },
    share: 0.02,
    failures: 0.05,
  },
  { name: 'two ranks of two workers', run: { executor: 'threads', workers: 2, ranks: 2 }, share: 0.03 },
  { name: 'four ranks', run: { executor: 'virtual', workers: 2, ranks: 4, memory: 2 ** 30 }, share: 0.01 },
];

interface Line {
  readonly nextSeed?: number;
  readonly difference?: Difference;
  readonly result?: FuzzResult;
}

/** Runs one configuration in a process of its own; resolves with its result, or with what became of the process. */
function fuzzed(options: Omit<FuzzOptions, 'onBatch'>): Promise<FuzzResult | string> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('fuzz-child.js', import.meta.url)), JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise((resolve) => {
    let result: FuzzResult | undefined;
    let nextSeed = options.firstSeed;
    let silent = false;
    let difference: Difference | undefined;
    const watch = setInterval(() => {
      silent = true;
      child.kill('SIGKILL');
    }, silenceMax_s * 1000);
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      nextSeed = line.nextSeed ?? nextSeed;
      result = line.result ?? result;
      difference = line.difference ?? difference;
      watch.refresh();
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      const end = silent ? `said nothing for ${silenceMax_s} s` : `ended with ${signal ?? code}`;
      const found = difference === undefined ? '' : `, after ${describeDifference(difference)}`;
      resolve(result ?? `the process ${end} in the batch that begins with seed ${nextSeed}${found}`);
    });
  });
}

function report({ finding }: FuzzResult): string {
  if (!finding) return '';
  const file = join(mkdtempSync(join(tmpdir(), 'maniple-fuzz-')), 'found.test.ts');
  writeFileSync(file, finding.test);
  return `${describeDifference(finding.difference)}\nshrunk to ${finding.program.operations.length} operations: ${file}`;
}

for (const [i, { name, run, share, ...how }] of configurations.entries()) {
  t.test(`${name}: no difference`, async (t) => {
    // Every configuration has seeds of its own.
    const count = Math.ceil(operations * share);
    const seed = firstSeed + i * 10_000_000;
    // Every batch leaves a log, and the log is checked; what several ranks do together is not in one log.
    const profile = run.ranks === undefined ? { profile: join(logs, `${i}.mprof`) } : {};
    const began = performance.now();
    const result = await fuzzed({ ...how, run: { ...run, ...profile }, operations: count, firstSeed: seed });
    t.equal(typeof result === 'string' ? result : report(result), '');
    if (typeof result !== 'object') return;
    t.ok(result.operations >= count, `${result.operations} operations`);
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    t.comment(`${result.operations} operations from seed ${seed}, ${minutes} minutes`);
  });
}
