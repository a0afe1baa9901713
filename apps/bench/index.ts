// `maniple bench`: measurements, side by side with peers. Each benchmark is one module of this folder, found by its
// file name, that exports `summary` and `measure`.
import { existsSync, readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../runtime/errors.js';
import type { Command, Invocation } from '../command/command.js';
import { formatBytes, formatColumns } from '../command/format.js';
import { nearest } from '../command/nearest.js';
import { commitOf, packageRoot } from '../command/package.js';

/** One measured case. `ratio` above 1 means that we are better; null where there is no peer to compare with. */
export interface BenchRow {
  readonly case: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly unit: string;
  readonly ratio: number | null;
  /** Relative spread of the repeats of ours: (largest - smallest) / median. */
  readonly spread: number | null;
}

/** What a benchmark module exports. */
export interface Benchmark {
  /** One line for the list. */
  readonly summary: string;
  /** Measures all its cases. */
  readonly measure: (invocation: Invocation) => Promise<BenchRow[]>;
}

const folder = dirname(fileURLToPath(import.meta.url));

/** The names of all benchmarks. */
export function benchmarkNames(): string[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9-]*\.js$/.test(file) && file !== 'index.js')
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

async function load(name: string): Promise<Benchmark> {
  if (!existsSync(join(folder, `${name}.js`)) || name === 'index') {
    const near = nearest(name, benchmarkNames());
    const hint = near === undefined ? 'there are none yet' : `the nearest is ${near}`;
    throw new UsageError(`maniple bench has no ${JSON.stringify(name)}; ${hint}. maniple bench lists all`);
  }
  const module: unknown = await import(new URL(`${name}.js`, import.meta.url).href);
  return module as Benchmark; // our own folder, and a test loads every module in it
}

function machineWords(): string {
  const list = cpus();
  return `${list.length} x ${list[0]?.model.trim() ?? 'unknown processor'}, ${formatBytes(totalmem())}, node ${process.version}`;
}

/** Three significant digits, without exponents for everyday numbers. */
function figure(value: number | null): string {
  return value === null ? '-' : Number(value.toPrecision(3)).toString();
}

export const bench: Command = {
  name: 'bench',
  summary: 'measure, side by side with peers',
  details: 'Without a name: the list. A ratio above 1 means that we are better than the peer.',
  positionals: [{ name: 'NAME', doc: 'the benchmark', required: false }],
  options: [],
  sections: [],
  examples: ['maniple bench', 'maniple bench fft --json'],
  async run(invocation) {
    const name = invocation.positionals[0];
    if (name === undefined) {
      const list = await Promise.all(
        benchmarkNames().map(async (each) => ({ name: each, summary: (await load(each)).summary })),
      );
      return { json: list, text: formatColumns(list.map((each) => [each.name, each.summary])) };
    }
    const rows = await (await load(name)).measure(invocation);
    const json = { name, machine: machineWords(), commit: commitOf(packageRoot()), rows };
    const table = rows.map((row) => [
      row.case,
      figure(row.ours),
      row.unit,
      row.peerName === null ? '' : `${row.peerName} ${figure(row.peer)}`,
      row.ratio === null ? '' : `x ${figure(row.ratio)}`,
      row.spread === null ? '' : `+- ${(100 * row.spread).toFixed(0)} %`,
    ]);
    const text = formatColumns([['case', 'ours', 'unit', 'peer', 'ratio', 'spread'], ...table]);
    return { json, text: `${name} on ${json.machine}\n\n${text}` };
  },
};
