// `maniple run PROGRAM --only task@point`: one saved task again, alone, in this thread.
import { existsSync, readdirSync } from 'node:fs';
import inspector from 'node:inspector';
import { basename, extname, join, resolve } from 'node:path';
import {
  formatPoint,
  runSaved,
  SAVED_ENDING,
  type SavedOutput,
  type SavedRun,
  taskPoint,
  UsageError,
} from '../../runtime/index.js';
import type { Outcome } from '../command/command.js';
import type { Progress } from '../command/progress.js';
import { type CompiledProgram, displayPath } from './compile.js';
import { explain } from './explain.js';

/** The folder for saved tasks of a program: beside nothing of the user's, in the working folder. */
export function savedFolder(program: string, out: string | null): string {
  return resolve(out ?? `${basename(program, extname(program))}.saved`);
}

/** A file of a saved task, as its name tells. */
interface SavedFile {
  readonly path: string;
  readonly task: string;
  readonly point: readonly number[];
  readonly operation: number;
}

/** The saved tasks of a folder, in program order. */
export function savedFiles(folder: string): SavedFile[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name): SavedFile[] => {
    const match = /^(.+@[-\d,]+)\.(\d+)\.task$/.exec(name);
    if (match === null || !name.endsWith(SAVED_ENDING)) return [];
    return [{ path: join(folder, name), ...taskPoint(match[1]!), operation: Number(match[2]) }];
  });
  return found.sort((a, b) => a.operation - b.operation);
}

/** How a saved task is asked for. */
export function onlyOf({ task, point }: { task: string; point: readonly number[] }): string {
  return `${task}@${point.join(',')}`;
}

/** The file that is meant: of several operations the first in program order. @throws UsageError where there is none */
function fileOf(wanted: string, folder: string, progress: Progress): SavedFile {
  const asked = onlyOf(taskPoint(wanted));
  const all = savedFiles(folder);
  const files = all.filter((file) => onlyOf(file) === asked.replace(/[^\w.@,-]/g, '_'));
  if (files.length === 0) {
    const names = [...new Set(all.map(onlyOf))];
    const there =
      names.length === 0
        ? 'nothing is saved there'
        : `saved there: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', ...' : ''}`;
    throw new UsageError(
      `--only ${wanted}: there are no saved inputs of it in ${displayPath(folder)} (${there}): run the program with --save-tasks failed, or --save-tasks ${wanted}.`,
    );
  }
  if (files.length > 1) {
    progress.note(
      `${asked} was saved ${files.length} times; this is the first in program order, operation ${files[0]!.operation}`,
    );
  }
  return files[0]!;
}

/** What is told of the values of a field. */
interface Summary {
  readonly elements: number;
  readonly notFinite: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly first: readonly (number | string)[];
}

const FIRST = 8;

function summaryOf({ values }: SavedOutput): Summary {
  let [min, max, sum, finite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values as Iterable<number | bigint>) {
    const number = Number(value);
    if (!Number.isFinite(number)) continue;
    finite++;
    sum += number;
    if (number < min) min = number;
    if (number > max) max = number;
  }
  const first = Array.from(values.subarray(0, FIRST) as Iterable<number | bigint>, (value) =>
    typeof value === 'number' && Number.isFinite(value) ? value : String(value),
  );
  const some = finite > 0;
  return {
    elements: values.length,
    notFinite: values.length - finite,
    min: some ? min : null,
    max: some ? max : null,
    mean: some ? sum / finite : null,
    first,
  };
}

function outputLine(output: SavedOutput): string {
  const { elements, notFinite, min, max, mean, first } = summaryOf(output);
  const range = min === null ? '' : `, min ${min}, max ${max}, mean ${mean}`;
  const odd = notFinite > 0 ? `, ${notFinite} not finite` : '';
  const values = elements === 0 ? '' : `: ${first.join(' ')}${elements > first.length ? ' ...' : ''}`;
  return `  ${output.requirement}.${output.field}: ${elements} numbers${range}${odd}${values}`;
}

/** Waits until a debugger is attached. */
function waitForDebugger(): void {
  if (inspector.url() === undefined) inspector.open(undefined, '127.0.0.1');
  // Another process may have the usual port.
  if (inspector.url() === undefined) inspector.open(0, '127.0.0.1');
  inspector.waitForDebugger();
  // Waits until the debugger leaves. Node does so by itself, but later, where it may end with a segmentation fault.
  process.once('exit', () => inspector.close());
}

export interface OnlyOptions {
  readonly wanted: string;
  readonly folder: string;
  readonly check: boolean;
  readonly inspect: boolean;
}

/** Runs a saved task of a compiled program. What it throws is told as a failure of the program. */
export async function runOnly(
  program: string,
  compiled: CompiledProgram,
  { wanted, folder, check, inspect }: OnlyOptions,
  progress: Progress,
): Promise<Outcome> {
  const file = fileOf(wanted, folder, progress);
  // Modules of the program are found by their names: those of an edited program lie elsewhere.
  const moduleOf = (module: string) =>
    [...compiled.modules.keys()].find((url) => basename(url) === basename(module)) ?? module;
  if (inspect) waitForDebugger();
  const ran = await runSaved(file.path, {
    moduleOf,
    check,
    stop: inspect || inspector.url() !== undefined,
    log: (line) => progress.warn(line),
  });
  const what = `task ${ran.saved.task}, point ${formatPoint(ran.saved.point)} (operation ${ran.saved.operation})`;
  if (ran.saved.shared) {
    progress.note(
      `${what} shares what it updates with other tasks: that is as they left it, not as it found it`,
    );
  }
  if (ran.thrown !== null) {
    const { error } = ran.thrown;
    throw explain(error, `${what} of ${program}, run alone,`, compiled);
  }
  return { json: jsonOf(ran), text: textOf(ran, what) };
}

function textOf({ value, outputs }: SavedRun, what: string): string {
  const lines = [`${what}, run alone, ended well`];
  if (value !== undefined) lines.push(`  returned ${JSON.stringify(value) ?? String(value)}`);
  return [...lines, ...outputs.map(outputLine)].join('\n');
}

function jsonOf({ saved, value, outputs }: SavedRun): unknown {
  return {
    task: saved.task,
    point: saved.point,
    operation: saved.operation,
    value: value ?? null,
    outputs: Object.fromEntries(
      outputs.map((output) => [`${output.requirement}.${output.field}`, summaryOf(output)]),
    ),
  };
}
