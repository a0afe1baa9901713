// The directory that a run leaves behind: run.json (what was run, with what, how it ended, how long each phase took),
// metrics.jsonl (one line for each generation or iteration), the maps, report.html, checkpoint/.
//
// At every moment it is valid: whole files are written under a temporary name and renamed, metrics grow by whole
// lines, and run.json says "running" until the run has ended one way or another.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { addon } from '../../native/index.js';
import { UsageError } from '../../runtime/errors.js';
import { makeFolder, reason } from '../../tasks/formats/files.js';
import type { Configuration } from '../command/configuration.js';
import { toJson } from '../command/json.js';
import { commitOf, packageRoot, version } from '../command/package.js';
import type { Section } from '../command/setting.js';
import { appendLine, writeFileAtomic } from './write-file.js';

/** How a run ended, or that it has not. */
export type RunStatus = 'running' | 'done' | 'interrupted' | 'failed' | 'preempted';

/** The content of run.json. */
export interface RunRecord {
  readonly form: 'maniple-run-1';
  readonly status: RunStatus;
  /** One sentence, when the status is "failed". */
  readonly error: string | null;
  readonly command: readonly string[];
  readonly configuration: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where each value of the configuration that is no default comes from. */
  readonly origins: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Readonly<Record<string, string | number>>;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ended: string | null;
  /** Wall-clock seconds, in all and of each phase. */
  readonly timings: { readonly total_s: number; readonly phases_s: Readonly<Record<string, number>> };
  /** The headline numbers of the run. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Names of the files of the run, but for run.json itself. */
  readonly files: readonly string[];
}

/** What a run directory is made for. */
export interface RunDescription {
  readonly command: readonly string[];
  readonly configuration: Configuration;
  /** The sections that matter to this run. */
  readonly sections: readonly Section[];
  readonly seed: number;
  /** Files of an earlier run that this one uses, and that stay. */
  readonly keep?: readonly string[];
}

const RUN = 'run.json';
const METRICS = 'metrics.jsonl';

/** The record of an earlier run in a folder, or null when there is none. */
export function readRunRecord(folder: string): RunRecord | null {
  const file = join(folder, RUN);
  if (!existsSync(file)) return null;
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return (record as RunRecord).form === 'maniple-run-1' ? (record as RunRecord) : null;
  } catch {
    return null; // not ours, or damaged: the caller treats the folder as a stranger's
  }
}

/**
 * The files of an earlier run that a new run in `folder` replaces.
 * @throws UsageError when the folder holds something that is no run of ours
 */
export function replacedFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new UsageError(`cannot write results to ${folder}: ${(error as Error).message}`);
  }
  if (names.length === 0) return [];
  const earlier = readRunRecord(folder);
  if (earlier === null) {
    throw new UsageError(
      `${folder} is not empty and holds no run of maniple; give another folder with --out`,
    );
  }
  return [RUN, ...earlier.files].filter((name) => existsSync(join(folder, name)));
}

/** A run directory that is being written. */
export class RunDirectory {
  readonly path: string;
  #record: RunRecord;
  readonly #started_ms = performance.now();

  /** Makes the folder, clears the files of an earlier run in it, and writes a first run.json. */
  constructor(folder: string, description: RunDescription) {
    this.path = resolve(folder);
    const replaced = replacedFiles(this.path).filter((name) => !description.keep?.includes(name));
    try {
      makeFolder(this.path);
      for (const name of replaced) rmSync(join(this.path, name), { recursive: true, force: true });
    } catch (error) {
      throw new UsageError(`cannot write results to ${this.path}: ${reason(error)}`);
    }
    const { configuration, sections, command, seed } = description;
    const relevant = new Set(sections.map((section) => section.name));
    const given = configuration.entries.filter((e) => e.origin !== 'default' && relevant.has(e.section));
    this.#record = {
      form: 'maniple-run-1',
      status: 'running',
      error: null,
      command,
      configuration: configuration.plain(sections),
      origins: Object.fromEntries(given.map((e) => [`${e.section}.${e.key}`, e.origin])),
      seed,
      commit: commitOf(packageRoot()),
      versions: { maniple: version(), node: process.version, simd: addon?.simdLevel ?? 'no add-on' },
      machine: {
        host: hostname(),
        processor: cpus()[0]?.model.trim() ?? 'unknown',
        cores: availableParallelism(),
        memory_bytes: totalmem(),
      },
      started: new Date().toISOString(),
      ended: null,
      timings: { total_s: 0, phases_s: {} },
      result: null,
      files: [],
    };
    this.#save();
  }

  /** What run.json holds now. */
  get record(): RunRecord {
    return this.#record;
  }

  /** Seconds since the run began. */
  get elapsed_s(): number {
    return (performance.now() - this.#started_ms) / 1000;
  }

  /** The path for a file of the run, which run.json then lists; the caller writes it. */
  file(name: string): string {
    if (!this.#record.files.includes(name)) {
      this.#record = { ...this.#record, files: [...this.#record.files, name] };
      this.#save();
    }
    return join(this.path, name);
  }

  /** Writes a whole file of the run: complete under its name, or not there. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.file(name);
    writeFileAtomic(path, content);
    return path;
  }

  /** Adds one line to metrics.jsonl. */
  metric(row: Readonly<Record<string, unknown>>): void {
    appendLine(this.file(METRICS), toJson(row, 0));
  }

  /** Adds wall-clock seconds to a phase. */
  addPhase(name: string, seconds: number): void {
    const { phases_s } = this.#record.timings;
    const timings = {
      total_s: this.elapsed_s,
      phases_s: { ...phases_s, [name]: (phases_s[name] ?? 0) + seconds },
    };
    this.#record = { ...this.#record, timings };
  }

  /** Ends the run: the last thing written. */
  end(
    status: Exclude<RunStatus, 'running'>,
    result: Readonly<Record<string, unknown>> | null,
    error: string | null = null,
  ): void {
    const { phases_s } = this.#record.timings;
    const timings = { total_s: this.elapsed_s, phases_s };
    // What was begun and never came to be is no file of the run.
    const files = this.#record.files.filter((name) => existsSync(join(this.path, name)));
    this.#record = {
      ...this.#record,
      status,
      result,
      error,
      ended: new Date().toISOString(),
      timings,
      files,
    };
    this.#save();
  }

  #save(): void {
    writeFileAtomic(join(this.path, RUN), `${toJson(this.#record)}\n`);
  }
}

/**
 * Runs `work` in a new run directory and ends the directory whatever happens: "done" with the result, "interrupted"
 * when the signal was aborted, "failed" with the error, which is thrown on.
 */
export async function inRunDirectory<T extends Readonly<Record<string, unknown>>>(
  folder: string,
  description: RunDescription,
  signal: AbortSignal,
  work: (directory: RunDirectory) => Promise<T>,
): Promise<T> {
  const directory = new RunDirectory(folder, description);
  try {
    const result = await work(directory);
    signal.throwIfAborted();
    directory.end('done', result);
    return result;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    try {
      directory.end(signal.aborted ? 'interrupted' : 'failed', null, signal.aborted ? null : message);
    } catch {
      // Where nothing more can be written, what stopped the run is still what there is to tell.
    }
    throw error;
  }
}
