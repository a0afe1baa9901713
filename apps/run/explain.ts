// What went wrong in a user's program, told in the user's own files: not in the compiled copies of them, and not in ours.
import { fileURLToPath } from 'node:url';
import { ManipleError, UpstreamError, UsageError } from '../../runtime/index.js';
import { nearest } from '../command/nearest.js';
import { type CompiledProgram, displayPath, ownSpecifier } from './compile.js';

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

/** A text with the source files in place of the compiled modules. */
function inSources(text: string, { modules }: CompiledProgram): string {
  return [...modules].reduce((told, [url, file]) => told.replaceAll(url, displayPath(file)), text);
}

/** An error of the program, with the lines of the user's files that led to it. */
export function explain(error: unknown, program: string, compiled: CompiledProgram): Error {
  // The innermost cause is nearest to the mistake.
  let frames: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const own = userFrames(at, compiled.files);
    if (own.length > 0) frames = own;
  }
  const where = frames.map((line) => `\n    ${line}`).join('');
  // That something was skipped is the consequence; the failure itself is the news.
  const told = error instanceof UpstreamError ? error.root : error;
  if (told instanceof ManipleError) {
    told.message = inSources(told.message, compiled) + where;
    return told;
  }
  const message = told instanceof Error ? `${told.name}: ${told.message}` : `it threw ${String(told)}`;
  return new ProgramError(`${program} failed: ${inSources(message, compiled)}${where}`, { cause: error });
}

/** A SyntaxError at linking: some module does not export what another imports. */
export async function explainLinking(
  error: SyntaxError,
  program: string,
  compiled: CompiledProgram,
): Promise<UsageError> {
  const where = error.stack?.split('\n')[0] ?? program; // node puts file:line first
  const missing = /requested module '([^']+)' does not provide an export named '([^']+)'/.exec(error.message);
  const specifier = missing && ownSpecifier(missing[1]!);
  if (missing === null || specifier === null) {
    return new UsageError(`${where}: ${inSources(error.message, compiled)}`);
  }
  const name = missing[2]!;
  const exported = Object.keys((await import(missing[1]!)) as object);
  return new UsageError(
    `${where}: ${specifier} exports no ${name}; the nearest is ${nearest(name, exported)}`,
  );
}
