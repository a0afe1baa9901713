// `maniple run program.ts [args]`: compiles the program when needed, gives its default export a context, and prints
// what it returns.
import { rmSync } from 'node:fs';
import { type Context, formatBytes, type Leak, type RunOptions, UsageError } from '../../runtime/index.js';
import type { Command } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { type CompiledProgram, compileProgram, displayPath } from './compile.js';
import { explain, explainLinking } from './explain.js';
import { onlyOf, runOnly, savedFiles, savedFolder } from './only.js';
import { runtimeOptions, startRuntime } from './start-runtime.js';

/** The main function of a user's program. */
export type ProgramMain = (ctx: Context, args: readonly string[]) => unknown;

/** The main function of a compiled program. @throws UsageError where it has none or does not link, or what its modules throw */
export async function loadMain(program: string, compiled: CompiledProgram): Promise<ProgramMain> {
  let module: { readonly default?: unknown };
  try {
    module = await import(compiled.url);
  } catch (error) {
    // A name that an imported module does not export is found when the modules are linked.
    if (error instanceof SyntaxError) throw await explainLinking(error, program, compiled);
    throw explain(error, program, compiled);
  }
  if (typeof module.default !== 'function') {
    const expected = 'export default async function main(ctx, args) { ... }';
    throw new UsageError(`${program} has no main function; expected: ${expected}`);
  }
  return module.default as ProgramMain;
}

/** Which tasks were saved, in words, and how to go on. */
function describeSaved(program: string, folder: string): string {
  const saved = [...new Set(savedFiles(folder).map(onlyOf))];
  if (saved.length === 0) return 'no task was saved';
  const out = folder === savedFolder(program, null) ? '' : ` --out ${displayPath(folder)}`;
  return `${saved.length === 1 ? '1 task was' : `${saved.length} tasks were`} saved in ${displayPath(folder)}; to run the first again alone: maniple run ${program}${out} --only ${saved[0]} --inspect`;
}

/** What was not given back, in words: the first few with their places. */
function describeLeaks(leaks: readonly Leak[]): string {
  if (leaks.length === 0) return 'everything was freed';
  const told = leaks.slice(0, LEAKS_TOLD).map(({ what, name, bytes, site }) => {
    return `\n  ${what === 'region' ? 'region' : 'lease of'} ${name}, made at ${site}${bytes > 0 ? `: ${formatBytes(bytes)}` : ''}`;
  });
  const more = leaks.length > LEAKS_TOLD ? `\n  and ${leaks.length - LEAKS_TOLD} more` : '';
  return `not freed when the program ended:${told.join('')}${more}`;
}
const LEAKS_TOLD = 20;

export const run: Command = {
  name: 'run',
  summary: 'run a program of yours, TypeScript or JavaScript',
  details: `The program's default export is called as main(ctx, args); what it returns is printed with --json.
Options of maniple are taken wherever they stand; after -- everything belongs to the program.
Types are not checked here. import.meta.dirname is the folder of your file.`,
  positionals: [
    { name: 'PROGRAM', doc: 'a .ts or .js file', required: true },
    { name: 'ARGS', doc: 'arguments of the program', required: false, rest: true },
  ],
  options: [
    {
      name: 'save-tasks',
      takes: ['WHICH'],
      doc: 'save tasks with their inputs: those that fail (failed), or TASK@POINT; in --out or PROGRAM.saved',
    },
    { name: 'only', takes: ['TASK@POINT'], doc: 'run one saved task again, alone, in this thread' },
    { name: 'inspect', takes: [], doc: 'with --only: wait for a debugger, and stop right before the task' },
    { name: 'in-order', takes: [], doc: 'one task after the other, as the program says: --mode inorder' },
  ],
  sections: [runSection],
  passesOptions: true,
  examples: [
    'maniple run saxpy.ts',
    'maniple run saxpy.ts --only saxpy@3 --inspect',
    'maniple run saxpy.ts --workers 2 --json -- --size 1000',
  ],
  async run({ positionals, configuration, options: given, signal, progress, verbose }) {
    const [program, ...args] = positionals as [string, ...string[]]; // the dispatcher has seen that it is there
    const settings = configuration.of(runSection);
    let options: RunOptions = {
      ...runtimeOptions(given.has('in-order') ? { ...settings, mode: 'inorder' } : settings),
      // Looking for leaks costs a little: only where somebody reads of them.
      ...(verbose && { leaks: (leaks: readonly Leak[]) => progress.detail(describeLeaks(leaks)) }),
      onStatistics: ({ operations, peakBytes, spilledBytes, fetchedBytes }) => {
        const disk = `${formatBytes(spilledBytes)} went to disk, ${formatBytes(fetchedBytes)} came back`;
        progress.detail(
          `${operations} operations, ${formatBytes(peakBytes)} of memory at most${spilledBytes > 0 ? `; ${disk}` : ''}`,
        );
      },
    };
    if (!settings.trace) progress.detail('there are no traces in this version: --no-trace changes nothing');
    process.setSourceMapsEnabled(true);
    // A refused launch is thrown from deep within the runtime, and the line of the user comes last.
    Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 40);
    const compiled = await compileProgram(program);
    progress.detail(
      `${compiled.cached ? 'found compiled' : 'compiled'}: ${compiled.files.map(displayPath).join(', ')}`,
    );
    const folder = savedFolder(program, settings.out);
    const [wanted] = given.get('only') ?? [];
    if (wanted !== undefined) {
      const only = { wanted, folder, check: settings.check, inspect: given.has('inspect') };
      return await runOnly(program, compiled, only, progress);
    }
    if (given.has('inspect')) throw new UsageError('--inspect goes with --only: it stops before one task.');
    const [which] = given.get('save-tasks') ?? [];
    if (which !== undefined) {
      // What an earlier run saved there is not of this run.
      for (const { path } of savedFiles(folder)) rmSync(path);
      options = { ...options, saveTasks: { folder, which } };
    }
    const main = await loadMain(program, compiled);
    try {
      const value = await startRuntime((ctx) => main(ctx, args), options, signal);
      return { json: value ?? null, text: '' };
    } catch (error) {
      throw explain(error, program, compiled);
    } finally {
      if (which !== undefined) progress.note(describeSaved(program, folder));
    }
  },
};
