// `maniple run program.ts [args]`: compiles the program when needed, gives its default export a context, and prints
// what it returns.
import { fileURLToPath } from 'node:url';
import { type Context, ManipleError, UsageError } from '../../runtime/index.js';
import type { Command } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { compileProgram, displayPath } from './compile.js';
import { runtimeOptions, startRuntime } from './start-runtime.js';

/** The main function of a user's program. */
type ProgramMain = (ctx: Context, args: readonly string[]) => unknown;

/** The user's program threw something that is no error of ours. */
export class ProgramError extends ManipleError {
  override readonly exitCode = 5;
}

const FRAMES = 6;

/** The lines of a stack that lie in the user's files, as `function (file:line:column)`. */
function userFrames(error: unknown, files: readonly string[]): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().replace(/file:\/\/[^\s)]+?(?=:\d+:\d+)/, (url) => fileURLToPath(url)))
    .filter((line) => files.some((file) => line.includes(file)))
    .map((line) => files.reduce((text, file) => text.replace(file, displayPath(file)), line))
    .slice(0, FRAMES);
}

/** An error of the program, with the lines of the user's files that led to it. */
function explain(error: unknown, program: string, files: readonly string[]): Error {
  // The innermost cause is nearest to the mistake.
  let frames: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const own = userFrames(at, files);
    if (own.length > 0) frames = own;
  }
  const where = frames.map((line) => `\n    ${line}`).join('');
  if (error instanceof ManipleError) {
    error.message += where;
    return error;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  return new ProgramError(`${program} failed: ${message}${where}`, { cause: error });
}

async function load(url: string, program: string, files: readonly string[]): Promise<ProgramMain> {
  let module: { readonly default?: unknown };
  try {
    module = await import(url);
  } catch (error) {
    // A name that an imported module does not export is found when the modules are linked.
    if (error instanceof SyntaxError) {
      const where = error.stack?.split('\n')[0] ?? program; // node puts file:line first
      throw new UsageError(`${where}: ${error.message}`);
    }
    throw explain(error, program, files);
  }
  if (typeof module.default !== 'function') {
    const expected = 'export default async function main(ctx, args) { ... }';
    throw new UsageError(`${program} has no main function; expected: ${expected}`);
  }
  return module.default as ProgramMain;
}

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
  options: [],
  sections: [runSection],
  passesOptions: true,
  examples: ['maniple run saxpy.ts', 'maniple run saxpy.ts --workers 2 --json -- --size 1000'],
  async run({ positionals, configuration, signal, progress }) {
    const [program, ...args] = positionals as [string, ...string[]]; // the dispatcher has seen that it is there
    const options = runtimeOptions(configuration.of(runSection));
    process.setSourceMapsEnabled(true);
    const compiled = await compileProgram(program);
    progress.detail(
      `${compiled.cached ? 'found compiled' : 'compiled'}: ${compiled.files.map(displayPath).join(', ')}`,
    );
    const main = await load(compiled.url, program, compiled.files);
    try {
      const value = await startRuntime((ctx) => main(ctx, args), options, signal);
      return { json: value ?? null, text: '' };
    } catch (error) {
      throw explain(error, program, compiled.files);
    }
  },
};
